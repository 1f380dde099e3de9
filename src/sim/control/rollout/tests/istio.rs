//! Canaries behind Istio.

use serde_json::{Value, json};

use super::story::{Story, rollout, service};
use crate::sim::object::Document;
use crate::sim::store::Kind;

fn virtual_service(destinations: &Value) -> Value {
    json!({
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "VirtualService",
        "metadata": {"name": "web"},
        "spec": {
            "hosts": ["web.test"],
            "http": [{"name": "primary", "route": destinations}],
        },
    })
}

fn routes(story: &Story) -> Vec<(String, Vec<i64>)> {
    let rules = story.get(Kind::VirtualService, "web").unwrap().items("/spec/http");
    let weights = |rule: &Value| rule.items("/route").iter().map(|to| to.int("/weight")).collect();
    rules.iter().map(|rule| (rule.text("/name").to_owned(), weights(rule))).collect()
}

fn route(name: &str, weights: &[i64]) -> (String, Vec<i64>) {
    (name.to_owned(), weights.to_vec())
}

#[test]
fn weights_and_managed_routes() {
    let canary = json!({
        "canaryService": "canary",
        "stableService": "stable",
        "trafficRouting": {
            "managedRoutes": [{"name": "hdr"}, {"name": "mir"}],
            "istio": {"virtualService": {"name": "web", "routes": ["primary"]}},
        },
        "steps": [
            {"setWeight": 20},
            {"setHeaderRoute": {
                "name": "hdr",
                "match": [{"headerName": "x-c", "headerValue": {"exact": "1"}}],
            }},
            {"pause": {}},
            {"setMirrorRoute": {
                "name": "mir", "percentage": 35, "match": [{"method": {"exact": "GET"}}],
            }},
            {"pause": {}},
        ],
        "abortScaleDownDelaySeconds": 2,
    });
    let destinations = json!([
        {"destination": {"host": "stable"}, "weight": 100},
        {"destination": {"host": "canary"}, "weight": 0},
    ]);
    let mut story = Story::deployed(&[
        service("canary"),
        service("stable"),
        virtual_service(&destinations),
        rollout(2, &json!({ "canary": canary })),
    ]);
    story.image("web:2");
    story.until_paused_at(2);
    story.wait(1);
    assert_eq!(routes(&story), [route("hdr", &[100]), route("primary", &[80, 20])]);
    let rules = story.get(Kind::VirtualService, "web").unwrap().clone();
    assert_eq!(rules.text("/spec/http/0/match/0/headers/x-c/exact"), "1");
    assert_eq!(rules.text("/spec/http/0/route/0/destination/host"), "canary");
    story.promote();
    story.until_paused_at(4);
    let all = [route("hdr", &[100]), route("mir", &[80, 20]), route("primary", &[80, 20])];
    assert_eq!(routes(&story), all);
    let rules = story.get(Kind::VirtualService, "web").unwrap().clone();
    assert_eq!(rules.int("/spec/http/1/mirrorPercentage/value"), 35);
    story.status(&json!({"abort": true}));
    story.wait(1);
    assert_eq!(routes(&story), [route("primary", &[100, 0])]);
}

#[test]
fn subsets_get_their_hashes() {
    let canary = json!({
        "trafficRouting": {"istio": {
            "virtualService": {"name": "web"},
            "destinationRule": {
                "name": "web", "canarySubsetName": "new", "stableSubsetName": "old",
            },
        }},
        "steps": [{"setWeight": 30}, {"pause": {}}],
    });
    let destinations = json!([
        {"destination": {"host": "web", "subset": "old"}, "weight": 100},
        {"destination": {"host": "web", "subset": "new"}, "weight": 0},
    ]);
    let subset = |name: &str| json!({"name": name, "labels": {"app": "web"}});
    let rule = json!({
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "DestinationRule",
        "metadata": {"name": "web"},
        "spec": {"host": "web", "subsets": [subset("old"), subset("new")]},
    });
    let mut story = Story::deployed(&[
        virtual_service(&destinations),
        rule,
        rollout(2, &json!({ "canary": canary })),
    ]);
    story.image("web:2");
    story.until_paused_at(1);
    let hashes = |story: &Story| -> Vec<String> {
        let rule = story.get(Kind::DestinationRule, "web").unwrap();
        let hash = |subset: &Value| subset.text("/labels/rollouts-pod-template-hash").to_owned();
        rule.items("/spec/subsets").iter().map(hash).collect()
    };
    let status = |pointer: &str| story.rollout().text(pointer).to_owned();
    let (stable, new) = (status("/status/stableRS"), status("/status/currentPodHash"));
    assert_eq!(hashes(&story), [stable, new]);
    assert_eq!(routes(&story), [route("primary", &[70, 30])]);
}
