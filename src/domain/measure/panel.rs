//! What is measured of a workload: its own analyses first, then what the configuration names, then
//! what a naming scheme gives.
//!
//! A panel is one value with its limit, asked for each version. Never asks: it says what to ask.
//! Called by `app`.

use std::collections::BTreeMap;

use super::query::{Formula, Question, exchange, is_whole};
use super::scheme::Found;
use super::sides::{Side, Sides, Version};
use crate::domain::analysis::Metric;
use crate::domain::analysis::limit::{self, Limits};
use crate::domain::analysis::template::{
    AnalysisTemplate, Facts, RolloutAnalysis, TemplateName, fill,
};
use crate::domain::catalogue::stated::Stated;
use crate::domain::release::Release;
use crate::domain::text::{SafeText, matches_pattern};

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share, 0 to 1.
    Share,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Whatever the query gives.
    Plain,
}

impl Unit {
    /// A value with its unit, about three digits: `0.42%`, `512ms`, `1.3s`, `0.998`.
    pub fn words(self, value: f64) -> String {
        match self {
            Self::Share => format!("{}%", digits(value * 100.0)),
            Self::Seconds if value.abs() < 1.0 => format!("{}ms", digits(value * 1000.0)),
            Self::Seconds => format!("{}s", digits(value)),
            Self::Milliseconds if value.abs() < 1000.0 => format!("{}ms", digits(value)),
            Self::Milliseconds => format!("{}s", digits(value / 1000.0)),
            Self::Plain => digits(value),
        }
    }
}

/// About three significant digits, never an exponent below a million millions.
fn digits(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if value == 0.0 => "0".to_owned(),
        _ if size < 0.001 => trimmed(&format!("{value:.5}")),
        _ if size < 0.1 => trimmed(&format!("{value:.4}")),
        _ if size < 1.0 => trimmed(&format!("{value:.3}")),
        _ if size < 10.0 => format!("{value:.2}"),
        _ if size < 100.0 => format!("{value:.1}"),
        _ if size < 1e12 => format!("{value:.0}"),
        _ => format!("{value:.2e}"),
    }
}

/// Without zeros that say nothing.
fn trimmed(number: &str) -> String {
    number.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Who says that this is to be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A template of the rollout's analysis.
    Template(SafeText),
    /// The configuration.
    Configured,
    /// The catalogue of services.
    Catalogue,
    /// A naming scheme that was found.
    Scheme(&'static str),
}

impl Source {
    /// Whether it is what every workload is measured by: errors and P99, of a scheme or as the
    /// catalogue has them.
    pub fn is_usual(&self) -> bool {
        matches!(self, Self::Scheme(_) | Self::Catalogue)
    }
}

/// One version's line of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Which version.
    pub side: Side,
    /// The query as a person would send it.
    pub query: SafeText,
    /// How its value is made.
    pub formula: Formula,
}

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What it is called.
    pub title: SafeText,
    /// Who says so.
    pub source: Source,
    /// How it is written.
    pub unit: Unit,
    /// Its limits, as far as they are lines.
    pub limits: Option<Limits>,
    /// The same in words; empty without any.
    pub limit: String,
    /// Its versions, the new one first.
    pub lines: Vec<Line>,
    /// Why it cannot be asked.
    pub trouble: Option<String>,
}

/// A query of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    /// What it is called.
    pub title: SafeText,
    /// PromQL with `{{namespace}}`, `{{name}}`, `{{hash}}`, `{{replicaset}}` and `{{service}}`.
    pub query: SafeText,
    /// How its value is written.
    pub unit: Unit,
    /// What is good, as a condition writes it: `result[0] <= 0.01`.
    pub good: Option<SafeText>,
    /// Names of workloads it is for; empty means all of them. Patterns may hold `*`.
    pub workloads: Vec<String>,
}

/// What panels are made of.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// The workload.
    pub release: &'a Release<'a>,
    /// Its versions.
    pub sides: &'a Sides,
    /// Templates that could be read.
    pub templates: &'a BTreeMap<TemplateName, AnalysisTemplate>,
    /// Queries of the configuration.
    pub configured: &'a [Configured],
    /// Queries of the catalogue, by what they are for: `errors`, `p99`, `business`.
    pub described: &'a [(SafeText, Stated<SafeText>)],
    /// The naming scheme, when one was found.
    pub found: Option<Found>,
    /// The window of counts, as PromQL writes it.
    pub window: &'a str,
}

/// The panels of a workload.
pub fn panels(basis: Basis<'_>) -> Vec<Panel> {
    let mut panels = judged(&basis);
    for configured in basis.configured {
        panels.extend(self::configured(&basis, configured));
    }
    for (name, query) in basis.described {
        let unit = match name.as_str() {
            "errors" => Unit::Share,
            "p99" => Unit::Seconds,
            _ => Unit::Plain,
        };
        panels.push(asked(basis.sides, name, Source::Catalogue, unit, &query.value));
    }
    let is_described = |name: &str| basis.described.iter().any(|(own, _)| *own == *name);
    if let Some(found) = basis.found {
        let (sides, window) = (basis.sides, basis.window);
        if !is_described("errors") {
            let of = |version: &Version| found.errors(sides, version, window);
            panels.extend(of_scheme("errors", Unit::Share, (sides, found), of));
        }
        if !is_described("p99") {
            let of = |version: &Version| found.p99(sides, version, window);
            panels.extend(of_scheme("p99", Unit::Seconds, (sides, found), of));
        }
    }
    panels
}

