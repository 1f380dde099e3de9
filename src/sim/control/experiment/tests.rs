//! Experiments as the real controller plays them.
//!
//! `tests/recorded.jsonl` was recorded on a real control plane, one experiment a line: its spec,
//! where in its second it was created, a script (among it when the ReplicaSets counted how many
//! pods), the statuses it had one after the other, its events, and what was made for it. Instants
//! are seconds since the second of its creation. `tests/templates.json` has the templates of its
//! analyses.

use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::sim::control::analysis;
use crate::sim::prometheus::{Failure, Found, Labels};
use crate::sim::time::{Moment, Span, parse};
use crate::sim::world::{Ground, World};

/// One recorded experiment.
#[derive(Debug, Deserialize)]
struct Recording {
    name: String,
    phase: f64,
    spec: Value,
    /// Seconds since its creation, what happens, and more about it.
    script: Vec<(f64, String, Value)>,
    statuses: Vec<Value>,
    events: Vec<(String, String, String)>,
    /// Pods wanted and deadline of each ReplicaSet, one after the other.
    sets: BTreeMap<String, Vec<(i64, Option<String>)>>,
    services: Vec<(String, String, Value)>,
    runs: Vec<Value>,
}

fn start() -> Moment {
    parse("2026-11-24T10:00:00Z").unwrap()
}

fn span(seconds: f64) -> Span {
    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    Span::milliseconds((seconds * 1e3).round() as i64)
}

/// Answers for the service that a query names.
#[expect(clippy::unnecessary_wraps, reason = "Prometheus is asked in this form")]
fn scripted(_: &Ground, query: &str, _: Moment) -> Result<Found, Failure> {
    let number = match query {
        query if query.contains("ex-bad") => 0.7,
        query if query.contains("ex-open") => 0.3,
        _ => 0.01,
    };
    Ok(Found::Vector(vec![(Labels::new(), number)]))
}

fn world() -> World {
    let mut controllers = controllers();
    controllers.push(analysis::asking(scripted));
    let mut world = World::new(1, start(), controllers);
    let templates: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("tests/templates.json")).unwrap();
    for (name, spec) in templates {
        let metadata = json!({"name": format!("t-{name}"), "namespace": "shop"});
        let template = json!({"metadata": metadata, "spec": spec});
        world.store_mut().create(Kind::AnalysisTemplate, template, start()).unwrap();
    }
    world
}

fn create(world: &mut World, name: &str, spec: &Value) -> Key {
    let experiment = json!({"metadata": {"name": name, "namespace": "shop"}, "spec": spec});
    let now = world.now();
    world.store_mut().create(Kind::Experiment, experiment, now).unwrap();
    Key::new(Kind::Experiment, "shop", name)
}

fn perform(world: &mut World, key: &Key, what: &str, more: &Value) {
    let now = world.now();
    let store = world.store_mut();
    let done = match what {
        "terminate" => store.modify(key, Part::Main, now, |e| e.set("/spec/terminate", true)),
        "patch" => store.modify(key, Part::Main, now, |experiment| {
            for (field, value) in more.members("/spec").unwrap() {
                experiment.set(&format!("/spec/{field}"), value.clone());
            }
        }),
        "count" => {
            let set = key.beside(Kind::ReplicaSet, more.text("/name"));
            store.modify(&set, Part::Status, now, |set| {
                set.set("/status", more.pointer("/status").cloned().unwrap());
            })
        }
        what => panic!("{what}"),
    };
    done.unwrap();
}

/// In the form of the recording.
fn relative(world: &World, key: &Key, mut part: Value) -> Value {
    let uid = world.store().get(key).unwrap().uid().to_owned();
    let hash = |set: &Object| {
        let template = set.annotation(TEMPLATE_NAME).unwrap();
        (set.label(POD_HASH).to_owned(), format!("HASH-{template}"))
    };
    let sets = world.store().owned(&uid, Kind::ReplicaSet);
    let hashes: Vec<_> = sets.into_iter().map(hash).chain([(uid.clone(), "UID".into())]).collect();
    rename(&mut part, &hashes);
    part
}

fn rename(part: &mut Value, names: &[(String, String)]) {
    match part {
        Value::Object(members) => members.values_mut().for_each(|part| rename(part, names)),
        Value::Array(items) => items.iter_mut().for_each(|part| rename(part, names)),
        Value::String(text) => match parse(text) {
            Some(at) => *text = format!("+{}", (at - start()).num_seconds()),
            None => names.iter().for_each(|(from, to)| *text = text.replace(from, to)),
        },
        _ => {}
    }
}

fn statuses(world: &World, key: &Key) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for change in world.store().history().since(0).unwrap().filter(|change| change.key == *key) {
        let Some(status) = change.object.get("status").cloned() else { continue };
        let status = relative(world, key, status);
        all.push(status);
    }
    settled(&all)
}

