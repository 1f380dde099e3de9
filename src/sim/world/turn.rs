//! A controller's turn at an object, and what it can do meanwhile.
//!
//! Never decides anything itself. Called by every controller.

use std::fmt::Debug;

use serde_json::Value;

use super::ground::Ground;
use super::recorder::{News, Recorder};
use crate::sim::dice::Dice;
use crate::sim::store::{Change, Key, Store};
use crate::sim::time::{Moment, Span};

/// Something that keeps objects of a kind as they are wanted.
pub(crate) trait Controller: Debug + Send {
    /// Its name, as events give their source.
    fn name(&self) -> &'static str;

    /// Adds the objects that it must look at because of this change.
    fn wake(&self, change: &Change, store: &Store, keys: &mut Vec<Key>);

    /// Looks at an object, which may be gone.
    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>);
}

/// How grave an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventType {
    Normal,
    Warning,
}

/// One turn.
#[derive(Debug)]
pub(crate) struct Turn<'w> {
    pub(crate) store: &'w mut Store,
    pub(crate) ground: &'w mut Ground,
    pub(super) recorder: &'w mut Recorder,
    pub(crate) now: Moment,
    pub(crate) dice: Dice,
    pub(super) again: Vec<Moment>,
}

impl Turn<'_> {
    /// Comes back to this object after a while, at the latest.
    pub(crate) fn again_after(&mut self, span: Span) {
        self.again.push(self.now + span.max(Span::zero()));
    }

    /// Comes back to this object at an instant, at the latest.
    pub(crate) fn again_at(&mut self, at: Moment) {
        self.again.push(at.max(self.now));
    }

    /// Records an event about an object, as this component.
    pub(crate) fn event(
        &mut self,
        source: &str,
        about: &Value,
        kind: EventType,
        reason: &str,
        message: impl Into<String>,
    ) {
        let message = message.into();
        let news = News { source, host: "", about, field: "", kind, reason, message };
        self.recorder.record(self.store, news, self.now);
    }

    /// Records an event that a machine tells about a part of an object, as
    /// `spec.containers{shop}`; about all of it when that is empty.
    pub(crate) fn machine_event(
        &mut self,
        (source, host): (&str, &str),
        (about, field): (&Value, &str),
        kind: EventType,
        reason: &str,
        message: impl Into<String>,
    ) {
        let message = message.into();
        let news = News { source, host, about, field, kind, reason, message };
        self.recorder.record(self.store, news, self.now);
    }

    /// Records an event by the newer API, with the action that it tells of.
    pub(crate) fn action_event(
        &mut self,
        (source, host): (&str, &str),
        about: &Value,
        kind: EventType,
        (reason, action): (&str, &str),
        message: impl Into<String>,
    ) {
        let message = message.into();
        let news = News { source, host, about, field: "", kind, reason, message };
        self.recorder.record_action(self.store, &news, action, self.now);
    }
}