/// What the rollout's own analyses ask of Prometheus.
fn judged(basis: &Basis<'_>) -> Vec<Panel> {
    let mut panels: Vec<Panel> = Vec::new();
    let mut add = |panel: Panel| {
        let is_known = |known: &Panel| {
            known.title == panel.title
                && known.lines.first().map(|l| &l.query) == panel.lines.first().map(|l| &l.query)
        };
        if !panels.iter().any(is_known) {
            panels.push(panel);
        }
    };
    for analysis in basis.release.workload.strategy.analyses() {
        for template in templates_of(analysis, basis.templates) {
            for metric in template.metrics.iter().filter(|metric| is_asked(metric)) {
                add(of_template(basis, analysis, template, metric));
            }
        }
    }
    // Templates may be out of reach, or have changed since: a run holds what it really asks.
    let current = basis.release.current_hash();
    for run in &basis.release.analysis {
        if run.hash.as_ref() != current || basis.sides.canary.is_none() {
            continue;
        }
        for metric in run.metrics.iter().filter(|metric| is_asked(metric)) {
            let query = metric.query.as_ref().filter(|query| !query.contains("{{"));
            if let Some(query) = query {
                let source = Source::Template(run.role.word().into());
                add(panel(basis.sides, metric, source, Ok(query.to_string())));
            }
        }
    }
    panels
}

fn is_asked(metric: &Metric) -> bool {
    metric.provider == "prometheus"
}

/// The templates of an analysis, with those that they refer to.
fn templates_of<'a>(
    analysis: &RolloutAnalysis,
    known: &'a BTreeMap<TemplateName, AnalysisTemplate>,
) -> Vec<&'a AnalysisTemplate> {
    let mut found: Vec<&AnalysisTemplate> = Vec::new();
    let mut wanted: Vec<&TemplateName> = analysis.templates.iter().collect();
    while let Some(name) = wanted.pop() {
        let Some(template) = known.get(name) else { continue };
        if !found.iter().any(|known| known.name == template.name) {
            found.push(template);
            wanted.extend(&template.templates);
        }
    }
    found.sort_by_key(|template| {
        analysis.templates.iter().position(|name| *name == template.name).unwrap_or(usize::MAX)
    });
    found
}

fn of_template(
    basis: &Basis<'_>,
    analysis: &RolloutAnalysis,
    template: &AnalysisTemplate,
    metric: &Metric,
) -> Panel {
    let workload = &basis.release.workload;
    let facts = Facts {
        workload: &workload.id,
        labels: &workload.labels,
        latest: basis.sides.canary.as_ref().or(basis.sides.stable.as_ref()).map(|v| &v.hash),
        stable: basis.sides.stable.as_ref().map(|v| &v.hash),
    };
    let filled = |text: &SafeText| fill(text, &analysis.args, &template.args, facts);
    let query = match &metric.query {
        Some(query) => filled(query),
        None => Err("it has no query".to_owned()),
    };
    let condition = |text: &Option<SafeText>| {
        text.as_ref().map(|text| filled(text).map_or_else(|_| text.clone(), SafeText::from))
    };
    let metric = Metric {
        success_condition: condition(&metric.success_condition),
        failure_condition: condition(&metric.failure_condition),
        ..metric.clone()
    };
    panel(basis.sides, &metric, Source::Template(template.name.name.clone()), query)
}

