//! The requests that users make, and how they fare: everything that a Prometheus would scrape.
//!
//! Nothing is kept per scrape. Pods, routers and workloads know what they did since when, and any
//! scrape of the last two hours is worked out from that when it is asked for. Drills describe
//! services, images and faults; who gets the requests is read from the objects. Called by the
//! world, by drills, and by the Prometheus of this room.

mod controller;
mod demand;
mod exposed;
mod fault;
mod meter;
mod pods;
mod script;
mod series;
mod service;
mod workloads;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::sim::dice::Dice;
use crate::sim::object::Document;
use crate::sim::store::{Key, Kind, Store};
use crate::sim::time::{Moment, Span};
use exposed::{Asked, Gap};
use fault::Fault;
use script::Script;
use service::{Handlings, Pods, Service, Surroundings};
use workloads::Workload;

pub(crate) use controller::controllers;
pub(crate) use demand::Demand;
pub(crate) use exposed::{FAMILIES, Family};
pub(crate) use fault::{FaultNumber, Harm, Place};
pub(crate) use meter::Latency;
pub(crate) use script::{Denied, Scripted};
#[cfg(test)]
pub(crate) use series::STALE;
pub(crate) use series::{Matcher, NAME, Point, Series, Tag, Tags, Text, is_stale};
pub(crate) use service::{Entry, Handling};

/// How far back one can ask: two hours, and what a long range before them needs.
const KEPT: Span = Span::minutes(135);

/// How often what is older is forgotten.
const SWEEP: Span = Span::minutes(10);

/// What has to be done at an instant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// A fault begins or ends.
    Edge(usize),
    /// A service was described, or changes by itself.
    Look(Key),
    /// Images were described.
    LookAtAll,
    /// The old is forgotten.
    Sweep,
}

/// The requests of all services.
#[derive(Debug)]
pub(crate) struct Traffic {
    dice: Dice,
    /// Up to when everything is settled; nothing before the first instant.
    now: Option<i64>,
    services: BTreeMap<Key, Service>,
    pods: Pods,
    workloads: BTreeMap<Key, Workload>,
    handlings: Handlings,
    faults: Vec<Fault>,
    script: Script,
    due: BTreeSet<(i64, Due)>,
    /// Services that are to be looked at again, whatever happens.
    again: BTreeMap<Key, i64>,
    /// Nobody asks before: there is no hurry to forget until then.
    asked_from: i64,
}

/// For drills.
impl Traffic {
    pub(crate) fn new(dice: Dice) -> Self {
        Self {
            dice,
            now: None,
            services: BTreeMap::new(),
            pods: Pods::new(),
            workloads: BTreeMap::new(),
            handlings: Handlings::default(),
            faults: Vec::new(),
            script: Script::default(),
            due: BTreeSet::new(),
            again: BTreeMap::new(),
            asked_from: i64::MIN,
        }
    }

    /// Nobody asks for anything before this instant. To be said before it begins.
    pub(crate) fn nobody_asks_before(&mut self, at: Moment) {
        self.asked_from = at.timestamp_millis();
    }

    /// Describes a service: how users come in, and how many requests they make. Its name is the
    /// label `service` of what its pods count; that of the Service object too when users come in
    /// without a router.
    pub(crate) fn describe_service(
        &mut self,
        namespace: &str,
        service: &str,
        entry: Entry,
        demand: Demand,
    ) {
        let key = Key::new(Kind::Service, namespace, service);
        self.due.insert((self.soon(), Due::Look(key.clone())));
        match self.services.get_mut(&key) {
            Some(known) => known.describe(entry, demand),
            None => {
                self.services.insert(key.clone(), Service::new(key, entry, demand));
            }
        }
    }

    /// Describes how an image handles requests.
    pub(crate) fn describe_image(&mut self, image: &str, handling: Handling) {
        self.handlings.describe(image, handling);
        self.due.insert((self.soon(), Due::LookAtAll));
    }

    /// Something goes wrong from an instant on.
    pub(crate) fn begin(&mut self, harm: Harm, place: Place, from: Moment) -> FaultNumber {
        let from = from.timestamp_millis();
        let number = self.faults.len();
        self.faults.push(Fault { harm, place, from, until: None });
        self.due.insert((from, Due::Edge(number)));
        FaultNumber(number)
    }

    /// It is right again from an instant on.
    pub(crate) fn end(&mut self, number: FaultNumber, at: Moment) {
        let at = at.timestamp_millis();
        if let Some(fault) = self.faults.get_mut(number.0) {
            fault.until = Some(at);
            self.due.insert((at, Due::Edge(number.0)));
        }
    }

