//! The life of one pod on its node: its containers, and what happens to them when.
//!
//! Never writes the pod; it only tells what happened by events. Called by the kubelet.

use serde_json::Value;

use super::container::Container;
use super::status::Marks;
use super::{Nodes, SOURCE};
use crate::sim::object::Document;
use crate::sim::store::Object;
use crate::sim::time::{self, Moment, Span};
use crate::sim::world::{EventType, Turn};

/// Where a life is played: the turn, the pod and what its node knows.
#[derive(Debug)]
pub(super) struct Scene<'s, 'w> {
    pub(super) turn: &'s mut Turn<'w>,
    pub(super) pod: &'s Object,
    pub(super) nodes: &'s mut Nodes,
}

impl Scene<'_, '_> {
    /// Tells what happened to a container.
    pub(super) fn tell(&mut self, field: &str, kind: EventType, reason: &str, message: String) {
        let node = self.pod.text("/spec/nodeName");
        self.turn.machine_event((SOURCE, node), (self.pod, field), kind, reason, message);
    }
}

/// A life.
#[derive(Debug, Clone)]
pub(super) struct Life {
    pub(super) uid: String,
    pub(super) address: String,
    /// When its node takes it up.
    begins: Moment,
    pub(super) begun: Option<Moment>,
    /// Init containers first.
    pub(super) containers: Vec<Container>,
    /// Since when its conditions hold.
    pub(super) marks: Marks,
    /// When it will be gone, once it was deleted.
    gone: Option<Moment>,
}

impl Life {
    /// The life of a pod that is new to this node, or goes on there in a world that was set up.
    pub(super) fn of(pod: &Value, turn: &Turn<'_>, nodes: &mut Nodes) -> Self {
        let wait = turn.dice.between(&["take up", pod.uid()], 0, 200, 300);
        let specs = [("/spec/initContainers", true), ("/spec/containers", false)];
        let containers = specs.iter().flat_map(|(place, first)| {
            pod.items(place).iter().map(|spec| Container::new(spec, *first))
        });
        let mut life = Self {
            uid: pod.uid().to_owned(),
            address: String::new(),
            begins: turn.now + Span::milliseconds(wait),
            begun: None,
            containers: containers.collect(),
            marks: Marks::read(pod, turn.now),
            gone: None,
        };
        if let Some(begun) = time::parse(pod.text("/status/startTime")) {
            life.begun = Some(begun);
            life.address = pod.text("/status/podIP").to_owned();
            life.marks = Marks::read(pod, begun);
            for container in &mut life.containers {
                container.resume(pod, turn);
            }
        }
        if life.begun.is_some() && life.address.is_empty() {
            life.address = nodes.address(pod.text("/spec/nodeName"));
        }
        life
    }

    /// Does everything that is due; whether anything changed.
    pub(super) fn act(&mut self, scene: &mut Scene<'_, '_>) -> bool {
        let now = scene.turn.now;
        if self.is_over(now) {
            self.containers.iter_mut().for_each(|container| container.kill(now));
            return true;
        }
        let mut changed = false;
        if self.begun.is_none() {
            if now < self.begins || self.gone.is_some() {
                return false;
            }
            self.begun = Some(now);
            self.marks = Marks::read(scene.pod, now);
            self.address = scene.nodes.address(scene.pod.text("/spec/nodeName"));
            changed = true;
        }
        loop {
            let called = self.gone.is_none() && self.call(now);
            let acted = self.containers.iter_mut().fold(false, |any, one| one.act(scene) || any);
            changed |= acted;
            if !called && !acted {
                return changed;
            }
        }
    }

    /// Calls the containers whose turn it is; whether there were any. Init containers come one after
    /// the other, and before the rest.
    fn call(&mut self, now: Moment) -> bool {
        let next = self.containers.iter_mut().find(|one| one.first && !one.is_done());
        if let Some(next) = next {
            return next.call(now);
        }
        self.containers.iter_mut().fold(false, |any, one| one.call(now) || any)
    }

    /// Its node hears that it was deleted: its containers are asked to stop.
    pub(super) fn stop(&mut self, scene: &mut Scene<'_, '_>) {
        if self.gone.is_some() {
            return;
        }
        let grace = Span::seconds(scene.pod.int("/metadata/deletionGracePeriodSeconds"));
        let stops = self.containers.iter_mut().filter_map(|one| one.stop(scene, grace));
        let longest = stops.max().unwrap_or_else(Span::zero);
        self.gone = Some(scene.turn.now + longest);
    }

    /// Whether its time is over after it was deleted.
    pub(super) fn is_over(&self, now: Moment) -> bool {
        self.gone.is_some_and(|gone| gone <= now)
    }

    /// Whether nothing will ever happen to it again by itself.
    pub(super) fn has_ended(&self) -> bool {
        self.begun.is_some()
            && self.gone.is_none()
            && self.containers.iter().all(Container::has_ended)
    }

    /// When something happens next.
    pub(super) fn due(&self) -> Option<Moment> {
        let begins = self.begun.is_none().then_some(self.begins);
        let steps = self.containers.iter().filter_map(Container::due);
        steps.chain(begins).chain(self.gone).min()
    }
}
