//! What waits to be told to whom, and what was told: in memory, and as lines of a file.
//!
//! Never waits and never sends. Kept by the parent, asked by `deliver`.

use std::collections::{BTreeSet, HashSet, VecDeque};

use serde_json::{Value, json};

use crate::domain::alert::Alert;
use crate::domain::text::SafeText;
use crate::domain::time::{Timestamp, parse_rfc3339, to_rfc3339};
use crate::notify;

/// Most alerts that wait, and most deliveries that are remembered.
pub(super) const MOST: usize = 1000;

/// An alert and who is still to be told.
#[derive(Debug, Clone, PartialEq)]
struct Waiting {
    key: String,
    alert: Alert,
    to: BTreeSet<SafeText>,
}

/// An alert that a receiver took, or refused for good.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    key: String,
    to: SafeText,
    at: Timestamp,
}

/// All of it, oldest first.
#[derive(Debug, Default)]
pub(super) struct Book {
    waiting: VecDeque<Waiting>,
    told: VecDeque<Told>,
}

impl Book {
    /// Adds an alert for these receivers, unless they were told or are to be told. Gives how many
    /// were dropped for it.
    pub(super) fn add(&mut self, alert: Alert, to: BTreeSet<SafeText>) -> usize {
        let key = alert.key();
        let is_known = |name: &SafeText| {
            self.told.iter().any(|told| told.key == key && told.to == *name)
                || self.waiting.iter().any(|w| w.to.contains(name) && w.key == key)
        };
        let to: BTreeSet<SafeText> = to.into_iter().filter(|name| !is_known(name)).collect();
        if !to.is_empty() {
            self.waiting.push_back(Waiting { key, alert, to });
        }
        self.shorten()
    }

    fn shorten(&mut self) -> usize {
        let more = self.waiting.len().saturating_sub(MOST);
        self.waiting.drain(..more);
        self.told.drain(..self.told.len().saturating_sub(MOST));
        more
    }

    /// The next alert for a receiver: the oldest whose incident is not held.
    pub(super) fn next(
        &self,
        name: &SafeText,
        is_held: impl Fn(&SafeText) -> bool,
    ) -> Option<&Alert> {
        let mine = self.waiting.iter().filter(|waiting| waiting.to.contains(name));
        mine.map(|waiting| &waiting.alert).find(|alert| !is_held(&alert.incident))
    }

    /// A receiver took an alert, or refused it for good.
    pub(super) fn told(&mut self, key: String, to: &SafeText, at: Timestamp) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.key == key) {
            waiting.to.remove(to);
        }
        self.waiting.retain(|waiting| !waiting.to.is_empty());
        self.told.push_back(Told { key, to: to.clone(), at });
        self.shorten();
    }

    /// How many deliveries are left: alerts, each times its receivers.
    pub(super) fn left(&self) -> usize {
        self.waiting.iter().map(|waiting| waiting.to.len()).sum()
    }

    /// How many alerts wait for somebody.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Drops what happened before that instant; how many that were.
    pub(super) fn drop_older(&mut self, than: Timestamp) -> usize {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.alert.at >= than);
        before - self.waiting.len()
    }

    /// Puts what is older in front of this. Gives how many were dropped for it.
    pub(super) fn put_before(&mut self, older: Self) -> usize {
        let ours = std::mem::take(self);
        self.told = older.told;
        self.told.extend(ours.told);
        let mut dropped = 0;
        for waiting in older.waiting.into_iter().chain(ours.waiting) {
            dropped += self.add(waiting.alert, waiting.to);
        }
        dropped
    }

    /// As lines of a file: one JSON object each; empty when there is nothing to keep.
    pub(super) fn lines(&self) -> String {
        let told = self
            .told
            .iter()
            .map(|told| json!({ "told": told.key, "to": &*told.to, "at": to_rfc3339(told.at) }));
        let waiting = self.waiting.iter().map(|waiting| {
            let to: Vec<&str> = waiting.to.iter().map(SafeText::as_str).collect();
            json!({ "alert": notify::to_json(&waiting.alert), "to": to })
        });
        let mut text = String::new();
        for line in told.chain(waiting) {
            text.push_str(&format!("{line}\n"));
        }
        text
    }

    /// Takes in lines of a file. Those that are cut off or not understood are left out, and so is
    /// whom nobody knows any more.
    pub(super) fn read(&mut self, text: &str, known: &[SafeText]) {
        let known: HashSet<&str> = known.iter().map(SafeText::as_str).collect();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        for line in lines {
            if let Some(told) = told_of(&line) {
                self.told.push_back(told);
            } else if let Some(alert) = line.get("alert").and_then(notify::from_json) {
                let to = line.get("to").and_then(Value::as_array).into_iter().flatten();
                let to = to.filter_map(Value::as_str).filter(|name| known.contains(name));
                self.add(alert, to.map(SafeText::name).collect());
            }
        }
        self.shorten();
    }
}

fn told_of(line: &Value) -> Option<Told> {
    let text = |key: &str| line.get(key).and_then(Value::as_str);
    let at = parse_rfc3339(text("at")?)?;
    Some(Told { key: text("told")?.to_owned(), to: SafeText::name(text("to")?), at })
}
