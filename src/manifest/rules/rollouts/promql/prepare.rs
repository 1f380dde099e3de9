//! A query made ready for the parser: arguments filled in or marked, raw texts written anew.
//!
//! Within quotes an argument becomes a mark, so that one template's query is read once, however
//! many Rollouts give it names of their own. Elsewhere (`[{{args.window}}]`, numbers) its value is
//! filled in, and where that is not known a placeholder stands for it. Called by the parent.

use crate::domain::time::Span;
use crate::manifest::rules::rollouts::reading::Arguments;

/// What an argument is between in quoted text: characters of the private use area.
const MARKS: (char, char) = ('\u{e000}', '\u{e001}');

/// The same outside of quotes, where the value is not known.
const OPEN: (char, char) = ('\u{e002}', '\u{e003}');

/// The range that stands for one that is not known.
pub(super) const SOME_RANGE: Span = Span::milliseconds(1_234_567_891);

/// The arguments that are marked in a text.
pub(crate) fn argument_marks(text: &str) -> impl Iterator<Item = &str> {
    let marks = text.split(MARKS.0).skip(1);
    marks.filter_map(|rest| rest.split_once(MARKS.1)).map(|(name, _)| name)
}

/// A marked text with its arguments filled in; none where one is not known.
pub(crate) fn filled(text: &str, args: &Arguments) -> Option<String> {
    let mut written = String::new();
    let mut rest = text;
    while let Some((before, mark)) = rest.split_once(MARKS.0) {
        let (name, after) = mark.split_once(MARKS.1)?;
        written.push_str(before);
        written.push_str(args.text(name)?);
        rest = after;
    }
    written.push_str(rest);
    Some(written)
}

/// The query with its arguments filled in or marked, and with its raw texts in double quotes: the
/// parser reads escapes in backticks, where there are none.
pub(crate) fn prepare(query: &str, args: &Arguments) -> String {
    let mut written = String::with_capacity(query.len());
    // What ends the text or comment that is being read.
    let mut ends: Option<char> = None;
    let mut rest = query;
    while let Some(letter) = rest.chars().next() {
        if let Some((name, after)) = argument(rest) {
            match (ends, args.text(name)) {
                (Some('\n'), _) => {}
                (None, Some(value)) => written.push_str(value),
                (None, None) => mark(&mut written, OPEN, name),
                (Some(_), _) => mark(&mut written, MARKS, name),
            }
            rest = after;
            continue;
        }
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        match (ends, letter) {
            (Some('`') | None, '`') => written.push('"'),
            (Some('`'), '\n') => written.push_str("\\n"),
            (Some('`'), '"' | '\\') => written.extend(['\\', letter]),
            (Some('"' | '\''), '\\') => {
                written.push(letter);
                let escaped = rest.chars().next();
                written.extend(escaped);
                rest = rest.get(escaped.map_or(0, char::len_utf8)..).unwrap_or_default();
                continue;
            }
            _ => written.push(letter),
        }
        ends = match (ends, letter) {
            (None, '"' | '\'' | '`') => Some(letter),
            (None, '#') => Some('\n'),
            (Some(end), _) if end == letter => None,
            _ => ends,
        };
    }
    written
}

fn mark(written: &mut String, (from, to): (char, char), name: &str) {
    written.push(from);
    written.push_str(name);
    written.push(to);
}

/// The argument that is named at the beginning, and what follows it.
fn argument(text: &str) -> Option<(&str, &str)> {
    let (inside, after) = text.strip_prefix("{{")?.split_once("}}")?;
    Some((inside.trim().strip_prefix("args.")?.trim(), after))
}

/// Placeholders as names: of a metric, of a label, of a part of one.
pub(super) fn with_names(prepared: &str) -> String {
    with(prepared, |name| {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        format!("argument_{}", name.chars().map(letter).collect::<String>())
    })
}

/// Placeholders as numbers.
pub(super) fn with_numbers(prepared: &str) -> String {
    with(prepared, |_| "1".to_owned())
}

/// Placeholders written by a function; those between square brackets are ranges.
fn with(prepared: &str, write: impl Fn(&str) -> String) -> String {
    if !prepared.contains(OPEN.0) {
        return prepared.to_owned();
    }
    let mut written = String::with_capacity(prepared.len());
    let mut rest = prepared;
    while let Some((before, mark)) = rest.split_once(OPEN.0) {
        written.push_str(before);
        let (name, after) = mark.split_once(OPEN.1).unwrap_or((mark, ""));
        if before.trim_end().ends_with(['[', ':']) {
            written.push_str(&format!("{}ms", SOME_RANGE.num_milliseconds()));
        } else {
            written.push_str(&write(name));
        }
        rest = after;
    }
    written.push_str(rest);
    written
}
