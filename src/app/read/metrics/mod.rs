//! What is measured, in words: a row for each value with both versions against its limit, and where
//! the numbers come from.
//!
//! Called by `view` for the Metrics pane and screen, and by `report`.

pub mod chart;
pub mod glance;
pub mod share;

use crate::app::metrics::asks::count_window;
use crate::app::metrics::{Finding, Subject};
use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::id::WorkloadId;
use crate::domain::measure::Reading;
use crate::domain::measure::compare::{Comparison, Outcome};
use crate::domain::measure::panel::{Line, Panel, Source, Unit};
use crate::domain::measure::sides::Side;
use crate::domain::measure::statistics::{Confidence, Counted};
use crate::domain::time::{Timestamp, age};

use super::phrase::Phrase;

/// One version's value.
#[derive(Debug, Clone, PartialEq)]
pub struct LineRow {
    /// `canary`, `stable`.
    pub word: &'static str,
    /// Its colour.
    pub role: Role,
    /// The value, or the word for there being none.
    pub value: String,
    /// How to take it.
    pub look: Role,
    /// Whether it is beyond its limit.
    pub is_bad: bool,
    /// Whether it is beyond it by so few requests that this may be chance.
    pub is_doubtful: bool,
    /// The instant that the value is of.
    pub at: Option<Timestamp>,
    /// Its course: gaps have no value.
    pub course: Vec<(Timestamp, Option<f64>)>,
    /// The reading itself.
    pub reading: Reading,
    /// The query.
    pub query: String,
}

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelRow {
    /// What it is called.
    pub title: String,
    /// Who says that it is to be measured.
    pub source: String,
    /// How it is written.
    pub unit: Unit,
    /// Its limit in words; empty without one.
    pub limit: String,
    /// Its limits as lines.
    pub limits: Vec<f64>,
    /// Its versions.
    pub lines: Vec<LineRow>,
    /// The versions compared; empty where that says nothing.
    pub comparison: Phrase,
    /// Why it cannot be asked.
    pub trouble: String,
    /// Why its last question had no answer; empty where it had one.
    pub failing: String,
}

/// All of a workload.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsRows {
    /// Where the numbers come from and how old they are, or that there are none.
    pub source: Phrase,
    /// Why there are none; empty where there are.
    pub reason: String,
    /// The rows.
    pub panels: Vec<PanelRow>,
}

/// What is measured of a workload.
pub fn of(model: &Model, id: &WorkloadId) -> MetricsRows {
    let Some(subject) = model.metrics.subject(id) else {
        return MetricsRows {
            source: Phrase::new().muted("not asked yet"),
            reason: String::new(),
            panels: Vec::new(),
        };
    };
    let panels = subject.panels.iter().map(|panel| row(model, id, subject, panel)).collect();
    let (source, reason) = source(model, subject);
    MetricsRows { source, reason, panels }
}

/// Where the numbers come from, and why there are none.
fn source(model: &Model, subject: &Subject) -> (Phrase, String) {
    let metrics = &model.metrics;
    let plain = |text: &str| (Phrase::new().muted(text), String::new());
    let bad = |text: String, why: &str| (Phrase::of(Role::Warn, text), why.to_owned());
    match &subject.finding {
        Finding::Unasked if subject.template_trouble.is_none() => {
            plain("reading the analysis templates")
        }
        Finding::Unasked | Finding::Trying(_) => plain("looking for Prometheus"),
        Finding::Nowhere(why, _) => bad("no Prometheus".to_owned(), why),
        Finding::Found(candidate) => {
            let (answered, failing) = metrics.standing(&candidate.address);
            let age = answered.map(|at| age(model.now - at));
            match (age, failing) {
                (Some(age), None) => plain(&format!("prometheus {age}")),
                (Some(age), Some(why)) => bad(format!("prometheus failing for {age}"), why),
                (None, Some(why)) => bad("prometheus fails".to_owned(), why),
                (None, None) => waiting(subject, &candidate.address.url),
            }
        }
    }
}

fn waiting(subject: &Subject, url: &str) -> (Phrase, String) {
    if let Some(why) = &subject.explore_trouble {
        return (Phrase::of(Role::Warn, "prometheus fails"), why.to_string());
    }
    if subject.panels.is_empty() && subject.found.is_none() {
        return (Phrase::new().muted("prometheus"), format!("{url} counts nothing of it so far"));
    }
    (Phrase::new().muted("asking prometheus"), String::new())
}

fn row(model: &Model, id: &WorkloadId, subject: &Subject, panel: &Panel) -> PanelRow {
    let lines = panel.lines.iter().map(|line| line_row(model, id, subject, panel, line)).collect();
    let comparison = model.metrics.comparison(id, subject, panel, model.now);
    PanelRow {
        title: panel.title.to_string(),
        source: match &panel.source {
            Source::Template(name) => format!("template {name}"),
            Source::Configured => "configured".to_owned(),
            Source::Catalogue => "catalogue".to_owned(),
            Source::Scheme(name) => (*name).to_owned(),
        },
        unit: panel.unit,
        limit: panel.limit.clone(),
        limits: panel.limits.iter().flat_map(|limits| &limits.lines).map(|l| l.at).collect(),
        lines,
        comparison: comparison.map_or_else(Phrase::new, |comparison| phrase_of(&comparison)),
        trouble: panel.trouble.clone().unwrap_or_default(),
        failing: failing(model, subject, panel),
    }
}

