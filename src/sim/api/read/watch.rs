//! Watches: what happens to objects from a version on, told line by line.
//!
//! A watch holds a position in the store's history and nothing else, so a slow reader costs no
//! memory; one that falls behind what is remembered is told 410 and ends. Called for requests that
//! watch; `serve` asks again whenever something changed.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{Form, Options, accepted};
use crate::sim::api::desk::Desk;
use crate::sim::api::fault::Cut;
use crate::sim::api::place::Target;
use crate::sim::api::refusals;
use crate::sim::api::request::Request;
use crate::sim::api::table::{self, Include};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Kind, Object, Refusal, What};
use crate::sim::time::{Moment, Span};
use crate::sim::world::World;

/// Lines that are given at once.
const AT_ONCE: usize = 200;

/// Between two bookmarks.
const BOOKMARK_EVERY: Span = Span::seconds(60);

/// Marks the end of what was there before the watch.
const INITIAL_END: &str = "k8s.io/initial-events-end";

/// What a watch has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// These bytes, maybe none.
    Lines(Vec<u8>),
    /// Nothing more: the watch ends as watches do.
    End,
    /// Nothing more: the connection breaks.
    Torn,
}

/// A watch.
#[derive(Debug)]
pub(crate) struct Follow {
    kind: Kind,
    /// Empty for all.
    namespace: String,
    options: Options,
    form: Form,
    include: Include,
    /// Objects that were there when it began.
    initial: VecDeque<Object>,
    /// A bookmark is due after them.
    initial_mark: bool,
    /// Changes up to this version were told.
    position: u64,
    until: Moment,
    next_bookmark: Moment,
    cuts: u64,
    /// Whether a table has named its columns.
    headed: bool,
    ended: bool,
}

/// Opens a watch.
pub(crate) fn watch(
    world: &World,
    desk: &Desk,
    request: &Request,
    target: &Target,
    kind: Kind,
) -> Result<Follow, Refusal> {
    let form = accepted(request)?;
    let mut options = Options::read(request, kind, true)?;
    if !target.name.is_empty() {
        let one = format!("metadata.name={}", target.name);
        options.fields = super::field::Fields::parse(&one, kind).map_err(Refusal::bad_request)?;
    }
    let asked = options.version_number().map_err(refusals::unexpected)?;
    let include = Include::read(request.value("includeObject").unwrap_or_default())?;
    let store = world.store();
    let shows_initial = options.initial.unwrap_or(asked == 0);
    let namespace = Some(target.namespace.as_str()).filter(|n| !n.is_empty());
    let initial: VecDeque<Object> = if shows_initial {
        let all = store.list(kind, namespace);
        all.filter(|o| options.labels.fits(o) && options.fields.fits(o)).cloned().collect()
    } else {
        VecDeque::new()
    };
    let position = if shows_initial || asked == 0 { store.version() } else { asked };
    let now = world.now();
    let usual = || 1_800 + world.dice().between(&["watch", &target.resource], position, 0, 1_800);
    let seconds = options.timeout.filter(|s| *s > 0).unwrap_or_else(usual).min(86_400);
    Ok(Follow {
        kind,
        namespace: target.namespace.clone(),
        initial_mark: shows_initial && options.bookmarks,
        options,
        form,
        include,
        initial,
        position,
        until: now + Span::seconds(seconds),
        next_bookmark: now + BOOKMARK_EVERY,
        cuts: desk.faults.cuts,
        headed: false,
        ended: false,
    })
}

impl Follow {
    /// What there is to tell now. Lines that do not fit are told the next time.
    pub(crate) fn hear(&mut self, world: &World, desk: &Desk) -> Heard {
        if self.ended {
            return Heard::End;
        }
        if self.cuts != desk.faults.cuts {
            self.ended = true;
            return match desk.faults.last_cut {
                Cut::Ended => Heard::End,
                Cut::Torn => Heard::Torn,
            };
        }
        let now = world.now();
        let mut bytes = Vec::new();
        self.tell_initial(now, &mut bytes);
        if self.initial.is_empty() {
            self.tell_changes(world, now, &mut bytes);
        }
        if self.initial.is_empty() && !self.ended {
            self.tell_bookmark(world, now, &mut bytes);
        }
        if bytes.is_empty() && (self.ended || now >= self.until) {
            self.ended = true;
            return Heard::End;
        }
        Heard::Lines(bytes)
    }

