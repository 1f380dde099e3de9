//! What is measured, for `list` and `status`.
//!
//! A value that is not there is null, and its word says why.

use serde_json::{Value, json};

use crate::app::metrics::{Finding, Subject};
use crate::app::model::Model;
use crate::app::read::metrics::{MetricsRows, PanelRow, of, share};
use crate::domain::id::WorkloadId;
use crate::domain::measure::Reading;
use crate::domain::measure::share::{Measured, Truth};
use crate::domain::text::SafeText;
use crate::domain::time::{Timestamp, to_rfc3339};

/// The measured share of a workload; null where there is none.
pub(super) fn share_json(model: &Model, id: &WorkloadId) -> Value {
    let Some(subject) = model.metrics.subject(id) else { return Value::Null };
    let Some(measured) = &subject.measured else { return Value::Null };
    let (low, high) = measured.interval().unzip();
    json!({
        "share": measured.share(),
        "low": low,
        "high": high,
        "requests_per_second": measured.per_second(),
        "window_s": measured.window.num_seconds(),
        "at": to_rfc3339(measured.at),
        "verdict": verdict(subject),
        "words": share::note(model, subject).plain(),
        "carried": subject.overload.map(|(_, carried)| carried),
    })
}

fn verdict(subject: &Subject) -> Option<&'static str> {
    subject.truth.map(|truth| match truth {
        Truth::TooFew => "too few",
        Truth::Agrees => "agrees",
        Truth::Settling(_) => "settling",
        Truth::Disagrees(_) => "disagrees",
    })
}

/// Everything measured of a workload; null where nothing is.
pub(super) fn metrics_json(model: &Model, id: &WorkloadId) -> Value {
    let Some(subject) = model.metrics.subject(id) else { return Value::Null };
    let rows = of(model, id);
    let (url, said_by) = match &subject.finding {
        Finding::Found(found) => (Some(found.address.url.as_str()), Some(found.said_by.as_str())),
        _ => (None, None),
    };
    let (answered, failing) = match subject.address() {
        Some(address) => model.metrics.standing(address),
        None => (None, None),
    };
    json!({
        "prometheus": {
            "url": url,
            "named_by": said_by,
            "answered": answered.map(to_rfc3339),
            "error": failing.map(SafeText::as_str),
            "words": rows.source.plain(),
            "reason": Some(&rows.reason).filter(|reason| !reason.is_empty()),
        },
        "scheme": subject.found.map(|found| found.name()),
        "scrape_s": subject.scrape.map(|scrape| scrape.num_seconds()),
        "panels": rows.panels.iter().map(|panel| panel_json(panel, model.now)).collect::<Vec<_>>(),
    })
}

fn panel_json(panel: &PanelRow, now: Timestamp) -> Value {
    let lines = panel.lines.iter().map(|line| {
        json!({
            "version": line.word,
            "value": line.reading.value(),
            "at_least": match line.reading { Reading::AtLeast(bound) => Some(bound), _ => None },
            "missing": line.reading.why_not(now),
            "words": line.value,
            "beyond_limit": line.is_bad,
            "doubtful": line.is_doubtful,
            "at": line.at.map(to_rfc3339),
            "query": line.query,
        })
    });
    json!({
        "title": panel.title,
        "source": panel.source,
        "limit": panel.limit,
        "versions": lines.collect::<Vec<_>>(),
        "comparison": Some(panel.comparison.plain()).filter(|words| !words.is_empty()),
        "failing": Some(&panel.failing).filter(|words| !words.is_empty()),
        "trouble": Some(&panel.trouble).filter(|words| !words.is_empty()),
    })
}

/// The lines of `status`.
pub(super) fn metrics_lines(model: &Model, id: &WorkloadId) -> Vec<String> {
    if model.metrics.subject(id).is_none() {
        return Vec::new();
    }
    let MetricsRows { source, reason, panels } = of(model, id);
    let mut lines: Vec<String> = panels
        .iter()
        .map(|panel| {
            let values: Vec<String> =
                panel.lines.iter().map(|line| format!("{} {}", line.word, line.value)).collect();
            let tail = [&panel.comparison.plain(), &panel.limit, &panel.trouble, &panel.failing];
            let tail: Vec<&str> =
                tail.into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
            format!("metric    {}  {}  {}", panel.title, values.join("  "), tail.join("; "))
        })
        .collect();
    let gap = if reason.is_empty() { "" } else { ": " };
    lines.push(format!("from      {}{gap}{reason}", source.plain()));
    lines
}

/// `, measured 24% (22..29%, 39/s over 31s)`; empty where nothing is measured.
pub(super) fn share_words(model: &Model, id: &WorkloadId) -> String {
    let Some(subject) = model.metrics.subject(id) else { return String::new() };
    let Some(share) = subject.measured.as_ref().and_then(Measured::share) else {
        return String::new();
    };
    format!("  measured {}  {}", share::percent(share), share::note(model, subject).plain())
}
