//! The words of a drill file about requests, nodes and Prometheus, as the ground takes them.
//!
//! Called by `genesis` and the director.

use std::collections::BTreeMap;

use super::objects;
use crate::sim::drill::script::{
    File, Lie, NodeEvent, NodeState, PrometheusEvent, Requests, Router, Service, Strategy, Version,
    percent,
};
use crate::sim::time::{Moment, Span};
use crate::sim::traffic::{Demand, Entry, FaultNumber, Handling, Harm, Latency, Place};
use crate::sim::world::World;

/// Why Prometheus does not answer while it is away.
const AWAY: &str = "connection refused";

/// How far apart two steps of a change are that comes little by little.
const STEP: Span = Span::seconds(15);

/// The 99th percentile of a lognormal distribution is this many sigmas above its median.
const P99: f64 = 2.326;

/// The 99th percentile in medians, when a version does not say.
const TAIL: f64 = 5.0;

/// In bytes.
const MEBIBYTE: f64 = 1_048_576.0;

/// How deep the wave of a day is, as a share of the average.
const WAVE: f64 = 0.15;

/// Faults that are on, by what they are about: a later word replaces an earlier one.
#[derive(Debug, Default)]
pub(in crate::sim::drill) struct Standing {
    faults: BTreeMap<(String, &'static str), Vec<FaultNumber>>,
    /// Requests per second of each service, as it was described.
    rates: BTreeMap<String, f64>,
}

/// Describes the requests of a service, and how each of its versions fares.
pub(in crate::sim::drill) fn describe(world: &mut World, service: &Service, file: &File) {
    let entry = match (service.strategy, service.router) {
        (Strategy::Canary, Router::Nginx) => Entry::Ingress(service.name.clone()),
        (Strategy::Canary, Router::Istio) => Entry::VirtualService(service.name.clone()),
        _ => Entry::Service,
    };
    let demand = Demand::steady(service.requests).in_waves(WAVE, Span::hours(24));
    let traffic = &mut world.ground_mut().traffic;
    traffic.describe_service(&service.namespace, &service.name, entry, demand);
    for version in file.versions.iter().filter(|version| version.service == service.name) {
        traffic.describe_image(&objects::image(service, &version.tag), handling(version));
    }
}

fn handling(version: &Version) -> Handling {
    let usual = Handling::default();
    let share = |text: &Option<String>| text.as_deref().and_then(percent);
    let tail = version.tail.unwrap_or(TAIL).max(1.01);
    let latency = version.latency.map(|median| Latency::new(in_seconds(median.0), tail.ln() / P99));
    Handling {
        errors: share(&version.errors).unwrap_or(usual.errors),
        latency: latency.unwrap_or(usual.latency),
        business: share(&version.business).unwrap_or(usual.business),
        ..usual
    }
}

fn in_seconds(span: Span) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a request")]
    let seconds = span.num_milliseconds() as f64 / 1_000.0;
    seconds.max(0.000_1)
}

impl Standing {
    /// A change begins, in place of the one of its kind before it.
    fn replace(&mut self, world: &mut World, about: String, kind: &'static str, new: Vec<New>) {
        let now = world.now();
        let traffic = &mut world.ground_mut().traffic;
        let slot = self.faults.entry((about, kind)).or_default();
        for old in slot.drain(..) {
            traffic.end(old, now);
        }
        for New { harm, place, from, until } in new {
            let number = traffic.begin(harm, place, from);
            if let Some(until) = until {
                traffic.end(number, until);
            }
            slot.push(number);
        }
    }

    /// Requests fare differently from now on. Says so in words.
    pub(in crate::sim::drill) fn change(
        &mut self,
        world: &mut World,
        service: &Service,
        requests: &Requests,
    ) -> String {
        let now = world.now();
        let until = requests.lasts.map(|lasts| now + lasts.0);
        let image = requests.tag.as_deref().map(|tag| objects::image(service, tag));
        let place = Place { image, ..Place::service(&service.namespace, &service.name) };
        let name = requests
            .tag
            .as_ref()
            .map_or_else(|| service.name.clone(), |tag| format!("{} {tag}", service.name));
        let change = Change { from: now, until, over: requests.over.map(|over| over.0), place };
        let mut told = Vec::new();
        if let Some(errors) = requests.errors.as_deref().and_then(percent) {
            let harms = change.gradually(|share| Harm::Errors(errors * share));
            self.replace(world, name.clone(), "errors", harms);
            told.push(format!("{} % of its requests fail", short(errors * 100.0)));
        }
        if let Some(latency) = requests.latency {
            let (usual, median) = (0.045_f64, in_seconds(latency.0));
            let slower = |share: f64| {
                Harm::Latency(Latency::new(usual + (median - usual) * share, TAIL.ln() / P99))
            };
            self.replace(world, name.clone(), "latency", change.gradually(slower));
            told.push(format!("its median latency goes to {} ms", latency.0.num_milliseconds()));
        }
        if let Some(business) = requests.business.as_deref().and_then(percent) {
            self.replace(world, name.clone(), "business", change.at_once(Harm::Business(business)));
            told.push(format!("{} % of its business succeeds", short(business * 100.0)));
        }
        if let Some(leak) = &requests.leak {
            let harm = Harm::Leak { slower: leak.slower, bytes: leak.memory * MEBIBYTE };
            self.replace(world, name.clone(), "leak", change.at_once(harm));
            told.push(format!(
                "each minute adds {} MiB to a container, and {} medians to its requests",
                short(leak.memory),
                short(leak.slower)
            ));
        }
        if let Some(rate) = requests.rate {
            let usual = *self.rates.entry(service.name.clone()).or_insert(service.requests);
            let factor = if usual > 0.0 { rate / usual } else { 0.0 };
            let new = change.at_once(Harm::Surge(factor));
            self.replace(world, service.name.clone(), "rate", new);
            told.push(format!("{} requests per second", short(rate)));
        }
        if let Some(quiet) = requests.quiet_canary {
            let harm = Harm::CanaryShare(0.0);
            let new = if quiet { change.at_once(harm) } else { Vec::new() };
            self.replace(world, service.name.clone(), "quiet", new);
            told.push(
                if quiet { "nobody calls the canary" } else { "users call the canary" }.into(),
            );
        }
        format!("{name}: {}", told.join(", "))
    }

