//! A service that users call: who gets its requests.
//!
//! Opens a new stretch of counting only where something is different from before. Called by the
//! traffic when objects, faults or time ask for it.

mod app;
mod handling;
mod router;
mod routing;

use std::collections::{BTreeMap, BTreeSet};

use super::demand::Demand;
use super::exposed::SECONDS;
use super::fault::{Fault, Harm};
use super::pods::{Pod, State};
use crate::sim::dice::Dice;
use crate::sim::store::{Key, Store};
use crate::sim::time::Span;

pub(in crate::sim::traffic) use app::App;
use app::{Profiles, Treatment, part};
pub(crate) use handling::Handling;
pub(in crate::sim::traffic) use handling::Handlings;
use router::{Router, Taken};
pub(crate) use routing::Entry;
use routing::Plan;

/// All pods, by namespace and name.
pub(in crate::sim::traffic) type Pods = BTreeMap<(String, String), Pod>;

/// What a service looks at.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim::traffic) struct Surroundings<'t> {
    pub(in crate::sim::traffic) dice: Dice,
    pub(in crate::sim::traffic) pods: &'t Pods,
    pub(in crate::sim::traffic) handlings: &'t Handlings,
    pub(in crate::sim::traffic) faults: &'t [Fault],
}

/// A service.
#[derive(Debug)]
pub(in crate::sim::traffic) struct Service {
    pub(in crate::sim::traffic) key: Key,
    pub(in crate::sim::traffic) entry: Entry,
    demand: Demand,
    pub(in crate::sim::traffic) plan: Plan,
    /// The pods that some way selects, by name.
    members: BTreeSet<String>,
    pub(in crate::sim::traffic) apps: BTreeMap<String, App>,
    pub(in crate::sim::traffic) router: Router,
    /// When it was first looked at: only then a past is made up for it.
    met: Option<i64>,
}

impl Service {
    pub(in crate::sim::traffic) fn new(key: Key, entry: Entry, demand: Demand) -> Self {
        Self {
            key,
            entry,
            demand,
            plan: Plan::default(),
            members: BTreeSet::new(),
            apps: BTreeMap::new(),
            router: Router::default(),
            met: None,
        }
    }

    /// Describes it anew; what it counted stays.
    pub(in crate::sim::traffic) fn describe(&mut self, entry: Entry, demand: Demand) {
        self.entry = entry;
        self.demand = demand;
    }

    /// Reads anew what the objects say.
    pub(in crate::sim::traffic) fn replan(&mut self, store: &Store, pods: &Pods) {
        self.plan = routing::plan(store, &self.key, &self.entry);
        let from = (self.key.namespace.clone(), String::new());
        let near = pods.range(from..);
        let near = near.take_while(|((namespace, _), _)| *namespace == self.key.namespace);
        let members = near.filter(|(_, pod)| self.selects(pod)).map(|((_, name), _)| name.clone());
        self.members = members.collect();
    }

    /// Takes note of a pod of its namespace that changed; whether that has to do with it.
    pub(in crate::sim::traffic) fn meet(&mut self, name: &str, pod: &Pod) -> bool {
        if self.selects(pod) {
            self.members.insert(name.to_owned());
            return true;
        }
        self.members.remove(name)
    }

    /// Whether a change of an object may change who gets its requests.
    pub(in crate::sim::traffic) fn is_concerned(&self, store: &Store, key: &Key) -> bool {
        routing::concerns(store, &self.key, &self.entry, &self.plan, key)
    }

    /// Share of the requests that the pods of each image get.
    pub(in crate::sim::traffic) fn shares(
        &self,
        pods: &Pods,
        faults: &[Fault],
        at: i64,
    ) -> BTreeMap<String, f64> {
        let (namespace, name) = (&self.key.namespace, &self.key.name);
        let here = |fault: &&Fault| fault.holds(at) && fault.place.touches(namespace, name);
        let faults: Vec<&Fault> = faults.iter().filter(here).collect();
        let mut shares = BTreeMap::new();
        for one in self.taken(&self.plan, pods, &faults) {
            for (_, pod) in &one.pods {
                *shares.entry(pod.image.clone()).or_default() += part(one.share, one.pods.len());
            }
        }
        shares
    }

