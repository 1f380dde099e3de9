//! What lives behind the API: a world by itself, or one in which a drill is played.
//!
//! Lets time pass in either, and does to the API what a drill's script orders. Called by `shared`.

use crate::sim::api::{Cut, Desk, Failing, Rule, Trouble};
use crate::sim::drill::{ApiEvent, Order, PILOT, Play, Right};
use crate::sim::store::KINDS;
use crate::sim::time::{Moment, Span};
use crate::sim::world::World;

/// How late answers come while the API server is slow.
const SLOW: Span = Span::milliseconds(1_200);

/// After how many seconds a busy API server wants to be asked again.
const BUSY: u32 = 2;

/// A world, and who directs it.
#[derive(Debug)]
pub(super) enum Stage {
    Alone(Box<World>),
    Play(Box<Play>),
}

impl Stage {
    pub(super) fn world(&self) -> &World {
        match self {
            Self::Alone(world) => world,
            Self::Play(play) => play.world(),
        }
    }

    pub(super) fn world_mut(&mut self) -> &mut World {
        match self {
            Self::Alone(world) => world,
            Self::Play(play) => play.world_mut(),
        }
    }

    pub(super) fn play(&self) -> Option<&Play> {
        match self {
            Self::Alone(_) => None,
            Self::Play(play) => Some(play),
        }
    }

    pub(super) fn play_mut(&mut self) -> Option<&mut Play> {
        match self {
            Self::Alone(_) => None,
            Self::Play(play) => Some(play),
        }
    }

    /// Lets everything happen that is due up to this instant.
    pub(super) fn advance(&mut self, to: Moment, desk: &mut Desk) {
        match self {
            Self::Alone(world) => world.advance(to),
            Self::Play(play) => {
                play.advance(to);
                for order in play.take_orders() {
                    obey(order, play.world_mut(), desk);
                }
            }
        }
    }

    /// When something is due next.
    pub(super) fn due(&mut self) -> Option<Moment> {
        match self {
            Self::Alone(world) => world.due(),
            Self::Play(play) => play.due(),
        }
    }

    /// Tells a drill what a person has written since this version of the world.
    pub(super) fn tell(&mut self, since: u64, desk: &Desk) {
        let Some(play) = self.play_mut() else { return };
        let Some(entry) = desk.audit.newest() else { return };
        let Ok(changes) = play.world().store().history().since(since) else { return };
        let changes: Vec<_> = changes.cloned().collect();
        for change in &changes {
            play.heard(&entry.who, change);
        }
    }
}

fn obey(order: Order, world: &mut World, desk: &mut Desk) {
    match order {
        Order::Api(event) => happen(event, world, desk),
        Order::Deny(right) => {
            if let Some(pilot) = desk.person_mut(PILOT) {
                pilot.taken.push(rule(&right));
            }
        }
        Order::Allow(right) => {
            let given = rule(&right);
            if let Some(pilot) = desk.person_mut(PILOT) {
                pilot.taken.retain(|taken| *taken != given);
            }
        }
    }
}

fn rule(right: &Right) -> Rule {
    let plural = right.resource.split('/').next().unwrap_or_default();
    let group = KINDS.iter().find(|facts| facts.plural == plural).map_or("", |facts| facts.group);
    let rule = Rule::new(&[&right.verb], group, &[&right.resource]);
    match &right.namespace {
        Some(namespace) => rule.within(&[namespace]),
        None => rule,
    }
}

fn happen(event: ApiEvent, world: &mut World, desk: &mut Desk) {
    let faults = &mut desk.faults;
    match event {
        ApiEvent::Away => faults.away = true,
        ApiEvent::Frozen => faults.frozen = true,
        ApiEvent::Slow => faults.delay = SLOW,
        ApiEvent::Busy => faults.failing.push(Failing::all(Trouble::TooMany(BUSY))),
        ApiEvent::Failing => faults.failing.push(Failing::all(Trouble::Internal)),
        ApiEvent::Starting => {
            faults.away = false;
            faults.failing.push(Failing::all(Trouble::Starting));
        }
        ApiEvent::Expired => faults
            .failing
            .push(Failing { who: Some(PILOT.to_owned()), ..Failing::all(Trouble::Unauthorized) }),
        ApiEvent::Back => {
            faults.away = false;
            faults.frozen = false;
            faults.delay = Span::zero();
            faults.failing.clear();
        }
        ApiEvent::CutWatches => faults.cut_watches(Cut::Torn),
        ApiEvent::ForgetHistory => world.store_mut().compact(),
    }
}
