//! The program without its screen: the model, the watches that feed it, and what it wants done.
//!
//! Never waits, so that whoever owns it can go on with the next key at once; never paints. Owned by
//! the cockpit's loop, and in tests by a scheduler with virtual time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::msg::Msg;
use crate::app::update::update;
use crate::cluster::Pace;
use crate::domain::time::{Span, length};

use super::alerts::Plan;
use super::clock::Clock;
use super::door::Door;
use super::feed::{self, Arrivals, Feed};
use super::measure::SignIn;
use super::perform::Performer;

/// Messages of finished effects that may wait.
const ANSWERS: usize = 256;

/// Model, watches and effects.
#[derive(Debug)]
pub(super) struct Engine {
    /// What the program knows.
    pub(super) model: Model,
    clock: Clock,
    feed: Feed,
    performer: Performer,
}

/// Where its messages arrive.
#[derive(Debug)]
pub(super) struct Inbox {
    /// Answers of finished effects.
    pub(super) answers: mpsc::Receiver<Msg>,
    /// News of the cluster.
    pub(super) arrivals: Arrivals,
}

impl Engine {
    /// Starts the watches of the model's scope.
    pub(super) fn start(
        model: Model,
        door: Door,
        clock: Clock,
        sign_in: SignIn,
        alerts: Plan,
        pace: Pace,
    ) -> (Self, Inbox) {
        let connection = Arc::clone(&door.connection);
        let scope = model.session.scope.clone();
        let (feed, arrivals) = Feed::start(connection, scope, clock.clone(), pace);
        let (out, answers) = mpsc::channel(ANSWERS);
        let mut performer = Performer::new(door, sign_in, alerts, out);
        performer.whoami();
        (Self { model, clock, feed, performer }, Inbox { answers, arrivals })
    }

    /// Takes in a message and performs what it wants. What needs a screen is given back.
    pub(super) fn take(&mut self, msg: Msg) -> Vec<Effect> {
        let effects = update(&mut self.model, self.clock.now(), msg);
        effects.into_iter().flat_map(|effect| self.perform(effect)).collect()
    }

    /// Performs an effect, or gives back what needs a screen.
    pub(super) fn perform(&mut self, effect: Effect) -> Vec<Effect> {
        match self.performer.perform(effect, &self.model.stamp) {
            Some(Effect::Focus(id)) => {
                let forgotten = self.feed.focus(id.as_ref());
                forgotten.into_iter().flat_map(|msg| self.take(msg)).collect()
            }
            Some(Effect::Refresh) => {
                self.feed.refresh();
                self.performer.refresh();
                Vec::new()
            }
            other => other.into_iter().collect(),
        }
    }

    /// Takes in the pulse, and goes by the server's clock.
    pub(super) fn pulse(&mut self, arrivals: &mut Arrivals) -> Vec<Effect> {
        let pulse = arrivals.pulse.borrow_and_update().clone();
        let apart = pulse.server.and_then(|(time, at)| self.clock.follow_server(time, at.into()));
        let apart = apart.map(|ahead| Msg::Trouble("clock".into(), clocks_apart(ahead).into()));
        let msgs = apart.into_iter().chain(feed::pulse_message(&pulse));
        msgs.flat_map(|msg| self.take(msg)).collect()
    }

    /// Forgets tasks that have ended; whether one did by a panic.
    pub(super) fn tidy(&mut self) -> bool {
        self.feed.tidy() | self.performer.tidy()
    }

    /// Waits for the journal and for requests that are on their way, but not for ever.
    pub(super) async fn finish(self, limit: Duration) {
        self.performer.finish(limit).await;
    }
}

/// What is said once when our clock is not the server's.
fn clocks_apart(ahead: Span) -> String {
    let far = length(ahead.abs());
    match ahead {
        zero if zero == Span::zero() => "agrees with the server's again".into(),
        ahead if ahead > Span::zero() => {
            format!("this machine's is {far} behind the server's; times and ages are the server's")
        }
        _ => format!(
            "this machine's is {far} ahead of the server's; times and ages are the server's"
        ),
    }
}
