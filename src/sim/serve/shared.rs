//! The world and its API behind one lock, and the news that something changed.
//!
//! The lock is held for one request or one piece of a stream at a time, never across a wait. Called
//! by everything in this folder.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, watch};

use super::clock::Clock;
use super::stage::Stage;
use crate::sim::api::Desk;
use crate::sim::drill::Play;
use crate::sim::time::{Moment, Span};
use crate::sim::world::World;

/// The longest wait between two looks at the clock: it may be moved by hand.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// Everything that is shared.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) clock: Clock,
    /// Streams wait for it; they are woken in the order in which they began to wait.
    changed: Notify,
    /// Somebody wants the driver to look at what is due.
    pub(super) woken: Notify,
    /// Whether the driver listens for clients of the API.
    pub(super) listening: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    desk: Desk,
    /// What streams were told last.
    told: Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    version: u64,
    cuts: u64,
    /// A script changed something, whatever it was.
    scripts: u64,
    /// What time alone changes, such as a bookmark that is due: looked at only now and then.
    look: i64,
}

/// What is wrong with the listener, as of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) away: bool,
    pub(super) frozen: bool,
}

impl Shared {
    pub(super) fn new(stage: Stage, desk: Desk, clock: Clock) -> Self {
        let told = Told { version: 0, cuts: 0, scripts: 0, look: 0 };
        let state = State { stage, desk, told };
        Self {
            state: Mutex::new(state),
            clock,
            changed: Notify::new(),
            woken: Notify::new(),
            listening: watch::Sender::new(true),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be told of the next change from now on.
    pub(super) fn next_change(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Looks without letting time pass.
    pub(super) fn look<R>(&self, look: impl FnOnce(&World, &Desk) -> R) -> R {
        let state = self.lock();
        look(state.stage.world(), &state.desk)
    }

    /// Looks at the drill, when there is one, without letting time pass.
    pub(super) fn judge<R>(&self, look: impl FnOnce(&Play) -> R) -> Option<R> {
        self.lock().stage.play().map(look)
    }

    /// Does something in the drill, when there is one.
    pub(super) fn direct<R>(&self, act: impl FnOnce(&mut Play) -> R) -> Option<R> {
        self.lock().stage.play_mut().map(act)
    }

    /// Lets time pass and does something in it.
    pub(super) fn act<R>(&self, act: impl FnOnce(&mut World, &mut Desk) -> R) -> R {
        let mut state = self.lock();
        let State { stage, desk, .. } = &mut *state;
        stage.advance(self.clock.now(), desk);
        let (version, audited) = (stage.world().store().version(), desk.audit.count());
        let done = act(stage.world_mut(), desk);
        if desk.audit.count() > audited {
            stage.tell(version, desk);
        }
        let news = self.tell(&mut state);
        drop(state);
        if news {
            self.woken.notify_one();
        }
        done
    }

    /// The same for a script, of which everybody is told whatever it did.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut World, &mut Desk) -> R) -> R {
        let mut state = self.lock();
        let State { stage, desk, told, .. } = &mut *state;
        stage.advance(self.clock.now(), desk);
        let done = change(stage.world_mut(), desk);
        told.scripts += 1;
        self.changed.notify_waiters();
        drop(state);
        self.woken.notify_one();
        done
    }

    /// Lets time pass; how long the driver can sleep then.
    pub(super) fn pass(&self) -> Duration {
        let mut state = self.lock();
        let State { stage, desk, .. } = &mut *state;
        stage.advance(self.clock.now(), desk);
        self.tell(&mut state);
        let due = state.stage.due();
        drop(state);
        let wait = due.and_then(|due| self.clock.wait(due)).unwrap_or(LONGEST_WAIT);
        wait.clamp(Duration::from_millis(1), LONGEST_WAIT)
    }

    pub(super) fn trouble(&self) -> Trouble {
        self.look(|_, desk| Trouble { away: desk.faults.away, frozen: desk.faults.frozen })
    }

    /// Tells streams when there is something to tell; whether there was.
    fn tell(&self, state: &mut State) -> bool {
        let State { stage, desk, told } = state;
        let world = stage.world();
        let next = Told {
            version: world.store().version(),
            cuts: desk.faults.cuts,
            look: self.clock.look(world.now()),
            ..*told
        };
        let time_alone = Told { look: told.look, ..next } == *told;
        if next == *told {
            return false;
        }
        *told = next;
        self.changed.notify_waiters();
        !time_alone
    }

    /// Waits until a virtual instant has come.
    pub(super) async fn until(&self, at: Moment) {
        while self.clock.now() < at {
            let wait = self.clock.wait(at).unwrap_or(LONGEST_WAIT);
            tokio::time::sleep(wait.clamp(Duration::from_millis(1), LONGEST_WAIT)).await;
        }
    }

    /// How late answers come by script.
    pub(super) fn delay(&self) -> Span {
        self.look(|_, desk| desk.faults.delay)
    }
}
