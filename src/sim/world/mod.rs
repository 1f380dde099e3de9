//! The world: objects, the controllers that tend them, and time, which comes from outside.
//!
//! Pure: [`World::advance`] is told how late it is and does everything that was due, in order. The
//! same seed and the same requests at the same instants give the same world. Called by `serve` and
//! by drills.

mod git;
mod ground;
mod queue;
mod recorder;
mod turn;

use crate::sim::dice::Dice;
use crate::sim::store::{Change, KINDS, Kind, Store};
use crate::sim::time::{Moment, Span};

#[cfg(test)]
pub(crate) use ground::Quota;
pub(crate) use ground::{Behaviour, Ending, Faults, Ground, Images, Pull, Restarts};
use queue::{Queue, Work};
use recorder::Recorder;
pub(crate) use turn::{Controller, EventType, Turn};

/// Turns at one instant after which the world is believed to be caught in a circle.
const MOST_TURNS: u32 = 100_000;

/// How long a write takes until the next one of the same turn: what was made first is heard first.
const A_WRITE: Span = Span::milliseconds(5);

/// Changes that are remembered while nobody watches: more than a turn makes.
const UNSEEN: usize = 2_000;

/// A simulated cluster.
#[derive(Debug)]
pub(crate) struct World {
    now: Moment,
    dice: Dice,
    store: Store,
    ground: Ground,
    recorder: Recorder,
    controllers: Vec<Box<dyn Controller>>,
    queue: Queue,
    /// Changes up to this version were told to the controllers.
    told: u64,
    /// What was broken when they were told.
    told_faults: Faults,
}

impl World {
    /// An empty world that begins at this instant.
    pub(crate) fn new(seed: u64, now: Moment, controllers: Vec<Box<dyn Controller>>) -> Self {
        let dice = Dice::new(seed);
        let store = Store::new(dice);
        let told = store.version();
        Self {
            now,
            dice,
            store,
            ground: Ground::new(dice),
            recorder: Recorder::new(dice),
            controllers,
            queue: Queue::default(),
            told,
            told_faults: Faults::default(),
        }
    }

    /// Nobody looks before this instant: of what happens until then only what is left by then is
    /// kept. Ends with [`World::be_seen`].
    pub(crate) fn live_unseen(&mut self, until: Moment) {
        self.recorder.nobody_reads_before(until);
        self.ground.traffic.nobody_asks_before(until);
        self.store.remember(Some(UNSEEN));
    }

    /// Somebody may look from now on.
    pub(crate) fn be_seen(&mut self) {
        self.tell(None);
        self.store.compact();
        self.store.remember(None);
    }

    /// Storage is what it was in this copy, as after a restore from a backup; nobody is told.
    #[cfg(test)]
    pub(crate) fn restore(&mut self, mut copy: Store) {
        copy.compact();
        self.store = copy;
        self.told = self.store.version();
        let all: Vec<Kind> = KINDS.iter().map(|facts| facts.kind).collect();
        self.tell_of(&all);
    }

    /// How late it is.
    pub(crate) fn now(&self) -> Moment {
        self.now
    }

    pub(crate) fn dice(&self) -> Dice {
        self.dice
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// To write as a client does. Controllers hear of it with the next [`World::advance`].
    pub(crate) fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    pub(crate) fn ground(&self) -> &Ground {
        &self.ground
    }

    pub(crate) fn ground_mut(&mut self) -> &mut Ground {
        &mut self.ground
    }

    /// Does everything that is due up to this instant. An instant in the past changes nothing.
    pub(crate) fn advance(&mut self, to: Moment) {
        let (mut instant, mut turns) = (self.now, 0);
        self.ground.traffic_until(self.now, &self.store);
        self.tell(None);
        while let Some((at, work)) = self.queue.pop(to) {
            self.now = self.now.max(at);
            turns = if instant == self.now { turns + 1 } else { 0 };
            instant = self.now;
            if turns > MOST_TURNS {
                debug_assert!(false, "the world is caught in a circle at {instant}: {work:?}");
                break;
            }
            self.ground.traffic_until(self.now, &self.store);
            self.perform(&work);
            self.tell(Some(&work));
        }
        self.now = self.now.max(to);
        self.ground.traffic_until(self.now, &self.store);
    }

    /// When something is due next.
    pub(crate) fn due(&mut self) -> Option<Moment> {
        self.tell(None);
        self.queue.due()
    }

    fn perform(&mut self, work: &Work) {
        let Some(controller) = self.controllers.get_mut(work.controller) else { return };
        let mut turn = Turn {
            store: &mut self.store,
            ground: &mut self.ground,
            recorder: &mut self.recorder,
            now: self.now,
            dice: self.dice,
            again: Vec::new(),
        };
        controller.turn(&work.key, &mut turn);
        for at in turn.again {
            self.queue.later(work.clone(), at);
        }
    }

    /// Tells the controllers what has changed; what was written in a turn, one write after the
    /// other. A change of what is broken is a change of the nodes.
    fn tell(&mut self, turn: Option<&Work>) {
        if self.told_faults != self.ground.faults {
            self.told_faults = self.ground.faults.clone();
            self.tell_of(&[Kind::Node]);
        }
        let mut keys = Vec::new();
        let Ok(changes) = self.store.history().since(self.told) else {
            // More changed at once than history holds: look at everything.
            let all: Vec<Kind> = KINDS.iter().map(|facts| facts.kind).collect();
            self.tell_of(&all);
            self.told = self.store.version();
            return;
        };
        let apart = if turn.is_some() { A_WRITE } else { Span::zero() };
        let mut written = Span::zero();
        for change in changes {
            for (index, controller) in self.controllers.iter().enumerate() {
                controller.wake(change, &self.store, &mut keys);
                for key in keys.drain(..) {
                    let at = self.now + written + latency(self.dice, controller.name(), change);
                    self.queue.soon(Work { controller: index, key }, at);
                }
            }
            // Events are written beside the work.
            if change.key.kind != Kind::Event {
                written += apart;
            }
        }
        if let Some(work) = turn {
            // Others have heard of all of it by then.
            self.queue.busy(work, self.now + written + apart);
        }
        self.told = self.store.version();
    }

    /// Tells the controllers of everything there is of these kinds, as if they had not been there.
    fn tell_of(&mut self, kinds: &[Kind]) {
        let mut keys = Vec::new();
        for kind in kinds {
            for object in self.store.list(*kind, None) {
                let change = Change::first_sight(*kind, object, self.now);
                for (index, controller) in self.controllers.iter().enumerate() {
                    controller.wake(&change, &self.store, &mut keys);
                    for key in keys.drain(..) {
                        self.queue.soon(Work { controller: index, key }, self.now);
                    }
                }
            }
        }
    }
}

/// How long a controller takes to hear of a change and to turn to it.
fn latency(dice: Dice, controller: &str, change: &Change) -> Span {
    Span::milliseconds(dice.between(&["latency", controller], change.version, 3, 8))
}

#[cfg(test)]
mod tests;
