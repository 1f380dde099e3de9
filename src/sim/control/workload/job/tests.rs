//! Jobs as they were recorded from the real controller.

use serde_json::{Value, json};

use crate::sim::control::workload::stage::Stage;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Kind, What};

fn job(fault: Option<&str>, more: &Value) -> Value {
    let mut job = json!({
        "metadata": {"name": "check"},
        "spec": {
            "backoffLimit": 1,
            "template": {"spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "check", "image": "check:1"}],
            }},
        },
    });
    if let Some(fault) = fault {
        job.set("/spec/template/metadata/labels/waveoff.demo~1fault", fault);
    }
    json_patch::merge(&mut job["spec"], more);
    job
}

/// Each state: the counts that are there, and the conditions.
fn states(stage: &Stage) -> Vec<String> {
    let read = |job: &Value| {
        let count =
            |name: &str| job.at(&format!("/status/{name}")).map(|count| format!("{name} {count} "));
        let noted = job.members("/status/uncountedTerminatedPods").map_or(0, serde_json::Map::len);
        let conditions = job
            .items("/status/conditions")
            .iter()
            .map(|c| format!("{}={}/{}", c.text("/type"), c.text("/status"), c.text("/reason")));
        let counts = ["active", "ready", "succeeded", "failed", "terminating"];
        let counts: String = counts.iter().filter_map(|name| count(name)).collect();
        format!("{counts}noted {noted} {}", conditions.collect::<Vec<_>>().join(" "))
    };
    stage.states(Kind::Job, "check", read)
}

#[test]
fn one_that_succeeds() {
    let mut stage = Stage::new();
    stage.apply(Kind::Job, job(None, &json!({})));
    stage.wait(8.0);
    let met = "SuccessCriteriaMet=True/CompletionsReached";
    assert_eq!(
        states(&stage),
        [
            "noted 0 ",
            "active 1 ready 0 terminating 0 noted 0 ",
            "active 1 ready 1 terminating 0 noted 0 ",
            &format!("ready 0 terminating 0 noted 1 {met}"),
            &format!(
                "ready 0 succeeded 1 terminating 0 noted 0 {met} Complete=True/CompletionsReached"
            ),
        ]
    );
    let pod = stage.only(Kind::Pod);
    let told =
        [format!("SuccessfulCreate Created pod: {}", pod.name()), "Completed Job completed".into()];
    assert_eq!(stage.events("Job", "check"), told);
    assert!(pod.items("/metadata/finalizers").is_empty(), "{pod}");
    assert_eq!(pod.label("job-name"), "check");
    assert!(!stage.get(Kind::Job, "check").text("/status/completionTime").is_empty());
}

#[test]
fn one_that_fails_twice_is_given_up() {
    let mut stage = Stage::new();
    stage.apply(Kind::Job, job(Some("crash-loop"), &json!({})));
    stage.wait(40.0);
    let target = "FailureTarget=True/BackoffLimitExceeded";
    assert_eq!(
        states(&stage)[1..],
        [
            "active 1 ready 0 terminating 0 noted 0 ",
            "ready 0 terminating 0 noted 1 ",
            "ready 0 failed 1 terminating 0 noted 0 ",
            "active 1 ready 0 failed 1 terminating 0 noted 0 ",
            &format!("ready 0 failed 1 terminating 0 noted 1 {target}"),
            &format!(
                "ready 0 failed 2 terminating 0 noted 0 {target} Failed=True/BackoffLimitExceeded"
            ),
        ]
    );
    let made: Vec<_> = stage
        .changes()
        .into_iter()
        .filter(|change| change.key.kind == Kind::Pod && change.what == What::Added)
        .map(|change| change.at)
        .collect();
    assert!((13..=14).contains(&(made[1] - made[0]).num_seconds()), "ten seconds after its end");
    let last = stage.events("Job", "check");
    let told = "BackoffLimitExceeded Job has reached the specified backoff limit";
    assert_eq!(last.last().unwrap(), told);
}

#[test]
fn one_that_takes_too_long_is_ended() {
    let mut stage = Stage::new();
    let more = json!({"activeDeadlineSeconds": 5});
    stage.apply(Kind::Job, job(Some("never-ready"), &more));
    stage.wait(9.0);
    let target = "FailureTarget=True/DeadlineExceeded";
    assert_eq!(
        states(&stage)[2..],
        [
            format!("ready 0 terminating 1 noted 1 {target}"),
            format!("ready 0 failed 1 terminating 1 noted 0 {target}"),
            format!("ready 0 failed 1 terminating 0 noted 0 {target}"),
            format!("ready 0 failed 1 terminating 0 noted 0 {target} Failed=True/DeadlineExceeded"),
        ]
    );
    assert!(stage.all(Kind::Pod).is_empty());
    let told = "DeadlineExceeded Job was active longer than specified deadline";
    assert_eq!(stage.events("Job", "check").last().unwrap(), told);
}

#[test]
fn many_side_by_side() {
    let mut stage = Stage::new();
    stage.apply(Kind::Job, job(None, &json!({"completions": 3, "parallelism": 2})));
    stage.wait(12.0);
    let states = states(&stage);
    assert_eq!(states[1], "active 2 ready 0 terminating 0 noted 0 ");
    assert!(states.last().unwrap().starts_with("ready 0 succeeded 3 "), "{states:?}");
    assert_eq!(stage.all(Kind::Pod).len(), 3);
}

#[test]
fn one_that_is_held_and_let_go() {
    let mut stage = Stage::new();
    stage.apply(Kind::Job, job(None, &json!({"suspend": true})));
    stage.wait(2.0);
    assert!(stage.all(Kind::Pod).is_empty());
    stage.patch(Kind::Job, "check", &json!({"spec": {"suspend": false}}));
    stage.wait(8.0);
    let states = states(&stage);
    assert!(states[1].ends_with("Suspended=True/JobSuspended"), "{states:?}");
    assert!(states[2].ends_with("Suspended=False/JobResumed"), "{states:?}");
    assert!(stage.get(Kind::Job, "check").holds("Complete"));
    assert_eq!(stage.events("Job", "check")[0], "Suspended Job suspended");
}

#[test]
fn one_that_is_deleted_takes_its_pods_with_it() {
    let mut stage = Stage::new();
    stage.apply(Kind::Job, job(Some("never-ready"), &json!({})));
    stage.wait(4.0);
    stage.delete(Kind::Job, "check");
    stage.wait(3.0);
    assert!(stage.all(Kind::Pod).is_empty());
}