/// Why one of a panel's questions had no answer.
fn failing(model: &Model, subject: &Subject, panel: &Panel) -> String {
    let mut questions = panel.lines.iter().flat_map(|line| line.formula.questions());
    let failing = questions.find_map(|question| {
        let stream = model.metrics.stream(subject, question)?;
        stream.failing.as_ref().map(ToString::to_string)
    });
    failing.unwrap_or_default()
}

/// What is said beside a panel's values: why there are none, the comparison, or the limit.
pub fn beside(panel: &PanelRow) -> Phrase {
    if !panel.failing.is_empty() {
        return Phrase::of(Role::Warn, panel.failing.clone());
    }
    if panel.comparison.is_empty() {
        return Phrase::new().muted(panel.limit.clone());
    }
    panel.comparison.clone()
}

fn line_row(
    model: &Model,
    id: &WorkloadId,
    subject: &Subject,
    panel: &Panel,
    line: &Line,
) -> LineRow {
    let reading = model.metrics.reading(subject, panel, line, model.now);
    let beyond = |value: f64| panel.limits.as_ref().is_some_and(|limits| !limits.hold(value));
    let is_bad = match reading {
        Reading::Value(value) => beyond(value),
        // What is at least so much may only be beyond a limit that it has passed already.
        Reading::AtLeast(bound) => beyond(bound),
        _ => false,
    };
    let is_doubtful = is_bad && may_be_chance(model, subject, panel, line, &reading);
    let is_bad = is_bad && !is_doubtful;
    let look = match (&reading, is_bad) {
        (_, true) => Role::Bad,
        _ if is_doubtful => Role::Warn,
        (Reading::Value(_), false) => Role::Text,
        (Reading::AtLeast(_) | Reading::Failed(_), false) => Role::Warn,
        (Reading::Stale { .. }, false) => Role::Stale,
        _ => Role::Muted,
    };
    LineRow {
        word: line.side.word(id.kind),
        role: match line.side {
            Side::Canary => Role::Canary,
            Side::Stable => Role::Stable,
            Side::Both => Role::Accent,
        },
        value: words(panel.unit, &reading, model.now),
        look,
        is_bad,
        is_doubtful,
        at: model.metrics.instant(subject, line),
        course: model.metrics.course(subject, line),
        reading,
        query: line.query.to_string(),
    }
}

/// Whether a share that is beyond its limit may be within it by all that so few requests can say.
/// Only of what is a share by its own look, where the version's requests are counted.
fn may_be_chance(
    model: &Model,
    subject: &Subject,
    panel: &Panel,
    line: &Line,
    reading: &Reading,
) -> bool {
    let (Some(value), Some(limits)) = (reading.value(), &panel.limits) else { return false };
    if !(0.0..=1.0).contains(&value) || !line.query.contains('/') {
        return false;
    }
    let window = count_window(&model.metrics, subject);
    let side = if line.side == Side::Both { Side::Canary } else { line.side };
    let Some(counted) = model.metrics.counted(subject, side, window, window) else {
        return false;
    };
    let seen = Counted { failed: value * counted.all, all: counted.all };
    let Some((low, high)) = seen.interval() else { return false };
    limits.hold(low) || limits.hold(high)
}

/// What stands behind a value that is beyond its limit.
pub fn mark(line: &LineRow) -> &'static str {
    match (line.is_bad, line.is_doubtful) {
        (true, _) => "!",
        (_, true) => "?",
        _ => "",
    }
}

/// A reading in words: the value, or why there is none.
pub fn words(unit: Unit, reading: &Reading, now: Timestamp) -> String {
    match reading {
        Reading::Value(value) => unit.words(*value),
        Reading::AtLeast(bound) => format!("at least {}", unit.words(*bound)),
        Reading::Stale { value, .. } => {
            format!("{} {}", unit.words(*value), reading.why_not(now).unwrap_or_default())
        }
        other => other.why_not(now).unwrap_or_default(),
    }
}

fn phrase_of(comparison: &Comparison) -> Phrase {
    let role = match comparison.outcome {
        Outcome::Worse(Confidence::Sure) => Role::Bad,
        Outcome::Worse(_) => Role::Warn,
        Outcome::Better(_) => Role::Ok,
        Outcome::Same | Outcome::TooFew => Role::Muted,
    };
    Phrase::of(role, comparison.words.clone())
}

/// The query that is at hand: of the chosen panel, its first version.
pub fn query_at_hand(model: &Model, id: &WorkloadId) -> Option<String> {
    let subject = model.metrics.subject(id)?;
    let last = subject.panels.len().saturating_sub(1);
    let panel = subject.panels.get(model.metrics.view.panel.min(last))?;
    panel.lines.first().map(|line| line.query.to_string())
}
