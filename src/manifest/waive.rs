//! Waivers: somebody's word, with a reason and an end, that a finding is all right for now.
//!
//! Never hides a finding: a waived one is still shown, with the reason and until when. What cannot
//! be told is not waived, as nobody knows what it would be. Called by `runtime`.

use std::collections::HashMap;
use std::fmt;

use crate::domain::readiness::{Finding, Standing, Subject, Waiver};
use crate::domain::text::{SafeText, matches_pattern};
use crate::domain::time::{Timestamp, to_rfc3339};

/// A waiver as it is written down. In kind, namespace and name `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waived {
    /// The rule, `W04`; exact.
    pub rule: SafeText,
    /// Kinds.
    pub kind: SafeText,
    /// Namespaces. An object that names none may be of any.
    pub namespace: SafeText,
    /// Names.
    pub name: SafeText,
    /// Why.
    pub reason: SafeText,
    /// Until when.
    pub until: Timestamp,
}

impl Waived {
    /// Whether it is of this object.
    pub fn covers(&self, subject: &Subject) -> bool {
        let of_namespace =
            subject.namespace.is_empty() || matches_pattern(&self.namespace, &subject.namespace);
        of_namespace
            && matches_pattern(&self.kind, &subject.kind)
            && matches_pattern(&self.name, &subject.name)
    }

    /// Whether it is of what a finding is about, or of the workload that it was found with.
    fn fits(&self, finding: &Finding) -> bool {
        self.covers(&finding.subject) || self.covers(&finding.workload)
    }
}

/// A waiver without a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unused<'w> {
    /// The waiver.
    pub waived: &'w Waived,
    /// It has ended, too.
    pub ended: bool,
}

/// `the waiver of W04 for Deployment shop/api fits no finding: take it out`.
impl fmt::Display for Unused<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Waived { rule, kind, namespace, name, until, .. } = self.waived;
        let slash = if namespace.is_empty() { "" } else { "/" };
        write!(f, "the waiver of {rule} for {kind} {namespace}{slash}{name} fits no finding")?;
        if self.ended {
            write!(f, " and ended {}", to_rfc3339(*until))?;
        }
        f.write_str(": take it out")
    }
}

/// Waives what is waived, and gives the waivers that fit nothing.
///
/// The one that lasts longest counts. A finding whose waivers have all ended stays broken, and says
/// in `why` when the last of them ended.
pub fn apply<'w>(
    findings: &mut [Finding],
    waivers: &'w [Waived],
    now: Timestamp,
) -> Vec<Unused<'w>> {
    let mut by_rule: HashMap<&str, Vec<(usize, &Waived)>> = HashMap::new();
    for (index, waived) in waivers.iter().enumerate() {
        by_rule.entry(&waived.rule).or_default().push((index, waived));
    }
    let mut used = vec![false; waivers.len()];
    for finding in findings {
        let candidates = by_rule.get(finding.rule).map(Vec::as_slice).unwrap_or_default();
        let fitting = candidates.iter().filter(|(_, waived)| waived.fits(finding));
        let mut longest: Option<&Waived> = None;
        for (index, waived) in fitting {
            if let Some(used) = used.get_mut(*index) {
                *used = true;
            }
            if longest.is_none_or(|longest| longest.until < waived.until) {
                longest = Some(waived);
            }
        }
        if let Some(waived) = longest {
            waive(finding, waived, now);
        }
    }
    let unused = waivers.iter().zip(used).filter(|(_, used)| !used);
    unused.map(|(waived, _)| Unused { waived, ended: waived.until < now }).collect()
}

