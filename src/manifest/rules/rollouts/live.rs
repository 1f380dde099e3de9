//! What only a live cluster and its Prometheus can tell (W39, W40, W46), and what they are to be
//! asked for that.
//!
//! Never asks: the answers are in the profile. Where there are none, these rules say nothing; where
//! one is missing or failed, they say that they cannot tell. X16, X31. Called through the table of
//! rules, and by `runtime` for the questions.

use std::collections::BTreeSet;

use crate::domain::analysis::limit::Limits;
use crate::domain::readiness::Severity;
use crate::domain::text::SafeText;
use crate::manifest::bundle::{Bundle, Object};
use crate::manifest::profile::{Live, Measured, Profile};
use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::Spot;
use crate::manifest::workload::Workload;

use super::limits::passing;
use super::promql::{self, Facts, Kind, Selector, Shape};
use super::query::is_told;
use super::reading::{Arguments, Metric, Shelf, Use, counting};

/// What is to be asked before the rules are run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// Histograms of which the edges (`le`) are wanted, as selectors of their `_bucket` series.
    pub buckets: BTreeSet<String>,
    /// Queries of which is wanted whether they return anything now.
    pub queries: BTreeSet<String>,
    /// Namespaces of which is wanted what this user may not do in them.
    pub namespaces: BTreeSet<String>,
}

