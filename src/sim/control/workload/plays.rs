//! Dumps stories for comparison with the real control plane. Temporary.
use super::stage::*;
use crate::sim::object::Document;
use crate::sim::store::{Kind, What};
use serde_json::{Value, json};
use std::io::Write;

struct Rec {
    stage: Stage,
    out: std::fs::File,
    steps: Vec<(crate::sim::time::Moment, String)>,
    dir: String,
    name: String,
}
impl Rec {
    fn new(name: &str) -> Self {
        let dir = std::env::var("SIM_STORIES").unwrap_or("/tmp/work/dev/workloads/simout".into());
        std::fs::create_dir_all(&dir).unwrap();
        let out = std::fs::File::create(format!("{dir}/{name}.jsonl")).unwrap();
        let mut stage = Stage::new();
        stage.wait(0.7);
        Self { stage, out, steps: vec![], dir, name: name.into() }
    }
    fn say(&mut self, t: &str) {
        self.steps.push((self.stage.now(), t.into()));
    }
    fn apply(&mut self, k: Kind, o: Value) {
        self.say("apply");
        self.stage.apply(k, o);
    }
    fn patch(&mut self, p: Value) {
        self.say(&format!("patch {p}"));
        self.stage.patch(Kind::Deployment, "shop", &p);
    }
    fn wait(&mut self, s: f64) {
        self.stage.wait(s);
    }
}
impl Drop for Rec {
    fn drop(&mut self) {
        let t0 = crate::sim::time::parse("2026-11-24T10:00:00.25Z").unwrap();
        let mut steps = std::mem::take(&mut self.steps).into_iter().peekable();
        for c in self.stage.changes() {
            while steps.peek().is_some_and(|(at, _)| *at <= c.at) {
                let (at, s) = steps.next().unwrap();
                writeln!(
                    self.out,
                    "{}",
                    json!({"at": (at-t0).num_milliseconds() as f64/1000.0, "step": s})
                )
                .unwrap();
            }
            let what = match c.what {
                What::Added => "ADDED",
                What::Modified => "MODIFIED",
                What::Deleted => "DELETED",
            };
            writeln!(self.out, "{}", json!({"at": (c.at-t0).num_milliseconds() as f64/1000.0, "what": what, "object": *c.object})).unwrap();
        }
    }
}
fn d(n: i64, more: Value) -> Value {
    deployment(n, "shop:1", &more)
}

