//! Canaries behind nginx.

use serde_json::json;

use super::story::{Story, routed};
use crate::sim::object::Document;
use crate::sim::store::{Key, Kind, Part};

const WEIGHT: &str = "nginx.ingress.kubernetes.io/canary-weight";

fn weight(story: &Story) -> Option<&str> {
    story.get(Kind::Ingress, "web-web-canary")?.annotation(WEIGHT)
}

#[test]
fn through_all_steps() {
    let steps = json!([
        {"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": 2}},
    ]);
    let mut story =
        Story::deployed(&routed(4, &json!({"steps": steps, "scaleDownDelaySeconds": 4})));
    let stable = story.selected("stable").to_owned();
    assert_eq!((story.selected("canary"), weight(&story)), (stable.as_str(), Some("0")));
    story.image("web:2");
    story.until_paused_at(1);
    let expected = [
        "Healthy | step 4 | 0% | NewReplicaSetCreated",
        "Progressing | more replicas need to be updated | step 0 | 0% | ReplicaSetUpdated",
        "Progressing | more replicas need to be updated | step 1 | 25% | ReplicaSetUpdated",
        "Paused | CanaryPauseStep | step 1 | 25% | ReplicaSetUpdated",
        "Paused | CanaryPauseStep | step 1 | 25% | RolloutPaused",
    ];
    assert_eq!(story.told(), expected);
    assert_eq!((story.sets(), weight(&story)), (vec![(2, 1, 1), (1, 4, 4)], Some("25")));
    let canary = story.rollout().text("/status/currentPodHash");
    assert_eq!((story.selected("canary"), story.selected("stable")), (canary, stable.as_str()));
    story.promote();
    story.until_phase("Healthy");
    let expected = [
        "Progressing | more replicas need to be updated | step 1 | 25% | RolloutResumed",
        "Progressing | more replicas need to be updated | step 2 | 25% | ReplicaSetUpdated",
        "Progressing | more replicas need to be updated | step 3 | 50% | ReplicaSetUpdated",
        "Paused | CanaryPauseStep | step 3 | 50% | ReplicaSetUpdated",
        "Paused | CanaryPauseStep | step 3 | 50% | RolloutPaused",
        "Progressing | more replicas need to be updated | step 4 | 50% | ReplicaSetUpdated",
        "Progressing | waiting for all steps to complete | step 4 | 50% | ReplicaSetUpdated",
        "Healthy | step 4 | 100% | ReplicaSetUpdated",
        "Healthy | step 4 | 0% | ReplicaSetUpdated",
    ];
    assert_eq!(story.told(), expected);
    assert_eq!((story.sets(), weight(&story)), (vec![(2, 4, 4), (1, 4, 4)], Some("0")));
    // The old version stays until its deadline.
    story.wait(6);
    assert_eq!(story.told(), ["Healthy | step 4 | 0% | NewReplicaSetAvailable"]);
    assert_eq!(story.sets(), [(2, 4, 4), (1, 0, 0)]);
    // More than these the real controller does not tell of one object in a short time.
    let expected = "RolloutAddedToInformer RolloutUpdated NewReplicaSetCreated \
        RolloutNotCompleted ScalingReplicaSet RolloutCompleted SwitchService SwitchService \
        CreatingCanaryIngress TrafficWeightUpdated RolloutUpdated NewReplicaSetCreated \
        RolloutNotCompleted TrafficWeightUpdated ScalingReplicaSet SwitchService \
        PatchingCanaryIngress TrafficWeightUpdated RolloutStepCompleted RolloutPaused \
        RolloutStepCompleted ScalingReplicaSet PatchingCanaryIngress TrafficWeightUpdated \
        RolloutStepCompleted";
    assert_eq!(story.events().join(" "), expected);
}

