//! Templates that nobody has rendered: what tells them, and how that is said.
//!
//! A template is never guessed at: which values it will have, only who renders it knows. Called by
//! `stream` for texts that are no YAML, and by `object` for names.

use crate::domain::readiness::Place;

use super::{Fault, small};

/// What to do about any of them.
const ADVICE: &str = "render it first, then check what comes out";

/// The beginnings of what somebody else fills in: Helm and Go templates, shells and pipelines.
const MARKS: &[&str] = &["{{", "${"];

/// Whether a text has something in it that somebody else fills in.
pub(super) fn is_marked(text: &str) -> bool {
    MARKS.iter().any(|mark| text.contains(mark))
}

/// That a field is still a template.
pub(super) fn field(at: Place, name: &str, text: &str) -> Fault {
    Fault::new(at, format!("`{name}` is {text}, a template that is not rendered: {ADVICE}"))
}

/// That a whole file is what something else is made from.
pub(super) fn source(at: Place, what: &str, by: &str) -> Fault {
    Fault::new(at, format!("this is {what}, not a manifest: {by} first, then check what comes out"))
}

/// Why a document cannot be read, where a template may be the reason. `first` is how many lines
/// come before it.
pub(super) fn said(document: &str, first: u32, fault: Fault) -> Fault {
    let lines = document.lines().zip(first.saturating_add(1)..);
    let mut marked =
        lines.take_while(|(_, number)| *number <= fault.at.line).filter(|(line, _)| is_bare(line));
    let Some((line, number)) = marked.next() else { return fault };
    let here = number == fault.at.line || marked.any(|(_, number)| number == fault.at.line);
    let message = if here {
        format!("a template that is not rendered: {ADVICE} ({})", fault.message)
    } else {
        let column = line.len() - line.trim_start().len() + 1;
        format!(
            "{}. There is a template on line {number}, column {}: if that is why, {ADVICE}",
            fault.message,
            small(column)
        )
    };
    Fault::new(fault.at, message)
}

/// Whether a line has a template outside quotes, where YAML would begin a value.
fn is_bare(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with('#') {
        return false;
    }
    MARKS.iter().any(|mark| {
        line.match_indices(mark).any(|(at, _)| {
            let before = line.get(..at).unwrap_or_default().trim_end();
            let inside = |quote| before.matches(quote).count() % 2 == 1;
            let begins = before.is_empty() || before.ends_with([':', '-', '[', ',', '{', '}']);
            begins && !inside('"') && !inside('\'')
        })
    })
}