/// A panel of a metric whose query is about the new version, or about all of them.
fn panel(sides: &Sides, metric: &Metric, source: Source, query: Result<String, String>) -> Panel {
    let limits = match (&metric.success_condition, &metric.failure_condition) {
        (Some(condition), _) => Limits::of_success(condition),
        (None, Some(condition)) => Limits::of_failure(condition),
        (None, None) => None,
    };
    let query = query.and_then(|query| {
        if is_whole(&query) { Ok(query) } else { Err("the query is too long to be read".into()) }
    });
    let (lines, trouble) = match query {
        Ok(query) => (both_sides(sides, &query), None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let query = lines.first().map(|line| line.query.clone()).unwrap_or_default();
    Panel {
        title: metric.name.clone(),
        source,
        unit: unit_of(&query),
        limits,
        limit: limit::words(metric),
        lines,
        trouble,
    }
}

fn line(side: Side, query: &str) -> Line {
    Line { side, query: SafeText::new(query.trim()), formula: Formula::of(query) }
}

/// The query and its like for the other version.
fn both_sides(sides: &Sides, query: &str) -> Vec<Line> {
    let (Some(canary), Some(stable)) = (&sides.canary, &sides.stable) else {
        return vec![line(Side::Both, query)];
    };
    let services = match (&canary.service, &stable.service) {
        (Some(canary), Some(stable)) => Some((canary.as_str(), stable.as_str())),
        _ => None,
    };
    match exchange(query, Some((&canary.hash, &stable.hash)), services) {
        Some(other) => vec![line(Side::Canary, query), line(Side::Stable, &other)],
        None => vec![line(Side::Both, query)],
    }
}

/// The unit that a query shows by itself.
fn unit_of(query: &str) -> Unit {
    let squeezed: String = query.split_whitespace().collect();
    if !squeezed.starts_with("histogram_quantile(") {
        return Unit::Plain;
    }
    let in_ms = squeezed.contains("_milliseconds_bucket") || squeezed.contains("_ms_bucket");
    let in_s = squeezed.contains("_seconds_bucket");
    if in_ms && squeezed.ends_with(')') || in_s && squeezed.ends_with("*1000") {
        return Unit::Milliseconds;
    }
    if in_s && squeezed.ends_with(')') || in_ms && squeezed.ends_with("/1000") {
        return Unit::Seconds;
    }
    Unit::Plain
}

/// A query of the configuration, for one version.
pub fn fill_version(query: &str, sides: &Sides, version: &Version) -> String {
    let service = version.service.as_ref().map_or("", |service| service.as_str());
    let mut query = query.to_owned();
    for (mark, value) in [
        ("{{namespace}}", sides.namespace.as_str()),
        ("{{name}}", sides.name.as_str()),
        ("{{hash}}", version.hash.as_str()),
        ("{{replicaset}}", version.replica_set.as_str()),
        ("{{service}}", service),
    ] {
        query = query.replace(mark, value);
    }
    query
}

fn configured(basis: &Basis<'_>, configured: &Configured) -> Option<Panel> {
    let name = basis.sides.name.as_str();
    let fits = |pattern: &String| matches_pattern(pattern, name);
    if !configured.workloads.is_empty() && !configured.workloads.iter().any(fits) {
        return None;
    }
    let limits = configured.good.as_ref().and_then(|good| Limits::of_success(good));
    let words = limits.as_ref().map(|_| configured.good.clone().unwrap_or_default());
    let (title, query) = (&configured.title, &configured.query);
    Some(Panel {
        limit: words.map_or_else(String::new, |good| limit::words_of(&good)),
        limits,
        ..asked(basis.sides, title, Source::Configured, configured.unit, query)
    })
}

/// A query with the names of a version, for each of them.
fn asked(sides: &Sides, title: &SafeText, source: Source, unit: Unit, query: &str) -> Panel {
    let own = |version: &Version| Some(fill_version(query, sides, version));
    let line = |(side, query): (Side, String)| line(side, &query);
    let mut lines: Vec<Line> = per_side(sides, own).into_iter().map(line).collect();
    if let [first, second] = lines.as_slice()
        && first.query == second.query
    {
        lines.truncate(1);
        for line in &mut lines {
            line.side = Side::Both;
        }
    }
    Panel {
        title: title.clone(),
        source,
        unit,
        limits: None,
        limit: String::new(),
        lines,
        trouble: None,
    }
}

/// Requests of each version within the window: what shares and tests are made of.
pub fn requests(sides: &Sides, found: Found, window: &str) -> Vec<(Side, Question)> {
    per_side(sides, |version| found.requests(sides, version, window).map(Question::value))
}

/// Failed requests of each version.
pub fn failed(sides: &Sides, found: Found, window: &str) -> Vec<(Side, Question)> {
    per_side(sides, |version| found.failed(sides, version, window).map(Question::value))
}

/// Buckets of each version's durations.
pub fn durations(sides: &Sides, found: Found, window: &str) -> Vec<(Side, Question)> {
    per_side(sides, |version| {
        found.durations(sides, version, window).map(|(query, _)| Question::buckets(query))
    })
}

fn per_side<T>(sides: &Sides, of: impl Fn(&Version) -> Option<T>) -> Vec<(Side, T)> {
    let versions = [(Side::Canary, &sides.canary), (Side::Stable, &sides.stable)];
    let asked = |(side, version): (Side, &Option<Version>)| Some((side, of(version.as_ref()?)?));
    versions.into_iter().filter_map(asked).collect()
}

/// A value of a naming scheme.
fn of_scheme(
    title: &str,
    unit: Unit,
    (sides, found): (&Sides, Found),
    of: impl Fn(&Version) -> Option<Formula>,
) -> Option<Panel> {
    let line = |(side, formula): (Side, Formula)| {
        let query = formula.query().into();
        Line { side, query, formula }
    };
    let lines: Vec<Line> = per_side(sides, of).into_iter().map(line).collect();
    (!lines.is_empty()).then(|| Panel {
        title: title.into(),
        source: Source::Scheme(found.name()),
        unit,
        limits: None,
        limit: String::new(),
        lines,
        trouble: None,
    })
}

#[cfg(test)]
mod tests;
