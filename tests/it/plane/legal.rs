//! The legality table held against the real controller, both ways.
//!
//! A flock is several workloads in the same situation, one for each verb that may be used there,
//! named after it: each verb is tried on a workload that no other verb has touched.

use serde_json::Value;

use super::audit;
use super::grounds::Plane;
use super::stage::Stage;

/// Every verb, by its key in `legal`.
///
/// A wave-off is none of them: it is legal wherever one of its moves is, and has its own stories.
const ALL: [&str; 8] =
    ["promote", "promote-full", "pause", "resume", "abort", "undo", "retry", "restart"];

/// A workload in a flock on which somebody proves that a refusal was right.
pub(super) const PROOF: &str = "proof";

/// A stage with one workload for each verb, and one for proofs.
pub(super) fn flock(
    plane: &'static Plane,
    name: &str,
    verbs: &[&str],
    build: impl Fn(&str) -> Vec<Value>,
) -> Stage {
    let stage = Stage::new(plane, name, &[]);
    let objects: Vec<Value> = names(verbs).flat_map(build).collect();
    stage.apply(&objects);
    for name in names(verbs) {
        stage.until_healthy(name);
    }
    stage
}

/// The names in a flock.
pub(super) fn names<'a>(verbs: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    verbs.iter().copied().chain([PROOF])
}

/// A new version of the whole flock.
pub(super) fn release(stage: &Stage, resource: &str, verbs: &[&str], fault: Option<&str>) {
    for name in names(verbs) {
        stage.release(resource, name, "2", fault);
    }
}

fn command(verb: &str) -> Vec<&str> {
    if verb == "promote-full" { vec!["promote", "--full"] } else { vec![verb] }
}

/// Panics unless exactly these verbs are offered, and every other one is refused with a reason: by
/// the table, by the command with exit code 4, and without a write.
#[track_caller]
pub(super) fn table(stage: &Stage, name: &str, verbs: &[&str]) {
    let legal = stage.status(name)["legal"].clone();
    for verb in ALL {
        let row = &legal[verb];
        assert_eq!(row["allowed"], verbs.contains(&verb), "{verb} {name}: {row}");
    }
    let before = audit::writes(stage.plane, stage.person, &stage.namespace).len();
    for verb in ALL.into_iter().filter(|verb| !verbs.contains(verb)) {
        let reason = legal[verb]["reason"].as_str().unwrap_or_default().to_owned();
        assert!(!reason.is_empty(), "{verb} is refused without a reason");
        let flown = stage.act(&command(verb), name).expect(4);
        // The reason of now: a clock in it has gone on since.
        let head: String = reason.chars().take_while(|c| !c.is_ascii_digit()).collect();
        assert!(flown.err.contains(&head), "{verb}: {} without {head:?}", flown.err);
    }
    let after = audit::writes(stage.plane, stage.person, &stage.namespace).len();
    assert_eq!(before, after, "something refused was written");
}

/// The table, and then each verb that it offers, on a workload of its own.
#[track_caller]
pub(super) fn each_works(stage: &Stage, verbs: &[&str]) {
    table(stage, PROOF, verbs);
    for verb in verbs {
        stage.works(&command(verb), verb);
    }
}
