//! What is said on standard output and standard error.
//!
//! The last fence before a terminal for what has no screen: names of files, arguments and words of
//! libraries come from outside as well. Never decides what is said. Called by every command.

use std::borrow::Cow;
use std::io::Write;

use serde_json::Value;

use crate::domain::text::{SafeText, is_printable};

/// Prints to standard output; a reader that went away is not a fault.
pub(super) fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(plain_lines(text).as_bytes());
}

/// Prints a document; what a terminal would obey is escaped, as a control byte is.
pub(super) fn print_json(value: &Value) {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut escaped = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c == '\n' || is_printable(c) {
            escaped.push(c);
        } else {
            let mut units = [0; 2];
            let units = c.encode_utf16(&mut units).iter();
            escaped.extend(units.map(|unit| format!("\\u{unit:04x}")));
        }
    }
    escaped.push('\n');
    let _ = std::io::stdout().lock().write_all(escaped.as_bytes());
}

/// Says something to the person.
pub(super) fn complain(text: &str) {
    complain_raw(&format!("waveoff: {text}\n"));
}

/// The same without the program's name.
pub(super) fn complain_raw(text: &str) {
    let _ = std::io::stderr().lock().write_all(plain_lines(text).as_bytes());
}

/// The text with what a terminal would obey made visible, line by line.
fn plain_lines(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c == '\n' || c.is_ascii() && is_printable(c)) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for line in text.lines() {
        plain.push_str(&SafeText::new(line));
        plain.push('\n');
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::plain_lines;

    #[test]
    fn lines_stay_and_what_a_terminal_obeys_does_not() {
        assert_eq!(plain_lines("a\n  größe\n"), "a\n  größe\n");
        assert_eq!(
            plain_lines("z\u{301}\u{301}\u{301}\u{301}\u{301}\n").matches('\u{301}').count(),
            4
        );
        assert_eq!(plain_lines("a\nb\u{1b}[31m\u{202e}\n"), "a\nb␛[31m<202E>\n");
    }
}
