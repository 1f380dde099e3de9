//! What only a live cluster and its Prometheus can tell (W39, W40, W46), and what they are to be
//! asked for that.
//!
//! Never asks: the answers are in the profile. Where there are none, these rules say nothing; where
//! one is missing or failed, they say that they cannot tell. X16, X31. Called through the table of
//! rules, and by `runtime` for the questions.

use std::collections::BTreeSet;

use crate::domain::text::SafeText;
use crate::manifest::bundle::Bundle;
use crate::manifest::profile::{Live, Measured, Profile};
use crate::manifest::rules::case::{Case, Said};
use crate::manifest::workload::Workload;

use super::limits::{passing, seconds};
use super::promql::{Facts, Kind, Selector};
use super::reading::{Shelf, Use, counting};

/// What is to be asked before the rules are run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// Histograms of which the edges (`le`) are wanted, by the names of their `_bucket` series.
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
            let facts = measured.facts();
            questions.buckets.extend(facts.and_then(histogram).map(|s| s.metric.clone()));
            let query = metric.query.and_then(|query| used.args.fill(query).ok());
            questions.queries.extend(query);
        }
    }
    questions
}

/// The classic histogram that a quantile is taken of.
fn histogram(facts: &Facts) -> Option<&Selector> {
    let is_quantile = matches!(facts.shape.kind, Kind::Quantile(..));
    facts.selectors.iter().find(|s| is_quantile && s.metric.ends_with("_bucket"))
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
        let Some(histogram) = histogram(facts) else { continue };
        let Some(limit) = limit(case, used, metric, facts) else { continue };
        let (object, spot) = (measured.template.object, metric.query_spot());
        let said = |measured: String| {
            Said::of(
                measured,
                format!("edges below and above {limit}"),
                "a quantile is never more than the last edge: over it, the limit cannot be broken",
                "more buckets around the limit, in the application",
            )
        };
        let reason = match answered.bounds.get(&histogram.metric) {
            None => "the edges were not asked".to_owned(),
            Some(Err(reason)) => reason.to_string(),
            Some(Ok(bounds)) => {
                let finite = || bounds.iter().copied().filter(|bound| bound.is_finite());
                let last = finite().fold(f64::NEG_INFINITY, f64::max);
                if finite().next().is_none() {
                    format!("{} has no edges now", histogram.metric)
                } else if finite().any(|bound| bound <= limit) && last > limit {
                    continue;
                } else {
                    let text = format!("edges of {} end at {last}", histogram.metric);
                    let low = format!("no edge of {} is up to {limit}", histogram.metric);
                    let text = if last > limit { low } else { text };
                    case.broken(object, &spot, said(text));
                    continue;
                }
            }
        };
        case.unknown(object, &spot, &reason, said("unknown edges".to_owned()));
    }
}

/// The limit in the unit of the histogram.
fn limit(
    case: &Case<'_>,
    used: &Use<'_>,
    metric: &super::reading::Metric<'_>,
    facts: &Facts,
) -> Option<f64> {
    let (_, lines) = passing(used, metric)?;
    let at = lines.first()?.at;
    let Kind::Quantile(_, unit) = facts.shape.kind else { return None };
    let seconds = seconds(at, facts.shape, case.profile)?;
    let limit = seconds / unit.unwrap_or(1.0);
    Some((limit * 1e9).round() / 1e9)
}

/// W40: a query returns something now.
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
            Err(name) => format!("the value of {name} is only known during a release"),
            Ok(query) => match answered.returns.get(&query) {
                Some(Ok(true)) => continue,
                Some(Ok(false)) => {
                    case.broken(object, &spot, said("nothing is returned now"));
                    continue;
                }
                Some(Err(reason)) => reason.to_string(),
                None => "it was not asked".to_owned(),
            },
        };
        case.unknown(object, &spot, &reason, said("not asked"));
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
