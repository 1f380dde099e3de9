//! The rules W01 to W46, and how they are run.
//!
//! Each rule is a row: its name, what it is about, its weight for each strategy, and a function
//! that looks at one workload. Called by `runtime`.

pub mod around;
pub mod case;
pub mod pods;
pub mod rollouts;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::domain::readiness::{Finding, Severity};

use super::bundle::{Bundle, Object};
use super::profile::Profile;
use super::workload::{Strategy, Workload};

use around::Around;
use case::Case;

/// One rule.
#[derive(Clone, Copy)]
pub struct Rule {
    /// `W04`.
    pub id: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// Its weight for a rolling (or recreated) Deployment, a blue-green and a canary; none where it
    /// does not apply.
    pub weight: Weights,
    /// Looks at one workload.
    pub look: fn(&mut Case<'_>),
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A row of a table of rules.
const fn rule(
    id: &'static str,
    title: &'static str,
    weight: Weights,
    look: fn(&mut Case<'_>),
) -> Rule {
    Rule { id, title, weight, look }
}

/// Weights for each strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights {
    /// Deployments.
    pub rolling: Option<Severity>,
    /// Blue-green Rollouts.
    pub blue_green: Option<Severity>,
    /// Canary Rollouts.
    pub canary: Option<Severity>,
}

impl Weights {
    /// The same for all.
    pub const fn all(severity: Severity) -> Self {
        Self { rolling: Some(severity), blue_green: Some(severity), canary: Some(severity) }
    }

    /// For Rollouts alone.
    pub const fn rollouts(severity: Severity) -> Self {
        Self { rolling: None, blue_green: Some(severity), canary: Some(severity) }
    }

    /// That of a strategy; for a Rollout that has not exactly one, the greater of its two.
    fn of(self, strategy: Option<Strategy>) -> Option<Severity> {
        match strategy {
            Some(Strategy::Rolling | Strategy::Recreate) => self.rolling,
            Some(Strategy::BlueGreen) => self.blue_green,
            Some(Strategy::Canary) => self.canary,
            None => self.blue_green.max(self.canary),
        }
    }
}

/// All rules, by their names.
pub fn all() -> Vec<Rule> {
    let mut rules = [pods::RULES, rollouts::RULES].concat();
    rules.sort_by_key(|rule| rule.id);
    rules
}

/// Judges every workload of a bundle by the same numbers.
#[cfg(test)]
pub(crate) fn judge(bundle: &Bundle, profile: &Profile, rules: &[Rule]) -> Vec<Finding> {
    judge_some(bundle, |_| profile, rules, |_| true)
}

/// Judges these workloads of a bundle by these rules, among all that is in it, each by its own
/// numbers.
///
/// A Deployment without pods of its own whose template a Rollout uses (`workloadRef`) is not judged
/// for itself: its template is, as the Rollout's, and what is found there is said of the
/// Deployment.
pub fn judge_some<'p>(
    bundle: &Bundle,
    profile_of: impl Fn(&Object) -> &'p Profile,
    rules: &[Rule],
    wanted: impl Fn(&Workload<'_>) -> bool,
) -> Vec<Finding> {
    let of = |object| Workload::of(object, bundle);
    let workloads: Vec<Workload<'_>> = bundle.objects().iter().filter_map(of).collect();
    let around = Around::of(bundle, &workloads);
    let mut shelf = rollouts::Shelf::default();
    let mut findings = Vec::new();
    let judged = |workload: &&Workload<'_>| !around.only_lends(workload) && wanted(workload);
    for workload in workloads.iter().filter(judged) {
        let analyses = shelf.analyses(workload, bundle);
        let profile = profile_of(workload.object);
        for rule in rules {
            let Some(severity) = rule.weight.of(workload.strategy) else { continue };
            let beside = (&around, &analyses[..]);
            let mut case = Case::new(rule.id, severity, bundle, workload, beside, profile);
            (rule.look)(&mut case);
            findings.append(&mut case.into_findings());
        }
    }
    once(findings)
}

/// The same thing said of the same field is said once, with its greatest weight: two workloads may
/// share a template or a budget.
fn once(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut known = HashMap::new();
    for finding in findings {
        let (subject, source) = (finding.subject.clone(), finding.source.clone());
        let spot = (finding.path.clone(), finding.place);
        let said = (finding.measured.clone(), finding.wanted.clone());
        match known.entry((finding.rule, subject, source, spot, said)) {
            Entry::Vacant(free) => {
                free.insert(kept.len());
                kept.push(finding);
            }
            Entry::Occupied(taken) => {
                if let Some(first) = kept.get_mut(*taken.get()) {
                    first.severity = first.severity.max(finding.severity);
                }
            }
        }
    }
    kept
}
