//! Templates that many Rollouts use, and much that is read at once.
//!
//! Called by nobody; `mod` has what good manifests are.

use super::{all_said, canary, good, judged, with};
use crate::manifest::profile::Profile;

/// The good canary's Rollout alone, with another name.
fn rollout(name: &str) -> String {
    let one = good::CANARY.split("\n---\n").next().unwrap();
    with(one, "  name: web\n", &format!("  name: {name}\n"))
}

#[test]
fn a_fault_of_a_shared_template_is_said_once() {
    let text = with(&canary(), "failureLimit: 1", "failureLimit: 2");
    let text = format!("{text}\n---\n{}\n---\n{}", rollout("web-two"), rollout("web-three"));
    let wanted = "W36 warning AnalysisTemplate/errors spec.metrics[0].failureLimit: 2 of 5 (40 %)";
    assert_eq!(all_said(&judged(&text, &Profile::default())), [wanted]);
}

#[test]
fn templates_that_name_each_other_end() {
    let text = with(
        &canary(),
        "  - templateName: p99\n    clusterScope: true\n",
        "  - templateName: p99\n    clusterScope: true\n  - templateName: both\n",
    );
    assert_eq!(all_said(&judged(&text, &Profile::default())), Vec::<String>::new());
}

#[test]
fn a_thousand_rollouts_are_judged_in_no_time() {
    use std::fmt::Write as _;
    let mut text = with(&canary(), "failureLimit: 1", "failureLimit: 2");
    for number in 0..1_000 {
        write!(text, "\n---\n{}", rollout(&format!("web-{number}"))).unwrap();
    }
    let bundle = super::bundle(&text);
    // A test may look at a clock; the room may not.
    #[expect(clippy::disallowed_methods, reason = "measures")]
    let before = std::time::Instant::now();
    let found = crate::manifest::rules::judge(&bundle, &Profile::default(), super::RULES);
    let took = before.elapsed();
    assert_eq!(found.len(), 1);
    assert!(took.as_secs() < 10, "{took:?}");
}

proptest::proptest! {
    #[test]
    fn any_query_is_read_without_harm(text in "[a-z0-9(){}\\[\\]\"'`=~!<>+*/,.:@ #-]{0,80}") {
        let args = crate::manifest::rules::rollouts::reading::Arguments::default();
        let _ = super::super::promql::read(&super::super::promql::prepare(&text, &args));
    }
}
