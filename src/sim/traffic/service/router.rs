//! What a router counts of a service's requests: nginx by Ingress, Istio by workload.
//!
//! Called by the services.

use std::collections::BTreeMap;

use super::app::{Profiles, Treatment, part, version};
use super::routing::{Entry, Way};
use crate::sim::dice::Dice;
use crate::sim::traffic::demand::Demand;
use crate::sim::traffic::exposed::{MILLISECONDS, SECONDS};
use crate::sim::traffic::meter::{Flow, Latency, Meter};
use crate::sim::traffic::pods::Pod;
use crate::sim::traffic::series::{Tag, Tags, Text};

/// What the router counts, by the labels that tell its series of one service apart.
#[derive(Debug, Default)]
pub(in crate::sim::traffic) struct Router {
    pub(in crate::sim::traffic) meters: BTreeMap<Tags, Meter>,
}

/// A way with those behind it.
#[derive(Debug)]
pub(in crate::sim::traffic) struct Taken<'p> {
    pub(in crate::sim::traffic) way: &'p Way,
    /// The share that really goes there.
    pub(in crate::sim::traffic) share: f64,
    /// The pods that can take it, by name.
    pub(in crate::sim::traffic) pods: Vec<(&'p str, &'p Pod)>,
}

/// The answer of a router that has nobody to ask: at once.
fn unanswered() -> Latency {
    Latency::new(0.001, 0.3)
}

/// Requests of one kind: how many, and how long they take.
type Kinds = BTreeMap<Tags, Vec<(f64, Latency)>>;

impl Router {
    /// Counts like this from an instant on. The dice are the service's own.
    pub(in crate::sim::traffic) fn count(
        &mut self,
        dice: Dice,
        entry: &Entry,
        namespace: &str,
        taken: &[Taken<'_>],
        treatments: &BTreeMap<&str, Treatment>,
        (demand, at): (Demand, i64),
    ) {
        let mut kinds = Kinds::new();
        for taken in taken {
            let kind: &dyn Fn(Option<&Pod>, &'static str) -> Tags = match entry {
                Entry::Ingress(_) => &|_, code| by_nginx(namespace, taken.way, code),
                Entry::VirtualService(_) => &|pod, code| by_mesh(namespace, taken.way, pod, code),
                // Nobody stands between the users and the pods.
                Entry::Service => return,
            };
            sort(taken, treatments, kind, &mut kinds);
        }
        let bounds = if matches!(entry, Entry::Ingress(_)) { &SECONDS } else { &MILLISECONDS };
        let mut profiles = Profiles::new(bounds);
        for (tags, meter) in &mut self.meters {
            if !kinds.contains_key(tags) {
                meter.stop(at);
            }
        }
        for (tags, requests) in kinds {
            let share = requests.iter().map(|(share, _)| share).sum();
            let latency = Latency::mixed(requests.iter().map(|(share, latency)| (*share, latency)));
            let profile = Some(profiles.of(&latency));
            let meter = self.meters.entry(tags).or_insert_with_key(|tags| {
                Meter::new(Dice::new(dice.roll(&["router", &tags.to_string()])))
            });
            meter.set(at, Flow { demand, share, profile });
        }
    }

    pub(in crate::sim::traffic) fn forget(&mut self, before: i64) {
        self.meters.retain(|_, meter| meter.forget(before));
    }
}

/// Sorts the requests of a way by kind.
fn sort(
    taken: &Taken<'_>,
    treatments: &BTreeMap<&str, Treatment>,
    kind: &dyn Fn(Option<&Pod>, &'static str) -> Tags,
    kinds: &mut Kinds,
) {
    let mut add = |tags: Tags, share: f64, latency: Latency| {
        if share > 0.0 {
            kinds.entry(tags).or_default().push((share, latency));
        }
    };
    if taken.pods.is_empty() {
        return add(kind(None, "503"), taken.share, unanswered());
    }
    let each = part(taken.share, taken.pods.len());
    for (name, pod) in &taken.pods {
        let Some(treatment) = treatments.get(name) else { continue };
        // A pod that gets nothing gets nothing by any way.
        let each = if treatment.share > 0.0 { each } else { 0.0 };
        for (code, part) in treatment.codes {
            add(kind(Some(pod), code), each * part, treatment.latency.clone());
        }
    }
}

fn tags(list: &[(&'static str, &str)]) -> Tags {
    let tag =
        |(name, value): &(&'static str, &str)| -> Tag { (Text::from(*name), Text::copied(value)) };
    list.iter().map(tag).collect()
}

/// nginx names the way to the canary, and leaves the main one without a name.
fn by_nginx(namespace: &str, way: &Way, code: &'static str) -> Tags {
    let canary = format!("{namespace}-{}-{}", way.service, way.port);
    let canary = if way.canary { canary.as_str() } else { "" };
    tags(&[("canary", canary), ("status", code)])
}

/// Istio names the workload and its version; where nobody answers, it knows of none.
fn by_mesh(namespace: &str, way: &Way, pod: Option<&Pod>, code: &'static str) -> Tags {
    let version = pod.map_or_else(|| "unknown".to_owned(), version);
    let workload = pod.map_or("unknown", |pod| pod.workload.as_str());
    let flags = if pod.is_some() { "-" } else { "UH" };
    let host = format!("{}.{namespace}.svc.cluster.local", way.service);
    tags(&[
        ("destination_service", host.as_str()),
        ("destination_service_name", way.service.as_str()),
        ("destination_version", version.as_str()),
        ("destination_workload", workload),
        ("response_code", code),
        ("response_flags", flags),
    ])
}
