//! What each receiver is told, word for word.

use serde_json::json;

use super::*;
use crate::domain::alert::Occasion;
use crate::notify::tests::{alert, at};

fn body(kind: Kind, alert: &Alert) -> Value {
    letter(kind, "https://x.example/y/", "KEY", alert, at(90)).body
}

#[test]
fn slack_is_told_in_blocks() {
    let section =
        |text: &str| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } });
    let expected = json!({
        "text": "CRITICAL firing: rollout shop/checkout (prod): errors &gt; 1% &amp; rising",
        "blocks": [
            section("*CRITICAL firing: rollout shop/checkout (prod)*"),
            section("errors &gt; 1% &amp; rising"),
            section("error share: 2.1% (limit 1%) for 5m\npods: 3"),
            { "type": "context", "elements": [
                { "type": "mrkdwn", "text": "incident i-1 at 2026-11-28 10:00:00 UTC" },
            ] },
        ],
    });
    assert_eq!(body(Kind::Slack, &alert(Occasion::Firing)), expected);
}

#[test]
fn alertmanager_knows_an_incident_by_labels_that_stay() {
    let of = |occasion| body(Kind::Alertmanager, &alert(occasion));
    let expected = json!([{
        "labels": {
            "alertname": "WaveoffGuardFired",
            "service": "checkout",
            "namespace": "shop",
            "env": "prod",
            "severity": "critical",
            "incident": "i-1",
        },
        "annotations": {
            "summary": "errors > 1% & rising",
            "description": "error share: 2.1% (limit 1%) for 5m\npods: 3",
            "occasion": "firing",
            "workload": "rollout shop/checkout",
        },
        "startsAt": "2026-11-28T10:00:00Z",
        "endsAt": "2026-11-28T10:06:30Z",
    }]);
    assert_eq!(of(Occasion::Firing), expected);
    let restored = of(Occasion::Restored);
    assert_eq!(restored[0]["labels"], expected[0]["labels"], "or nothing would be resolved");
    assert_eq!(restored[0]["endsAt"], "2026-11-28T10:00:00Z");
    assert_eq!(of(Occasion::Seeing)[0]["labels"], of(Occasion::Blind)[0]["labels"]);
    let url = |url: &str| letter(Kind::Alertmanager, url, "", &alert(Occasion::Firing), at(0)).url;
    assert_eq!(url("http://am:9093/"), "http://am:9093/api/v2/alerts");
    assert_eq!(url("http://am/x/api/v2/alerts"), "http://am/x/api/v2/alerts");
}

#[test]
fn pagerduty_joins_by_the_incident() {
    let of = |occasion| body(Kind::PagerDuty, &alert(occasion));
    let expected = json!({
        "routing_key": "KEY",
        "event_action": "trigger",
        "dedup_key": "i-1",
        "client": "waveoff",
        "payload": {
            "summary": "rollout shop/checkout firing: errors > 1% & rising",
            "source": "prod",
            "severity": "critical",
            "timestamp": "2026-11-28T10:00:00Z",
            "component": "checkout",
            "group": "shop",
            "class": "firing",
            "custom_details": { "error share": "2.1% (limit 1%) for 5m", "pods": "3" },
        },
    });
    assert_eq!(of(Occasion::Firing), expected);
    let restored = json!({ "routing_key": "KEY", "event_action": "resolve", "dedup_key": "i-1" });
    assert_eq!(of(Occasion::Restored), restored);
    assert_eq!(of(Occasion::Failed)["event_action"], "trigger");
    // Seeing again must not resolve what was fired.
    assert_eq!(of(Occasion::Seeing)["dedup_key"], "i-1/sight");
    let mut long = alert(Occasion::Firing);
    long.summary = "s".repeat(3000).into();
    long.incident = "i".repeat(400).into();
    let told = body(Kind::PagerDuty, &long);
    assert_eq!(told["payload"]["summary"].as_str().unwrap().chars().count(), 1024);
    assert_eq!(told["dedup_key"].as_str().unwrap().chars().count(), 255);
}

#[test]
fn a_webhook_is_told_everything() {
    let firing = alert(Occasion::Firing);
    let letter = letter(Kind::Webhook, "https://x", "", &firing, at(90));
    assert_eq!(letter.headers, [("idempotency-key", "i-1/firing".to_owned())]);
    let expected = json!({
        "schema": 1,
        "key": "i-1/firing",
        "incident": "i-1",
        "occasion": "firing",
        "concern": "release",
        "severity": "critical",
        "resolves": false,
        "at": "2026-11-28T10:00:00Z",
        "workload": { "kind": "Rollout", "namespace": "shop", "name": "checkout" },
        "environment": "prod",
        "summary": "errors > 1% & rising",
        "facts": [
            { "name": "error share", "value": "2.1% (limit 1%) for 5m" },
            { "name": "pods", "value": "3" },
        ],
    });
    assert_eq!(letter.body, expected);
    assert_eq!(crate::notify::from_json(&letter.body), Some(firing), "and it can be read back");
}

#[test]
fn slack_obeys_nothing_of_a_long_hostile_text() {
    let mut hostile = alert(Occasion::Failed);
    hostile.summary = "<!channel> \u{1b}[2J & ".repeat(500).into();
    let fact = "<https://evil|click>\u{7}".repeat(200);
    hostile.facts = (0..20).map(|n| (format!("f{n}").into(), fact.as_str().into())).collect();
    let told = body(Kind::Slack, &hostile);
    let mut texts = vec![told["text"].as_str().unwrap()];
    for block in told["blocks"].as_array().unwrap() {
        texts.extend(block["text"]["text"].as_str());
    }
    assert_eq!(texts.len(), 4);
    for text in texts {
        assert!(text.chars().count() <= 3000, "{}", text.chars().count());
        assert!(!text.contains(['<', '>']), "{text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
        // Each `&` begins an escape that is whole.
        for (at, _) in text.match_indices('&') {
            let whole = ["&amp;", "&lt;", "&gt;"].iter().any(|e| text[at..].starts_with(e));
            assert!(whole, "{}", &text[at..]);
        }
    }
    assert!(told["blocks"][1]["text"]["text"].as_str().unwrap().ends_with('…'));
}
