//! Which strategy a service should be released by, how fast its way back has to be, and which tests
//! it needs.
//!
//! From the matrix alone: what runs on a cluster changes nothing here. Where type and risk have
//! nothing in common there is no advice, and both lists say why (X52). Called by `told`.

use crate::domain::text::SafeText;
use crate::domain::time::{Span, length};

use super::Override;
use super::matrix::{Matrix, RiskLevel, RollbackTime, ServiceType, StrategyKind, listed};
use super::quality::{Comparator, GateUnit, QualityGate, ROLLBACK};

/// The longest rollback of any service (R002).
pub const CORE: RollbackTime = RollbackTime { span: Span::minutes(5), below: false };

/// Who limits the time of a rollback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LimitOf {
    /// The type of the service.
    Type(SafeText),
    /// The rule for all services (R002).
    Core,
    /// A quality gate.
    Gate(SafeText),
}

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Whose.
    pub of: LimitOf,
    /// The time.
    pub time: RollbackTime,
}

impl Limit {
    /// `type critical_apis < 1m`.
    pub fn words(&self) -> String {
        let time = self.time.words();
        match &self.of {
            LimitOf::Type(name) => format!("type {name} {time}"),
            LimitOf::Core => format!("every service {time}"),
            LimitOf::Gate(name) => format!("gate {name} {time}"),
        }
    }
}

/// The limit in effect, and those that it makes idle (X20).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackLimit {
    /// The smallest.
    pub effective: RollbackTime,
    /// Whose it is: all that say this very time.
    pub set_by: Vec<Limit>,
    /// Those that allow more, and so mean nothing.
    pub losers: Vec<Limit>,
}

impl RollbackLimit {
    /// The smallest limit of these; the one for all services is always among them.
    pub fn smallest(others: Vec<Limit>) -> Self {
        let mut limits = others;
        limits.push(Limit { of: LimitOf::Core, time: CORE });
        let span = limits.iter().map(|limit| limit.time.span).min().unwrap_or(CORE.span);
        let (set_by, losers): (Vec<_>, Vec<_>) =
            limits.into_iter().partition(|limit| limit.time.span == span);
        let below = set_by.iter().any(|limit| limit.time.below);
        Self { effective: RollbackTime { span, below }, set_by, losers }
    }

    /// `5m by gate rollback_time 5m, every service 5m; type stateful_databases < 10m is too long`.
    pub fn words(&self) -> String {
        let said =
            |limits: &[Limit]| limits.iter().map(Limit::words).collect::<Vec<_>>().join(", ");
        let mut text = format!("{} by {}", self.effective.words(), said(&self.set_by));
        if !self.losers.is_empty() {
            let verb = if self.losers.len() == 1 { "loses" } else { "lose" };
            text.push_str(&format!("; {} {verb}", said(&self.losers)));
        }
        text
    }
}

/// What the matrix says of a type and a risk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The type.
    pub kind: SafeText,
    /// The risk.
    pub risk: SafeText,
    /// What the type allows, best first.
    pub by_type: Vec<StrategyKind>,
    /// What the risk allows.
    pub by_risk: Vec<StrategyKind>,
    /// What both allow, best first. Empty where there is no advice.
    pub candidates: Vec<StrategyKind>,
    /// It keeps data of its own: no Rollout, whatever the strategy is called (X51).
    pub stateful: bool,
    /// How fast the way back has to be.
    pub limit: RollbackLimit,
    /// Tests that have to have passed.
    pub tests: Vec<SafeText>,
}

/// What the matrix says, by names. None where it does not have one of them.
pub fn advise(kind: &str, risk: &str, matrix: &Matrix, gates: &[QualityGate]) -> Option<Advice> {
    Some(of(matrix.service_type(kind)?, matrix.risk(risk)?, gates))
}