    /// Sets by hand what a series gives from an instant on.
    pub(crate) fn set_series(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        from: Moment,
        given: Scripted,
    ) {
        self.script.set(script::tags(name, labels), from.timestamp_millis(), given);
    }

    /// Share of a service's requests that the pods of each image get now.
    pub(crate) fn shares(&self, namespace: &str, service: &str) -> BTreeMap<String, f64> {
        let found = self.services.get(&Key::new(Kind::Service, namespace, service));
        let now = self.now.unwrap_or(i64::MIN);
        found.map(|service| service.shares(&self.pods, &self.faults, now)).unwrap_or_default()
    }

    /// The share of the requests that pods of an image spoil now, by its own fault.
    pub(crate) fn spoils(&self, image: &str) -> f64 {
        let now = self.now.unwrap_or(i64::MIN);
        let of_image =
            |fault: &&Fault| fault.holds(now) && fault.place.image.as_deref() == Some(image);
        let harms = self.faults.iter().filter(of_image).filter_map(|fault| match fault.harm {
            Harm::Errors(share) => Some(share),
            _ => None,
        });
        harms.fold(self.handlings.of(image).errors, f64::max)
    }

    /// When what is said now is taken in: at once, for time stands still meanwhile.
    fn soon(&self) -> i64 {
        self.now.unwrap_or(i64::MIN)
    }
}

/// For the world.
impl Traffic {
    /// Lets users go on until this instant.
    pub(crate) fn until(&mut self, now: Moment, store: &Store) {
        let now = now.timestamp_millis();
        if self.now.is_none() {
            self.now = Some(now);
            let first = (now + SWEEP.num_milliseconds()).max(self.asked_from);
            self.due.insert((first, Due::Sweep));
        }
        while self.due.first().is_some_and(|(at, _)| *at <= now) {
            let Some((at, due)) = self.due.pop_first() else { break };
            let at = at.max(self.soon());
            self.now = Some(at);
            self.perform(due, at, store);
        }
        self.now = self.now.max(Some(now));
    }

    fn perform(&mut self, due: Due, at: i64, store: &Store) {
        match due {
            Due::Edge(number) => self.edge(number, at),
            Due::Look(key) => {
                if self.again.get(&key).is_some_and(|again| *again <= at) {
                    self.again.remove(&key);
                }
                let unseen: Vec<_> = store
                    .list(Kind::Pod, Some(&key.namespace))
                    .filter(|pod| !self.pods.contains_key(&name_of(pod)))
                    .collect();
                for object in unseen {
                    let pod = self.pods.entry(name_of(object)).or_default();
                    pod.see(object, at);
                    pod.weigh(&self.handlings, &self.faults, at);
                }
                if let Some(service) = self.services.get_mut(&key) {
                    service.replan(store, &self.pods);
                }
                self.refresh(&key, at);
            }
            Due::LookAtAll => {
                for key in self.services.keys().cloned().collect::<Vec<_>>() {
                    self.refresh(&key, at);
                }
            }
            Due::Sweep => {
                self.forget(at - KEPT.num_milliseconds());
                self.due.insert((at + SWEEP.num_milliseconds(), Due::Sweep));
            }
        }
    }

    fn edge(&mut self, number: usize, at: i64) {
        let Some(fault) = self.faults.get(number).cloned() else { return };
        if let Harm::Leak { .. } = fault.harm {
            for pod in self.pods.values_mut() {
                pod.weigh(&self.handlings, &self.faults, at);
            }
        }
        let touched = self.services.keys();
        let touched = touched.filter(|key| fault.place.touches(&key.namespace, &key.name));
        for key in touched.cloned().collect::<Vec<_>>() {
            self.refresh(&key, at);
        }
    }

    fn refresh(&mut self, key: &Key, at: i64) {
        let Some(service) = self.services.get_mut(key) else { return };
        let around = Surroundings {
            dice: self.dice,
            pods: &self.pods,
            handlings: &self.handlings,
            faults: &self.faults,
        };
        let again = service.refresh(around, at);
        if let Some(again) = again.filter(|_| !self.again.contains_key(key)) {
            let again = at + again.num_milliseconds();
            self.again.insert(key.clone(), again);
            self.due.insert((again, Due::Look(key.clone())));
        }
    }