    fn tell_initial(&mut self, now: Moment, bytes: &mut Vec<u8>) {
        for _ in 0..AT_ONCE {
            let Some(object) = self.initial.pop_front() else { break };
            self.line("ADDED", &object, now, bytes);
        }
        if self.initial.is_empty() && std::mem::take(&mut self.initial_mark) {
            let mut mark = self.bookmark();
            mark.set(&format!("/metadata/annotations/{}", INITIAL_END.replace('/', "~1")), "true");
            self.marked(mark, now, bytes);
        }
    }

    fn tell_changes(&mut self, world: &World, now: Moment, bytes: &mut Vec<u8>) {
        let store = world.store();
        let changes = match store.history().since(self.position) {
            Ok(changes) => changes,
            Err(refusal) => {
                push("ERROR", &refusal.to_status(), bytes);
                self.ended = true;
                return;
            }
        };
        let mut told = 0;
        let mut reached = self.position.max(store.version());
        for change in changes {
            if told >= AT_ONCE {
                reached = change.version - 1;
                break;
            }
            if let Some((word, object)) = self.seen(change) {
                self.line(word, &object, now, bytes);
                told += 1;
            }
        }
        self.position = reached;
    }

    /// What a change is to somebody who sees only the objects that are selected.
    fn seen(&self, change: &Change) -> Option<(&'static str, Object)> {
        let here = change.key.kind == self.kind
            && (self.namespace.is_empty() || self.namespace == change.key.namespace);
        if !here {
            return None;
        }
        let fits = |o: &Object| self.options.labels.fits(o) && self.options.fields.fits(o);
        let was = change.before.as_ref().is_some_and(&fits);
        let is = change.what != What::Deleted && fits(&change.object);
        match (was, is) {
            (false, true) => Some(("ADDED", Object::clone(&change.object))),
            (true, true) => Some(("MODIFIED", Object::clone(&change.object))),
            (true, false) if change.what == What::Deleted => {
                Some(("DELETED", Object::clone(&change.object)))
            }
            (true, false) => {
                // The last state that was selected, at the version that ended that.
                let mut last = change.before.as_deref()?.clone();
                last.set("/metadata/resourceVersion", change.version.to_string());
                Some(("DELETED", Object::new(last)))
            }
            (false, false) => None,
        }
    }

    fn tell_bookmark(&mut self, world: &World, now: Moment, bytes: &mut Vec<u8>) {
        // One that is ahead, as after a restore from a backup, hears nothing until it is not.
        let caught_up = self.position == world.store().version();
        if self.options.bookmarks && caught_up && now >= self.next_bookmark {
            self.next_bookmark = now + BOOKMARK_EVERY;
            let mark = self.bookmark();
            self.marked(mark, now, bytes);
        }
    }

    fn bookmark(&self) -> Value {
        let facts = self.kind.facts();
        json!({
            "kind": facts.name,
            "apiVersion": facts.api_version(),
            "metadata": {"resourceVersion": self.position.to_string()},
        })
    }

    fn marked(&mut self, mark: Value, now: Moment, bytes: &mut Vec<u8>) {
        self.line("BOOKMARK", &Object::new(mark), now, bytes);
    }

    fn line(&mut self, word: &str, object: &Object, now: Moment, bytes: &mut Vec<u8>) {
        match self.form {
            Form::Whole => push(word, object, bytes),
            Form::Metadata(version) => push(word, &table::metadata_alone(object, version), bytes),
            Form::Table(version) => {
                let of = object.text("/metadata/resourceVersion");
                let metadata = json!({"resourceVersion": of});
                let one = std::iter::once(object.as_ref());
                let headed = !std::mem::replace(&mut self.headed, true);
                let style = (version, self.include);
                let table = table::table(self.kind, one, &metadata, style, headed, now);
                push(word, &table, bytes);
            }
        }
    }
}

fn push(word: &str, object: &Value, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(b"{\"type\":\"");
    bytes.extend_from_slice(word.as_bytes());
    bytes.extend_from_slice(b"\",\"object\":");
    // Writing into memory cannot fail, and neither can writing what was read as JSON.
    let written = serde_json::to_writer(&mut *bytes, object);
    debug_assert!(written.is_ok(), "{written:?}");
    bytes.extend_from_slice(b"}\n");
}
