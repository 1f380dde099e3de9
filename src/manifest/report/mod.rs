//! Findings as text, JSON, SARIF and `JUnit`, and what they come to.
//!
//! All four tell the same findings in the same order, whatever order they were found in. Never
//! judges; never prints. Called by `runtime`.

mod json;
mod junit;
mod sarif;
mod text;

use crate::domain::readiness::{Finding, Severity, Standing, Subject};

use super::read::Misread;
use super::waive::Unused;

pub use json::json;
pub use junit::junit;
pub use sarif::sarif;
pub use text::text;

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Files; live objects count as none.
    pub files: usize,
    /// Objects.
    pub objects: usize,
    /// Deployments and Rollouts among them.
    pub workloads: usize,
    /// Rules that were asked.
    pub rules: usize,
}

/// Everything that is reported.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// What was found, in any order.
    pub findings: &'a [Finding],
    /// What could not be read.
    pub faults: &'a [Misread],
    /// Waivers that fit nothing.
    pub unused: &'a [Unused<'a>],
    /// How much was looked at.
    pub checked: Checked,
}

/// What findings come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing that weighs enough is broken or unknown.
    Ready,
    /// Something is broken.
    Broken,
    /// Nothing is broken, as far as it can be told; something cannot. Never the same as ready.
    Unknown,
}

/// What findings come to, if only those of this weight and more count. Broken goes before unknown;
/// waived ones do not count.
pub fn outcome(findings: &[Finding], bar: Severity) -> Outcome {
    let counted = || findings.iter().filter(|finding| finding.severity >= bar);
    if fails_on(findings, bar) {
        Outcome::Broken
    } else if counted().any(|finding| matches!(finding.standing, Standing::Unknown(_))) {
        Outcome::Unknown
    } else {
        Outcome::Ready
    }
}

/// Whether something of this weight or more is broken.
pub fn fails_on(findings: &[Finding], bar: Severity) -> bool {
    worst(findings).is_some_and(|worst| worst >= bar)
}

/// The greatest weight of what is broken.
pub fn worst(findings: &[Finding]) -> Option<Severity> {
    let broken = findings.iter().filter(|finding| finding.standing == Standing::Broken);
    broken.map(|finding| finding.severity).max()
}

/// Puts findings in their order: by file, place and rule.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(order);
}

fn order(one: &Finding, other: &Finding) -> std::cmp::Ordering {
    fn key(finding: &Finding) -> impl Ord + '_ {
        (
            (&finding.source, finding.place, finding.rule, &finding.subject),
            (&finding.path, &finding.measured, &finding.wanted),
        )
    }
    key(one).cmp(&key(other))
}

impl<'a> Report<'a> {
    fn sorted(&self) -> Vec<&'a Finding> {
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        findings.sort_by(|one, other| order(one, other));
        findings
    }

    fn sorted_faults(&self) -> Vec<&'a Misread> {
        let mut faults: Vec<&Misread> = self.faults.iter().collect();
        faults.sort_by(|one, other| {
            (&one.source, one.fault.at).cmp(&(&other.source, other.fault.at))
        });
        faults
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for finding in self.findings {
            match (&finding.standing, finding.severity) {
                (Standing::Broken, Severity::Error) => counts.errors += 1,
                (Standing::Broken, Severity::Warning) => counts.warnings += 1,
                (Standing::Broken, Severity::Note) => counts.notes += 1,
                (Standing::Unknown(_), _) => counts.unknown += 1,
                (Standing::Waived(_), _) => counts.waived += 1,
            }
        }
        counts
    }
}

/// Findings by what they are. The first three are broken.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    errors: usize,
    warnings: usize,
    notes: usize,
    unknown: usize,
    waived: usize,
}

/// The word for how a finding stands.
fn standing_word(standing: &Standing) -> &'static str {
    match standing {
        Standing::Broken => "broken",
        Standing::Unknown(_) => "unknown",
        Standing::Waived(_) => "waived",
    }
}

/// `Deployment shop/api`.
fn named(subject: &Subject) -> String {
    let Subject { kind, namespace, name } = subject;
    let slash = if namespace.is_empty() { "" } else { "/" };
    format!("{kind} {namespace}{slash}{name}")
}

/// What is there and what is wanted, or why that cannot be told.
fn said(finding: &Finding) -> String {
    let Finding { path, measured, wanted, .. } = finding;
    let colon = if path.is_empty() || measured.is_empty() { "" } else { ": " };
    let mut said = format!("{path}{colon}{measured}");
    if !wanted.is_empty() {
        let space = if said.is_empty() { "" } else { " " };
        said.push_str(&format!("{space}(wanted {wanted})"));
    }
    match &finding.standing {
        Standing::Unknown(reason) => format!("cannot be told, {reason}; {said}"),
        Standing::Broken | Standing::Waived(_) => said,
    }
}

#[cfg(test)]
mod tests;
