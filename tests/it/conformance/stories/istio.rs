//! Canaries behind Istio: weights by Service and by subset, header routes, a mirror.

use serde_json::{Value, json};

use super::{Story, story};
use crate::conformance::scenery::{WEB, istio_by_host, istio_by_subset};
use crate::conformance::stage::Stage;

pub(super) const STORIES: &[Story] = &[
    story!(
        "istio-host",
        by_host,
        "Weights by Service, a header route and a mirror, set and removed."
    ),
    story!("istio-subset", by_subset, "Weights by subset of a DestinationRule, to the end."),
    story!(
        "istio-subset-abort",
        aborted,
        "Weights by subset; aborted, with a header route in place."
    ),
];

fn testers(value: Option<&str>) -> Value {
    let rule = |v: &str| json!([{ "headerName": "x-tester", "headerValue": { "exact": v } }]);
    let mut step = json!({ "name": "for-testers" });
    if let Some(value) = value {
        step["match"] = rule(value);
    }
    json!({ "setHeaderRoute": step })
}

async fn by_host(stage: &mut Stage) {
    let mirror = json!({
        "name": "mirror",
        "percentage": 35,
        "match": [{ "method": { "exact": "GET" }, "path": { "prefix": "/" } }],
    });
    let steps = json!([
        { "setCanaryScale": { "replicas": 1 } },
        testers(Some("yes")),
        { "pause": {} },
        { "setWeight": 50 },
        { "setMirrorRoute": mirror },
        { "pause": { "duration": 2 } },
        { "setMirrorRoute": { "name": "mirror" } },
        testers(None),
        { "pause": {} },
    ]);
    stage.create(istio_by_host(2, &steps)).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 2).await;
    stage.promote(WEB).await;
    stage.paused_at(WEB, 8).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn by_subset(stage: &mut Stage) {
    let steps = json!([{ "setWeight": 25 }, { "pause": {} }, { "setWeight": 50 }]);
    stage.create(istio_by_subset(2, &steps)).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 1).await;
    stage.promote(WEB).await;
    stage.healthy(WEB).await;
    stage.versions_up(1).await;
}

async fn aborted(stage: &mut Stage) {
    let steps = json!([{ "setWeight": 50 }, testers(Some("yes")), { "pause": {} }]);
    let mut objects = istio_by_subset(2, &steps);
    let rollout = objects.last_mut().expect("objects");
    rollout["spec"]["strategy"]["canary"]["abortScaleDownDelaySeconds"] = json!(6);
    stage.create(objects).await;
    stage.healthy(WEB).await;
    stage.image(WEB, "2").await;
    stage.paused_at(WEB, 2).await;
    stage.abort(WEB).await;
    stage.degraded(WEB).await;
    stage.versions_up(1).await;
}
