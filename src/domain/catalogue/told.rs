//! `waveoff plan NAME`: what a service should be released by and what that takes, as data and as
//! sentences.
//!
//! Pure: what runs on the cluster is given, or why it is not known. Never prints. Called by
//! whoever wires the command; the cockpit may show the same lines.

mod entry;
mod sentence;

use crate::domain::guard::rule::Terms;
use crate::domain::id::WorkloadKind;
use crate::domain::text::SafeText;

pub use entry::{Value, entry};

use super::advice::{Advice, Choice, advise};
use super::budget::course::Course;
use super::budget::{self, Budget};
use super::matrix::StrategyKind;
use super::{Catalogue, Service};

/// What runs on the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nobody asked.
    NotAsked,
    /// It was asked and there is no answer; why. Neither good nor bad.
    Unanswered(SafeText),
    /// There is no such workload.
    Absent,
    /// This.
    Runs(Runs),
}

/// A workload of the cluster, as far as a plan compares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runs {
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its name.
    pub name: SafeText,
    /// Its strategy; none where it is not known.
    pub strategy: Option<StrategyKind>,
    /// Another controller that moves its versions, `Flagger` (B2): then it is only looked at.
    pub driven_by: Option<SafeText>,
}

/// What runs beside what is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// Not compared; why.
    NotCompared(SafeText),
    /// There is no such workload.
    Absent,
    /// It is what is wanted.
    Match,
    /// A Deployment where a Rollout is wanted: it can be taken over by `workloadRef`.
    Migrate(StrategyKind),
    /// Something else.
    Differs {
        /// What runs.
        runs: Option<StrategyKind>,
        /// What is wanted.
        wanted: StrategyKind,
    },
    /// Another controller drives it.
    ReadOnly(SafeText),
    /// Nothing is wanted that it could be compared with.
    NoAdvice,
    /// It keeps data of its own, and a Rollout drives it all the same (X51).
    RolloutWithData,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// Which service.
    pub service: &'q str,
    /// Where; none takes the first environment that is production.
    pub environment: Option<&'q str>,
    /// What runs there.
    pub seen: &'q Seen,
    /// What its release goes through, as it is set up now, and the terms of its guard where the
    /// environment sets none (`[guard]` of the configuration); none where it is not known.
    pub course: Option<(&'q Course, &'q Terms)>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The service.
    pub service: SafeText,
    /// The environment; none for a service without one.
    pub environment: Option<SafeText>,
    /// Whether mistakes there hurt users.
    pub production: bool,
    /// Who answers for it.
    pub owner: Option<SafeText>,
    /// Its runbook.
    pub runbook: Option<SafeText>,
    /// What the matrix says.
    pub advice: Advice,
    /// What is taken.
    pub choice: Choice,
    /// Tests that are needed and whose results nobody said where to find.
    pub without_evidence: Vec<SafeText>,
    /// What a release takes as it is set up now.
    pub budget: Option<Budget>,
    /// Who has to agree, in words; none where nobody has to.
    pub approvals: Option<SafeText>,
    /// What runs.
    pub seen: Seen,
    /// The same beside what is wanted.
    pub comparison: Comparison,
    /// Every value of the catalogue's entry, and who said it.
    pub values: Vec<Value>,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlan {
    /// The catalogue does not have the service.
    #[error("no service {name:?} in the catalogue: there are {}", said(known))]
    NoService {
        /// What was asked for.
        name: SafeText,
        /// Those that there are.
        known: Vec<SafeText>,
    },
    /// The service is in the catalogue and has faults.
    #[error("service {0:?} cannot be used: its entry in the catalogue has faults")]
    Disabled(SafeText),
    /// The service does not have the environment.
    #[error("service {service:?} has no environment {name:?}: there are {}", said(known))]
    NoEnvironment {
        /// The service.
        service: SafeText,
        /// What was asked for.
        name: SafeText,
        /// Those that there are.
        known: Vec<SafeText>,
    },
    /// The matrix does not have its type or its risk.
    #[error("service {service:?} is of type {kind:?} and risk {risk:?}, which no matrix has both")]
    NotInMatrix {
        /// The service.
        service: SafeText,
        /// Its type.
        kind: SafeText,
        /// Its risk.
        risk: SafeText,
    },
}

