//! What a guard holds a release to: a limit, how long it has to be broken, and how often it looks.
//!
//! Never remembers anything: what was seen before is `watch`'s. Called by `guard` and by whoever
//! shows limits.

use crate::domain::measure::Reading;
use crate::domain::measure::panel::Unit;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp, length};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    /// The share of requests that fail.
    Errors,
    /// The same at many times its limit, for a much shorter time.
    ErrorsFast,
    /// The 99th percentile of durations.
    Latency,
    /// The share of the version's pods that are ready.
    Pods,
    /// A value of the configuration that must not fall.
    Business,
}

impl Signal {
    /// The word for screens, journal and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::ErrorsFast => "errors-fast",
            Self::Latency => "p99",
            Self::Pods => "pods",
            Self::Business => "business",
        }
    }

    /// The signal of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [Self::Errors, Self::ErrorsFast, Self::Latency, Self::Pods, Self::Business];
        all.into_iter().find(|signal| signal.word() == word)
    }

    /// How its values are written.
    pub fn unit(self) -> Unit {
        match self {
            Self::Errors | Self::ErrorsFast | Self::Pods => Unit::Share,
            Self::Latency => Unit::Seconds,
            Self::Business => Unit::Plain,
        }
    }

    /// Whether less is worse.
    pub fn is_floor(self) -> bool {
        matches!(self, Self::Pods | Self::Business)
    }

    /// The signal that is asked for it: both rules of errors look at the same answers.
    pub fn asked(self) -> Self {
        if self == Self::ErrorsFast { Self::Errors } else { self }
    }

    /// Whether Prometheus is asked for it.
    pub fn is_measured(self) -> bool {
        self != Self::Pods
    }
}

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Of what.
    pub signal: Signal,
    /// The last good value: a share of 0 to 1, seconds, or whatever the business query gives.
    pub limit: f64,
    /// How long it has to be broken without a good sample between.
    pub lasts: Span,
    /// How many samples have to be over the limit at least.
    pub least: u32,
    /// Between two samples.
    pub every: Span,
}

/// One look.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The instant that it is about.
    pub at: Timestamp,
    /// What was seen.
    pub reading: Reading,
}

/// What a look is to a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// Within the limit.
    Good,
    /// Over it.
    Breach,
    /// Cannot be told: neither counts nor resets, and many of them make the guard blind.
    Unknown(SafeText),
    /// There is nothing to tell yet, and nothing is wrong with that: pods are still starting.
    NotYet,
}

impl Rule {
    /// What a reading is to this rule. Only a value, or a bound that a quantile is known to be
    /// above, can be good or bad: nothing, NaN, infinity, old values, few requests and failed
    /// queries are unknown (release-engineering G1, X13, X16).
    pub fn judge(&self, reading: &Reading, now: Timestamp) -> Judgement {
        match reading {
            Reading::Value(value) if value.is_finite() => {
                let breach =
                    if self.signal.is_floor() { *value < self.limit } else { *value > self.limit };
                if breach { Judgement::Breach } else { Judgement::Good }
            }
            Reading::AtLeast(bound) if !self.signal.is_floor() && *bound >= self.limit => {
                Judgement::Breach
            }
            Reading::Loading => Judgement::NotYet,
            other => {
                let why = other.why_not(now).unwrap_or_else(|| "not a number".to_owned());
                Judgement::Unknown(why.into())
            }
        }
    }

    /// `errors > 1% for 5m`, `pods < 80% for 45s`.
    pub fn words(&self) -> String {
        let relation = if self.signal.is_floor() { "<" } else { ">" };
        let limit = self.signal.unit().words(self.limit);
        format!("{} {relation} {limit} for {}", self.signal.word(), length(self.lasts))
    }
}

/// What a person may set: limits and times, for one guard.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// Most errors, as a share of requests.
    pub errors: f64,
    /// For how long.
    pub errors_for: Span,
    /// Most at the 99th percentile.
    pub latency: Span,
    /// For how long.
    pub latency_for: Span,
    /// Least ready pods of the version, as a share of those that are wanted.
    pub healthy: f64,
    /// For how long.
    pub healthy_for: Span,
    /// A value that must not fall: PromQL with the names of the version, and the least.
    pub business: Option<(SafeText, f64)>,
    /// For how long.
    pub business_for: Span,
    /// Whether many times the errors fire at once.
    pub fast: bool,
    /// Samples that have to be over the limit at least.
    pub consecutive: u32,
    /// Between two questions to Prometheus.
    pub every: Span,
    /// Between two looks at the pods.
    pub pods_every: Span,
    /// Requests within the window of a query below which it says nothing.
    pub least_requests: f64,
    /// How long a pod may take to become ready for the first time.
    pub grace: Span,
    /// How long the guard stands.
    pub expires: Span,
}

/// How many times the limit of errors makes the fast rule fire (burn rate of one hour of a 30-day
/// budget in the Site Reliability Workbook).
const FAST: f64 = 14.4;

impl Default for Terms {
    /// The rule document's numbers (R103-R106), and 60 minutes.
    fn default() -> Self {
        Self {
            errors: 0.01,
            errors_for: Span::minutes(5),
            latency: Span::seconds(2),
            latency_for: Span::minutes(3),
            healthy: 0.8,
            healthy_for: Span::seconds(45),
            business: None,
            business_for: Span::minutes(5),
            fast: false,
            consecutive: 3,
            every: Span::seconds(30),
            pods_every: Span::seconds(15),
            least_requests: 50.0,
            grace: Span::minutes(2),
            expires: Span::minutes(60),
        }
    }
}

impl Terms {
    /// The rules that these are.
    pub fn rules(&self) -> Vec<Rule> {
        let rule = |signal, limit, lasts, every| {
            let least = self.consecutive;
            Rule { signal, limit, lasts, least, every }
        };
        let seconds = self.latency.as_seconds_f64();
        let mut rules = vec![rule(Signal::Errors, self.errors, self.errors_for, self.every)];
        if self.fast {
            let at_once =
                self.every * i32::try_from(self.consecutive.saturating_sub(1)).unwrap_or(2);
            let limit = (self.errors * FAST).min(0.5);
            rules.push(rule(Signal::ErrorsFast, limit, at_once, self.every));
        }
        rules.push(rule(Signal::Latency, seconds, self.latency_for, self.every));
        rules.push(rule(Signal::Pods, self.healthy, self.healthy_for, self.pods_every));
        if let Some((_, least)) = &self.business {
            rules.push(rule(Signal::Business, *least, self.business_for, self.every));
        }
        rules
    }
}