/// What a type and a risk have in common.
pub fn of(kind: &ServiceType, risk: &RiskLevel, gates: &[QualityGate]) -> Advice {
    let by_type = kind.strategies();
    let both = by_type.iter().filter(|strategy| risk.strategies.contains(strategy));
    let candidates = both.copied().collect();
    let of = LimitOf::Type(kind.name.clone());
    let mut limits = vec![Limit { of, time: kind.rollback }];
    limits.extend(gates.iter().filter_map(limit_of));
    Advice {
        kind: kind.name.clone(),
        risk: risk.name.clone(),
        by_type,
        by_risk: risk.strategies.clone(),
        candidates,
        stateful: kind.stateful,
        limit: RollbackLimit::smallest(limits),
        tests: risk.tests.clone(),
    }
}

/// The time that a gate leaves to a rollback; none for gates of something else.
fn limit_of(gate: &QualityGate) -> Option<Limit> {
    let judging = gate.judging;
    let is_limit = gate.metric == ROLLBACK
        && judging.comparator == Comparator::AtMost
        && judging.unit == GateUnit::Seconds;
    let longest = 86_400.0 * 365.0;
    if !is_limit || !(0.0..=longest).contains(&gate.threshold) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most a year")]
    let span = Span::milliseconds((gate.threshold * 1000.0) as i64);
    let of = LimitOf::Gate(gate.name.clone());
    Some(Limit { of, time: RollbackTime { span, below: false } })
}

impl Advice {
    /// The best; none where there is no advice.
    pub fn best(&self) -> Option<StrategyKind> {
        self.candidates.first().copied()
    }

    /// A strategy as it is said for this type: a database's blue-green is none of a Rollout.
    pub fn said(&self, strategy: StrategyKind) -> String {
        match strategy {
            StrategyKind::BlueGreen if self.stateful => "blue-green (outside Rollouts)".to_owned(),
            _ => strategy.word().to_owned(),
        }
    }

    /// `rolling (or blue-green)`, `none`.
    pub fn cell(&self) -> String {
        let Some((best, others)) = self.candidates.split_first() else { return "none".to_owned() };
        let others: Vec<String> = others.iter().map(|other| self.said(*other)).collect();
        if others.is_empty() {
            self.said(*best)
        } else {
            format!("{} (or {})", self.said(*best), others.join(", "))
        }
    }

    /// Why there is no advice, with both lists; none where there is.
    pub fn nothing(&self) -> Option<String> {
        if !self.candidates.is_empty() {
            return None;
        }
        Some(format!(
            "none: type {} allows {}, risk {} allows {}, and nothing is in both; write `strategy` \
             with a `reason`",
            self.kind,
            listed(&self.by_type),
            self.risk,
            listed(&self.by_risk),
        ))
    }
}

/// Why a service of this type cannot be released by this strategy, whatever the reason is.
pub fn refused(kind: &ServiceType, strategy: StrategyKind) -> Option<&'static str> {
    let canary = strategy == StrategyKind::Canary;
    (kind.stateful && canary).then_some(
        "it keeps data of its own, and a Rollout only replaces pods: take blue-green, which is \
         outside Rollouts, or maintenance-window",
    )
}

/// Who chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The matrix.
    Advised(StrategyKind),
    /// The catalogue.
    Overridden {
        /// Its strategy.
        strategy: StrategyKind,
        /// Its reason.
        reason: SafeText,
        /// Whether type and risk both allow it.
        allowed: bool,
    },
    /// Nobody: there is no advice and no override.
    None,
}

impl Choice {
    /// What is chosen for a service.
    pub fn of(advice: &Advice, chosen: Option<&Override>) -> Self {
        match (chosen, advice.best()) {
            (Some(Override { strategy, reason }), _) => Self::Overridden {
                strategy: strategy.value,
                reason: reason.value.clone(),
                allowed: advice.candidates.contains(&strategy.value),
            },
            (None, Some(best)) => Self::Advised(best),
            (None, None) => Self::None,
        }
    }

    /// The strategy.
    pub fn strategy(&self) -> Option<StrategyKind> {
        match self {
            Self::Advised(strategy) | Self::Overridden { strategy, .. } => Some(*strategy),
            Self::None => None,
        }
    }
}

/// `25m, over the limit of < 1m`: a way back beside its limit.
pub fn beside(takes: Span, limit: RollbackTime) -> String {
    let relation = if limit.holds(takes) { "within" } else { "over" };
    format!("{}, {relation} the limit of {}", length(takes), limit.words())
}

#[cfg(test)]
mod tests;
