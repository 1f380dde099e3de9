//! Blue-green: who switches, what was asked before and after, and how long the old version stays
//! (W21 to W25); and whether a Rollout has a strategy at all.
//!
//! Source: `spec.strategy.blueGreen`; Argo Rollouts `validation.go`; X10, X12, X25. Called through
//! the table of rules.

use crate::domain::catalogue::budget::course::{Cadence, Length};
use crate::domain::time::{Span, length, parse_go_duration};
use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::Node;
use crate::manifest::workload::Strategy;

use super::promql::Facts;
use super::reading::steps::blue_green;
use super::reading::{Measured, Role, Use, Value, counting};

/// `scaleDownDelaySeconds` where none is written (Argo Rollouts).
const DELAY: Span = Span::seconds(30);

/// Time to notice what the guard did.
const REACTION: Span = Span::seconds(30);

/// W21: a person, or the gate, has to switch.
pub(super) fn asks(case: &mut Case<'_>) {
    let Some(switch) = blue_green(case.workload) else { return };
    let spot = switch.key("autoPromotionEnabled");
    if spot.bool() == Some(false) {
        return;
    }
    let measured = if spot.is_absent() { "none (true)".to_owned() } else { spot.said() };
    let why = "green gets all users as soon as its pods are ready; no gate can hold it back";
    let said = Said::of(measured, "false", why, "autoPromotionEnabled: false");
    case.broken(case.workload.object, &spot, said);
}

/// W22: the old version is there for as long as the guard may need it (X25).
pub(super) fn stays(case: &mut Case<'_>) {
    let Some(switch) = blue_green(case.workload) else { return };
    let spot = switch.key("scaleDownDelaySeconds");
    let delay = match spot.int() {
        Some(seconds) => Span::try_seconds(seconds).unwrap_or(Span::MAX),
        None if spot.is_absent() => DELAY,
        None => return,
    };
    let analysis = after_switch(case.analyses);
    let known = analysis.clone().unwrap_or_else(|_| Span::zero());
    let guard = case.profile.guard_window + REACTION;
    let least = known.checked_add(&guard).unwrap_or(Span::MAX);
    let measured = if spot.is_absent() { "none (30s)".to_owned() } else { length(delay) };
    let why = "the guard acts when the old version is already gone; what is left is a cold start";
    let seconds = least.num_seconds();
    let fix = format!("scaleDownDelaySeconds: {seconds}");
    let mut said = Said::of(measured, format!("at least {seconds}s"), why, fix);
    match analysis {
        _ if delay < least => case.broken(case.workload.object, &spot, said),
        Err(reason) => {
            said.wanted = format!("at least {seconds}s and the analysis after the switch");
            case.unknown(case.workload.object, &spot, &reason, said);
        }
        Ok(_) => {}
    }
}

