//! Which strategies a type of service and a level of risk allow, how fast a type has to be back,
//! and which tests a risk needs (R005-R013).
//!
//! A matrix is data: the built-in one stands for a file that says nothing. Never chooses: `advice`
//! does. Called by it, and by the readers that make one.

use crate::domain::id::WorkloadKind;
use crate::domain::strategy::Strategy;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, length};

use super::stated::Origin;

/// The strategies that are told apart (R013).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StrategyKind {
    /// Pods are replaced a few at a time.
    Rolling,
    /// Two whole sets, and a switch between them.
    BlueGreen,
    /// The new version gets more of the traffic step by step.
    Canary,
    /// All old pods go before the new ones come.
    Recreate,
    /// Within an announced time, by hand or by an operator.
    MaintenanceWindow,
}

impl StrategyKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Rolling, Self::BlueGreen, Self::Canary, Self::Recreate, Self::MaintenanceWindow];

    /// The word for files, screens and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rolling => "rolling",
            Self::BlueGreen => "blue-green",
            Self::Canary => "canary",
            Self::Recreate => "recreate",
            Self::MaintenanceWindow => "maintenance-window",
        }
    }

    /// The strategy of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What a workload is set to; none for a strategy that is not known.
    pub fn of(strategy: &Strategy) -> Option<Self> {
        match strategy {
            Strategy::Canary(_) => Some(Self::Canary),
            Strategy::BlueGreen(_) => Some(Self::BlueGreen),
            Strategy::Rolling(_) => Some(Self::Rolling),
            Strategy::Recreate => Some(Self::Recreate),
            Strategy::Unknown => None,
        }
    }

    /// The kind of workload that does it; none for a window, which is no workload's.
    pub fn workload(self) -> Option<WorkloadKind> {
        match self {
            Self::Rolling | Self::Recreate => Some(WorkloadKind::Deployment),
            Self::BlueGreen | Self::Canary => Some(WorkloadKind::Rollout),
            Self::MaintenanceWindow => None,
        }
    }
}

/// `rolling, blue-green`; `none` for an empty list.
pub fn listed(kinds: &[StrategyKind]) -> String {
    let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// How fast the way back has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RollbackTime {
    /// The time.
    pub span: Span,
    /// It has to stay below that (`< 2 minutes`), and not only not above.
    pub below: bool,
}

impl RollbackTime {
    /// `< 2m`, `5m`.
    pub fn words(self) -> String {
        let sign = if self.below { "< " } else { "" };
        format!("{sign}{}", length(self.span))
    }

    /// Whether a way back of this length is fast enough.
    pub fn holds(self, takes: Span) -> bool {
        if self.below { takes < self.span } else { takes <= self.span }
    }
}

/// A type of service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceType {
    /// `critical_apis`.
    pub name: SafeText,
    /// The strategy that is taken where nothing speaks against it.
    pub recommended: StrategyKind,
    /// Those that may be taken else, best first.
    pub alternatives: Vec<StrategyKind>,
    /// How fast the way back has to be.
    pub rollback: RollbackTime,
    /// It keeps data of its own, so that two versions cannot stand beside each other: it never
    /// gets a Rollout (X51).
    pub stateful: bool,
    /// Who said so.
    pub origin: Origin,
}

impl ServiceType {
    /// What it allows, best first.
    pub fn strategies(&self) -> Vec<StrategyKind> {
        let mut kinds = vec![self.recommended];
        for kind in &self.alternatives {
            if !kinds.contains(kind) {
                kinds.push(*kind);
            }
        }
        kinds
    }
}

/// A level of risk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskLevel {
    /// `high_risk`.
    pub name: SafeText,
    /// What it allows. The order says nothing: the type's does.
    pub strategies: Vec<StrategyKind>,
    /// Tests that have to have passed.
    pub tests: Vec<SafeText>,
    /// Who said so.
    pub origin: Origin,
}