    fn selects(&self, pod: &Pod) -> bool {
        self.plan.ways.iter().any(|way| way.selects(&pod.labels))
    }

    fn pod<'p>(&self, pods: &'p Pods, name: &str) -> Option<&'p Pod> {
        pods.get(&(self.key.namespace.clone(), name.to_owned()))
    }

    /// Opens new stretches of counting where something is different from this instant on. Gives
    /// when it has to be looked at again even if nothing happens.
    pub(in crate::sim::traffic) fn refresh(
        &mut self,
        around: Surroundings<'_>,
        at: i64,
    ) -> Option<Span> {
        if self.met.is_none() {
            self.met = Some(at);
            // Its past knows nothing of faults that begin only now.
            self.work_out(around, at, true, |fault| fault.from < at);
        }
        self.work_out(around, at, false, |_| true)
    }

    fn work_out(
        &mut self,
        around: Surroundings<'_>,
        at: i64,
        past: bool,
        counts: impl Fn(&Fault) -> bool,
    ) -> Option<Span> {
        let (namespace, name) = (self.key.namespace.clone(), self.key.name.clone());
        let here = |fault: &&Fault| fault.holds(at) && fault.place.touches(&namespace, &name);
        let faults = around.faults.iter().filter(here).filter(|fault| counts(fault));
        let faults: Vec<&Fault> = faults.collect();
        let demand = self.demand.times(surge(&faults));
        let plan = std::mem::take(&mut self.plan);
        let taken = self.taken(&plan, around.pods, &faults);
        let treatments = treatments(around, &taken, &faults, demand, at);
        let since = self.count_at_pods(around, &treatments, demand, at, past);
        let dice = Dice::new(around.dice.roll(&["service", &namespace, &name]));
        let entry = &self.entry;
        self.router.count(dice, entry, &namespace, &taken, &treatments, (demand, since));
        let again = restless(around, &taken, &faults, demand);
        self.plan = plan;
        again
    }

    /// The share that really takes each way, and the pods behind it.
    fn taken<'p>(&self, plan: &'p Plan, pods: &'p Pods, faults: &[&Fault]) -> Vec<Taken<'p>> {
        let behind = |way: &routing::Way| {
            let members = self.members.iter().filter_map(|name| {
                let key = (self.key.namespace.clone(), name.clone());
                let ((_, name), pod) = pods.get_key_value(&key)?;
                (pod.serves && way.selects(&pod.labels)).then_some((name.as_str(), pod))
            });
            members.collect()
        };
        let ways = plan.ways.iter();
        let mut taken: Vec<Taken<'_>> =
            ways.map(|way| Taken { way, share: way.share, pods: behind(way) }).collect();
        let lie = faults.iter().find_map(|fault| match fault.harm {
            Harm::CanaryShare(share) => Some(share),
            _ => None,
        });
        let canaries = taken.iter().filter(|taken| taken.way.canary).count();
        if let Some(lie) = lie.filter(|_| canaries > 0) {
            let others = taken.len() - canaries;
            for one in &mut taken {
                let canary = one.way.canary;
                one.share = if canary { part(lie, canaries) } else { part(1.0 - lie, others) };
            }
        }
        if matches!(self.entry, Entry::Ingress(_)) {
            fall_back(&mut taken);
        }
        taken
    }

    /// Gives the instant from which on its pods count: what was there before anybody looked has
    /// counted since it became ready.
    fn count_at_pods(
        &mut self,
        around: Surroundings<'_>,
        treatments: &BTreeMap<&str, Treatment>,
        demand: Demand,
        at: i64,
        past: bool,
    ) -> i64 {
        let known = self.apps.keys().chain(&self.members).cloned();
        let names: BTreeSet<String> = known.collect();
        let mut profiles = Profiles::new(&SECONDS);
        let mut earliest = at;
        for name in names {
            let Some(pod) = self.pod(around.pods, &name) else {
                self.apps.remove(&name);
                continue;
            };
            let run = pod.state().and_then(State::run);
            if run.is_none() && !self.apps.contains_key(&name) {
                continue;
            }
            let treatment = treatments.get(name.as_str());
            let since = pod.states.since().filter(|_| past).unwrap_or(at).min(at);
            if treatment.is_some() {
                earliest = earliest.min(since);
            }
            let key = &self.key;
            let app = self.apps.entry(name).or_insert_with_key(|name| App::new(key, name, pod));
            app.runs(run, at);
            app.count(around.dice, treatment, demand, since, &mut profiles);
        }
        earliest
    }

    /// Forgets what ended before an instant.
    pub(in crate::sim::traffic) fn forget(&mut self, pods: &Pods, before: i64) {
        let namespace = &self.key.namespace;
        self.apps.retain(|name, _| pods.contains_key(&(namespace.clone(), name.clone())));
        for app in self.apps.values_mut() {
            app.forget(before);
        }
        self.router.forget(before);
    }
}