/// How long the analysis after the switch takes at least: the longest of its metrics.
fn after_switch(uses: &[Use<'_>]) -> Result<Span, String> {
    let mut longest = Span::zero();
    for used in uses.iter().filter(|used| used.role == Role::After) {
        if let Some(lost) = used.lost.first() {
            return Err(format!("template {} is not among what was read", lost.reference.name));
        }
        for measured in used.measured.iter().filter(|measured| !measured.dry) {
            longest = longest.max(takes(used, measured)?);
        }
    }
    Ok(longest)
}

fn takes(used: &Use<'_>, measured: &Measured<'_>) -> Result<Span, String> {
    let Some(metric) = measured.metric() else { return Ok(Span::zero()) };
    let unknown = |why: &str| format!("how long metric {} is measured: {why}", metric.name);
    let text = |key: &str| match metric.text(key) {
        None => Ok(None),
        Some(_) => {
            used.text(metric, key).map(Some).ok_or_else(|| unknown("an argument is missing"))
        }
    };
    let (delay, interval, count) = (text("initialDelay")?, text("interval")?, text("count")?);
    let successes = used.number(metric, "consecutiveSuccessLimit").ok().flatten().unwrap_or(0);
    let cadence = Cadence {
        initial_delay: delay.as_deref(),
        interval: interval.as_deref(),
        count: count.as_deref(),
        successes: i32::try_from(successes).unwrap_or(i32::MAX),
    };
    match cadence.length() {
        Length::For(span) => Ok(span),
        // That it has no end is said by W33.
        Length::Endless => Ok(Span::zero()),
        Length::Unknown(why) => Err(unknown(&why)),
    }
}

/// W23: green is judged before it has users, and while they are new to it.
pub(super) fn analysed(case: &mut Case<'_>) {
    let Some(switch) = blue_green(case.workload) else { return };
    let parts = [
        (
            "prePromotionAnalysis",
            "nothing is asked of green before it has all users",
            "an analysis with Job or Web metrics on the preview Service",
        ),
        (
            "postPromotionAnalysis",
            "nothing switches back by itself when green fails its users",
            "an analysis of the active Service's requests",
        ),
    ];
    for (key, why, fix) in parts {
        let spot = switch.key(key);
        if spot.key("templates").elements().is_empty() {
            let said = Said::of("none", "an analysis", why, fix);
            case.broken(case.workload.object, &spot, said);
        }
    }
}

/// W24: a preview has no users, so there are no requests to measure (X12).
pub(super) fn has_users(case: &mut Case<'_>) {
    let Some(switch) = blue_green(case.workload) else { return };
    let preview = switch.key("previewService").text().unwrap_or_default();
    for (used, measured, metric) in counting(case.analyses) {
        let facts = measured.facts();
        let Some(facts) = facts.filter(|_| used.role == Role::Before) else { continue };
        if !is_traffic(facts) || !asks_preview(facts, used, preview) || is_loaded(used, measured) {
            continue;
        }
        let named = used.named.iter().find(|named| named.name == measured.template.object.name);
        let spot = named.map_or_else(|| used.spot.key("templates"), |named| named.spot.clone());
        let (metric, whose) = (metric.name, if preview.is_empty() { "green" } else { preview });
        let said = Said::of(
            format!("{metric} measures requests of {whose}"),
            "checks that make their own requests",
            "without users the value is missing or no number: the release is aborted in a minute",
            "Job or Web metrics; or a Job that makes load, and an initialDelay on this metric",
        );
        case.broken(case.workload.object, &spot, said);
    }
}

/// It counts requests or their durations.
fn is_traffic(facts: &Facts) -> bool {
    facts.shape.outcome().is_some()
        || facts.selectors.iter().any(|selector| counts_requests(&selector.metric))
}

/// Whether a metric is one of requests, by its name.
pub(super) fn counts_requests(metric: &str) -> bool {
    const WORDS: [&str; 8] =
        ["request", "http", "grpc", "rpc", "latency", "response", "transaction", "bucket"];
    WORDS.iter().any(|word| metric.contains(word)) && !is_of_pods(metric)
}

/// What pods have without any users.
fn is_of_pods(metric: &str) -> bool {
    const OWNERS: [&str; 6] = ["container_", "kube_", "node_", "process_", "go_", "jvm_"];
    OWNERS.iter().any(|owner| metric.starts_with(owner))
}

/// It selects what belongs to the new version: its Service or its hash.
fn asks_preview(facts: &Facts, used: &Use<'_>, preview: &str) -> bool {
    let labels = facts.selectors.iter().flat_map(|selector| &selector.labels);
    labels.filter(|label| !label.denied).any(|label| {
        let hash = super::promql::argument_marks(&label.value)
            .any(|name| matches!(used.args.value(name), Some(Value::Hash { latest: true, .. })));
        let value = super::promql::filled(&label.value, &used.args);
        hash || (!preview.is_empty() && value.is_some_and(|value| names(&value, preview)))
    })
}

/// The name itself, as a host (`web-preview.shop.svc`), or within a pattern.
fn names(value: &str, service: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
    value.match_indices(service).any(|(at, _)| {
        let before = value.get(..at).unwrap_or_default();
        let starts = !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        starts && value.get(at + service.len()..).is_some_and(ends)
    })
}

/// A Job of the same analysis can make load first, and the metric waits for it.
fn is_loaded(used: &Use<'_>, measured: &Measured<'_>) -> bool {
    let waits = measured.metric().is_some_and(|metric| {
        let delay = used.text(metric, "initialDelay").and_then(|text| parse_go_duration(&text));
        delay.is_some_and(|delay| delay > Span::zero())
    });
    let is_job = |other: &Measured<'_>| other.metric().is_some_and(|m| m.provider == "job");
    waits && used.measured.iter().any(is_job)
}

/// None of the strategies, both of them, or a misspelt one (`ValidateRolloutStrategy`).
fn no_strategy(case: &mut Case<'_>) {
    let spot = case.workload.spec().key("strategy");
    let entries = spot.node().map(Node::entries).unwrap_or_default();
    let there: Vec<String> =
        entries.iter().map(|entry| format!("{}: {}", entry.key, entry.node)).collect();
    let measured = if there.is_empty() { spot.said() } else { there.join(", ") };
    let wanted = "one of canary and blueGreen, with its fields";
    let why = "the controller refuses the Rollout and releases nothing; of what would be released \
               only the pods can be judged";
    let fix = "strategy: {canary: {…}} or strategy: {blueGreen: {…}}";
    case.broken(case.workload.object, &spot, Said::of(measured, wanted, why, fix));
}

/// W25: one strategy with two Services, both there. Those of a canary that are missing are W31's.
pub(super) fn services(case: &mut Case<'_>) {
    let Some(strategy) = case.workload.steps_of_rollout() else { return no_strategy(case) };
    let is_switch = case.workload.strategy == Some(Strategy::BlueGreen);
    let keys = if is_switch {
        ["activeService", "previewService"]
    } else {
        ["stableService", "canaryService"]
    };
    let spots = keys.map(|key| strategy.key(key));
    let [first, second] = &spots;
    if let (Some(one), Some(other)) = (first.text(), second.text())
        && one == other
    {
        let why = "new and old version are behind one name; the controller refuses the Rollout";
        let said = Said::of(one, "two different Services", why, "a Service for each of them");
        return case.broken(case.workload.object, second, said);
    }
    if !is_switch {
        return;
    }
    for spot in &spots {
        let Some(name) = spot.text() else {
            let why = "nobody can look at green before users do, or nothing can be switched";
            let said = Said::of("none", "a Service of its own", why, "name a Service");
            case.broken(case.workload.object, spot, said);
            continue;
        };
        if case.bundle.find("Service", &case.workload.object.namespace, name).is_none() {
            let measured = format!("Service {name} is not among what was read");
            let why = "the controller refuses a Rollout whose Service is missing";
            let said = Said::of(measured, "the Service", why, format!("add Service {name}"));
            case.lacks("Service", case.workload.object, spot, said);
        }
    }
}