#[test]
fn an_abort_takes_all_traffic_and_a_retry_begins_anew() {
    let strategy = json!({
        "steps": [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}],
        "abortScaleDownDelaySeconds": 3,
    });
    let mut story = Story::deployed(&routed(4, &strategy));
    story.image("web:2");
    story.until_paused_at(1);
    story.told();
    story.status(&json!({"abort": true}));
    story.until_phase("Degraded");
    let aborted = "RolloutAborted: Rollout aborted update to revision 2";
    assert_eq!(story.told(), [format!("Degraded | {aborted} | step 0 | 0% | RolloutAborted")]);
    assert_eq!((story.sets(), weight(&story)), (vec![(2, 1, 1), (1, 4, 4)], Some("0")));
    story.wait(5);
    assert_eq!(story.sets(), [(2, 0, 0), (1, 4, 4)]);
    story.status(&json!({"abort": false}));
    story.until_paused_at(1);
    let expected = [
        "Progressing | more replicas need to be updated | step 0 | 0% | RolloutRetry",
        "Progressing | more replicas need to be updated | step 0 | 0% | ReplicaSetUpdated",
        "Progressing | more replicas need to be updated | step 1 | 25% | ReplicaSetUpdated",
        "Paused | CanaryPauseStep | step 1 | 25% | ReplicaSetUpdated",
        "Paused | CanaryPauseStep | step 1 | 25% | RolloutPaused",
    ];
    assert_eq!(story.told(), expected);
}

#[test]
fn going_back_to_the_stable_version_is_at_once() {
    let strategy = json!({"steps": [{"setWeight": 25}, {"pause": {}}], "scaleDownDelaySeconds": 3});
    let mut story = Story::deployed(&routed(4, &strategy));
    story.image("web:2");
    story.until_paused_at(1);
    story.told();
    story.image("web:1");
    story.wait(5);
    let expected = [
        "Healthy | step 2 | 25% | ReplicaSetUpdated",
        "Healthy | step 2 | 0% | ReplicaSetUpdated",
        "Healthy | step 2 | 0% | NewReplicaSetAvailable",
    ];
    assert_eq!(story.told(), expected);
    assert_eq!(story.sets(), [(3, 4, 4), (2, 0, 0)]);
    assert!(story.events().iter().any(|event| event == "SkipSteps"), "{:?}", story.events());
}

#[test]
fn a_third_version_replaces_the_second() {
    let strategy = json!({"steps": [{"setWeight": 25}, {"pause": {}}], "scaleDownDelaySeconds": 3});
    let mut story = Story::deployed(&routed(4, &strategy));
    story.image("web:2");
    story.until_paused_at(1);
    story.told();
    story.image("web:3");
    story.wait(1);
    let expected = [
        "Paused | CanaryPauseStep | step 1 | 25% | NewReplicaSetCreated",
        "Paused | CanaryPauseStep | step 1 | 25% | RolloutPaused",
        "Progressing | more replicas need to be updated | step 0 | 25% | ReplicaSetUpdated",
        "Progressing | more replicas need to be updated | step 0 | 0% | ReplicaSetUpdated",
    ];
    assert_eq!(story.told(), expected);
}

#[test]
fn full_promotion_skips_what_is_left() {
    let strategy = json!({
        "steps": [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}],
        "scaleDownDelaySeconds": 3,
    });
    let mut story = Story::deployed(&routed(4, &strategy));
    story.image("web:2");
    story.until_paused_at(1);
    story.told();
    story.status(&json!({"promoteFull": true}));
    story.until_phase("Healthy");
    let expected = [
        "Progressing | more replicas need to be updated | step 4 | 25% | ReplicaSetUpdated",
        "Progressing | waiting for all steps to complete | step 4 | 25% | ReplicaSetUpdated",
        "Healthy | step 4 | 25% | ReplicaSetUpdated",
        "Healthy | step 4 | 0% | ReplicaSetUpdated",
    ];
    assert_eq!(story.told(), expected);
    assert_eq!(story.rollout().get("status").unwrap().get("promoteFull"), None);
}