fn said(names: &[SafeText]) -> String {
    let names: Vec<&str> = names.iter().map(SafeText::as_str).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Makes a plan.
///
/// # Errors
/// Names that the catalogue does not have, and a service that could not be read.
pub fn plan(catalogue: &Catalogue, question: Question<'_>) -> Result<Plan, NoPlan> {
    let service = service(catalogue, question.service)?;
    let name = || service.name.value.clone();
    let environment = match question.environment {
        None => service.main_environment(),
        Some(wanted) => {
            let found = service.environment(wanted).ok_or_else(|| NoPlan::NoEnvironment {
                service: name(),
                name: SafeText::name(wanted),
                known: service.environments.iter().map(|e| e.name.value.clone()).collect(),
            })?;
            Some(found)
        }
    };
    let (kind, risk) = (&service.kind.value, &service.risk.value);
    let advice = advise(kind, risk, &catalogue.matrix, &catalogue.gates).ok_or_else(|| {
        NoPlan::NotInMatrix { service: name(), kind: kind.clone(), risk: risk.clone() }
    })?;
    let choice = Choice::of(&advice, service.strategy.as_ref());
    let has = |test: &&SafeText| !service.tests.iter().any(|t| t.test.value == test.as_str());
    let approvals = environment.and_then(|environment| environment.approvals.as_ref());
    Ok(Plan {
        environment: environment.map(|environment| environment.name.value.clone()),
        production: environment.is_none_or(|environment| environment.production.value),
        owner: service.owner.as_ref().map(|owner| owner.value.clone()),
        runbook: service.runbook.as_ref().map(|runbook| runbook.value.clone()),
        without_evidence: advice.tests.iter().filter(has).cloned().collect(),
        budget: question.course.map(|(course, usual)| {
            let terms = environment.map_or(usual, |environment| environment.guard.or(usual));
            budget::of(course, terms)
        }),
        approvals: approvals.map(|approvals| approvals.words().into()),
        seen: question.seen.clone(),
        comparison: compare(&advice, &choice, question.seen),
        values: entry(service, environment),
        service: name(),
        advice,
        choice,
    })
}

fn service<'c>(catalogue: &'c Catalogue, name: &str) -> Result<&'c Service, NoPlan> {
    catalogue.service(name).ok_or_else(|| {
        let safe = SafeText::name(name);
        if catalogue.disabled.contains(&safe) {
            return NoPlan::Disabled(safe);
        }
        let known = catalogue.services.iter().map(|service| service.name.value.clone()).collect();
        NoPlan::NoService { name: safe, known }
    })
}

fn compare(advice: &Advice, choice: &Choice, seen: &Seen) -> Comparison {
    let runs = match seen {
        Seen::NotAsked => return Comparison::NotCompared("nobody asked it".into()),
        Seen::Unanswered(why) => return Comparison::NotCompared(why.clone()),
        Seen::Absent => return Comparison::Absent,
        Seen::Runs(runs) => runs,
    };
    if let Some(driver) = &runs.driven_by {
        return Comparison::ReadOnly(driver.clone());
    }
    if advice.stateful && runs.kind == WorkloadKind::Rollout {
        return Comparison::RolloutWithData;
    }
    let Some(wanted) = choice.strategy() else { return Comparison::NoAdvice };
    if advice.stateful && wanted.workload() != Some(WorkloadKind::Deployment) {
        let what = "it is done outside Rollouts and Deployments, where it cannot be seen";
        return Comparison::NotCompared(what.into());
    }
    if runs.strategy == Some(wanted) {
        return Comparison::Match;
    }
    if wanted.workload() == Some(WorkloadKind::Rollout) && runs.kind == WorkloadKind::Deployment {
        return Comparison::Migrate(wanted);
    }
    Comparison::Differs { runs: runs.strategy, wanted }
}

/// A line of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is about, in a word or two.
    pub label: &'static str,
    /// What is said of it.
    pub text: SafeText,
}

impl Plan {
    /// The plan in sentences, in the order in which they are shown.
    pub fn lines(&self) -> Vec<Line> {
        sentence::lines(self)
    }
}

/// A cell of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The type.
    pub kind: SafeText,
    /// The risk.
    pub risk: SafeText,
    /// What both allow.
    pub advice: Advice,
}

/// The whole matrix, type by type: what `waveoff plan` shows when no service is named.
pub fn cells(catalogue: &Catalogue) -> Vec<Cell> {
    let Catalogue { matrix, gates, .. } = catalogue;
    let of_type = |kind| {
        matrix.risks.iter().map(move |risk| (kind, risk, super::advice::of(kind, risk, gates)))
    };
    let cells = matrix.types.iter().flat_map(of_type);
    cells
        .map(|(kind, risk, advice)| Cell {
            kind: kind.name.clone(),
            risk: risk.name.clone(),
            advice,
        })
        .collect()
}

#[cfg(test)]
mod tests;
