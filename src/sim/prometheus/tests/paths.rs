//! The paths of the HTTP API beside the queries.

use serde_json::{Value, json};

use super::*;
use crate::sim::prometheus::answer;
use crate::sim::store::Kind;
use crate::sim::traffic::{Demand, Entry, controllers};

/// A world with one pod behind a Service, half an hour old, and a scripted series.
fn served() -> World {
    let mut world = World::new(1, now(), controllers());
    let pod = json!({
        "metadata": {"name": "a", "namespace": "shop", "labels": {"app": "cart"}},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "cart:1.4"}]},
        "status": {
            "phase": "Running",
            "podIP": "10.1.0.7",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"restartCount": 0, "state": {"running": {}}}],
        },
    });
    let service = json!({
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"selector": {"app": "cart"}},
    });
    world.store_mut().insert(Kind::Pod, pod, now()).unwrap();
    world.store_mut().insert(Kind::Service, service, now()).unwrap();
    let traffic = &mut world.ground_mut().traffic;
    traffic.describe_service("shop", "cart", Entry::Service, Demand::steady(10.0));
    traffic.set_series("error_rate", &[("service", "cart")], now(), Scripted::Number(0.5));
    world.advance(now() + Span::minutes(30));
    world
}

fn asked(world: &World, path: &str, parameters: &[(&str, &str)]) -> (u16, Value) {
    let owned = parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    let owned: Vec<(String, String)> = owned.collect();
    answer(world.ground(), "GET", path, &owned, world.now())
}

fn data(world: &World, path: &str, parameters: &[(&str, &str)]) -> Value {
    let (code, body) = asked(world, path, parameters);
    assert_eq!(code, 200, "{path} {body}");
    assert_eq!(body["status"], "success");
    body["data"].clone()
}

#[test]
fn series_and_labels_are_listed() {
    let world = served();
    let selector = [("match[]", "http_requests_total{service=\"cart\"}")];
    let series = data(&world, "/api/v1/series", &selector);
    assert_eq!(series.as_array().unwrap().len(), 1, "{series}");
    assert_eq!(series[0]["version"], "1.4");
    assert_eq!(series[0]["instance"], "10.1.0.7:8080");
    let two = [("match[]", "up"), ("match[]", "error_rate"), ("match[]", "up{job=\"cart\"}")];
    assert_eq!(data(&world, "/api/v1/series", &two).as_array().unwrap().len(), 4);
    let codes = data(&world, "/api/v1/label/code/values", &[]);
    assert_eq!(codes, json!(["200"]));
    let jobs = data(&world, "/api/v1/label/job/values", &[("match[]", "up")]);
    assert_eq!(jobs, json!(["cart", "kube-state-metrics", "kubelet"]));
    let names = data(&world, "/api/v1/label/__name__/values", &[]);
    let names: Vec<&str> = names.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for name in ["business_transactions_total", "error_rate", "kube_pod_status_phase", "up"] {
        assert!(names.contains(&name), "{name} {names:?}");
    }
    let labels = data(&world, "/api/v1/labels", &selector);
    assert!(labels.as_array().unwrap().contains(&"namespace".into()), "{labels}");
    assert!(!labels.as_array().unwrap().contains(&"le".into()), "{labels}");
}

#[test]
fn what_is_scraped_is_told() {
    let world = served();
    let targets = data(&world, "/api/v1/targets", &[]);
    let pools: Vec<&str> = targets["activeTargets"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|target| target["scrapePool"].as_str())
        .collect();
    assert_eq!(pools.len(), 3);
    assert!(pools.contains(&"cart"));
    assert_eq!(targets["activeTargets"][0]["health"], "up");
    let metadata = data(&world, "/api/v1/metadata", &[("metric", "http_requests_total")]);
    assert_eq!(metadata["http_requests_total"][0]["type"], "counter");
    assert_eq!(data(&world, "/api/v1/status/buildinfo", &[])["version"], "2.42.0");
    assert_eq!(data(&world, "/api/v1/rules", &[]), json!({"groups": []}));
    assert_eq!(data(&world, "/api/v1/alerts", &[]), json!({"alerts": []}));
    assert_eq!(asked(&world, "/-/ready", &[]).1, "Prometheus Server is Ready.\n");
}

