//! Runs as the real controller plays them.
//!
//! `tests/recorded.jsonl` was recorded on a real control plane, one run a line: its spec, where in
//! its second it was created, a script, the statuses it had one after the other and its events.
//! Instants are seconds since the second of its creation, metrics are sorted by name.

use std::sync::LazyLock;

use serde::Deserialize;

use super::*;
use crate::sim::prometheus::{Failure, Found, Labels};
use crate::sim::time::parse;
use crate::sim::world::{Ground, World};

/// One recorded run.
#[derive(Debug, Deserialize)]
struct Recording {
    name: String,
    phase: f64,
    spec: Value,
    /// Seconds since its creation, what happens, and a word about it.
    script: Vec<(f64, String, Option<String>)>,
    statuses: Vec<Value>,
    events: Vec<(String, String, String)>,
}

static RECORDED: LazyLock<Vec<Recording>> = LazyLock::new(|| {
    let lines = include_str!("tests/recorded.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
});

fn start() -> Moment {
    parse("2026-11-24T10:00:00Z").unwrap()
}

fn span(seconds: f64) -> Span {
    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    Span::milliseconds((seconds * 1e3).round() as i64)
}

impl Recording {
    fn created(&self) -> Moment {
        start() + span(self.phase)
    }

    /// What Prometheus answers at an instant.
    fn answer(&self, at: Moment) -> Result<Found, Failure> {
        let set = self.script.iter().filter(|(_, what, _)| what == "metric");
        let value = set.rev().find(|(off, ..)| *off == 0.0 || self.created() + span(*off) <= at);
        let one = |number: f64| Found::Vector(vec![(Labels::new(), number)]);
        match value.and_then(|(_, _, value)| value.as_deref()) {
            None | Some("empty") => Ok(Found::Vector(Vec::new())),
            Some("nan") => Ok(one(f64::NAN)),
            Some("error") => Err(Failure { kind: "internal", text: "stub".into() }),
            Some(number) => Ok(one(number.parse().unwrap())),
        }
    }
}

/// Answers for the service that a query names.
fn recorded(_: &Ground, query: &str, at: Moment) -> Result<Found, Failure> {
    let service = query.split("service=\"an-").nth(1).and_then(|rest| rest.split('"').next());
    let Some(service) = service else {
        let text = format!("invalid parameter \"query\": no metric name in '{query}'");
        return Err(Failure { kind: "bad_data", text });
    };
    RECORDED.iter().find(|recording| recording.name == service).unwrap().answer(at)
}

fn key() -> Key {
    Key::new(Kind::AnalysisRun, "shop", "run")
}

/// A world with one run that was just created.
fn world(spec: &Value, created: Moment, ask: Ask) -> World {
    let mut world = World::new(1, start(), vec![Box::new(AnalysisRuns { ask })]);
    world.advance(created);
    let secret = json!({
        "metadata": {"name": "an-secret", "namespace": "shop"},
        "data": {"k": "aHVzaC1odXNo"},
    });
    let run = json!({"metadata": {"name": "run", "namespace": "shop"}, "spec": spec});
    world.store_mut().create(Kind::Secret, secret, created).unwrap();
    world.store_mut().create(Kind::AnalysisRun, run, created).unwrap();
    world
}

fn terminate(world: &mut World) {
    let now = world.now();
    let end = |run: &mut Value| run.set("/spec/terminate", true);
    world.store_mut().modify(&key(), Part::Main, now, end).unwrap();
}

fn end_job(world: &mut World, name: &str, how: &str) {
    let now = world.now();
    let conditions = json!([{"type": "SuccessCriteriaMet"}, {"type": how, "status": "True"}]);
    let job = Key::new(Kind::Job, "shop", name);
    let end = |job: &mut Value| job.set("/status/conditions", conditions);
    world.store_mut().modify(&job, Part::Status, now, end).unwrap();
}

/// The statuses that the run had, one after the other, in the form of the recording.
fn statuses(world: &World) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for change in world.store().history().since(0).unwrap().filter(|c| c.key == key()) {
        let Some(mut status) = change.object.get("status").cloned() else { continue };
        relative(&mut status, change.object.uid());
        if let Some(results) = status.pointer_mut("/metricResults").and_then(Value::as_array_mut) {
            results.sort_by(|one, other| one.text("/name").cmp(other.text("/name")));
        }
        if all.last() != Some(&status) {
            all.push(status);
        }
    }
    all
}

