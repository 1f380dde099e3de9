//! What the stories fly, beyond the plane suite's own manifests: settings on top of them, Istio,
//! metrics, experiments.

use serde_json::{Value, json};

use super::record::Kind;
use super::stage::Stage;
use crate::plane::manifests;

/// The one workload of every story.
pub(crate) const WEB: &str = "web";
/// As a Rollout.
pub(crate) const ROLLOUT: (Kind, &str) = (Kind::Rollout, WEB);
/// As a Deployment.
pub(crate) const DEPLOYMENT: (Kind, &str) = (Kind::Deployment, WEB);

/// A Rollout without a router: pods are the weight. One pod at a time, so that the order in which
/// they become ready is no part of the story.
pub(crate) fn basic(replicas: u32, steps: &Value) -> Vec<Value> {
    let strategy = json!({ "maxSurge": 1, "maxUnavailable": 0, "steps": steps });
    manifests::basic_canary(WEB, replicas, &strategy)
}

/// A Rollout behind nginx. `settings` go into the strategy besides.
pub(crate) fn nginx(replicas: u32, steps: &Value, settings: &Value) -> Vec<Value> {
    let strategy = joined(json!({ "scaleDownDelaySeconds": 3, "steps": steps }), settings);
    manifests::canary(WEB, replicas, &strategy)
}

/// A blue-green Rollout.
pub(crate) fn blue_green(replicas: u32, settings: &Value) -> Vec<Value> {
    manifests::blue_green(WEB, replicas, &joined(json!({ "scaleDownDelaySeconds": 3 }), settings))
}

/// A Deployment, one pod at a time.
pub(crate) fn deployment(replicas: u32, settings: &Value) -> Vec<Value> {
    let rolling = json!({ "maxSurge": 1, "maxUnavailable": 0 });
    let strategy = json!({ "type": "RollingUpdate", "rollingUpdate": rolling });
    let settings = joined(json!({ "strategy": strategy }), settings);
    vec![manifests::deployment(WEB, replicas, &settings)]
}

/// Settings of the workload's own spec.
pub(crate) fn with(mut objects: Vec<Value>, settings: &Value) -> Vec<Value> {
    let last = objects.last_mut().expect("objects");
    last["spec"] = joined(last["spec"].take(), settings);
    objects
}

/// The two managed routes of a Rollout behind Istio; weights by Service.
pub(crate) fn istio_by_host(replicas: u32, steps: &Value) -> Vec<Value> {
    let route = json!([
        { "destination": { "host": "web-stable" }, "weight": 100 },
        { "destination": { "host": "web-canary" }, "weight": 0 },
    ]);
    let router = json!({
        "virtualService": { "name": WEB, "routes": ["primary"] },
    });
    let mut objects = vec![virtual_service(&route)];
    objects.extend(behind(replicas, &router, steps, &json!({})));
    objects
}

/// A Rollout behind Istio; weights by subset of one Service.
pub(crate) fn istio_by_subset(replicas: u32, steps: &Value) -> Vec<Value> {
    let route = json!([
        { "destination": { "host": "web-stable", "subset": "stable" }, "weight": 100 },
        { "destination": { "host": "web-stable", "subset": "canary" }, "weight": 0 },
    ]);
    let router = json!({
        "virtualService": { "name": WEB, "routes": ["primary"] },
        "destinationRule": {
            "name": WEB,
            "stableSubsetName": "stable",
            "canarySubsetName": "canary",
        },
    });
    let subset = |name: &str| json!({ "name": name, "labels": { "app": WEB } });
    let rule = json!({
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "DestinationRule",
        "metadata": { "name": WEB },
        "spec": { "host": "web-stable", "subsets": [subset("stable"), subset("canary")] },
    });
    let mut objects = vec![virtual_service(&route), rule];
    // By subset the two Services are not needed.
    let without = json!({ "stableService": null, "canaryService": null });
    objects.extend(behind(replicas, &router, steps, &without));
    objects
}

fn virtual_service(route: &Value) -> Value {
    json!({
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "VirtualService",
        "metadata": { "name": WEB },
        "spec": {
            "gateways": ["web"],
            "hosts": ["web.example"],
            "http": [{ "name": "primary", "route": route }],
        },
    })
}

fn behind(replicas: u32, istio: &Value, steps: &Value, settings: &Value) -> Vec<Value> {
    let routing = json!({
        "managedRoutes": [{ "name": "for-testers" }, { "name": "mirror" }],
        "istio": istio,
    });
    let settings = joined(json!({ "trafficRouting": routing }), settings);
    let mut objects = nginx(replicas, steps, &settings);
    objects.retain(|object| object["kind"] != "Ingress");
    let rollout = objects.last_mut().expect("objects");
    let canary = rollout.pointer_mut("/spec/strategy/canary").and_then(Value::as_object_mut);
    canary.expect("a canary").retain(|_, value| !value.is_null());
    objects
}

impl Stage {
    /// An AnalysisTemplate that asks for this story's errors. `metric` changes its metric.
    pub(crate) async fn judge(&mut self, name: &str, metric: Value) {
        let address = self.theatre.house.prometheus.clone();
        let service = self.namespace.clone();
        let template = manifests::error_rate(name, &address, &service, &metric);
        self.create([template]).await;
    }
}

/// A step, or a background analysis: this template judges the new version.
pub(crate) fn judged_by(template: &str) -> Value {
    manifests::judged_by(template)
}

/// One object with the fields of another on top.
pub(crate) fn joined(mut base: Value, top: &Value) -> Value {
    for (key, value) in top.as_object().expect("an object") {
        base[key] = value.clone();
    }
    base
}
