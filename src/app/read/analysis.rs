//! Analysis runs: last values against their limits, counts against what is allowed, a sentence.
//!
//! Values are shortened, never rounded into passing. Called by `view`.

use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::analysis::{AnalysisRun, Measurement, Metric, Verdict, assessment, limit};
use crate::domain::id::Uid;
use crate::domain::release::Release;
use crate::domain::time::{Span, Timestamp, length};
use crate::domain::why;

use super::phrase::Phrase;

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Which.
    pub uid: Uid,
    /// Name.
    pub name: String,
    /// `background`, `step 3`, `pre-promotion`.
    pub role: String,
    /// Revision under test.
    pub revision: String,
    /// Whether that is the wanted version.
    pub is_current: bool,
    /// Verdict.
    pub verdict: String,
    /// Its look.
    pub look: Role,
    /// How long it ran, or runs.
    pub took: String,
    /// How long ago it began.
    pub age: String,
    /// What it found.
    pub sentence: String,
    /// Metrics.
    pub metrics: Vec<MetricRow>,
}

/// A metric of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricRow {
    /// Name.
    pub name: String,
    /// Verdict; a dry run says so.
    pub verdict: String,
    /// Its look.
    pub look: Role,
    /// Measurements, oldest first.
    pub values: Vec<Value>,
    /// The limit, as it is drawn where it can be.
    pub limit: String,
    /// `successCondition`; empty where there is none.
    pub success: String,
    /// `failureCondition`; empty where there is none.
    pub failure: String,
    /// `4 ok, 1 failed of 1 allowed, next in 12s`.
    pub counts: Phrase,
    /// What it found, where that is worth a sentence.
    pub sentence: String,
    /// Where its verdict does not follow from what was measured; empty where it does.
    pub doubt: String,
    /// Every how long, how often.
    pub rhythm: String,
    /// Provider.
    pub provider: String,
    /// Query.
    pub query: String,
}

/// A measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Value, short; the error where there is none.
    pub text: String,
    /// Verdict.
    pub verdict: String,
    /// Its look.
    pub look: Role,
    /// Whether it did not pass.
    pub is_bad: bool,
    /// When.
    pub at: Option<Timestamp>,
    /// Error or remark.
    pub message: String,
}

/// The look of a verdict.
pub fn look(verdict: &Verdict) -> Role {
    match verdict {
        Verdict::Successful => Role::Ok,
        Verdict::Failed | Verdict::Error => Role::Bad,
        Verdict::Inconclusive => Role::Warn,
        Verdict::Pending | Verdict::Running => Role::Moving,
        Verdict::Unknown(_) => Role::Stale,
    }
}

/// A verdict in a short word.
fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Successful => "passed".to_owned(),
        Verdict::Failed => "FAILED".to_owned(),
        Verdict::Error => "ERROR".to_owned(),
        Verdict::Inconclusive => "undecided".to_owned(),
        Verdict::Pending => "pending".to_owned(),
        Verdict::Running => "running".to_owned(),
        Verdict::Unknown(text) => text.to_string(),
    }
}

/// All runs, newest first.
pub fn rows(model: &Model, release: &Release<'_>) -> Vec<RunRow> {
    release.analysis.iter().map(|run| row(model, release, run)).collect()
}

/// One run.
pub fn row(model: &Model, release: &Release<'_>, run: &AnalysisRun) -> RunRow {
    let began = run.started.or(run.created);
    let took =
        began.map_or_else(String::new, |began| length(run.completed.unwrap_or(model.now) - began));
    let role = match run.step_index {
        Some(index) => format!("{} {}", run.role.word(), index + 1),
        None => run.role.word().to_owned(),
    };
    RunRow {
        uid: run.uid.clone(),
        name: run.id.name.to_string(),
        role,
        revision: run.revision.map_or_else(String::new, |r| format!("r{r}")),
        is_current: run.hash.is_none() || run.hash.as_ref() == release.current_hash(),
        verdict: word_in(run, &run.verdict),
        look: look_in(run, &run.verdict),
        took,
        age: super::ago(model, began),
        sentence: why::run_sentence(run),
        metrics: run.metrics.iter().map(|m| metric(run, m, model.now)).collect(),
    }
}

/// A verdict of a run in a short word. Of one that was cut short the controller says `Successful`
/// of everything that had not failed by then, although nobody judged it.
fn word_in(run: &AnalysisRun, verdict: &Verdict) -> String {
    let judged = !run.is_cut_short() || *verdict != Verdict::Successful;
    if judged { word(verdict) } else { "ended early".to_owned() }
}

/// The look of that word.
fn look_in(run: &AnalysisRun, verdict: &Verdict) -> Role {
    let judged = !run.is_cut_short() || *verdict != Verdict::Successful;
    if judged { look(verdict) } else { Role::Muted }
}

