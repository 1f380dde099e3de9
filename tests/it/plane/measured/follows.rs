//! The third number follows the router, and a router that lies is found out.

use std::time::Instant;

use super::super::cockpit::Cockpit;
use super::super::grounds::{tell, wait};
use super::{PATIENCE, SCRAPE, at_a_quarter, line, panel, until};
use crate::report::report;

#[test]
#[ignore = "needs the control plane: tests/run"]
fn the_measured_share_follows_the_router_within_two_scrapes() {
    let stage = at_a_quarter("follows");
    let quarter = until(&stage, "25 % measured", |status| {
        let share = status["traffic"]["measured"]["share"].as_f64().unwrap_or(0.0);
        (0.20..0.30).contains(&share) && status["traffic"]["measured"]["verdict"] == "agrees"
    });
    let traffic = &quarter["traffic"];
    assert_eq!((&traffic["wanted"], &traffic["router"]), (&25.into(), &25.into()));
    let (low, high) = (traffic["measured"]["low"].as_f64(), traffic["measured"]["high"].as_f64());
    assert!(low < Some(0.25) && high > Some(0.25), "{traffic}");
    // Of series that are seconds old it can only be guessed.
    let scrape = quarter["metrics"]["scrape_s"].as_i64();
    assert!((1..=2).contains(&scrape.unwrap()), "{}", quarter["metrics"]);

    // The share of a session that is open when the weight changes.
    let cockpit = Cockpit::over(&stage, "web");
    cockpit.measures("agrees");
    stage.act(&["promote"], "web").expect(0);
    wait(
        "the router at 50 %",
        PATIENCE,
        || (stage.ingress_weight("web") == 50).then_some(()),
        String::new,
    );
    let moved = Instant::now();
    let share = |screen: &str| {
        let line = screen.lines().find(|line| line.contains("measured "))?;
        let (before, _) = line.split_once('%')?;
        before.rsplit(' ').next()?.parse::<f64>().ok()
    };
    let seen = cockpit.time_until("about 50 % measured", |screen| {
        share(screen).is_some_and(|share| (44.0..56.0).contains(&share))
    });
    let took = moved.elapsed();
    // Two scrapes, then the question of the next instant and its answer.
    let most = SCRAPE * 2 + SCRAPE + SCRAPE;
    report(&format!(
        "measured: 50 % seen {:.1} s after the router had it, scraped every {} s",
        took.as_secs_f64(),
        SCRAPE.as_secs()
    ));
    assert!(seen <= most * 2, "{seen:?}: two scrapes are {:?}", SCRAPE * 2);
    cockpit.leave();
    stage.works(&["abort"], "web");
    assert_eq!(stage.close(), 2);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_router_that_lies_raises_the_alarm() {
    let stage = at_a_quarter("lies");
    let cockpit = Cockpit::over(&stage, "web");
    cockpit.measures("agrees");
    stage.plane.traffic(&format!("share/{}/web", stage.namespace), "4");
    let line = cockpit.measures("DISAGREES with the router");
    assert!(line.contains('%'), "{line}");
    cockpit.key("t");
    cockpit.sees("where the router says 25%");
    cockpit.key("\x1b");
    stage.plane.traffic(&format!("share/{}/web", stage.namespace), "unset");
    cockpit.measures("agrees");
    // More than the ready pods are made for: one of four pods, and nearly all requests.
    stage.plane.traffic(&format!("share/{}/web", stage.namespace), "90");
    cockpit.sees("but its ready pods are made for 25%");
    cockpit.leave();
    assert_eq!(stage.close(), 0);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn what_is_sent_is_what_prometheus_answers_by_hand() {
    let stage = at_a_quarter("load");
    let by_hand = |query: &str, at: &str| {
        let escaped: String = query
            .bytes()
            .map(|b| {
                if b.is_ascii_alphanumeric() {
                    char::from(b).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect();
        let path = format!(
            "/api/v1/namespaces/monitoring/services/http:prometheus:9090/proxy/api/v1/query\
             ?query={escaped}&time={at}"
        );
        let answer = stage.plane.kubectl(&["get", "--raw", &path]);
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
        answer["data"]["result"][0]["value"][1].as_str().and_then(|text| text.parse::<f64>().ok())
    };
    let status = until(&stage, "errors and P99 of both versions", |status| {
        let has = |title: &str, version: &str| line(status, title, version)["value"].is_number();
        has("errors", "canary")
            && has("errors", "stable")
            && has("p99", "canary")
            && has("p99", "stable")
    });
    for version in ["canary", "stable"] {
        let own = line(&status, "p99", version);
        let (query, at) = (own["query"].as_str().unwrap(), own["at"].as_str().unwrap());
        let (ours, theirs) = (own["value"].as_f64().unwrap(), by_hand(query, at).unwrap());
        assert!((ours - theirs).abs() < 1e-9, "{version}: {ours} here, {theirs} there: {query}");
        tell(&format!("p99 {version}: {ours} both ways"));
    }
    assert!(panel(&status, "errors")["comparison"].is_string(), "{}", status["metrics"]);

    assert_eq!(stage.close(), 0);
}