#[test]
#[ignore]
fn dump() {
    {
        let mut s = Rec::new("rolling");
        s.apply(Kind::Deployment, d(4, json!({})));
        s.wait(5.0);
        s.patch(image("shop:2", None));
        s.wait(10.0);
    }
    {
        let mut s = Rec::new("stuck");
        s.apply(Kind::Deployment, d(4, json!({"progressDeadlineSeconds":10})));
        s.wait(5.0);
        s.patch(image("shop:2", Some("crash-loop")));
        s.wait(18.0);
        s.patch(image("shop:1", None));
        s.wait(6.0);
        s.patch(image("shop:3", None));
        s.wait(8.0);
        s.patch(image("shop:1", None));
        s.wait(8.0);
    }
    {
        let mut s = Rec::new("paused");
        s.apply(Kind::Deployment, d(4, json!({"progressDeadlineSeconds":10})));
        s.wait(5.0);
        s.patch(json!({"spec":{"paused":true}}));
        s.wait(1.0);
        s.patch(image("shop:2", None));
        s.wait(2.0);
        s.patch(json!({"spec":{"replicas":6}}));
        s.wait(3.0);
        s.patch(json!({"spec":{"paused":false}}));
        s.wait(8.0);
        s.patch(image("shop:3", None));
        s.wait(0.9);
        s.patch(json!({"spec":{"paused":true}}));
        s.wait(5.0);
        s.patch(json!({"spec":{"replicas":10}}));
        s.wait(4.0);
        s.patch(json!({"spec":{"replicas":3}}));
        s.wait(4.0);
        s.patch(json!({"spec":{"paused":false}}));
        s.wait(8.0);
    }
    {
        let mut s = Rec::new("recreate");
        s.apply(Kind::Deployment, d(4, json!({"strategy":{"type":"Recreate"}})));
        s.wait(5.0);
        s.patch(image("shop:2", None));
        s.wait(8.0);
        s.patch(json!({"spec":{"replicas":2}}));
        s.wait(3.0);
    }
    {
        let mut s = Rec::new("scaling");
        s.apply(Kind::Deployment, d(10, json!({"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":3,"maxUnavailable":2}},"progressDeadlineSeconds":20})));
        s.wait(5.0);
        s.patch(image("shop:2", Some("never-ready")));
        s.wait(5.0);
        for (n, w) in [(15, 6.0), (5, 6.0), (0, 5.0), (4, 30.0)] {
            s.patch(json!({"spec":{"replicas":n}}));
            s.wait(w);
        }
    }
    {
        let mut s = Rec::new("typo");
        s.apply(Kind::Deployment, d(3, json!({"progressDeadlineSeconds":12})));
        s.wait(5.0);
        s.patch(image("shop:typo", Some("image-pull")));
        s.wait(17.0);
        s.patch(image("shop:1", None));
        s.wait(6.0);
    }
    {
        let mut s = Rec::new("history");
        s.apply(Kind::Deployment, d(2, json!({"revisionHistoryLimit":1})));
        s.wait(4.0);
        for n in 2..5 {
            s.patch(image(&format!("shop:{n}"), None));
            s.wait(7.0);
        }
        s.patch(json!({"metadata":{"annotations":{"kubernetes.io/change-cause":"four"}}}));
        s.wait(1.0);
        s.patch(image("shop:3", None));
        s.wait(6.0);
        s.patch(json!({"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"now"}}}}}));
        s.wait(6.0);
    }
    {
        let mut s = Rec::new("minready");
        s.apply(Kind::Deployment, d(2, json!({"minReadySeconds":5})));
        s.wait(9.0);
        s.patch(image("shop:2", None));
        s.wait(20.0);
        s.patch(json!({"spec":{"minReadySeconds":0}}));
        s.wait(3.0);
    }
    {
        let mut s = Rec::new("resize");
        s.apply(Kind::Deployment, d(3, json!({})));
        s.wait(4.0);
        for (n, w) in [(5, 4.0), (1, 4.0), (0, 3.0), (2, 4.0)] {
            s.patch(json!({"spec":{"replicas":n}}));
            s.wait(w);
        }
        s.say("delete");
        s.stage.delete(Kind::Deployment, "shop");
        s.wait(4.0);
    }
    {
        let mut s = Rec::new("quota");
        s.stage
            .world
            .ground_mut()
            .faults
            .quotas
            .insert(PLACE.into(), crate::sim::world::Quota { name: "small".into(), pods: 3 });
        s.apply(Kind::Deployment, d(5, json!({"progressDeadlineSeconds":10})));
        s.wait(25.0);
    }
    {
        let mut s = Rec::new("faults");
        for f in ["slow", "never-ready", "crash-loop", "oom", "late-crash", "image-pull"] {
            let mut o = d(1, json!({}));
            o["metadata"]["name"] = f.into();
            o["spec"]["selector"]["matchLabels"] = json!({"app": f});
            o["spec"]["template"]["metadata"]["labels"] =
                json!({"app": f, "waveoff.demo/fault": f});
            s.apply(Kind::Deployment, o);
        }
        s.wait(75.0);
    }
    {
        let mut s = Rec::new("burst");
        s.apply(Kind::Deployment, d(60, json!({})));
        s.wait(12.0);
        s.patch(json!({"spec":{"replicas":30}}));
        s.wait(4.0);
    }
    let job = |name: &str, fault: Option<&str>, more: Value| {
        let mut j = json!({"metadata":{"name":name},"spec":{"backoffLimit":1,"template":{"metadata":{"labels":{}},"spec":{"restartPolicy":"Never","containers":[{"name":"check","image":"check:1"}]}}}});
        if let Some(f) = fault {
            j["spec"]["template"]["metadata"]["labels"]["waveoff.demo/fault"] = f.into();
        }
        json_patch::merge(&mut j["spec"], &more);
        j
    };
    {
        let mut s = Rec::new("job");
        s.apply(Kind::Job, job("good", None, json!({})));
        s.wait(8.0);
        s.apply(Kind::Job, job("bad", Some("crash-loop"), json!({})));
        s.wait(30.0);
        s.apply(Kind::Job, job("late", Some("never-ready"), json!({"activeDeadlineSeconds":5})));
        s.wait(9.0);
        s.apply(Kind::Job, job("many", None, json!({"completions":3,"parallelism":2})));
        s.wait(12.0);
        s.apply(Kind::Job, job("gone", Some("never-ready"), json!({})));
        s.wait(4.0);
        s.say("delete");
        s.stage.delete(Kind::Job, "gone");
        s.wait(3.0);
        s.apply(Kind::Job, job("held", None, json!({"suspend":true})));
        s.wait(2.0);
        s.stage.patch(Kind::Job, "held", &json!({"spec":{"suspend":false}}));
        s.wait(6.0);
        let now = s.stage.now();
        s.say("end");
        s.stage
            .world
            .store_mut()
            .delete(&crate::sim::store::Key::new(Kind::Namespace, "", PLACE), None, now)
            .unwrap();
        s.wait(30.0);
    }
    {
        let mut s = Rec::new("drain");
        s.apply(Kind::Service, json!({"metadata":{"name":"shop"},"spec":{"selector":{"app":"shop"},"ports":[{"port":80,"targetPort":8080}]}}));
        s.apply(Kind::PodDisruptionBudget, json!({"metadata":{"name":"shop"},"spec":{"minAvailable":3,"selector":{"matchLabels":{"app":"shop"}}}}));
        s.wait(2.0);
        s.apply(Kind::Deployment, d(3, json!({})));
        s.wait(5.0);
        for n in 0..3 {
            let pod = s.stage.all(Kind::Pod).into_iter().find(|p| !p.is_leaving()).unwrap();
            let now = s.stage.now();
            s.say("evict");
            let r = super::evict_at(
                s.stage.world.store_mut(),
                now,
                &crate::sim::store::Key::new(Kind::Pod, PLACE, pod.name()),
            );
            s.say(&format!("{:?}", r.map_err(|e| e.to_status().to_string())));
            if n == 0 {
                s.wait(1.0);
                s.stage.patch(
                    Kind::PodDisruptionBudget,
                    "shop",
                    &json!({"spec":{"minAvailable":2}}),
                );
                s.wait(2.0);
            } else {
                s.wait(0.05);
            }
        }
        s.wait(6.0);
        s.stage.patch(Kind::PodDisruptionBudget, "shop", &json!({"spec":{"minAvailable":"50%"}}));
        s.wait(2.0);
        s.stage.patch(
            Kind::PodDisruptionBudget,
            "shop",
            &json!({"spec":{"minAvailable":null,"maxUnavailable":1}}),
        );
        s.wait(2.0);
        s.patch(image("shop:2", None));
        s.wait(8.0);
        s.patch(image("shop:3", Some("crash-loop")));
        s.wait(8.0);
        let now = s.stage.now();
        s.say("end");
        s.stage
            .world
            .store_mut()
            .delete(&crate::sim::store::Key::new(Kind::Namespace, "", PLACE), None, now)
            .unwrap();
        s.wait(30.0);
    }
}
