//! Every rule, broken and not: a complete canary and a complete blue-green are good, and each case
//! changes one thing in them.

mod analyses;
mod golden;
mod good;
mod lives;
mod sharing;
mod strategies;
mod unread;

use crate::domain::readiness::Finding;
use crate::domain::text::SafeText;
use crate::manifest::bundle::Bundle;
use crate::manifest::profile::Profile;
use crate::manifest::read::{Limits, objects};
use crate::manifest::rules::judge;

use super::RULES;

fn bundle(text: &str) -> Bundle {
    let read = objects(&SafeText::new("shop.yaml"), text, &Limits::default());
    assert!(read.faults.is_empty(), "{:?}", read.faults);
    read.objects.into_iter().collect()
}

fn judged(text: &str, profile: &Profile) -> Vec<Finding> {
    judge(&bundle(text), profile, RULES)
}

fn canary() -> String {
    format!("{}{}", good::CANARY, good::TEMPLATES)
}

fn blue_green() -> String {
    format!("{}{}", good::BLUE_GREEN, good::TEMPLATES)
}

/// The text with one thing changed, which has to be there once.
fn with(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from}");
    text.replace(from, to)
}

/// `W21 warning Rollout/web spec.x: measured`.
fn said(finding: &Finding) -> String {
    let (rule, severity, subject) = (finding.rule, finding.severity.word(), &finding.subject);
    let (path, measured) = (&finding.path, &finding.measured);
    format!("{rule} {severity} {}/{} {path}: {measured}", subject.kind, subject.name)
}

/// What is changed, into what, and what is then said, a line for each finding.
type Change<'a> = (&'a str, &'a str, &'a str);

/// Judges good manifests after each change. `@` stands for the place that is named first.
#[track_caller]
fn check(text: &str, at: &str, changes: &[Change<'_>]) {
    for (from, to, wanted) in changes {
        let findings = judged(&with(text, from, to), &Profile::default());
        let wanted = wanted.replace('@', at);
        let wanted: Vec<&str> = wanted.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(all_said(&findings), wanted, "{from} -> {to}");
        for finding in findings {
            assert!(finding.place.is_some(), "{finding:?}");
            let texts = [&finding.wanted, &finding.why, &finding.fix];
            assert!(texts.iter().all(|text| !text.is_empty()), "{finding:?}");
        }
    }
}

fn all_said(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(said).collect()
}

#[test]
fn of_what_is_good_nothing_is_said() {
    for text in [canary(), blue_green()] {
        assert_eq!(all_said(&judged(&text, &Profile::default())), Vec::<String>::new());
    }
}

#[test]
fn every_rule_has_its_row_and_a_title() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let wanted: Vec<String> = (21..=42).chain([46]).map(|number| format!("W{number}")).collect();
    assert_eq!(ids, wanted);
    assert!(RULES.iter().all(|rule| !rule.title.is_empty()));
}