fn relative(part: &mut Value, uid: &str) {
    match part {
        Value::Object(members) => members.values_mut().for_each(|part| relative(part, uid)),
        Value::Array(items) => items.iter_mut().for_each(|part| relative(part, uid)),
        Value::String(text) => match parse(text) {
            Some(at) => *text = format!("+{}", (at - start()).num_seconds()),
            None => *text = text.replace(uid, "UID"),
        },
        _ => {}
    }
}

fn events(world: &World) -> Vec<(String, String, String)> {
    let told = |field: &'static str| move |event: &Value| event.text(field).to_owned();
    let (kind, reason, message) = (told("/type"), told("/reason"), told("/message"));
    let changes = world.store().history().since(0).unwrap();
    changes
        .filter(|change| change.key.kind == Kind::Event)
        .map(|change| (kind(&change.object), reason(&change.object), message(&change.object)))
        .collect()
}

#[test]
fn runs_go_as_on_the_real_control_plane() {
    assert!(RECORDED.len() > 40);
    for recording in RECORDED.iter() {
        let mut world = world(&recording.spec, recording.created(), recorded);
        if recording.name == "refused" {
            world.ground_mut().faults.prometheus_away = "refused".into();
        }
        let uid = world.store().get(&key()).unwrap().uid().to_owned();
        let mut script: Vec<_> = recording.script.iter().collect();
        script.sort_by(|one, other| one.0.total_cmp(&other.0));
        for (offset, what, word) in script {
            world.advance(recording.created() + span(*offset));
            let word = word.as_deref().unwrap_or_default().replace("UID", &uid);
            match what.as_str() {
                "terminate" => terminate(&mut world),
                "complete" => end_job(&mut world, &word, "Complete"),
                _ => {}
            }
        }
        world.advance(start() + Span::seconds(120));
        let ours = statuses(&world);
        for (index, status) in recording.statuses.iter().enumerate() {
            assert_eq!(ours.get(index), Some(status), "{} {index}", recording.name);
        }
        assert_eq!(ours.len(), recording.statuses.len(), "{}", recording.name);
        assert_eq!(events(&world), recording.events, "{}", recording.name);
        assert_eq!(world.due(), None, "{}", recording.name);
    }
}

/// Always the same number, below any limit.
#[expect(clippy::unnecessary_wraps, reason = "Prometheus is asked in this form")]
fn steady(_: &Ground, _: &str, _: Moment) -> Result<Found, Failure> {
    Ok(Found::Scalar(0.01))
}

fn status(world: &World) -> Value {
    world.store().get(&key()).unwrap().get("status").cloned().unwrap_or_default()
}

#[test]
fn a_job_whose_image_cannot_be_had_is_inconclusive() {
    let spec = json!({"metrics": [{"name": "smoke", "provider": {"job": {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"backoffLimit": 0, "template": {"spec": {"containers": [{"name": "c"}]}}},
    }}}]});
    let mut world = world(&spec, start(), steady);
    world.advance(start() + Span::seconds(1));
    let uid = world.store().get(&key()).unwrap().uid().to_owned();
    let jobs = world.store().owned(&uid, Kind::Job);
    let job = jobs.first().unwrap();
    assert_eq!(job.name(), format!("{uid}.smoke.1"));
    assert_eq!((job.label("a"), job.label("analysisrun.argoproj.io/uid")), ("b", uid.as_str()));
    assert_eq!(job.annotation("analysisrun.argoproj.io/name"), Some("run"));
    assert_eq!(job.annotation("analysisrun.argoproj.io/namespace"), Some("shop"));
    assert_eq!(job.annotation("analysisrun.argoproj.io/metric-name"), Some("smoke"));
    let label = "/spec/template/metadata/labels/analysisrun.argoproj.io~1uid";
    assert_eq!(job.text(label), uid);
    let waiting = json!({"waiting": {"reason": "ErrImagePull", "message": "not found"}});
    let pod = json!({
        "metadata": {
            "name": "p",
            "namespace": "shop",
            "ownerReferences": [{"uid": job.uid(), "controller": true}],
        },
        "status": {"containerStatuses": [{"name": "c", "state": waiting}]},
    });
    world.store_mut().insert(Kind::Pod, pod, start()).unwrap();
    world.advance(start() + Span::seconds(10));
    let told = "Pod p, container c has terminal error (ErrImagePull): not found\n";
    let status = status(&world);
    assert_eq!(status.text("/phase"), "Inconclusive");
    assert_eq!(status.text("/metricResults/0/measurements/0/message"), told);
}

