//! A Rollout that borrows the pod template of a Deployment (`workloadRef`).

use serde_json::{Value as Json, json};

use crate::domain::readiness::Severity::{Error, Warning};
use crate::domain::readiness::Standing;
use crate::manifest::profile::Profile;

use super::{Edit, Remove, Set, blue_green, edit, judged, play, rolling, row, short};

const READY: &str = "1/spec/template/spec/containers/0/readinessProbe";
const READY_PATH: &str = "spec.template.spec.containers[0].readinessProbe";

/// A Rollout, the Deployment that it borrows from, and the budget.
fn borrowed() -> Vec<Json> {
    let mut rollout = blue_green().swap_remove(0);
    let spec = rollout["spec"].as_object_mut().unwrap();
    spec.remove("template");
    spec.remove("selector");
    let reference = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
    spec.insert("workloadRef".into(), reference);
    let mut all = vec![rollout];
    all.append(&mut rolling());
    all[1]["spec"]["replicas"] = json!(0);
    all[1]["spec"].as_object_mut().unwrap().remove("minReadySeconds");
    all
}

fn change(edits: Vec<Edit>) -> Vec<Json> {
    let mut objects = borrowed();
    edit(&mut objects, edits);
    objects
}

#[test]
fn the_template_is_judged_where_it_stands_and_the_rest_at_the_rollout() {
    play(vec![
        row(
            borrowed,
            vec![Remove(READY)],
            vec![("W04", Error, READY_PATH, "none")],
            vec![Set(READY, json!({"tcpSocket": {"port": 8080}}))],
        ),
        row(
            borrowed,
            vec![Remove("0/spec/replicas")],
            vec![
                ("W15", Warning, "spec.replicas", "1 (default)"),
                (
                    "W17",
                    Warning,
                    "spec.maxUnavailable",
                    "maxUnavailable 1 lets all of 1 go (Rollout web)",
                ),
            ],
            vec![Set("0/spec/replicas", json!(2))],
        ),
    ]);
    let findings = judged(&change(vec![Remove(READY)]), &Profile::default());
    assert_eq!(findings[0].subject.kind, "Deployment");
}

#[test]
fn a_deployment_with_pods_of_its_own_is_judged_too_and_its_template_once() {
    let objects = change(vec![Remove(READY), Set("1/spec/replicas", json!(10))]);
    let findings = judged(&objects, &Profile::default());
    let seen: Vec<_> = findings.iter().map(|f| (f.rule, f.subject.kind.as_str())).collect();
    assert_eq!(seen, [("W04", "Deployment"), ("W11", "Deployment")]);
}

#[test]
fn a_deployment_at_zero_that_lends_nothing_is_judged() {
    let objects = change(vec![Set("0/spec/workloadRef/name", json!("api"))]);
    let findings = judged(&objects, &Profile::default());
    assert!(findings.iter().any(|found| found.rule == "W11"), "{findings:?}");
}

#[test]
fn a_template_that_was_not_read_is_unknown_and_said_once() {
    let objects = change(vec![Remove("1")]);
    let findings = judged(&objects, &Profile::default());
    let seen: Vec<_> = findings.iter().map(short).collect();
    let why = "? the pod template is not among what was read".to_owned();
    assert_eq!(seen, [("W01".to_owned(), Error, "spec.workloadRef".to_owned(), why)]);
    assert!(matches!(findings[0].standing, Standing::Unknown(_)));
}
