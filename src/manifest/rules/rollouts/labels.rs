//! Analyses and guard mean the same series (W41).
//!
//! Source: X31. Compared are labels by which a service is picked: those whose value is an argument
//! or the name of one of the Rollout's Services, and those that the guard picks by. Only the live
//! rules see whether series have them. Called through the table of rules.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::profile::Selection;
use crate::manifest::rules::case::{Case, Said};

use super::promql::{self, Label, Selector};
use super::reading::{Arguments, Use, counting};
use super::switch::counts_requests;

/// W41.
pub(super) fn agree(case: &mut Case<'_>) {
    let services = services(case);
    among_themselves(case, &services);
    let profile = case.profile;
    for (used, measured, metric) in counting(case.analyses) {
        let Some(facts) = measured.facts() else { continue };
        let pairs = profile
            .guard_selectors
            .iter()
            .flat_map(|guard| facts.selectors.iter().map(move |selector| (guard, selector)));
        let odd =
            pairs.filter_map(|(guard, selector)| with_guard(selector, guard, used, &services));
        if let Some((said, wanted)) = odd.take(1).next() {
            let why = "analysis and guard look at different series; one of them may see nothing";
            let fix = "the same label and value in both";
            let object = measured.template.object;
            case.broken(object, &metric.query_spot(), Said::of(said, wanted, why, fix));
        }
    }
}

/// By which labels a query of the guard picks its series. What is only known during a release is
/// left out, and a query that cannot be read picks by nothing.
pub fn selections(query: &str) -> Vec<Selection> {
    let read = promql::read(&promql::prepare(query, &Arguments::default()));
    let selectors = read.facts().map(|facts| facts.selectors.as_slice()).unwrap_or_default();
    let known = |label: &&Label| label.equal && !label.value.contains("{{");
    let picks = selectors.iter().flat_map(|selector| {
        selector.labels.iter().filter(known).map(|label| Selection {
            metric: Some(selector.metric.clone()),
            label: label.name.clone(),
            value: label.value.clone(),
        })
    });
    picks.collect()
}

/// How a template selects otherwise than the guard does, and how the guard does. A comparison with
/// the old version is none of this.
fn with_guard(
    selector: &Selector,
    guard: &Selection,
    used: &Use<'_>,
    services: &Services<'_>,
) -> Option<(String, String)> {
    let is_same = match &guard.metric {
        Some(metric) => selector.metric == *metric,
        None => counts_requests(&selector.metric),
    };
    if !is_same {
        return None;
    }
    let wanted = format!("{}=\"{}\", as the guard asks", guard.label, guard.value);
    let Some(label) = selector.labels.iter().find(|label| label.name == guard.label) else {
        // Where the guard asks by whatever is counted, that may be counted by other labels.
        guard.metric.as_ref()?;
        let names: Vec<&str> = selector.labels.iter().map(|label| label.name.as_str()).collect();
        let names = if names.is_empty() { "no label".to_owned() } else { names.join(", ") };
        return Some((format!("{} by {names}", selector.metric), wanted));
    };
    let value = promql::filled(&label.value, &used.args).filter(|_| label.equal)?;
    let is_other = value != guard.value && !services.old.contains(value.as_str());
    is_other.then(|| (format!("{}=\"{value}\"", label.name), wanted))
}

/// Names of the Rollout's Services, and its own; the first are those of the old version.
fn services<'c>(case: &Case<'c>) -> Services<'c> {
    let strategy = case.workload.steps_of_rollout();
    let name = |key: &str| strategy.as_ref()?.key(key).text();
    let of = |keys: [&str; 2]| keys.into_iter().filter_map(name).collect::<BTreeSet<&str>>();
    let old = of(["stableService", "activeService"]);
    let new = of(["canaryService", "previewService"]);
    let own = case.workload.object.name.as_str();
    Services { all: old.iter().copied().chain(new).chain([own]).collect(), old }
}

struct Services<'c> {
    old: BTreeSet<&'c str>,
    all: BTreeSet<&'c str>,
}

/// A label by which a selector picks the service, and the service.
struct Pick<'f> {
    label: &'f str,
    value: Option<String>,
}

/// What was seen of the metrics of one family: what an application calls `http_…` has the same
/// labels everywhere.
struct Seen {
    /// Labels that all selectors so far have.
    labels: BTreeSet<String>,
    /// The metric that was first.
    by: String,
}

/// Label names are compared over all analyses of the Rollout, values within each of them.
fn among_themselves(case: &mut Case<'_>, services: &Services<'_>) {
    let mut names: BTreeMap<String, Seen> = BTreeMap::new();
    for used in case.analyses {
        let mut values: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
        for (used, measured, metric) in counting(std::slice::from_ref(used)) {
            let facts = measured.facts();
            let selectors = facts.map(|facts| facts.selectors.as_slice()).unwrap_or_default();
            let odd = selectors.iter().find_map(|selector| {
                let family = selector.metric.split('_').next().unwrap_or_default();
                let picks = picks(selector, used, services);
                let of_name = name_at_odds(&mut names, family, &picks, metric.name);
                of_name
                    .or_else(|| value_at_odds(&mut values, family, &picks, metric.name, services))
            });
            if let Some((measured_text, wanted)) = odd {
                let why = "the queries mean different series; one of them finds nothing, or others";
                let fix = "the label and the value that the application's metrics have";
                let said = Said::of(measured_text, wanted, why, fix);
                case.broken(measured.template.object, &metric.query_spot(), said);
            }
        }
    }
}

fn picks<'f>(selector: &'f Selector, used: &Use<'_>, services: &Services<'_>) -> Vec<Pick<'f>> {
    let pick = |label: &'f Label| {
        let value = promql::filled(&label.value, &used.args);
        let is_service = value.as_deref().is_some_and(|value| services.all.contains(value));
        let picks = !label.denied && is_service;
        let value = value.filter(|_| label.equal);
        picks.then_some(Pick { label: label.name.as_str(), value })
    };
    selector.labels.iter().filter_map(pick).collect()
}

fn name_at_odds(
    known: &mut BTreeMap<String, Seen>,
    family: &str,
    picks: &[Pick<'_>],
    metric: &str,
) -> Option<(String, String)> {
    let labels: BTreeSet<String> = picks.iter().map(|pick| pick.label.to_owned()).collect();
    let first = labels.first()?.clone();
    let Some(seen) = known.get_mut(family) else {
        known.insert(family.to_owned(), Seen { labels, by: metric.to_owned() });
        return None;
    };
    let shared: BTreeSet<String> = seen.labels.intersection(&labels).cloned().collect();
    if !shared.is_empty() {
        seen.labels = shared;
        return None;
    }
    let before = seen.labels.first().cloned().unwrap_or_default();
    let measured = format!("{metric} selects {family}… by {first}");
    Some((measured, format!("{before}, as {} does", seen.by)))
}

/// A comparison with the old version is none of these.
fn value_at_odds(
    known: &mut BTreeMap<(String, String), (String, String)>,
    family: &str,
    picks: &[Pick<'_>],
    metric: &str,
    services: &Services<'_>,
) -> Option<(String, String)> {
    picks.iter().find_map(|pick| {
        let value = pick.value.as_ref().filter(|value| !services.old.contains(value.as_str()))?;
        let key = (family.to_owned(), pick.label.to_owned());
        let (before, by) = known.entry(key).or_insert_with(|| (value.clone(), metric.to_owned()));
        (before != value).then(|| {
            let measured = format!("{metric} selects {family}… of {}=\"{value}\"", pick.label);
            (measured, format!("{}=\"{before}\", as {by} does", pick.label))
        })
    })
}