#[test]
fn old_jobs_go_with_the_measurements_they_made() {
    let spec = json!({
        "metrics": [{
            "name": "smoke",
            "count": 4,
            "interval": "1s",
            "provider": {"job": {"spec": {"template": {"spec": {"containers": []}}}}},
        }],
        "measurementRetention": [{"metricName": "smoke", "limit": 2}],
    });
    let mut world = world(&spec, start(), steady);
    let uid = world.store().get(&key()).unwrap().uid().to_owned();
    for number in 1..=4 {
        while world
            .store()
            .owned(&uid, Kind::Job)
            .iter()
            .all(|job| !job.name().ends_with(&format!(".{number}")))
        {
            let next = world.due().unwrap();
            world.advance(next);
        }
        end_job(&mut world, &format!("{uid}.smoke.{number}"), "Complete");
    }
    world.advance(start() + Span::seconds(60));
    let jobs = world.store().owned(&uid, Kind::Job);
    let names: Vec<String> = jobs.iter().map(|job| job.name().replace(&uid, "")).collect();
    assert_eq!(names, [".smoke.3", ".smoke.4"]);
    let status = status(&world);
    assert_eq!(status.text("/phase"), "Successful");
    assert_eq!(status.int("/metricResults/0/count"), 4);
    assert_eq!(status.items("/metricResults/0/measurements").len(), 2);
}

#[test]
fn a_failed_job_and_one_that_vanished() {
    let spec = json!({"metrics": [{"name": "smoke", "provider": {"job": {"spec": {}}}}]});
    let mut world = world(&spec, start(), steady);
    world.advance(start() + Span::seconds(1));
    let uid = world.store().get(&key()).unwrap().uid().to_owned();
    let name = format!("{uid}.smoke.1");
    world.store_mut().delete(&Key::new(Kind::Job, "shop", &name), None, start()).unwrap();
    world.advance(start() + Span::seconds(5));
    let gone = format!("job.batch \"{name}\" not found");
    assert_eq!(status(&world).text("/metricResults/0/measurements/0/message"), gone);
    world.advance(start() + Span::seconds(15));
    end_job(&mut world, &format!("{uid}.smoke.2"), "Failed");
    world.advance(start() + Span::seconds(30));
    assert_eq!(status(&world).text("/phase"), "Failed");
}

#[test]
fn what_is_not_played_is_an_error_that_says_so() {
    let web = json!({"name": "m", "consecutiveErrorLimit": 0, "provider": {"web": {"url": "u"}}});
    let mut world = world(&json!({"metrics": [web]}), start(), steady);
    world.advance(start() + Span::seconds(1));
    let status = status(&world);
    let told = "provider web is not played in a drill";
    assert_eq!(status.text("/metricResults/0/measurements/0/message"), told);
    assert_eq!((status.text("/phase"), world.due()), ("Error", None));
}

#[test]
fn a_run_that_is_over_costs_nothing_and_goes_when_its_time_is_up() {
    let metric = json!({"name": "m", "provider": {"prometheus": {"address": "http://p"}}});
    let kept = json!({"metrics": [metric], "ttlStrategy": {"secondsAfterFailure": 5}});
    let mut world_of_one = world(&kept, start(), steady);
    world_of_one.advance(start() + Span::seconds(1));
    assert_eq!((status(&world_of_one).text("/phase"), world_of_one.due()), ("Successful", None));

    let short = json!({"metrics": [metric], "ttlStrategy": {"secondsAfterCompletion": 70}});
    let mut world = world(&short, start(), steady);
    world.advance(start() + Span::minutes(14));
    assert!(world.store().get(&key()).is_some(), "it is looked at every quarter of an hour");
    world.advance(start() + Span::minutes(16));
    assert!(world.store().get(&key()).is_none());
}
