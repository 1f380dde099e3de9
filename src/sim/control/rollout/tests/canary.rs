//! Canaries without a router.

use serde_json::json;

use super::story::{Story, rollout};
use crate::sim::object::Document;
use crate::sim::store::Kind;

#[test]
fn the_first_version_takes_no_steps() {
    let steps = json!([{"setWeight": 50}, {"pause": {}}]);
    let mut story = Story::new(&[rollout(4, &json!({"canary": {"steps": steps}}))]);
    story.wait(3);
    let told = story.told();
    let expected = [
        "Progressing | more replicas need to be updated | step 0 | ReplicaSetUpdated",
        "Progressing | more replicas need to be updated | step 2 | ReplicaSetUpdated",
        "Progressing | updated replicas are still becoming available | step 2 | ReplicaSetUpdated",
        "Healthy | step 2 | NewReplicaSetAvailable",
    ];
    assert_eq!(told, expected);
    assert_eq!(story.sets(), [(1, 4, 4)]);
    let rollout = story.rollout();
    assert_eq!(rollout.text("/status/stableRS"), rollout.text("/status/currentPodHash"));
    // The steps get defaults, which is a change of the spec.
    assert_eq!(rollout.text("/status/observedGeneration"), "2");
    assert_eq!(rollout.get("status").unwrap().get("pauseConditions"), None);
}

#[test]
fn timed_pauses_end_by_themselves() {
    let steps = json!([
        {"setWeight": 50}, {"pause": {"duration": 3}}, {"pause": {"duration": "2s"}},
        {"pause": {"duration": "0"}},
    ]);
    let mut story = Story::deployed(&[rollout(2, &json!({"canary": {"steps": steps}}))]);
    story.image("web:2");
    story.until_paused_at(1);
    let first = story.now();
    story.until_paused_at(2);
    let second = story.now();
    // From whole seconds to whole seconds.
    assert!((2_000..=3_100).contains(&(second - first).num_milliseconds()));
    story.until_phase("Healthy");
    let third = story.now();
    assert!((1_000..=3_600).contains(&(third - second).num_milliseconds()));
    assert_eq!(story.sets(), [(2, 2, 2), (1, 0, 0)]);
}

#[test]
fn an_abort_and_the_way_back() {
    let steps = json!([{"setWeight": 50}, {"pause": {}}]);
    let mut story = Story::deployed(&[rollout(4, &json!({"canary": {"steps": steps}}))]);
    story.image("web:2");
    story.until_paused_at(1);
    assert_eq!(story.sets(), [(2, 2, 2), (1, 2, 2)]);
    story.status(&json!({"abort": true}));
    story.wait(4);
    story.told();
    let rollout = story.rollout();
    let message = "RolloutAborted: Rollout aborted update to revision 2";
    assert_eq!(rollout.text("/status/message"), message);
    assert_ne!(rollout.text("/status/abortedAt"), "");
    assert_eq!(story.sets(), [(2, 0, 0), (1, 4, 4)]);
    // Back to the spec of the stable version: nothing has to be updated.
    story.image("web:1");
    story.wait(1);
    let told = story.told();
    assert_eq!(told.last().unwrap(), "Healthy | step 2 | NewReplicaSetAvailable");
    assert_eq!(story.sets(), [(3, 4, 4), (2, 0, 0)]);
    assert_eq!(story.rollout().get("status").unwrap().get("abort"), None);
}

#[test]
fn within_the_rollback_window_steps_are_skipped() {
    let mut web =
        rollout(4, &json!({"canary": {"steps": [{"setWeight": 50}, {"pause": {"duration": 1}}]}}));
    json_patch::merge(&mut web, &json!({"spec": {"rollbackWindow": {"revisions": 3}}}));
    let mut story = Story::deployed(&[web]);
    for image in ["web:2", "web:3"] {
        story.image(image);
        story.wait(10);
    }
    story.told();
    story.image("web:1");
    story.wait(8);
    let told = story.told();
    let head = [
        "Progressing | more replicas need to be updated | step 0 | ReplicaSetUpdated",
        "Progressing | more replicas need to be updated | step 2 | ReplicaSetUpdated",
    ];
    assert_eq!(told.get(..2), Some(head.map(String::from).as_slice()));
    assert!(told.iter().all(|state| !state.starts_with("Paused")), "{told:?}");
    assert_eq!(told.last().unwrap(), "Healthy | step 2 | NewReplicaSetAvailable");
}

#[test]
fn old_versions_are_forgotten_beyond_the_limit() {
    let mut web = rollout(1, &json!({"canary": {}}));
    json_patch::merge(&mut web, &json!({"spec": {"revisionHistoryLimit": 1}}));
    let mut story = Story::deployed(&[web]);
    for image in ["web:2", "web:3", "web:4"] {
        story.image(image);
        story.wait(6);
    }
    assert_eq!(story.sets(), [(4, 1, 1), (3, 0, 0)]);
}

#[test]
fn a_restart_takes_one_pod_after_the_other() {
    let strategy = json!({"canary": {"steps": [{"pause": {}}], "maxUnavailable": 1}});
    let mut story = Story::deployed(&[rollout(3, &strategy)]);
    let pods = |story: &Story| -> Vec<String> {
        let pods = story.world.store().list(Kind::Pod, None);
        pods.map(|pod| pod.name().to_owned()).collect()
    };
    story.wait(2);
    let before = pods(&story);
    let now = crate::sim::time::seconds(story.now());
    story.spec(&json!({ "restartAt": now }));
    story.wait(15);
    let told = story.told();
    let first = "Progressing | rollout is restarting | step 1 | ReplicaSetNotAvailable";
    assert_eq!(told.first().unwrap(), first);
    assert_eq!(told.last().unwrap(), "Healthy | step 1 | NewReplicaSetAvailable");
    let least = pods_available(&story);
    assert!(least >= 2, "{least}");
    let after = pods(&story);
    assert_eq!(after.len(), 3);
    assert!(after.iter().all(|pod| !before.contains(pod)), "{before:?} {after:?}");
    assert_eq!(story.rollout().text("/status/restartedAt"), now);
}

/// The fewest pods that were available since the first version was complete.
fn pods_available(story: &Story) -> i64 {
    let changes = story.world.store().history().since(0).unwrap();
    let counts = changes.filter(|change| change.key.kind == Kind::ReplicaSet);
    let counts = counts.map(|change| change.object.int("/status/availableReplicas"));
    counts.skip_while(|count| *count < 3).min().unwrap()
}
