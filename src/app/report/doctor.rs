//! `waveoff doctor`: what was checked and found, as text and JSON, and how it ends.
//!
//! `cluster`, `rights` and `here` choose the words for what was measured. Never measures.
//! Filled and printed by `runtime`.

mod cluster;
mod here;
mod rights;

pub use cluster::{
    Chosen, Controller, Greeting, Measures, argo, clock, controller, has_rollouts, kubeconfig,
    needs_right, no_prometheus, prometheus, scope, server,
};
pub use here::{Counts, Terminal, configuration, directory, journal, log, receiver, terminal};
pub use rights::{Session, rights, wanted};

use serde_json::{Value, json};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::domain::text::SafeText;

/// Columns of a line.
const WIDTH: usize = 80;

/// Columns in front of what was found.
const INDENT: usize = 21;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Ok,
    /// Something is missing or unusual; the rest works.
    Warn,
    /// What this session is for does not work.
    Fail,
    /// Not checked, and why.
    Skip,
}

impl State {
    const ALL: [Self; 4] = [Self::Ok, Self::Warn, Self::Fail, Self::Skip];

    /// The word in front of the line: the one that matters stands out without colour.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
            Self::Skip => "skip",
        }
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// How it ended.
    pub state: State,
    /// What was looked at, in one word that stays the same.
    pub what: &'static str,
    /// What was found or measured there.
    pub found: SafeText,
    /// What to do about it.
    pub advice: Option<SafeText>,
}

impl Check {
    /// A check without advice.
    pub fn new(state: State, what: &'static str, found: impl Into<SafeText>) -> Self {
        Self { state, what, found: found.into(), advice: None }
    }

    /// The same with advice.
    #[must_use]
    pub fn advise(self, advice: impl Into<SafeText>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }
}

/// How all of it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing fails.
    Ready,
    /// Something fails.
    Failing,
    /// There was no cluster to look at.
    Unreachable,
}

impl Verdict {
    /// The verdict on these; `reached` when the API server answered as one.
    pub fn of(checks: &[Check], reached: bool) -> Self {
        if !reached {
            Self::Unreachable
        } else if checks.iter().any(|check| check.state == State::Fail) {
            Self::Failing
        } else {
            Self::Ready
        }
    }

    /// The word of programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Failing => "failing",
            Self::Unreachable => "unreachable",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Ready => "ready to fly",
            Self::Failing => "not ready: see what says FAIL",
            Self::Unreachable => "not known: no cluster to look at",
        }
    }
}

/// A check as lines of 80 columns at most.
pub fn doctor_line(check: &Check) -> String {
    let mut text = String::new();
    let mut head = format!("{:<4}  {:<13}  ", check.state.word(), check.what);
    for line in wrap(&check.found, WIDTH - INDENT) {
        text.push_str(&format!("{head}{line}\n"));
        head = " ".repeat(INDENT);
    }
    let mut head = format!("{:INDENT$}> ", "");
    for line in check.advice.iter().flat_map(|advice| wrap(advice, WIDTH - INDENT - 2)) {
        text.push_str(&format!("{head}{line}\n"));
        head = " ".repeat(INDENT + 2);
    }
    text
}

/// The last line.
pub fn doctor_closing(checks: &[Check], verdict: Verdict) -> String {
    let counts = State::ALL.map(|state| format!("{} {}", count(checks, state), state.word()));
    format!("{} ({})\n", verdict.sentence(), counts.join(", "))
}

/// All of it for programs.
pub fn doctor_json(checks: &[Check], verdict: Verdict) -> Value {
    let rows = checks.iter().map(|check| {
        json!({
            "state": check.state.word().to_ascii_lowercase(),
            "what": check.what,
            "found": check.found.as_str(),
            "advice": check.advice.as_ref().map(SafeText::as_str),
        })
    });
    json!({
        "schema": 1,
        "verdict": verdict.word(),
        "checks": rows.collect::<Vec<_>>(),
        "ok": count(checks, State::Ok),
        "warn": count(checks, State::Warn),
        "fail": count(checks, State::Fail),
        "skip": count(checks, State::Skip),
    })
}

fn count(checks: &[Check], state: State) -> usize {
    checks.iter().filter(|check| check.state == state).count()
}

/// Lines of so many columns at most; what has no blank in it is cut. At least one line.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let columns = word.width();
        if used > 0 && used + 1 + columns > width {
            lines.push(String::new());
            used = 0;
        } else if used > 0 {
            put(&mut lines, ' ');
            used += 1;
        }
        for letter in word.chars() {
            let columns = letter.width().unwrap_or(0);
            if used + columns > width {
                lines.push(String::new());
                used = 0;
            }
            put(&mut lines, letter);
            used += columns;
        }
    }
    lines
}

fn put(lines: &mut [String], letter: char) {
    if let Some(last) = lines.last_mut() {
        last.push(letter);
    }
}

#[cfg(test)]
mod tests;
