//! The catalogue: which services there are, what they are, where they run, and what is asked of
//! their releases.
//!
//! Data and look-ups. Never reads a file: `config::catalogue` does, from `waveoff.yaml`. Called by
//! `app` and `runtime` for advice, plans and promotions.

pub mod advice;
pub mod budget;
pub mod environment;
pub mod matrix;
pub mod quality;
pub mod stated;
pub mod told;

use crate::domain::id::WorkloadId;
use crate::domain::readiness::Waiver;
use crate::domain::text::SafeText;
use crate::domain::time::Span;

use environment::Environment;
use matrix::{Matrix, StrategyKind};
use quality::QualityGate;
use stated::{Origin, Stated};

/// Everything that is known of the services.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    /// Those that could be read, in the order in which they are written.
    pub services: Vec<Service>,
    /// Names of those that could not: nothing is done to them by itself.
    pub disabled: Vec<SafeText>,
    /// What types and risks allow.
    pub matrix: Matrix,
    /// Quality gates.
    pub gates: Vec<QualityGate>,
    /// Findings that somebody answers for.
    pub waivers: Vec<Waived>,
}

/// A catalogue that nobody wrote: no services, and everything else as it is built in.
impl Default for Catalogue {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            disabled: Vec::new(),
            matrix: Matrix::built_in(),
            gates: QualityGate::built_in(),
            waivers: Vec::new(),
        }
    }
}

/// A service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: Stated<SafeText>,
    /// Its type, a name of the matrix.
    pub kind: Stated<SafeText>,
    /// Its risk, a name of the matrix in full.
    pub risk: Stated<SafeText>,
    /// Who answers for it.
    pub owner: Option<Stated<SafeText>>,
    /// Address of its runbook.
    pub runbook: Option<Stated<SafeText>>,
    /// Where the results of its tests are.
    pub tests: Vec<TestEvidence>,
    /// A strategy of its own, whatever the matrix says.
    pub strategy: Option<Override>,
    /// Where it runs, in the order in which a version goes through them.
    pub environments: Vec<Environment>,
}

/// A strategy that somebody chose against the matrix, or within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Which.
    pub strategy: Stated<StrategyKind>,
    /// Why.
    pub reason: Stated<SafeText>,
}

/// Where the results of a kind of test are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestEvidence {
    /// `smoke_tests`, as the matrix names it.
    pub test: Stated<SafeText>,
    /// Where.
    pub source: Stated<EvidenceSource>,
    /// How old they may be.
    pub max_age: Stated<Span>,
}

impl TestEvidence {
    /// How old results may be where nobody says it.
    pub const MAX_AGE: Span = Span::hours(24);
}

/// Where results are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvidenceSource {
    /// A `JUnit` file.
    Junit(SafeText),
    /// A summary that k6 wrote.
    K6(SafeText),
    /// A Job, by its name.
    Job(SafeText),
}

/// A finding that somebody answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waived {
    /// The rule, `W43`.
    pub rule: Stated<SafeText>,
    /// Of which service; none of all.
    pub service: Option<Stated<SafeText>>,
    /// Why, and until when.
    pub waiver: Waiver,
}

impl Service {
    /// An environment by its name.
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.name.value == *name)
    }

    /// The environment that a plan is about when none is named: the first that is production, else
    /// the last.
    pub fn main_environment(&self) -> Option<&Environment> {
        let production = self.environments.iter().find(|e| e.production.value);
        production.or(self.environments.last())
    }

    /// The environment that a version goes to from this one.
    pub fn next(&self, from: &str) -> Option<&Environment> {
        let at = self.environments.iter().position(|e| e.name.value == *from)?;
        self.environments.get(at + 1)
    }
}

impl Catalogue {
    /// A service by its name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name.value == *name)
    }

    /// The environments of all services.
    pub fn environments(&self) -> impl Iterator<Item = &Environment> {
        self.services.iter().flat_map(|service| &service.environments)
    }

    /// Whose workload this is, in a context. An environment that names no context is of any.
    pub fn of_workload(
        &self,
        context: &str,
        workload: &WorkloadId,
    ) -> Option<(&Service, &Environment)> {
        let is_it = |environment: &&Environment| {
            environment.workload.value == *workload && environment.is_in(context)
        };
        self.services.iter().find_map(|service| {
            service.environments.iter().find(is_it).map(|environment| (service, environment))
        })
    }

    /// Whether mistakes in an environment hurt users. One that is not known counts as if they did.
    pub fn is_production(&self, service: &str, environment: &str) -> bool {
        let found = self.service(service).and_then(|service| service.environment(environment));
        found.is_none_or(|environment| environment.production.value)
    }

    /// The file line of a service, if a file has it.
    pub fn origin(&self, service: &str) -> Option<&Origin> {
        self.service(service).map(|service| &service.name.origin)
    }
}

#[cfg(test)]
mod tests;