/// How much more, or less, users ask for.
fn surge(faults: &[&Fault]) -> f64 {
    let whole = faults.iter().filter(|fault| fault.place.is_whole());
    let factors = whole.map(|fault| match fault.harm {
        Harm::Surge(factor) => factor,
        Harm::Silence => 0.0,
        _ => 1.0,
    });
    factors.product()
}

/// nginx knows no canary without pods: its requests go the main way. Without pods on the main way
/// it answers everything by itself.
fn fall_back(taken: &mut [Taken<'_>]) {
    let main_is_empty = taken.iter().any(|one| !one.way.canary && one.pods.is_empty());
    let mut back = 0.0;
    for one in taken.iter_mut().filter(|one| one.way.canary) {
        if main_is_empty || one.pods.is_empty() {
            back += std::mem::take(&mut one.share);
        }
    }
    if let Some(main) = taken.iter_mut().find(|one| !one.way.canary) {
        main.share += back;
    }
}

/// How each pod handles the requests that come to it, by name.
fn treatments<'p>(
    around: Surroundings<'_>,
    taken: &[Taken<'p>],
    faults: &[&Fault],
    demand: Demand,
    at: i64,
) -> BTreeMap<&'p str, Treatment> {
    let mut shares: BTreeMap<&'p str, (f64, &'p Pod)> = BTreeMap::new();
    for one in taken {
        for (name, pod) in &one.pods {
            shares.entry(name).or_insert((0.0, pod)).0 += part(one.share, one.pods.len());
        }
    }
    let treated = shares.into_iter().map(|(name, (share, pod))| {
        let here = faults.iter().filter(|fault| fault.place.has_pod(&pod.image, &pod.node));
        let here: Vec<&Fault> = here.copied().collect();
        let handling = around.handlings.of(&pod.image);
        (name, Treatment::of(pod, handling, &here, share, demand, at))
    });
    treated.collect()
}

/// What changes by itself is looked at again: a leak, and pods with a capacity under a wave.
fn restless(
    around: Surroundings<'_>,
    taken: &[Taken<'_>],
    faults: &[&Fault],
    demand: Demand,
) -> Option<Span> {
    let pods = || taken.iter().flat_map(|one| &one.pods);
    let leaks = faults.iter().any(|fault| {
        matches!(fault.harm, Harm::Leak { .. })
            && pods().any(|(_, pod)| fault.place.has_pod(&pod.image, &pod.node))
    });
    if leaks {
        return Some(Span::seconds(30));
    }
    let limited = |pod: &Pod| around.handlings.of(&pod.image).capacity.is_some();
    let waves = demand.changes() && pods().any(|(_, pod)| limited(pod));
    waves.then(|| Span::seconds(60))
}
