//! The manifests of the rule document, as it lies beside the checkout: what has to be found in
//! them, and what must not be.
//!
//! It is read, never copied.

use std::collections::BTreeSet;

use crate::domain::readiness::{Finding, Severity};
use crate::domain::text::SafeText;
use crate::manifest::bundle::Bundle;
use crate::manifest::profile::Profile;
use crate::manifest::read::{Limits, objects};
use crate::manifest::rules::judge;

use super::RULES;

/// The rule document; none, and a word about it, where it is not beside the checkout.
#[expect(clippy::print_stderr, reason = "a test that is skipped has to say so")]
fn rule_document() -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/deployment-strategies.md");
    let path = std::env::var("WAVEOFF_RULE_DOCUMENT").unwrap_or_else(|_| beside.to_owned());
    let text = std::fs::read_to_string(&path);
    if let Err(error) = &text {
        eprintln!("skipped: the rule document cannot be read at {path}: {error}");
    }
    text.ok()
}

/// What is found in the YAML blocks that begin within these lines.
fn found_between(document: &str, first: usize, last: usize) -> Vec<Finding> {
    let mut bundle = Bundle::default();
    let mut block: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(document.lines()) {
        block = match block {
            None if line.starts_with("```yaml") => Some((number + 1, String::new())),
            Some((begun, text)) if line.starts_with("```") => {
                if (first..=last).contains(&begun) {
                    let read = objects(&SafeText::new("rules.yaml"), &text, &Limits::default());
                    assert_eq!(read.faults, [], "the block at line {begun}");
                    read.objects.into_iter().for_each(|object| bundle.push(object));
                }
                None
            }
            Some((begun, text)) => Some((begun, text + line + "\n")),
            None => None,
        };
    }
    assert!(!bundle.objects().is_empty(), "no YAML between the lines {first} and {last}");
    judge(&bundle, &Profile::default(), RULES)
}

fn ids(findings: &[Finding]) -> BTreeSet<&'static str> {
    findings.iter().map(|found| found.rule).collect()
}

fn one<'f>(findings: &'f [Finding], rule: &str) -> &'f Finding {
    let all: Vec<&Finding> = findings.iter().filter(|found| found.rule == rule).collect();
    assert_eq!(all.len(), 1, "{rule}: {all:?}");
    all[0]
}

#[test]
fn the_blue_green_of_the_rule_document() {
    let Some(document) = rule_document() else { return };
    let findings = found_between(&document, 71, 147);
    // No requests, nothing before the end, nothing kept free: W09 comes with the assumed drain.
    let wanted = ["W01", "W03", "W08", "W09", "W11", "W12", "W16"];
    assert_eq!(ids(&findings), BTreeSet::from(wanted));
    let image = one(&findings, "W01");
    assert_eq!(image.path, "spec.template.spec.containers[0].image");
    assert_eq!(image.severity, Severity::Error);
    assert_eq!(image.subject.name, "user-service-rollout");
}

#[test]
fn the_canary_of_the_rule_document() {
    let Some(document) = rule_document() else { return };
    let findings = found_between(&document, 284, 454);
    let wanted = ["W01", "W04", "W05", "W08", "W09", "W11", "W12", "W16"];
    assert_eq!(ids(&findings), BTreeSet::from(wanted));
    assert!(findings.iter().all(|found| found.subject.name == "payment-service-canary"));
}

#[test]
fn the_rolling_update_of_the_rule_document() {
    let Some(document) = rule_document() else { return };
    let findings = found_between(&document, 467, 560);
    let wanted = ["W02", "W09", "W10", "W11", "W14", "W18", "W45"];
    assert_eq!(ids(&findings), BTreeSet::from(wanted));
    let grace = one(&findings, "W09");
    assert_eq!(grace.measured, "60s");
    let sum = "65s: preStop 10s + drain 50s (GRACEFUL_SHUTDOWN_TIMEOUT) + 5s reserve";
    assert_eq!(grace.wanted, sum);
    let fences = one(&findings, "W14");
    assert_eq!(fences.measured, "4 and 1 of 15");
    assert_eq!(fences.severity, Severity::Note);
    let budget = one(&findings, "W18");
    assert_eq!(budget.measured, "minAvailable 70% keeps 11 of 15 (73%)");
    assert_eq!(budget.wanted, "12 of 15 (80%)");
    assert_eq!(budget.subject.kind, "PodDisruptionBudget");
    // The lines are those of the block, which begins in line 467.
    let lines: BTreeSet<_> = findings.iter().filter_map(|found| found.place).collect();
    assert!(lines.iter().all(|place| place.line <= 94), "{lines:?}");
    assert_eq!(one(&findings, "W02").place.map(|place| place.line), Some(33));
}