#[test]
fn the_canary_has_a_size_of_its_own() {
    let strategy = json!({"minPodsPerReplicaSet": 2, "steps": [
        {"setCanaryScale": {"replicas": 3}}, {"pause": {}}, {"setWeight": 25},
        {"setCanaryScale": {"matchTrafficWeight": true}}, {"pause": {}},
        {"setCanaryScale": {"weight": 75}}, {"pause": {}},
    ]});
    let mut story = Story::deployed(&routed(4, &strategy));
    story.image("web:2");
    let mut sizes = Vec::new();
    for step in [1, 4, 6] {
        story.until_paused_at(step);
        story.wait(2);
        sizes.push((
            step,
            story.sets().first().map(|set| set.1),
            weight(&story).map(str::to_owned),
        ));
        story.promote();
    }
    let at = |step, pods, weight: &str| (step, Some(pods), Some(weight.to_owned()));
    assert_eq!(sizes, [at(1, 3, "0"), at(4, 2, "25"), at(6, 3, "25")]);
}

#[test]
fn the_stable_version_shrinks_with_its_traffic() {
    let strategy = json!({
        "steps": [{"setWeight": 25}, {"pause": {}}, {"setWeight": 75}, {"pause": {}}],
        "dynamicStableScale": true,
    });
    let mut story = Story::deployed(&routed(4, &strategy));
    story.image("web:2");
    story.until_paused_at(1);
    story.wait(3);
    assert_eq!(story.sets(), [(2, 1, 1), (1, 3, 3)]);
    story.promote();
    story.until_paused_at(3);
    story.wait(3);
    assert_eq!((story.sets(), weight(&story)), (vec![(2, 3, 3), (1, 1, 1)], Some("75")));
    // Back only as fast as the stable version grows.
    story.status(&json!({"abort": true}));
    story.wait(1);
    assert_eq!(weight(&story), Some("75"));
    story.wait(8);
    assert_eq!((story.sets(), weight(&story)), (vec![(2, 0, 0), (1, 4, 4)], Some("0")));
}

#[test]
fn labels_say_who_has_which_role() {
    let strategy = json!({
        "steps": [{"setWeight": 50}, {"pause": {}}],
        "canaryMetadata": {"labels": {"role": "canary"}, "annotations": {"a": "c"}},
        "stableMetadata": {"labels": {"role": "stable"}},
    });
    let mut story = Story::deployed(&routed(2, &strategy));
    story.image("web:2");
    story.until_paused_at(1);
    story.wait(1);
    let roles = |story: &Story| -> Vec<(String, String)> {
        let pods = story.world.store().list(Kind::Pod, None);
        let role = |pod: &crate::sim::store::Object| {
            let image = pod.text("/spec/containers/0/image").to_owned();
            (image, pod.label("role").to_owned())
        };
        let mut roles: Vec<_> = pods.map(role).collect();
        roles.sort();
        roles.dedup();
        roles
    };
    let pair = |image: &str, role: &str| (image.to_owned(), role.to_owned());
    assert_eq!(roles(&story), [pair("web:1", "stable"), pair("web:2", "canary")]);
    story.promote();
    story.wait(3);
    assert_eq!(roles(&story), [pair("web:1", ""), pair("web:2", "stable")]);
}

#[test]
fn services_are_free_when_the_rollout_is_gone() {
    let mut story = Story::deployed(&routed(2, &json!({"steps": []})));
    assert_ne!(story.selected("stable"), "");
    let (key, now) = (Key::new(Kind::Rollout, "shop", "web"), story.now());
    story.world.store_mut().delete(&key, None, now).unwrap();
    story.wait(1);
    for name in ["canary", "stable"] {
        assert_eq!(story.selected(name), "");
        let service = story.get(Kind::Service, name).unwrap();
        assert_eq!(service.annotation("argo-rollouts.argoproj.io/managed-by-rollouts"), None);
    }
    assert!(story.events().iter().any(|event| event == "RolloutDeleted"));
}

#[test]
fn a_canary_ingress_that_was_changed_is_put_right() {
    let strategy = json!({"steps": [{"setWeight": 25}, {"pause": {}}]});
    let mut story = Story::deployed(&routed(2, &strategy));
    let wrong = json!({"metadata": {"annotations": {WEIGHT: "99"}}});
    story.modify(Kind::Ingress, "web-web-canary", Part::Main, &wrong);
    story.wait(1);
    assert_eq!(weight(&story), Some("0"));
}