fn metric(run: &AnalysisRun, metric: &Metric, now: Timestamp) -> MetricRow {
    let verdict = word_in(run, &metric.verdict);
    let telling =
        matches!(metric.verdict, Verdict::Failed | Verdict::Error | Verdict::Inconclusive);
    let every = metric.interval.as_ref().map(|i| format!("every {i}"));
    let times = metric.count.as_ref().map(|c| format!("{c} times"));
    let next = assessment::next(run, metric).map(|at| match at - now {
        left if left > Span::zero() => format!("next in {}", length(left)),
        _ => "due".to_owned(),
    });
    let rhythm: Vec<String> = every.into_iter().chain(times).collect();
    MetricRow {
        name: metric.name.to_string(),
        verdict: if metric.dry_run { format!("{verdict} (dry run)") } else { verdict },
        look: look_in(run, &metric.verdict),
        values: metric.measurements.iter().map(value).collect(),
        limit: limit::words(metric),
        success: metric.success_condition.as_ref().map_or_else(String::new, ToString::to_string),
        failure: metric.failure_condition.as_ref().map_or_else(String::new, ToString::to_string),
        counts: match &next {
            Some(next) => counts(metric).muted(format!(", {next}")),
            None => counts(metric),
        },
        sentence: if telling { why::metric_sentence(metric) } else { metric.message.to_string() },
        doubt: assessment::doubt(run, metric).unwrap_or_default(),
        rhythm: rhythm.join(", "),
        provider: metric.provider.to_string(),
        query: metric.query.as_ref().map_or_else(String::new, ToString::to_string),
    }
}

fn value(measurement: &Measurement) -> Value {
    let text = if measurement.value.is_empty() {
        match measurement.verdict {
            Verdict::Error => "error".to_owned(),
            _ => "-".to_owned(),
        }
    } else {
        shorten(&measurement.value)
    };
    Value {
        text,
        verdict: word(&measurement.verdict),
        look: look(&measurement.verdict),
        is_bad: matches!(
            measurement.verdict,
            Verdict::Failed | Verdict::Error | Verdict::Inconclusive
        ),
        at: measurement.finished.or(measurement.started),
        message: match &measurement.job {
            Some(job) if measurement.message.is_empty() => format!("job {}", job.name),
            Some(job) => format!("job {}: {}", job.name, measurement.message),
            None => measurement.message.to_string(),
        },
    }
}

/// `[0.99834712]` as `0.9983`: brackets go, digits beyond the fourth decimal are cut, not rounded,
/// so that a failing value never reads as its limit.
fn shorten(raw: &str) -> String {
    let inner = raw
        .strip_prefix('[')
        .and_then(|r| r.strip_suffix(']'))
        .filter(|r| !r.contains(','))
        .unwrap_or(raw);
    match inner.split_once('.') {
        Some((whole, decimals))
            if inner.parse::<f64>().is_ok() && decimals.chars().all(|c| c.is_ascii_digit()) =>
        {
            let kept = decimals.get(..4).unwrap_or(decimals);
            format!("{whole}.{kept}")
        }
        _ => inner.to_owned(),
    }
}

fn counts(metric: &Metric) -> Phrase {
    let mut phrase = Phrase::of(Role::Ok, format!("{} ok", metric.successful));
    if metric.failed > 0 || metric.failure_limit > 0 {
        let limit = metric.failure_limit.max(0);
        let role = if metric.failed > limit {
            Role::Bad
        } else if metric.failed > 0 {
            Role::Warn
        } else {
            Role::Muted
        };
        phrase.push(Role::Muted, ", ");
        phrase.push(role, format!("{} failed", metric.failed));
        phrase.push(Role::Muted, format!(" of {limit} allowed"));
    }
    if metric.success_limit > 0 {
        let in_a_row =
            format!(", {} in a row of {}", metric.consecutive_successes, metric.success_limit);
        phrase.push(Role::Muted, in_a_row);
    }
    if metric.inconclusive > 0 {
        phrase.push(Role::Muted, ", ");
        phrase.push(Role::Warn, format!("{} undecided", metric.inconclusive));
        phrase.push(Role::Muted, format!(" of {} allowed", metric.inconclusive_limit.max(0)));
    }
    if metric.errors > 0 {
        phrase.push(Role::Muted, ", ");
        phrase.push(Role::Warn, format!("{} errors", metric.errors));
        phrase.push(
            Role::Muted,
            format!(" ({} in a row of {})", metric.consecutive_errors, metric.error_limit),
        );
    }
    phrase
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_not_rounded() {
        let cases = [
            ("[0.94999999]", "0.9499"),
            ("[1]", "1"),
            ("0.5", "0.5"),
            ("[0.1,0.2]", "[0.1,0.2]"),
            ("{\"a\":1.23456}", "{\"a\":1.23456}"),
            ("NaN", "NaN"),
            ("", ""),
        ];
        for (raw, short) in cases {
            assert_eq!(shorten(raw), short);
        }
    }
}