    /// The router is honest or not. Says so in words.
    pub(in crate::sim::drill) fn lie(
        &mut self,
        world: &mut World,
        service: &Service,
        lie: &Lie,
    ) -> String {
        let name = &service.name;
        let really = lie.really.as_deref().and_then(percent);
        let place = Place::service(&service.namespace, name);
        let change = Change { from: world.now(), until: None, over: None, place };
        let new = really.map(|share| change.at_once(Harm::CanaryShare(share))).unwrap_or_default();
        self.replace(world, name.clone(), "router", new);
        match &lie.really {
            Some(share) => format!("the router of {name} sends {share} to the canary"),
            None => format!("the router of {name} does as it is told"),
        }
    }

    /// Something happens to a node. Says so in words.
    pub(in crate::sim::drill) fn node(&mut self, world: &mut World, event: &NodeEvent) -> String {
        let node = &event.name;
        let place = Place::node(node);
        let change = Change { from: world.now(), until: None, over: None, place };
        let bad = event.is == NodeState::Bad;
        let new = if bad { change.at_once(Harm::Errors(0.7)) } else { Vec::new() };
        self.replace(world, node.clone(), "node", new);
        let drained = event.is == NodeState::Drained;
        let faults = &mut world.ground_mut().faults;
        faults.drained.retain(|name| name != node);
        if drained {
            faults.drained.push(node.clone());
        }
        match event.is {
            NodeState::Bad => format!("{node}: requests to its pods fail"),
            NodeState::Drained => format!("{node} is drained"),
            NodeState::Good => format!("{node} is as before"),
        }
    }
}

/// Something happens to Prometheus. Says so in words.
pub(in crate::sim::drill) fn prometheus(world: &mut World, event: PrometheusEvent) -> String {
    let now = world.now();
    let told = match event {
        PrometheusEvent::Away => "Prometheus does not answer",
        PrometheusEvent::Stale => "Prometheus scrapes nothing any more",
        PrometheusEvent::Back => "Prometheus is back",
    };
    let faults = &mut world.ground_mut().faults;
    match event {
        PrometheusEvent::Away => AWAY.clone_into(&mut faults.prometheus_away),
        PrometheusEvent::Stale => faults.stop_scrapes(now),
        PrometheusEvent::Back => {
            faults.prometheus_away.clear();
            faults.resume_scrapes(now);
        }
    }
    told.to_owned()
}

/// A fault that is to begin.
struct New {
    harm: Harm,
    place: Place,
    from: Moment,
    until: Option<Moment>,
}

/// When and where requests fare differently.
struct Change {
    from: Moment,
    until: Option<Moment>,
    /// How long it takes to come to its full size.
    over: Option<Span>,
    place: Place,
}

impl Change {
    fn at_once(&self, harm: Harm) -> Vec<New> {
        vec![New { harm, place: self.place.clone(), from: self.from, until: self.until }]
    }

    /// From nothing to all of it in steps, or at once.
    fn gradually(&self, harm: impl Fn(f64) -> Harm) -> Vec<New> {
        let steps = self
            .over
            .map_or(1, |over| (over.num_milliseconds() / STEP.num_milliseconds()).clamp(1, 240));
        let begins = |step: i64| {
            let step = i32::try_from(step).unwrap_or(i32::MAX);
            if steps == 1 { self.from } else { self.from + STEP * step }
        };
        let new = (1..=steps).map(|step| {
            #[expect(clippy::cast_precision_loss, reason = "a few steps")]
            let share = step as f64 / steps as f64;
            let last = step == steps;
            let until = if last { self.until } else { Some(begins(step)) };
            New { harm: harm(share), place: self.place.clone(), from: begins(step - 1), until }
        });
        new.collect()
    }
}

/// A number without needless digits.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
