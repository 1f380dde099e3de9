//! Pods that count their requests, and whether they could be scraped.
//!
//! Called by the traffic when series are asked for.

use super::families::{BUSINESS, DURATION, REQUESTS, UP};
use super::scrape::{Asked, named, offset};
use super::{counter, histogram};
use crate::sim::dice::Dice;
use crate::sim::traffic::pods::{Pod, State};
use crate::sim::traffic::series::{Tag, Text};
use crate::sim::traffic::service::{Pods, Service};

/// What the pods of a service expose.
pub(in crate::sim::traffic) fn apps(
    asked: &mut Asked<'_>,
    dice: Dice,
    service: &Service,
    pods: &Pods,
) {
    let key = &service.key;
    if !asked.may_want_value("service", &key.name)
        || !asked.may_want_value("namespace", &key.namespace)
    {
        return;
    }
    let wants = [UP, REQUESTS, BUSINESS].map(|name| asked.wants(name));
    let histogram_wanted = [DURATION.bucket, DURATION.count, DURATION.sum];
    let histogram_wanted = histogram_wanted.iter().any(|name| asked.wants(name));
    for (name, app) in &service.apps {
        let Some(pod) = pods.get(&(key.namespace.clone(), name.clone())) else { continue };
        if !asked.may_want(&app.tags, &["code", "method", "status", "le"]) {
            continue;
        }
        let target = format!("{}/{}/{name}", key.namespace, key.name);
        let scrapes = asked.scrapes(offset(dice, &target), last_up(pod));
        let up = |at: i64| is_up(pod, at) == Some(true);
        if let [true, ..] = wants {
            let value = |at: &i64| is_up(pod, *at).map(|up| if up { 1.0 } else { 0.0 });
            asked.add(&app.tags, &[named(UP)], scrapes.iter().map(|at| (*at, value(at))));
        }
        for (code, meter) in &app.codes {
            let labels = [tag("code", code), tag("method", "GET")];
            if let [_, true, _] = wants {
                counter(asked, REQUESTS, &app.tags, &labels, &scrapes, (meter, &up));
            }
            if histogram_wanted {
                histogram(asked, &DURATION, &app.tags, &labels, &scrapes, (meter, &up));
            }
        }
        for (outcome, meter) in app.outcomes.iter().filter(|_| matches!(wants, [.., true])) {
            let labels = [tag("status", outcome)];
            counter(asked, BUSINESS, &app.tags, &labels, &scrapes, (meter, &up));
        }
    }
}

fn tag(name: &'static str, value: &'static str) -> Tag {
    (Text::from(name), Text::from(value))
}

/// Whether a pod answers scrapes at an instant; nothing when it is no target.
fn is_up(pod: &Pod, at: i64) -> Option<bool> {
    let state = pod.states.at(at)?.as_ref()?;
    (state.phase == "Running").then_some(state.running)
}

/// The last instant at which a pod could be scraped, if that is over.
fn last_up(pod: &Pod) -> Option<i64> {
    let running = |state: &Option<State>| state.as_ref().is_some_and(|state| state.running);
    let mut ends = None;
    for (from, state) in pod.states.iter().rev() {
        if running(state) {
            return ends.map(|end: i64| end - 1);
        }
        ends = Some(*from);
    }
    None
}
