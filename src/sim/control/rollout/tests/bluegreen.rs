//! Blue-green Rollouts.

use serde_json::json;

use super::story::{Story, blue_green};
use crate::sim::object::Document;

#[test]
fn promoted_by_hand() {
    let strategy = json!({"autoPromotionEnabled": false, "scaleDownDelaySeconds": 3});
    let mut story = Story::deployed(&blue_green(2, &strategy));
    let blue = story.selected("active").to_owned();
    story.image("web:2");
    story.until_phase("Paused");
    let expected = [
        "Healthy | NewReplicaSetCreated",
        "Progressing | more replicas need to be updated | ReplicaSetUpdated",
        "Progressing | active service cutover pending | ReplicaSetUpdated",
        "Paused | BlueGreenPause | ReplicaSetUpdated",
        "Paused | BlueGreenPause | RolloutPaused",
    ];
    assert_eq!(story.told(), expected);
    let green = story.rollout().text("/status/currentPodHash").to_owned();
    assert_eq!((story.selected("active"), story.selected("preview")), (&*blue, &*green));
    story.promote();
    story.until_phase("Healthy");
    let expected = [
        "Progressing | active service cutover pending | RolloutResumed",
        "Healthy | NewReplicaSetAvailable",
    ];
    assert_eq!(story.told(), expected);
    assert_eq!((story.selected("active"), story.sets()), (&*green, vec![(2, 2, 2), (1, 2, 2)]));
    story.wait(5);
    assert_eq!(story.sets(), [(2, 2, 2), (1, 0, 0)]);
}

#[test]
fn the_old_version_is_back_at_once_while_it_is_there() {
    let mut story = Story::deployed(&blue_green(2, &json!({"scaleDownDelaySeconds": 10})));
    story.image("web:2");
    story.wait(4);
    assert_eq!(story.rollout().text("/status/phase"), "Healthy");
    story.told();
    story.image("web:1");
    story.wait(1);
    let told = story.told();
    assert!(told.iter().all(|state| !state.contains("Paused")), "{told:?}");
    assert_eq!(story.rollout().text("/status/phase"), "Healthy");
    let first = story.rollout().text("/status/currentPodHash");
    assert_eq!(story.selected("active"), first);
    assert_eq!(story.sets(), [(3, 2, 2), (2, 2, 2)]);
}

#[test]
fn a_promotion_before_its_time_arms_the_clock_again() {
    let strategy = json!({"autoPromotionSeconds": 4, "scaleDownDelaySeconds": 2});
    let mut story = Story::deployed(&blue_green(2, &strategy));
    story.image("web:2");
    story.until_phase("Paused");
    story.told();
    story.promote();
    story.until_phase("Progressing");
    story.until_phase("Healthy");
    let expected = [
        "Progressing | active service cutover pending | RolloutResumed",
        "Paused | BlueGreenPause | RolloutResumed",
        "Paused | BlueGreenPause | RolloutPaused",
        "Healthy | NewReplicaSetAvailable",
    ];
    assert_eq!(story.told(), expected);
    story.wait(4);
    assert_eq!(story.sets(), [(2, 2, 2), (1, 0, 0)]);
}

#[test]
fn the_preview_may_be_smaller() {
    let strategy = json!({"autoPromotionEnabled": false, "previewReplicaCount": 1});
    let mut story = Story::deployed(&blue_green(3, &strategy));
    story.image("web:2");
    story.until_phase("Paused");
    story.told();
    assert_eq!(story.sets(), [(2, 1, 1), (1, 3, 3)]);
    story.promote();
    story.until_phase("Healthy");
    let expected = [
        "Progressing | more replicas need to be updated | RolloutResumed",
        "Progressing | active service cutover pending | ReplicaSetUpdated",
        "Healthy | NewReplicaSetAvailable",
    ];
    assert_eq!(story.told(), expected);
    assert_eq!(story.sets(), [(2, 3, 3), (1, 3, 3)]);
}

#[test]
fn an_abort_before_the_switch() {
    let strategy = json!({"autoPromotionEnabled": false, "abortScaleDownDelaySeconds": 3});
    let mut story = Story::deployed(&blue_green(2, &strategy));
    let blue = story.selected("active").to_owned();
    story.image("web:2");
    story.until_phase("Paused");
    story.status(&json!({"abort": true}));
    story.until_phase("Degraded");
    // The preview stays where it is, even when its pods go.
    let green = story.rollout().text("/status/currentPodHash");
    assert_eq!((story.selected("active"), story.selected("preview")), (&*blue, green));
    assert_eq!(story.sets(), [(2, 2, 2), (1, 2, 2)]);
    story.wait(6);
    assert_eq!(story.sets(), [(2, 0, 0), (1, 2, 2)]);
    story.status(&json!({"abort": false}));
    story.until_phase("Paused");
    assert_eq!(story.sets(), [(2, 2, 2), (1, 2, 2)]);
}