/// Types and risks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// Types, in the order in which they are written.
    pub types: Vec<ServiceType>,
    /// Risks, in the order in which they are written.
    pub risks: Vec<RiskLevel>,
}

/// The type that keeps data, where a file does not say which ones do.
pub const STATEFUL: &str = "stateful_databases";

impl Matrix {
    /// The matrix of a file that has none (R006-R012).
    pub fn built_in() -> Self {
        use StrategyKind::{BlueGreen, Canary, MaintenanceWindow, Recreate, Rolling};
        Self {
            types: vec![
                a_type("stateless_web_services", Rolling, &[BlueGreen, Canary], 2),
                a_type(STATEFUL, BlueGreen, &[MaintenanceWindow], 10),
                a_type("critical_apis", Canary, &[BlueGreen], 1),
                a_type("background_services", Rolling, &[Recreate], 5),
            ],
            risks: vec![
                a_risk("low_risk", &[Rolling, Recreate], 1),
                a_risk("medium_risk", &[BlueGreen, Rolling], 2),
                a_risk("high_risk", &[Canary, BlueGreen], 4),
            ],
        }
    }

    /// The type of a name.
    pub fn service_type(&self, name: &str) -> Option<&ServiceType> {
        self.types.iter().find(|kind| kind.name == *name)
    }

    /// The risk of a name: `high_risk`, or `high`.
    pub fn risk(&self, name: &str) -> Option<&RiskLevel> {
        let short = |risk: &RiskLevel| risk.name.strip_suffix("_risk") == Some(name);
        let exact = self.risks.iter().find(|risk| risk.name == *name);
        exact.or_else(|| self.risks.iter().find(|risk| short(risk)))
    }
}

impl Default for Matrix {
    fn default() -> Self {
        Self::built_in()
    }
}

fn a_type(
    name: &str,
    recommended: StrategyKind,
    alternatives: &[StrategyKind],
    minutes: i64,
) -> ServiceType {
    ServiceType {
        name: name.into(),
        recommended,
        alternatives: alternatives.to_vec(),
        rollback: RollbackTime { span: Span::minutes(minutes), below: true },
        stateful: name == STATEFUL,
        origin: Origin::BuiltIn,
    }
}

/// Each risk needs the tests of the one below it, and more.
fn a_risk(name: &str, strategies: &[StrategyKind], tests: usize) -> RiskLevel {
    let all = ["smoke_tests", "integration_tests", "load_tests", "chaos_tests"];
    RiskLevel {
        name: name.into(),
        strategies: strategies.to_vec(),
        tests: all.into_iter().take(tests).map(Into::into).collect(),
        origin: Origin::BuiltIn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_there_and_back_and_each_has_its_kind_of_workload() {
        for kind in StrategyKind::ALL {
            assert_eq!(StrategyKind::of_word(kind.word()), Some(kind));
        }
        assert_eq!(StrategyKind::of_word("bluegreen"), None);
        let kinds = StrategyKind::ALL.map(StrategyKind::workload);
        let (deployment, rollout) = (Some(WorkloadKind::Deployment), Some(WorkloadKind::Rollout));
        assert_eq!(kinds, [deployment, rollout, rollout, deployment, None]);
    }

    #[test]
    fn a_risk_goes_by_its_short_name_too() {
        let matrix = Matrix::built_in();
        assert_eq!(matrix.risk("high").unwrap().name, "high_risk");
        assert_eq!(matrix.risk("high_risk").unwrap().tests.len(), 4);
        assert!(matrix.risk("highest").is_none());
        assert!(matrix.risk("").is_none());
    }

    #[test]
    fn below_is_not_the_same_as_not_above() {
        let minute = Span::minutes(1);
        assert!(!RollbackTime { span: minute, below: true }.holds(minute));
        assert!(RollbackTime { span: minute, below: false }.holds(minute));
        assert_eq!(RollbackTime { span: Span::minutes(2), below: true }.words(), "< 2m");
        assert_eq!(RollbackTime { span: Span::minutes(5), below: false }.words(), "5m");
    }
}