fn events(world: &World, key: &Key) -> Vec<(String, String, String)> {
    let changes = world.store().history().since(0).unwrap();
    let of_experiment = changes.filter(|change| {
        change.key.kind == Kind::Event
            && change.object.text("/involvedObject/kind") == "Experiment"
            && change.before.is_none()
    });
    of_experiment
        .map(|change| {
            let event = relative(world, key, change.object.as_ref().clone());
            let told = |field: &str| event.text(field).to_owned();
            (told("/type"), told("/reason"), told("/message"))
        })
        .collect()
}

#[test]
fn experiments_go_as_on_the_real_control_plane() {
    let lines = include_str!("tests/recorded.jsonl").lines();
    let recordings: Vec<Recording> =
        lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    for recording in &recordings {
        let mut world = world();
        let created = start() + span(recording.phase);
        world.advance(created);
        let key = create(&mut world, &format!("ex-{}", recording.name), &recording.spec);
        let mut script: Vec<_> = recording.script.iter().collect();
        script.sort_by(|one, other| one.0.total_cmp(&other.0));
        for (offset, what, more) in script {
            world.advance(created + span(*offset));
            perform(&mut world, &key, what, more);
        }
        world.advance(start() + Span::seconds(120));
        let ours = statuses(&world, &key);
        let real = settled(&recording.statuses);
        for (index, status) in real.iter().enumerate() {
            assert_eq!(ours.get(index), Some(status), "{} {index}", recording.name);
        }
        assert_eq!(ours.len(), real.len(), "{}", recording.name);
        let told = events(&world, &key).into_iter();
        assert_eq!(
            told.filter_map(plain).collect::<Vec<_>>(),
            recording.events.iter().cloned().filter_map(plain).collect::<Vec<_>>(),
            "{}",
            recording.name
        );
        assert_eq!(sets(&world), recording.sets, "{}", recording.name);
        assert_eq!(services(&world, &key), recording.services, "{}", recording.name);
        assert_eq!(runs(&world, &key), recording.runs, "{}", recording.name);
        // All but an analysis that nobody ends is still at last: after the last deadline.
        world.advance(start() + Span::minutes(12));
        let endless = world
            .store()
            .list(Kind::AnalysisRun, None)
            .any(|run| !is_over(run.text("/status/phase")));
        assert_eq!(world.due().is_some(), endless, "{}", recording.name);
    }
}

fn one_template() -> Value {
    json!({
        "name": "one",
        "selector": {"matchLabels": {"app": "one"}},
        "service": {},
        "template": {
            "metadata": {"labels": {"app": "one"}},
            "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80}]}]},
        },
    })
}

fn count(world: &mut World, key: &Key, pods: i64) {
    let counted = json!({"replicas": pods, "readyReplicas": pods, "availableReplicas": pods});
    let set = format!("{}-one", key.name);
    perform(world, key, "count", &json!({"name": set, "status": counted}));
    world.advance(world.now() + Span::seconds(1));
}

fn status(world: &World, key: &Key) -> Value {
    world.store().get(key).unwrap().get("status").cloned().unwrap()
}

#[test]
fn what_belongs_to_somebody_else_is_left_alone() {
    let mut world = world();
    let stranger = json!({"metadata": {"name": "a-one", "namespace": "shop"}, "spec": {}});
    world.store_mut().create(Kind::ReplicaSet, stranger, start()).unwrap();
    let taken = create(&mut world, "a", &json!({"templates": [one_template()]}));
    let service = json!({"metadata": {"name": "b-one", "namespace": "shop"}, "spec": {}});
    world.store_mut().create(Kind::Service, service, start()).unwrap();
    let served = create(&mut world, "b", &json!({"templates": [one_template()]}));
    world.advance(start() + Span::seconds(5));
    assert_eq!(status(&world, &taken).text("/templateStatuses/0/status"), "Progressing");
    let known = status(&world, &served);
    assert_eq!(known.text("/phase"), "Error");
    let told = "Failed to create Service b-one for template 'one': service b-one already exists \
                and is not owned by experiment template one";
    assert_eq!(known.text("/message"), told);
}

#[test]
fn the_rollout_that_wants_an_experiment_hears_of_its_analyses() {
    let mut world = world();
    let rollout = json!({"metadata": {"name": "checkout", "namespace": "shop"}});
    world.store_mut().create(Kind::Rollout, rollout, start()).unwrap();
    let analyses = json!([{"name": "bad", "templateName": "t-bad"}]);
    let spec = json!({"templates": [one_template()], "analyses": analyses});
    let key = create(&mut world, "e", &spec);
    let owner = json!([{"kind": "Rollout", "name": "checkout", "uid": "r"}]);
    let own = |e: &mut Value| {
        e.set("/metadata/ownerReferences", owner);
        e.set_label("argo-rollouts.argoproj.io/controller-instance-id", "blue");
    };
    world.store_mut().modify(&key, Part::Main, start(), own).unwrap();
    world.advance(start() + Span::seconds(1));
    count(&mut world, &key, 1);
    let told: Vec<(String, String)> = world
        .store()
        .list(Kind::Event, None)
        .filter(|event| event.text("/involvedObject/kind") == "Rollout")
        .map(|event| (event.text("/type").to_owned(), event.text("/reason").to_owned()))
        .filter(|(_, reason)| reason != "AnalysisRunRunning")
        .collect();
    let run = world.store().get(&key.beside(Kind::AnalysisRun, "e-bad")).unwrap();
    assert_eq!(run.label("argo-rollouts.argoproj.io/controller-instance-id"), "blue");
    let warning = |reason: &str| ("Warning".to_owned(), reason.to_owned());
    assert!(told.contains(&warning("AnalysisRunPending")), "{told:?}");
    assert!(told.contains(&warning("AnalysisRunFailed")), "{told:?}");
}