#[test]
fn instants_are_read_in_both_forms_and_default_to_now() {
    let world = served();
    let at = |time: &str| {
        let parameters = [("query", "time()"), ("time", time)];
        data(&world, "/api/v1/query", &parameters)["result"][1].clone()
    };
    assert_eq!(at("2026-11-24T10:00:00.25Z"), "1795514400.25");
    assert_eq!(at("1795514400.2504"), "1795514400.25");
    assert_eq!(at(""), (world.now().timestamp()).to_string());
    let range = [("query", "error_rate"), ("start", "1795514400"), ("end", "2026-11-24T10:01:00Z")];
    let range: Vec<_> = range.into_iter().chain([("step", "30s")]).collect();
    let values = &data(&world, "/api/v1/query_range", &range)["result"][0]["values"];
    assert_eq!(
        values,
        &json!([[1_795_514_400, "0.5"], [1_795_514_430, "0.5"], [1_795_514_460, "0.5"]])
    );
}

/// A path, its parameters, the status and the type of the error.
type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], u16, &'c str);

#[test]
fn what_cannot_be_is_refused_with_the_right_status() {
    let mut world = served();
    let traffic = &mut world.ground_mut().traffic;
    traffic.set_series("broken", &[], now(), Scripted::Error);
    traffic.set_series("slow", &[], now(), Scripted::Slow);
    let cases: [Case<'_>; 9] = [
        ("query", &[("query", "sum(")], 400, "bad_data"),
        ("query", &[("query", "broken")], 500, "internal"),
        ("query", &[("query", "slow")], 503, "timeout"),
        ("query", &[("query", "1"), ("time", "then")], 400, "bad_data"),
        ("query", &[("query", "1"), ("timeout", "x")], 400, "bad_data"),
        ("query", &[("query", "label_join(up, '-', '')")], 422, "execution"),
        ("series", &[], 400, "bad_data"),
        ("series", &[("match[]", "{}")], 400, "bad_data"),
        ("label/bad-name/values", &[], 400, "bad_data"),
    ];
    for (path, parameters, code, kind) in cases {
        let (answered, body) = asked(&world, &format!("/api/v1/{path}"), parameters);
        assert_eq!((answered, body["errorType"].as_str()), (code, Some(kind)), "{path} {body}");
    }
    let then = asked(&world, "/api/v1/query", &[("query", "1"), ("time", "then")]).1;
    let text = "invalid parameter \"time\": Invalid time value for 'time': cannot parse \"then\" \
                to a valid timestamp";
    assert_eq!(then["error"], text);
    assert_eq!(asked(&world, "/api/v1/nothing", &[]).0, 404);
    assert_eq!(answer(world.ground(), "PUT", "/api/v1/query", &[], now()).0, 405);
    world.ground_mut().faults.prometheus_away = "connection refused".into();
    assert_eq!(asked(&world, "/-/healthy", &[]).0, 503);
}

#[test]
fn a_long_time_takes_no_time() {
    let world = served();
    for query in ["count_over_time(error_rate[1000y])", "count_over_time(up[1000y])"] {
        assert!(!data(&world, "/api/v1/query", &[("query", query)])["result"].is_null());
    }
    let parameters = [("query", "error_rate"), ("time", "99999999999999999")];
    assert_eq!(asked(&world, "/api/v1/query", &parameters).0, 200);
    let parameters = [("query", "max_over_time(error_rate[1y:1s])"), ("time", "1795516200")];
    let (code, body) = asked(&world, "/api/v1/query", &parameters);
    assert_eq!((code, body["errorType"].as_str()), (422, Some("execution")));
}
