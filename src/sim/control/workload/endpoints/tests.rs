//! Which pods a Service has, and in which state.

use serde_json::{Value, json};

use crate::sim::control::workload::stage::{Stage, deployment};
use crate::sim::object::Document;
use crate::sim::store::Kind;

fn service(selector: &Value) -> Value {
    json!({
        "metadata": {"name": "shop", "labels": {"team": "orders"}},
        "spec": {"selector": selector, "ports": [{"port": 80, "targetPort": "http"}]},
    })
}

fn with_port(replicas: i64) -> Value {
    let mut deployment = deployment(replicas, "shop:1", &json!({}));
    deployment["spec"]["template"]["spec"]["containers"][0]["ports"] =
        json!([{"name": "http", "containerPort": 8080}]);
    deployment
}

/// Ready, serving and terminating of each endpoint.
fn endpoints(slice: &Value) -> String {
    let letter = |endpoint: &Value, condition: &str, letter: &'static str| {
        if endpoint.flag(&format!("/conditions/{condition}")) { letter } else { "-" }
    };
    let states = slice.items("/endpoints").iter().map(|endpoint| {
        [("ready", "r"), ("serving", "s"), ("terminating", "t")]
            .map(|(condition, sign)| letter(endpoint, condition, sign))
            .concat()
    });
    states.collect::<Vec<_>>().join(" ")
}

#[test]
fn pods_come_get_ready_and_go() {
    let mut stage = Stage::new();
    stage.apply(Kind::Service, service(&json!({"app": "shop"})));
    stage.wait(0.1);
    let empty = stage.only(Kind::EndpointSlice);
    assert!(empty.name().starts_with("shop-") && empty["ports"].is_null(), "{empty}");
    stage.apply(Kind::Deployment, with_port(2));
    stage.wait(5.0);
    stage.patch(Kind::Deployment, "shop", &json!({"spec": {"replicas": 1}}));
    stage.wait(5.0);
    // Which of the two gets ready, or goes, first is chance.
    let sorted = |slice: &Value| {
        let told = endpoints(slice);
        let mut words: Vec<&str> = told.split(' ').collect();
        words.sort_unstable();
        words.join(" ")
    };
    let states = stage.states(Kind::EndpointSlice, empty.name(), sorted);
    let wanted = ["", "---", "--- ---", "--- rs-", "rs- rs-", "-st rs-", "rs-"];
    assert_eq!(states, wanted);
    let slice = stage.only(Kind::EndpointSlice);
    assert_eq!(slice["ports"], json!([{"name": "", "port": 8080, "protocol": "TCP"}]));
    let pod = stage.only(Kind::Pod);
    let endpoint = &slice["endpoints"][0];
    assert_eq!(endpoint["addresses"], json!([pod.text("/status/podIP")]));
    assert_eq!(endpoint.text("/targetRef/name"), pod.name());
    assert_eq!(endpoint.text("/nodeName"), pod.text("/spec/nodeName"));
    assert!(endpoint.text("/zone").starts_with("zone-"), "{endpoint}");
    assert_eq!(slice.label("kubernetes.io/service-name"), "shop");
    assert_eq!(slice.label("team"), "orders");
    assert!(slice.annotation(super::TRIGGER).is_none(), "nobody knows when a pod began to leave");
}

#[test]
fn another_selector_is_another_choice() {
    let mut stage = Stage::new();
    stage.apply(Kind::Deployment, with_port(3));
    stage.wait(5.0);
    stage.apply(Kind::Service, service(&json!({"app": "shop"})));
    stage.wait(0.1);
    assert_eq!(stage.only(Kind::EndpointSlice).items("/endpoints").len(), 3);
    stage.patch(Kind::Service, "shop", &json!({"spec": {"selector": {"app": "other"}}}));
    stage.wait(0.1);
    assert!(stage.only(Kind::EndpointSlice)["endpoints"].is_null());
    let name = stage.all(Kind::Pod)[0].name().to_owned();
    stage.patch(Kind::Pod, &name, &json!({"metadata": {"labels": {"app": "other"}}}));
    stage.wait(0.1);
    let slice = stage.only(Kind::EndpointSlice);
    assert_eq!(slice.text("/endpoints/0/targetRef/name"), name);
    stage.delete(Kind::Service, "shop");
    stage.wait(0.1);
    assert!(stage.all(Kind::EndpointSlice).is_empty());
}

#[test]
fn a_slice_has_a_hundred_endpoints_at_most() {
    let mut stage = Stage::new();
    stage.apply(Kind::Service, service(&json!({"app": "shop"})));
    stage.apply(Kind::Deployment, with_port(230));
    stage.wait(5.0);
    let count = |stage: &Stage| -> Vec<usize> {
        stage.all(Kind::EndpointSlice).iter().map(|s| s.items("/endpoints").len()).collect()
    };
    let mut sizes = count(&stage);
    sizes.sort_unstable();
    assert_eq!(sizes, [30, 100, 100]);
    stage.patch(Kind::Deployment, "shop", &json!({"spec": {"replicas": 3}}));
    stage.wait(5.0);
    assert_eq!(count(&stage).iter().sum::<usize>(), 3);
}
