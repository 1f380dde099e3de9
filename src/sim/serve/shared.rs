//! The world and its API behind one lock, and the news that something changed.
//!
//! The lock is held for one request or one piece of a stream at a time, never across a wait. Called
//! by everything in this folder.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::clock::Clock;
use crate::sim::api::Desk;
use crate::sim::time::{Moment, Span};
use crate::sim::world::World;

/// Streams look at the time so often when nothing changes, for their ends and bookmarks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The longest wait between two looks at the clock: it may be moved by hand.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// Everything that is shared.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) clock: Clock,
    changed: watch::Sender<u64>,
    /// Somebody wants the driver to look at what is due.
    pub(super) woken: tokio::sync::Notify,
}

#[derive(Debug)]
struct State {
    world: World,
    desk: Desk,
    /// What streams were told last.
    told: Told,
    told_at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    version: u64,
    cuts: u64,
    bookmarks: u64,
    /// A script changed something, whatever it was.
    scripts: u64,
    /// Virtual seconds.
    second: i64,
}

/// What is wrong with the listener, as of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) away: bool,
    pub(super) frozen: bool,
}

impl Shared {
    pub(super) fn new(world: World, desk: Desk, clock: Clock) -> Self {
        let told = Told { version: 0, cuts: 0, bookmarks: 0, scripts: 0, second: 0 };
        let state = State { world, desk, told, told_at: Instant::now() };
        Self {
            state: Mutex::new(state),
            clock,
            changed: watch::Sender::new(0),
            woken: tokio::sync::Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be told of changes.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Looks without letting time pass.
    pub(super) fn look<R>(&self, look: impl FnOnce(&World, &Desk) -> R) -> R {
        let state = self.lock();
        look(&state.world, &state.desk)
    }

    /// Lets time pass and does something in it.
    pub(super) fn act<R>(&self, act: impl FnOnce(&mut World, &mut Desk) -> R) -> R {
        let mut state = self.lock();
        let State { world, desk, .. } = &mut *state;
        world.advance(self.clock.now());
        let done = act(world, desk);
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
        let State { world, desk, told, .. } = &mut *state;
        world.advance(self.clock.now());
        let done = change(world, desk);
        told.scripts += 1;
        self.changed.send_modify(|count| *count += 1);
        drop(state);
        self.woken.notify_one();
        done
    }

    /// Lets time pass; how long the driver can sleep then.
    pub(super) fn pass(&self) -> Duration {
        let mut state = self.lock();
        state.world.advance(self.clock.now());
        self.tell(&mut state);
        let due = state.world.due();
        drop(state);
        let wait = due.and_then(|due| self.clock.wait(due)).unwrap_or(LONGEST_WAIT);
        wait.clamp(Duration::from_millis(1), LONGEST_WAIT)
    }

    pub(super) fn trouble(&self) -> Trouble {
        self.look(|_, desk| Trouble { away: desk.faults.away, frozen: desk.faults.frozen })
    }

    /// Tells streams when there is something to tell; whether there was.
    fn tell(&self, state: &mut State) -> bool {
        let State { world, desk, told, told_at } = state;
        let next = Told {
            version: world.store().version(),
            cuts: desk.faults.cuts,
            bookmarks: desk.faults.bookmarks,
            second: world.now().timestamp(),
            ..*told
        };
        let time_alone = Told { second: told.second, ..next } == *told;
        if next == *told || (time_alone && told_at.elapsed() < LOOK_EVERY) {
            return false;
        }
        *told = next;
        *told_at = Instant::now();
        self.changed.send_modify(|count| *count += 1);
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