fn waive(finding: &mut Finding, waived: &Waived, now: Timestamp) {
    if finding.standing != Standing::Broken {
        return;
    }
    if waived.until < now {
        let Waived { reason, until, .. } = waived;
        let ended = format!("its waiver ({reason}) ended {}", to_rfc3339(*until));
        let why = if finding.why.is_empty() { ended } else { format!("{}; {ended}", finding.why) };
        finding.why = why.into();
    } else {
        let (reason, until) = (waived.reason.clone(), waived.until);
        finding.standing = Standing::Waived(Waiver { reason, until });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::readiness::Severity;
    use crate::domain::time::parse_rfc3339;

    fn subject(kind: &str, namespace: &str, name: &str) -> Subject {
        Subject { kind: kind.into(), namespace: namespace.into(), name: name.into() }
    }

    fn finding(rule: &'static str, name: &str) -> Finding {
        Finding {
            rule,
            severity: Severity::Error,
            standing: Standing::Broken,
            subject: subject("Deployment", "shop", name),
            workload: subject("Deployment", "shop", name),
            source: "shop.yaml".into(),
            path: "spec".into(),
            place: None,
            measured: "none".into(),
            wanted: "some".into(),
            why: "it breaks".into(),
            fix: "write it".into(),
        }
    }

    fn at(text: &str) -> Timestamp {
        parse_rfc3339(text).unwrap()
    }

    fn waived(rule: &str, name: &str, until: &str) -> Waived {
        Waived {
            rule: rule.into(),
            kind: "Deployment".into(),
            namespace: "*".into(),
            name: name.into(),
            reason: "until the new base image".into(),
            until: at(until),
        }
    }

    const NOW: &str = "2026-03-01T12:00:00Z";

    #[test]
    fn a_waiver_covers_its_rule_and_object_and_no_other() {
        let mut findings = [finding("W04", "api"), finding("W05", "api"), finding("W04", "web")];
        let waivers = [waived("W04", "api", "2026-04-01T00:00:00Z")];
        assert_eq!(apply(&mut findings, &waivers, at(NOW)), Vec::new());
        let waiver =
            Waiver { reason: "until the new base image".into(), until: at("2026-04-01T00:00:00Z") };
        assert_eq!(findings[0].standing, Standing::Waived(waiver));
        assert_eq!(findings[1].standing, Standing::Broken);
        assert_eq!(findings[2].standing, Standing::Broken);
    }

    #[test]
    fn namespaces_and_kinds_are_held_to() {
        let mut other = finding("W04", "api");
        other.subject.namespace = "bank".into();
        other.workload.namespace = "bank".into();
        let mut findings = [finding("W04", "api"), other];
        let mut waiver = waived("W04", "*", "2026-04-01T00:00:00Z");
        waiver.namespace = "shop".into();
        apply(&mut findings, &[waiver.clone()], at(NOW));
        assert!(matches!(findings[0].standing, Standing::Waived(_)));
        assert_eq!(findings[1].standing, Standing::Broken);
        waiver.kind = "Rollout".into();
        assert_eq!(apply(&mut [finding("W04", "api")], &[waiver], at(NOW)).len(), 1);
    }

    #[test]
    fn a_waiver_of_a_workload_is_of_what_belongs_to_it_and_of_no_namespace_too() {
        let mut budget = finding("W04", "api");
        budget.subject = subject("PodDisruptionBudget", "shop", "keep-some");
        let mut base = finding("W04", "api");
        base.subject.namespace = SafeText::default();
        base.workload.namespace = SafeText::default();
        let mut waiver = waived("W04", "api", "2026-04-01T00:00:00Z");
        waiver.namespace = "shop".into();
        let mut findings = [budget, base];
        assert_eq!(apply(&mut findings, &[waiver], at(NOW)), Vec::new());
        assert!(findings.iter().all(|f| matches!(f.standing, Standing::Waived(_))));
    }

    #[test]
    fn an_ended_waiver_leaves_the_finding_broken_and_says_so() {
        let mut findings = [finding("W04", "api")];
        let waivers = [waived("W04", "api", "2026-03-01T11:59:59Z")];
        assert_eq!(apply(&mut findings, &waivers, at(NOW)), Vec::new());
        assert_eq!(findings[0].standing, Standing::Broken);
        let why = "it breaks; its waiver (until the new base image) ended 2026-03-01T11:59:59Z";
        assert_eq!(findings[0].why, why);
        // On its last second it still holds.
        let mut findings = [finding("W04", "api")];
        apply(&mut findings, &[waived("W04", "api", NOW)], at(NOW));
        assert!(matches!(findings[0].standing, Standing::Waived(_)));
    }

    #[test]
    fn of_two_waivers_the_longer_one_counts() {
        let long = waived("W04", "*", "2026-05-01T00:00:00Z");
        let ended = waived("W04", "api", "2026-01-01T00:00:00Z");
        for waivers in [[long.clone(), ended.clone()], [ended, long]] {
            let mut findings = [finding("W04", "api")];
            assert_eq!(apply(&mut findings, &waivers, at(NOW)), Vec::new());
            let Standing::Waived(waiver) = &findings[0].standing else { panic!("{findings:?}") };
            assert_eq!(waiver.until, at("2026-05-01T00:00:00Z"));
        }
    }

    #[test]
    fn what_fits_nothing_is_told() {
        let waivers = [
            waived("W04", "gone", "2026-04-01T00:00:00Z"),
            waived("W99", "api", "2026-01-01T00:00:00Z"),
        ];
        let unused = apply(&mut [finding("W04", "api")], &waivers, at(NOW));
        let said: Vec<String> = unused.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "the waiver of W04 for Deployment */gone fits no finding: take it out",
                "the waiver of W99 for Deployment */api fits no finding and ended \
                 2026-01-01T00:00:00Z: take it out",
            ]
        );
    }

    #[test]
    fn what_cannot_be_told_is_not_waived() {
        let mut unknown = finding("W04", "api");
        unknown.standing = Standing::Unknown("no template".into());
        let mut findings = [unknown.clone()];
        let waivers = [waived("W04", "api", "2026-04-01T00:00:00Z")];
        assert_eq!(apply(&mut findings, &waivers, at(NOW)), Vec::new());
        assert_eq!(findings[0], unknown);
    }
}
