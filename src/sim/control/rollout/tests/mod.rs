//! Stories of Rollouts in virtual time.
//!
//! The sequences of states that they expect were recorded on a real control plane with Argo
//! Rollouts v1.10.1.

mod analyses;
mod bluegreen;
mod canary;
mod istio;
mod machine;
mod routed;
mod story;
mod trouble;
mod wakes;
mod workload;

use serde_json::json;

#[test]
fn a_selector_as_text() {
    let selector = json!({
        "matchLabels": {"tier": "front", "app": "web"},
        "matchExpressions": [
            {"key": "env", "operator": "In", "values": ["b", "a"]},
            {"key": "old", "operator": "DoesNotExist"},
        ],
    });
    assert_eq!(super::selector_text(Some(&selector)), "app=web,env in (a,b),!old,tier=front");
    assert_eq!(super::selector_text(None), "<none>");
}
