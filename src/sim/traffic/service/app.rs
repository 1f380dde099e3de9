//! What one pod counts of a service's requests.
//!
//! Called by the services.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::handling::{Handling, strain};
use crate::sim::dice::Dice;
use crate::sim::hash;
use crate::sim::store::Key;
use crate::sim::traffic::demand::Demand;
use crate::sim::traffic::exposed::Bounds;
use crate::sim::traffic::fault::{Fault, Harm, harmed};
use crate::sim::traffic::meter::{Flow, Latency, Meter, Profile, as_float};
use crate::sim::traffic::pods::Pod;
use crate::sim::traffic::series::{Tags, Text};

/// How one pod handles the requests that come to it.
#[derive(Debug, Clone)]
pub(in crate::sim::traffic) struct Treatment {
    /// Its share of all requests of the service.
    pub(in crate::sim::traffic) share: f64,
    /// The share of each code in its answers.
    pub(in crate::sim::traffic) codes: [(&'static str, f64); 4],
    pub(in crate::sim::traffic) latency: Latency,
    /// The share of the good answers that are good business.
    business: f64,
}

impl Treatment {
    /// With what is wrong at this pod, and so many requests per second for its share.
    pub(in crate::sim::traffic) fn of(
        pod: &Pod,
        handling: &Handling,
        faults: &[&Fault],
        share: f64,
        demand: Demand,
        at: i64,
    ) -> Self {
        let silent = faults.iter().any(|fault| fault.harm == Harm::Silence);
        let share = if silent { 0.0 } else { share };
        let handling = harmed(handling, faults, pod.running_since(), at);
        let (away, slower) = strain(handling.capacity, share * demand.at(at));
        let errors = handling.errors.clamp(0.0, 1.0);
        let client = handling.client_errors.clamp(0.0, 1.0 - errors);
        let taken = 1.0 - away;
        let codes = [
            ("200", taken * (1.0 - errors - client)),
            ("404", taken * client),
            ("500", taken * errors),
            ("503", away),
        ];
        let latency = handling.latency.slowed(slower);
        Self { share, codes, latency, business: handling.business.clamp(0.0, 1.0) }
    }

    /// The share of its requests that are good business.
    fn success(&self) -> f64 {
        let good =
            self.codes.iter().find(|(code, _)| *code == "200").map_or(0.0, |(_, part)| *part);
        good * self.business
    }
}

/// Profiles that were worked out already: pods that are alike have one.
#[derive(Debug)]
pub(in crate::sim::traffic) struct Profiles {
    bounds: &'static Bounds,
    known: Vec<(Latency, Arc<Profile>)>,
}

impl Profiles {
    pub(in crate::sim::traffic) fn new(bounds: &'static Bounds) -> Self {
        Self { bounds, known: Vec::new() }
    }

    pub(in crate::sim::traffic) fn of(&mut self, latency: &Latency) -> Arc<Profile> {
        if let Some((_, profile)) = self.known.iter().find(|(known, _)| known == latency) {
            return Arc::clone(profile);
        }
        let profile = Profile::new(latency, self.bounds.values, self.bounds.per_second);
        let profile = Arc::new(profile);
        self.known.push((latency.clone(), Arc::clone(&profile)));
        profile
    }
}

/// A pod's counters of one service.
#[derive(Debug)]
pub(in crate::sim::traffic) struct App {
    /// The labels that its target has.
    pub(in crate::sim::traffic) tags: Tags,
    /// What tells its dice from all others.
    name: [String; 3],
    /// Answers by code.
    pub(in crate::sim::traffic) codes: BTreeMap<&'static str, Meter>,
    /// Business by how it went.
    pub(in crate::sim::traffic) outcomes: BTreeMap<&'static str, Meter>,
    /// The run of the program that counts; none while it does not run.
    run: Option<i64>,
}

impl App {
    pub(in crate::sim::traffic) fn new(service: &Key, name: &str, pod: &Pod) -> Self {
        Self {
            tags: tags(service, name, pod),
            name: [service.namespace.clone(), service.name.clone(), name.to_owned()],
            codes: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            run: None,
        }
    }

    /// Which run of the program counts now. A new one begins at nothing.
    pub(in crate::sim::traffic) fn runs(&mut self, run: Option<i64>, at: i64) {
        let anew = run.is_some() && self.run.is_some_and(|before| Some(before) != run);
        if anew {
            for meter in self.codes.values_mut().chain(self.outcomes.values_mut()) {
                meter.restart(at);
            }
        }
        self.run = run.or(self.run);
    }

    /// Counts like this from an instant on; without a treatment it counts nothing.
    pub(in crate::sim::traffic) fn count(
        &mut self,
        dice: Dice,
        treatment: Option<&Treatment>,
        demand: Demand,
        at: i64,
        profiles: &mut Profiles,
    ) {
        let Some(treatment) = treatment else {
            for meter in self.codes.values_mut().chain(self.outcomes.values_mut()) {
                meter.stop(at);
            }
            return;
        };
        let [namespace, service, pod] = &self.name;
        let new = |what: &str| {
            let names = ["requests", namespace, service, pod, what];
            Meter::new(Dice::new(dice.roll(&names)))
        };
        for (code, part) in treatment.codes {
            let share = treatment.share * part;
            if share > 0.0 || self.codes.contains_key(code) {
                let profile = Some(profiles.of(&treatment.latency));
                let meter = self.codes.entry(code).or_insert_with(|| new(code));
                meter.set(at, Flow { demand, share, profile });
            }
        }
        let success = treatment.success();
        for (outcome, part) in [("success", success), ("failure", 1.0 - success)] {
            let share = treatment.share * part;
            if share > 0.0 || self.outcomes.contains_key(outcome) {
                let meter = self.outcomes.entry(outcome).or_insert_with(|| new(outcome));
                meter.set(at, Flow { demand, share, profile: None });
            }
        }
    }

    pub(in crate::sim::traffic) fn forget(&mut self, before: i64) {
        for meter in self.codes.values_mut().chain(self.outcomes.values_mut()) {
            meter.forget(before);
        }
    }
}

/// The labels that service discovery gives a pod.
fn tags(service: &Key, name: &str, pod: &Pod) -> Tags {
    let label = |name: &str| pod.labels.get(name).cloned().unwrap_or_default();
    let address = match pod.address.as_str() {
        "" => format!("10.0.0.{}", hash::fnv1a_32(name.as_bytes()) % 250),
        address => address.to_owned(),
    };
    let given: [(&'static str, String); 10] = [
        ("instance", format!("{address}:8080")),
        ("job", service.name.clone()),
        ("service", service.name.clone()),
        ("namespace", service.namespace.clone()),
        ("pod", name.to_owned()),
        ("node", pod.node.clone()),
        ("container", pod.containers.first().cloned().unwrap_or_default()),
        ("rollouts_pod_template_hash", label("rollouts-pod-template-hash")),
        ("pod_template_hash", label("pod-template-hash")),
        ("version", version(pod)),
    ];
    given.into_iter().map(|(name, value)| (Text::from(name), Text::from(value))).collect()
}

/// The version of a pod, by its labels or else by the tag of its image.
pub(in crate::sim::traffic) fn version(pod: &Pod) -> String {
    let mut labels = ["version", "app.kubernetes.io/version"].iter();
    let label = labels.find_map(|label| pod.labels.get(*label));
    let image = pod.image.rsplit('/').next().unwrap_or_default();
    let image = image.split('@').next().unwrap_or_default();
    let tag = image.split_once(':').map(|(_, tag)| tag);
    label.map_or_else(|| tag.unwrap_or("latest").to_owned(), Clone::clone)
}

/// An even part of a share.
pub(in crate::sim::traffic) fn part(share: f64, parts: usize) -> f64 {
    share / as_float(parts as u64)
}