/// What the analyses of these workloads need to be judged live.
pub fn questions(bundle: &Bundle, of: impl Fn(&Workload<'_>) -> bool) -> Questions {
    let mut shelf = Shelf::default();
    let mut questions = Questions::default();
    let workloads = bundle.objects().iter().filter_map(|object| Workload::of(object, bundle));
    for workload in workloads.filter(of) {
        questions.namespaces.insert(workload.object.namespace.clone());
        let uses = shelf.analyses(&workload, bundle);
        for (used, measured, metric) in counting(&uses) {
            let histogram = measured.facts().and_then(|facts| histogram(used, metric, facts));
            questions.buckets.extend(histogram.and_then(Result::ok));
            let query = metric.query.and_then(|query| used.args.fill(query).ok());
            questions.queries.extend(query);
        }
    }
    questions
}

/// The classic histogram that a quantile is taken of, as it is selected now: another service may
/// have other edges.
///
/// # Errors
/// The name of the first argument whose text is not known here.
fn histogram(used: &Use<'_>, metric: &Metric<'_>, facts: &Facts) -> Option<Result<String, String>> {
    bucket(facts)?;
    let filled = used.args.fill(metric.query?).map(|query| {
        let read = promql::read(&promql::prepare(&query, &Arguments::default()));
        read.facts().and_then(bucket).map(|selector| selector.text.clone())
    });
    filled.transpose()
}

/// Its `_bucket` series, as they stand in the query.
fn bucket(facts: &Facts) -> Option<&Selector> {
    let is_quantile = matches!(facts.shape.kind, Kind::Quantile(..));
    facts.selectors.iter().find(|s| is_quantile && s.metric.ends_with("_bucket"))
}

/// That an argument has no text before there is a release.
fn only_later(argument: &str) -> String {
    format!("the value of {argument} is only known during a release")
}

/// What Prometheus answered, where one was asked.
fn answered(profile: &Profile) -> Option<&Measured> {
    profile.live.as_ref()?.measured.as_ref()
}

/// W39: a quantile can be told on both sides of its limit: there are edges below and above it.
pub(super) fn brackets(case: &mut Case<'_>) {
    let Some(answered) = answered(case.profile) else { return };
    for (used, measured, metric) in counting(case.analyses) {
        let Some(facts) = measured.facts() else { continue };
        let Some(histogram) = histogram(used, metric, facts) else { continue };
        let Some(limit) = limit(used, metric, facts.shape) else { continue };
        let (object, spot) = (measured.template.object, metric.query_spot());
        let said = |measured: String| {
            Said::of(
                measured,
                format!("edges below and above {limit}"),
                "a quantile is never more than the last edge: over it, the limit cannot be broken",
                "more buckets around the limit, in the application",
            )
        };
        let odd = match &histogram {
            Err(name) => Err(only_later(name)),
            Ok(selector) => match answered.bounds.get(selector) {
                None => Err("the edges were not asked".to_owned()),
                Some(Err(reason)) => Err(reason.to_string()),
                Some(Ok(bounds)) => odd_edges(selector, bounds, limit),
            },
        };
        match odd {
            Ok(None) => {}
            Ok(Some(text)) => case.broken(object, &spot, said(text)),
            Err(reason) => case.unknown(object, &spot, &reason, said("unknown edges".to_owned())),
        }
    }
}

/// The limit in the histogram's own unit, whichever that is: its edges are in the same.
fn limit(used: &Use<'_>, metric: &Metric<'_>, shape: Shape) -> Option<f64> {
    let (_, lines) = passing(used, metric)?;
    let limit = lines.first()?.at / shape.scale;
    limit.is_finite().then_some((limit * 1e9).round() / 1e9)
}

/// That the edges of a histogram are all on one side of the limit.
///
/// # Errors
/// That it has no edges.
fn odd_edges(selector: &str, bounds: &[f64], limit: f64) -> Result<Option<String>, String> {
    let finite = || bounds.iter().copied().filter(|bound| bound.is_finite());
    let last = finite().fold(f64::NEG_INFINITY, f64::max);
    if finite().next().is_none() {
        Err(format!("{selector} has no edges now"))
    } else if last <= limit {
        Ok(Some(format!("edges of {selector} end at {last}")))
    } else if finite().all(|bound| bound > limit) {
        Ok(Some(format!("no edge of {selector} is up to {limit}")))
    } else {
        Ok(None)
    }
}

/// W40: a query returns something now. Where the conditions say what nothing means, a quiet service
/// is no fault; labels that nobody has look the same, so that it is a note.
pub(super) fn answers(case: &mut Case<'_>) {
    let Some(answered) = answered(case.profile) else { return };
    for (used, measured, metric) in counting(case.analyses) {
        let Some(query) = metric.query else { continue };
        let said = |measured: &str| {
            Said::of(
                measured,
                "series",
                "an analysis without data aborts the release, or says nothing of it",
                "labels and names as the metrics have them now",
            )
        };
        let (object, spot) = (measured.template.object, metric.query_spot());
        let reason = match used.args.fill(query) {
            Err(name) => only_later(&name),
            Ok(query) => match answered.returns.get(&query) {
                Some(Ok(true)) => continue,
                Some(Ok(false)) => {
                    match taken_as(used, metric) {
                        Some(word) => quiet(case, object, &spot, word),
                        None => case.broken(object, &spot, said("nothing is returned now")),
                    }
                    continue;
                }
                Some(Err(reason)) => reason.to_string(),
                None => "it was not asked".to_owned(),
            },
        };
        case.unknown(object, &spot, &reason, said("not asked"));
    }
}

/// Says so of a metric whose conditions take that as `taken_as`.
fn quiet(case: &mut Case<'_>, object: &Object, spot: &Spot<'_>, taken_as: &str) {
    let said = Said::of(
        format!("nothing is returned now; {taken_as}"),
        "series, as soon as there are users",
        "the service may be quiet; if the labels are wrong, there is never anything to judge",
        "nothing, if it is quiet; else labels and names as the metrics have them now",
    );
    case.broken_as(Severity::Note, object, spot, said);
}

/// What the conditions make of an empty result, where each of them says it and the release does not
/// fail by it (Argo Rollouts `EvaluateResult`).
fn taken_as(used: &Use<'_>, metric: &Metric<'_>) -> Option<&'static str> {
    if !is_told(metric) {
        return None;
    }
    let has = |key: &str| metric.text(key).is_some();
    // Whether a condition holds for it, as far as it can be read.
    let holds = |key: &str| {
        let limits = used.text(metric, key).and_then(|text| Limits::of_success(&text));
        limits.map(|limits| limits.empty_is_good)
    };
    let success = if has("successCondition") { holds("successCondition") } else { Some(true) };
    // Without a failureCondition everything fails that is no success.
    let failure = if has("failureCondition") {
        holds("failureCondition")
    } else {
        success.map(|success| !success)
    };
    match (success, failure) {
        (_, Some(true)) => None,
        (Some(true), Some(false)) => Some("the conditions take that as good"),
        (Some(false), Some(false)) => Some("the conditions take that as no verdict"),
        (None, _) | (_, None) => Some("the conditions have a word for that"),
    }
}

/// W46: this user may do what the keys do.
pub(super) fn rights(case: &mut Case<'_>) {
    let Some(Live { refused, .. }) = case.profile.live.as_deref() else { return };
    let object = case.workload.object;
    let spot = object.root();
    let said = |measured: String| {
        let why = "in an incident the key is there and the API server says no";
        Said::of(measured, "all rights that the keys need", why, "a Role with these verbs")
    };
    match refused.get(&object.namespace) {
        Some(Ok(refused)) if refused.is_empty() => {}
        Some(Ok(refused)) => {
            let verbs: Vec<&str> = refused.iter().map(SafeText::as_str).collect();
            case.broken(object, &spot, said(verbs.join(", ")));
        }
        Some(Err(reason)) => {
            let reason = reason.to_string();
            case.unknown(object, &spot, &reason, said("unknown rights".to_owned()));
        }
        None => {
            let reason = "the rights in this namespace were not asked";
            case.unknown(object, &spot, reason, said("unknown rights".to_owned()));
        }
    }
}