    /// Takes in what became of an object.
    fn observe(&mut self, store: &Store, key: &Key, now: i64) {
        match key.kind {
            Kind::Pod => self.observe_pod(store, key, now),
            Kind::Deployment | Kind::ReplicaSet | Kind::Rollout => match store.get(key) {
                Some(object) => {
                    let workload = self.workloads.entry(key.clone()).or_default();
                    workloads::see(workload, key.kind, object, now);
                }
                None => {
                    if let Some(workload) = self.workloads.get_mut(key) {
                        workload.set(now, None);
                    }
                }
            },
            _ => {
                let near = self.services.range(Key::new(Kind::Service, &key.namespace, "")..);
                let near = near.map(|(_, service)| service);
                let near = near.take_while(|service| service.key.namespace == key.namespace);
                let concerned = near.filter(|service| service.is_concerned(store, key));
                for key in concerned.map(|service| service.key.clone()).collect::<Vec<_>>() {
                    if let Some(service) = self.services.get_mut(&key) {
                        service.replan(store, &self.pods);
                    }
                    self.refresh(&key, now);
                }
            }
        }
    }

    fn observe_pod(&mut self, store: &Store, key: &Key, now: i64) {
        let name = (key.namespace.clone(), key.name.clone());
        let changed = match store.get(key) {
            Some(object) => self.pods.entry(name.clone()).or_default().see(object, now),
            None => self.pods.get_mut(&name).is_some_and(|pod| pod.leave(now)),
        };
        let Some(pod) = self.pods.get_mut(&name).filter(|_| changed) else { return };
        pod.weigh(&self.handlings, &self.faults, now);
        let near = Key::new(Kind::Service, &key.namespace, "")..;
        let near = self.services.range_mut(near);
        let near = near.take_while(|(service, _)| service.namespace == key.namespace);
        let mut met = Vec::new();
        for (service_key, service) in near {
            if service.meet(&key.name, pod) {
                met.push(service_key.clone());
            }
        }
        for service in met {
            self.refresh(&service, now);
        }
    }

    /// Forgets what ended before an instant.
    fn forget(&mut self, before: i64) {
        self.pods.retain(|_, pod| pod.forget(before));
        for service in self.services.values_mut() {
            service.forget(&self.pods, before);
        }
        self.workloads.retain(|_, workload| {
            workload.forget(before);
            let gone = workload.last().is_none_or(Option::is_none);
            !gone || workload.since().is_some_and(|since| since > before)
        });
    }
}

/// For the Prometheus of this room.
impl Traffic {
    /// The series that fit, with their points in a stretch of time, both ends included. In the gaps
    /// nothing was scraped.
    pub(crate) fn select(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        gaps: &[Gap],
    ) -> Result<Vec<Series>, Denied> {
        let mut found = Vec::new();
        let scripted_from = from.max(to.saturating_sub(KEPT.num_milliseconds()));
        self.script.select(matchers, scripted_from, to, &mut found)?;
        if let Some((from, to)) = self.kept(from, to) {
            let mut asked = Asked::new(matchers, from, to, gaps);
            self.expose(&mut asked);
            found.extend(asked.found());
        }
        Ok(found)
    }

    /// What series there are that fit.
    pub(crate) fn list(&self, matchers: &[Matcher], from: i64, to: i64, gaps: &[Gap]) -> Vec<Tags> {
        let mut found = Vec::new();
        // A series that is set to fail is listed all the same.
        let _ = self.script.select(matchers, from.max(to.saturating_sub(60_000)), to, &mut found);
        if let Some((from, to)) = self.kept(from, to) {
            let mut asked = Asked::new(matchers, from, to, gaps).listing();
            self.expose(&mut asked);
            found.extend(asked.found());
        }
        found.into_iter().map(|series| series.tags).collect()
    }

    /// The part of a stretch that is remembered.
    fn kept(&self, from: i64, to: i64) -> Option<(i64, i64)> {
        let now = self.now?;
        let (from, to) = (from.max(now - KEPT.num_milliseconds()), to.min(now));
        (from <= to).then_some((from, to))
    }

    fn expose(&self, asked: &mut Asked<'_>) {
        for service in self.services.values() {
            exposed::apps(asked, self.dice, service, &self.pods);
        }
        exposed::routers(asked, self.dice, self.services.values());
        exposed::kube_state(asked, self.dice, &self.pods, &self.workloads);
        exposed::argo(asked, self.dice, &self.workloads);
        exposed::kubelets(asked, self.dice, &self.pods);
    }
}

fn name_of(object: &Value) -> (String, String) {
    (object.namespace().to_owned(), object.name().to_owned())
}

#[cfg(test)]
mod tests;
