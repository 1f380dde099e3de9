//! Quality gates: a number of the past that has to be good enough (R119-R123).
//!
//! What a file does not say is taken from the metric's name: which side is good, the unit, over
//! which time, out of how many. Never measures. Called by the readers that make a catalogue, and by
//! whoever judges gates.

use crate::domain::text::SafeText;
use crate::domain::time::Span;

use super::stated::Origin;

/// Which side of the threshold is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparator {
    /// The threshold and above.
    AtLeast,
    /// The threshold and below.
    AtMost,
}

impl Comparator {
    /// The sign for files, screens and JSON.
    pub fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
        }
    }

    /// Whether a value is good.
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::AtLeast => value >= threshold,
            Self::AtMost => value <= threshold,
        }
    }
}

/// What a gate's number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateUnit {
    /// Percent, 0 to 100.
    Percent,
    /// Seconds.
    Seconds,
    /// Hours.
    Hours,
    /// Times a day.
    PerDay,
    /// Nothing in particular.
    Plain,
}

impl GateUnit {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Percent, Self::Seconds, Self::Hours, Self::PerDay, Self::Plain];

    /// The word for files and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::Seconds => "seconds",
            Self::Hours => "hours",
            Self::PerDay => "per_day",
            Self::Plain => "plain",
        }
    }

    fn said(self, value: f64) -> String {
        match self {
            Self::Percent => format!("{value}%"),
            Self::Seconds => format!("{value}s"),
            Self::Hours => format!("{value}h"),
            Self::PerDay => format!("{value} per day"),
            Self::Plain => value.to_string(),
        }
    }
}

/// What comes of it when there are too few samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnMissing {
    /// It blocks as if it had failed.
    Block,
    /// It is said, and nothing is blocked.
    Tell,
}

impl OnMissing {
    /// The word for files and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Tell => "tell",
        }
    }
}

/// What a number is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// What happened within this time before now.
    Last(Span),
    /// One version: what is known of others does not count (R119).
    Digest,
}

/// How a metric is judged where a file does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judging {
    /// Which side is good.
    pub comparator: Comparator,
    /// What it counts.
    pub unit: GateUnit,
    /// Over which time.
    pub over: Over,
    /// Out of how many at least.
    pub least: u32,
    /// What comes of too few.
    pub on_missing: OnMissing,
}

/// Share of gates before a switch that passed.
pub const VALIDATION: &str = "green_environment_validation_success_rate";
/// Share of canaries that went through without a rollback.
pub const CANARY: &str = "canary_deployment_success_rate";
/// How long rollbacks took.
pub const ROLLBACK: &str = "rollback_completion_time_seconds";
/// How often a new version came to be in production.
pub const FREQUENCY: &str = "deployments_per_day";
/// From a commit to production.
pub const LEAD_TIME: &str = "lead_time_hours";

impl Judging {
    /// The time that numbers are taken over.
    pub const USUAL: Span = Span::days(30);
    /// Samples below which nothing is said.
    pub const LEAST: u32 = 5;

    /// How a metric is judged; none for a name that is not known.
    pub fn of(metric: &str) -> Option<Self> {
        let usual = |comparator, unit| Self {
            comparator,
            unit,
            over: Over::Last(Self::USUAL),
            least: Self::LEAST,
            on_missing: OnMissing::Tell,
        };
        Some(match metric {
            // A version that was not validated is not good because others were.
            VALIDATION => Self {
                over: Over::Digest,
                least: 1,
                on_missing: OnMissing::Block,
                ..usual(Comparator::AtLeast, GateUnit::Percent)
            },
            CANARY => usual(Comparator::AtLeast, GateUnit::Percent),
            ROLLBACK => usual(Comparator::AtMost, GateUnit::Seconds),
            FREQUENCY => usual(Comparator::AtLeast, GateUnit::PerDay),
            LEAD_TIME => usual(Comparator::AtMost, GateUnit::Hours),
            _ => return None,
        })
    }
}

/// A gate.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityGate {
    /// `rollback_time`.
    pub name: SafeText,
    /// For people; may be empty.
    pub description: SafeText,
    /// `rollback_completion_time_seconds`.
    pub metric: SafeText,
    /// The last good number.
    pub threshold: f64,
    /// Whether a failure stops a promotion to production.
    pub blocking: bool,
    /// How it is judged.
    pub judging: Judging,
    /// Who said so.
    pub origin: Origin,
}

impl QualityGate {
    /// The gates of a file that has none.
    pub fn built_in() -> Vec<Self> {
        let rows = [
            ("blue_green_validation", VALIDATION, 100.0, true),
            ("canary_progression", CANARY, 95.0, false),
            ("rollback_time", ROLLBACK, 300.0, true),
            ("deployment_frequency", FREQUENCY, 1.0, false),
            ("lead_time", LEAD_TIME, 24.0, false),
        ];
        let gate = |(name, metric, threshold, blocking): (&str, &str, f64, bool)| {
            Some(Self {
                name: name.into(),
                description: SafeText::default(),
                metric: metric.into(),
                threshold,
                blocking,
                judging: Judging::of(metric)?,
                origin: Origin::BuiltIn,
            })
        };
        rows.into_iter().filter_map(gate).collect()
    }

    /// `>= 95%`, `<= 300s`.
    pub fn wanted(&self) -> String {
        let Judging { comparator, unit, .. } = self.judging;
        format!("{} {}", comparator.sign(), unit.said(self.threshold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_gates_each_with_its_good_side() {
        let gates = QualityGate::built_in();
        let said: Vec<(String, bool)> =
            gates.iter().map(|gate| (gate.wanted(), gate.blocking)).collect();
        let wanted = [
            (">= 100%", true),
            (">= 95%", false),
            ("<= 300s", true),
            (">= 1 per day", false),
            ("<= 24h", false),
        ];
        assert_eq!(said, wanted.map(|(text, blocking)| (text.to_owned(), blocking)));
    }

    #[test]
    fn validation_is_of_one_version_and_missing_blocks() {
        let judging = Judging::of(VALIDATION).unwrap();
        assert_eq!((judging.over, judging.least), (Over::Digest, 1));
        assert_eq!(judging.on_missing, OnMissing::Block);
        let other = Judging::of(ROLLBACK).unwrap();
        assert_eq!((other.over, other.least), (Over::Last(Span::days(30)), 5));
        assert_eq!(other.on_missing, OnMissing::Tell);
        assert_eq!(Judging::of("uptime"), None);
    }

    #[test]
    fn the_threshold_itself_is_good_on_both_sides() {
        assert!(Comparator::AtMost.holds(300.0, 300.0) && !Comparator::AtMost.holds(301.0, 300.0));
        assert!(Comparator::AtLeast.holds(95.0, 95.0) && !Comparator::AtLeast.holds(94.9, 95.0));
        assert!(!Comparator::AtLeast.holds(f64::NAN, 0.0));
        assert!(!Comparator::AtMost.holds(f64::NAN, 0.0));
    }
}
