//! Each reason for having no value has its own word.

use std::time::{Duration, Instant};

use super::super::grounds::{Plane, wait};
use super::{
    PATIENCE, SCRAPE, at_a_quarter, at_a_quarter_on, errors_of_a_version, judged, line, new_hash,
    until,
};
use crate::report::report;
use serde_json::json;

#[test]
#[ignore = "needs the control plane: tests/run"]
fn quiet_only_5xx_no_5xx_top_bucket_and_gone_each_have_a_word() {
    let stage = at_a_quarter("words");
    let (plane, hash) = (stage.plane, new_hash(&stage));
    let key = |what: &str| format!("{what}/{}/{hash}", stage.namespace);
    let canary = |title: &'static str| {
        move |status: &serde_json::Value| line(status, title, "canary").clone()
    };

    let none = until(&stage, "no 5xx is no error", |s| line(s, "errors", "canary")["value"] == 0.0);
    assert_eq!(canary("errors")(&none)["words"], "0%");
    assert!(none["metrics"]["panels"][0]["comparison"].is_string());

    plane.traffic(&key("latency"), "20");
    let top = until(&stage, "a P99 above the top bucket", |s| {
        line(s, "p99", "canary")["at_least"] == 10.0
    });
    let top = canary("p99")(&top);
    assert_eq!(
        (&top["value"], &top["words"]),
        (&serde_json::Value::Null, &json!("at least 10.0s"))
    );
    plane.traffic(&key("latency"), "unset");

    plane.traffic(&key("errors"), "1");
    let all = until(&stage, "only 5xx", |s| {
        line(s, "errors", "canary")["value"].as_f64().is_some_and(|share| share > 0.9)
    });
    assert!(super::panel(&all, "errors")["comparison"].as_str().unwrap().contains("sure"));
    plane.traffic(&key("errors"), "unset");

    plane.traffic(&key("quiet"), "1");
    let quiet = until(&stage, "a canary that nobody calls", |s| {
        line(s, "errors", "canary")["missing"] == "too few: 0 requests"
    });
    let stable = line(&quiet, "errors", "stable");
    assert!(stable["value"].is_number(), "{stable}");
    plane.traffic(&key("quiet"), "unset");

    plane.traffic(&format!("gone/{}", stage.namespace), "1");
    let gone = until(&stage, "the target gone", |s| {
        let missing =
            line(s, "errors", "canary")["missing"].as_str().unwrap_or_default().to_owned();
        missing.ends_with(" old")
    });
    assert_eq!(canary("errors")(&gone)["value"], serde_json::Value::Null);
    assert_eq!(stage.close(), 0);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn not_a_number_and_one_error_in_fifty() {
    let metric = json!({ "count": 1 });
    let template = errors_of_a_version("watch", "20s", "result[0] <= 0.01", &metric);
    let mut nan = errors_of_a_version("nan", "20s", "result[0] <= 0.01", &metric);
    nan["spec"]["metrics"][0]["provider"]["prometheus"]["query"] = json!("vector(0) / vector(0)");
    let stage = super::Stage::new(super::shared(), "doubt", &[template, nan]);
    let steps = json!({ "steps": [
        { "setWeight": 50 },
        { "pause": {} },
        { "analysis": judged(&["watch", "nan"]) },
    ] });
    stage.apply(&super::canary("web", 2, &steps));
    stage.until_healthy("web");
    stage.release("rollout", "web", "2", None);
    stage.until_at("web", 1, "Paused");
    let hash = new_hash(&stage);
    // Two requests a second for each version; one in fifty fails.
    stage.plane.traffic(&format!("rate/{}/web", stage.namespace), "4");
    stage.plane.traffic(&format!("errors/{}/{hash}", stage.namespace), "0.02");
    let status = until(&stage, "2 % of forty requests beyond a limit of 1 %", |s| {
        line(s, "watch", "canary")["value"]
            .as_f64()
            .is_some_and(|value| (0.015..0.04).contains(&value))
    });
    let watch = line(&status, "watch", "canary");
    assert_eq!(
        (&watch["beyond_limit"], &watch["doubtful"]),
        (&json!(false), &json!(true)),
        "so few requests make no breach: {watch}"
    );
    assert_eq!(line(&status, "nan", "both")["missing"], "not a number");
    assert_eq!(super::panel(&status, "watch")["limit"], "must be <= 0.01");
    assert_eq!(stage.close(), 0);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_prometheus_that_stopped_is_said_and_comes_back() {
    let plane: &'static Plane = Box::leak(Box::new(Plane::start("stopped", &[])));
    let stage = at_a_quarter_on(plane, "stopped");
    let cockpit = super::super::cockpit::Cockpit::over(&stage, "web");
    cockpit.measures("agrees");
    load(plane);
    cockpit.key("m");
    cockpit.sees("errors  canary 0%");
    stage.plane.control("stop-prometheus", &[]);
    cockpit.sees("prometheus failing for");
    let status = stage.measured("web");
    let words = status["metrics"]["prometheus"]["words"].as_str().unwrap_or_default().to_owned();
    assert_eq!(words, "no Prometheus");
    assert!(status["metrics"]["prometheus"]["reason"].is_string(), "{status}");
    assert_eq!(status["traffic"]["measured"], serde_json::Value::Null);
    stage.plane.control("start-prometheus", &[]);
    wait(
        "Prometheus is back on the screen",
        PATIENCE,
        || {
            // Each `r` asks anew, so the newest answer is seconds old at most.
            cockpit.key("r");
            std::thread::sleep(Duration::from_secs(2));
            (0..4).any(|age| cockpit.shows(&format!("prometheus {age}s"))).then_some(())
        },
        || cockpit.contents(),
    );
    cockpit.leave();
    assert_eq!(stage.close(), 0);
    plane.control("down", &[]);
}

/// What a minute of an open rollout asks, as the server counts it. Nobody else asks this one.
fn load(plane: &Plane) {
    let requests = || {
        let path = "/api/v1/namespaces/monitoring/services/http:prometheus:9090/proxy/metrics";
        let text = plane.kubectl(&["get", "--raw", path]);
        let own = |line: &&str| {
            line.starts_with("prometheus_http_requests_total{") && line.contains("/api/v1/query")
        };
        let count = |line: &str| line.rsplit(' ').next()?.parse::<f64>().ok();
        text.lines().filter(own).filter_map(count).sum::<f64>()
    };
    // The first answers of a screen are over.
    std::thread::sleep(Duration::from_secs(3));
    let (before, began) = (requests(), Instant::now());
    std::thread::sleep(Duration::from_secs(15));
    let asked = requests() - before;
    assert!(asked > 0.0, "nothing was asked");
    let per_minute = asked / began.elapsed().as_secs_f64() * 60.0;
    let scrapes = 60.0 / SCRAPE.as_secs_f64();
    report(&format!(
        "load: {per_minute:.0} queries a minute for an open rollout scraped every {} s: {:.1} for \
         each scrape",
        SCRAPE.as_secs(),
        per_minute / scrapes
    ));
    assert!(per_minute / scrapes < 12.0, "{per_minute} queries a minute");
}