#[test]
fn an_analysis_that_was_deleted_is_an_error() {
    let mut world = world();
    let analyses = json!([{"name": "endless", "templateName": "t-endless"}]);
    let spec = json!({"templates": [one_template()], "analyses": analyses});
    let key = create(&mut world, "e", &spec);
    world.advance(start() + Span::seconds(1));
    count(&mut world, &key, 1);
    let run = key.beside(Kind::AnalysisRun, "e-endless");
    let now = world.now();
    world.store_mut().delete(&run, None, now).unwrap();
    count(&mut world, &key, 0);
    let told = "analysisruns.argoproj.io \"e-endless\" not found";
    assert_eq!(status(&world, &key).text("/message"), told);
}

#[test]
fn the_pods_of_a_lost_deadline_go_too() {
    let mut world = world();
    let spec = json!({"templates": [one_template()], "progressDeadlineSeconds": 30});
    let key = create(&mut world, "e", &spec);
    world.advance(start() + Span::seconds(5));
    count(&mut world, &key, 0);
    world.advance(start() + Span::seconds(29));
    assert_eq!(status(&world, &key).text("/phase"), "Pending");
    world.advance(start() + Span::seconds(31));
    let told = "Template 'one' exceeded its progressDeadlineSeconds (30)";
    assert_eq!(status(&world, &key).text("/message"), told);
    world.advance(start() + Span::seconds(90));
    assert_eq!(sets(&world).get("e-one").unwrap().last().unwrap().0, 0);
}

/// How soon an experiment sees that an analysis has begun is a matter of milliseconds, on the real
/// control plane too: that it is pending and that it is running are taken for the same.
fn settled(statuses: &[Value]) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for status in statuses {
        let mut status = status.clone();
        for index in 0..status.items("/analysisRuns").len() {
            let pointer = format!("/analysisRuns/{index}/phase");
            if !is_over(status.text(&pointer))
                && !status.text(&format!("/analysisRuns/{index}/analysisRun")).is_empty()
            {
                status.set(&pointer, "Running");
            }
        }
        if all.last() != Some(&status) {
            all.push(status);
        }
    }
    all
}

/// The same for events.
fn plain(event: (String, String, String)) -> Option<(String, String, String)> {
    let (kind, reason, message) = event;
    let message = match message.split_once(" transitioned from ") {
        Some((what, change)) if what.starts_with("AnalysisRun") => {
            format!("{what} -> {}", change.split_once(" -> ")?.1)
        }
        _ => message,
    };
    (reason != "AnalysisRunRunning").then_some((kind, reason, message))
}

/// The pods wanted and the deadline of each ReplicaSet, one after the other.
fn sets(world: &World) -> BTreeMap<String, Vec<(i64, Option<String>)>> {
    let mut all: BTreeMap<String, Vec<_>> = BTreeMap::new();
    let changes = world.store().history().since(0).unwrap();
    for change in changes.filter(|change| change.key.kind == Kind::ReplicaSet) {
        let until = change.object.annotation("scale-down-deadline").and_then(parse);
        let until = until.map(|until| format!("+{}", (until - start()).num_seconds()));
        let wanted = (change.object.int("/spec/replicas"), until);
        let known = all.entry(change.key.name.clone()).or_default();
        if known.last() != Some(&wanted) {
            known.push(wanted);
        }
    }
    all
}

fn services(world: &World, key: &Key) -> Vec<(String, String, Value)> {
    let changes = world.store().history().since(0).unwrap();
    let made = changes.filter(|c| c.key.kind == Kind::Service && c.what != What::Modified);
    made.map(|change| {
        let part = |pointer: &str| change.object.pointer(pointer).cloned().unwrap_or_default();
        let spec = json!({"ports": part("/spec/ports"), "selector": part("/spec/selector")});
        let seen = json!({"spec": spec, "annotations": part("/metadata/annotations")});
        let what = if change.what == What::Added { "ADDED" } else { "DELETED" };
        (what.to_owned(), change.key.name.clone(), relative(world, key, seen))
    })
    .collect()
}

fn runs(world: &World, key: &Key) -> Vec<Value> {
    let changes = world.store().history().since(0).unwrap();
    let made = changes.filter(|c| c.key.kind == Kind::AnalysisRun && c.what == What::Added);
    made.map(|change| {
        let part = |pointer: &str| change.object.pointer(pointer).cloned().unwrap_or_default();
        let seen = json!({
            "name": change.key.name,
            "labels": part("/metadata/labels"),
            "annotations": part("/metadata/annotations"),
            "spec": part("/spec"),
            "status": part("/status"),
        });
        relative(world, key, seen)
    })
    .collect()
}
