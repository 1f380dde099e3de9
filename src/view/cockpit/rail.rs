//! The step rail: every step of a canary, the current one in brackets.
//!
//! Takes the longest way of saying it that fits on one line; else several lines around the current
//! step. Called by `verdict`.

use ratatui::text::Line;

use crate::app::read::cockpit::steps::{Place, Rail, StepCell};
use crate::app::theme::Role;
use crate::view::look::Look;
use crate::view::strip::Strip;
use crate::view::text::width;

/// Most lines that the rail takes.
const MOST: usize = 3;

/// One step as it is written.
struct Token {
    text: String,
    role: Role,
    is_now: bool,
}

/// The rail as lines of `room` cells, each `indent` cells in.
pub(super) fn lines(look: &Look, rail: &Rail, room: usize, indent: usize) -> Vec<Line<'static>> {
    let inside = room.saturating_sub(indent);
    let joint = if look.is_ascii() { " - " } else { " ─ " };
    let ways = [(false, joint), (true, joint), (true, "  "), (true, " ")];
    let fits = |(short, joint): &&(bool, &str)| {
        let tokens = tokens(rail, *short);
        let texts: usize = tokens.iter().map(|t| width(&t.text)).sum();
        texts + width(joint) * tokens.len().saturating_sub(1) <= inside
    };
    let (short, joint) = ways.iter().find(fits).copied().unwrap_or((true, joint));
    let rows = break_up(tokens(rail, short), width(joint), inside);
    let now = rows.iter().position(|row| row.iter().any(|t| t.is_now)).unwrap_or(0);
    let first = now.saturating_sub(1).min(rows.len().saturating_sub(MOST));
    rows.iter()
        .skip(first)
        .take(MOST)
        .map(|row| {
            let mut strip = Strip::new(look).gap(indent);
            for (at, token) in row.iter().enumerate() {
                if at > 0 {
                    strip = strip.say(Role::Frame, joint);
                }
                strip = strip.say(token.role, token.text.clone());
            }
            strip.line()
        })
        .collect()
}

fn tokens(rail: &Rail, short: bool) -> Vec<Token> {
    rail.cells.iter().map(|cell| token(cell, short)).collect()
}

fn token(cell: &StepCell, short: bool) -> Token {
    let word = if short { &cell.short } else { &cell.label };
    let text = match (cell.place, &cell.left) {
        (Place::Now, Some(left)) => format!("[{word} {left}]"),
        (Place::Now, None) => format!("[{word}]"),
        _ => word.clone(),
    };
    let role = match cell.place {
        Place::Done => Role::StepDone,
        Place::Now => Role::StepNow,
        Place::Next if cell.is_gate => Role::Warn,
        Place::Next => Role::StepNext,
    };
    Token { text, role, is_now: cell.place == Place::Now }
}

fn break_up(tokens: Vec<Token>, joint: usize, room: usize) -> Vec<Vec<Token>> {
    let mut rows: Vec<Vec<Token>> = vec![Vec::new()];
    let mut used = 0;
    for token in tokens {
        let needs = width(&token.text);
        if used > 0 && used + joint + needs > room {
            rows.push(Vec::new());
            used = 0;
        }
        used += needs + if used > 0 { joint } else { 0 };
        if let Some(row) = rows.last_mut() {
            row.push(token);
        }
    }
    rows
}
