//! Keys into a one-line text field.
//!
//! What stands in it is shown as it is: nothing gets in that [`SafeText`] would show otherwise.

use tui_input::{Input, InputRequest};
use unicode_width::UnicodeWidthChar;

use super::key::Key;
use crate::domain::text::SafeText;

/// Longest text a field takes, in characters.
const LONGEST: usize = 200;

/// Applies an editing key; other keys do nothing.
pub fn edit(field: &mut Input, key: Key) {
    let request = match key {
        Key::Char(c) => return insert(field, c),
        Key::Backspace => InputRequest::DeletePrevChar,
        Key::Delete => InputRequest::DeleteNextChar,
        Key::Left => InputRequest::GoToPrevChar,
        Key::Right => InputRequest::GoToNextChar,
        Key::Home | Key::Ctrl('a') => InputRequest::GoToStart,
        Key::End | Key::Ctrl('e') => InputRequest::GoToEnd,
        Key::Ctrl('u') => InputRequest::DeleteLine,
        Key::Ctrl('w') => InputRequest::DeletePrevWord,
        Key::Ctrl('k') => InputRequest::DeleteTillEnd,
        _ => return,
    };
    change(field, request);
}

/// Inserts a printable character while there is room.
pub fn insert(field: &mut Input, c: char) {
    if field.value().chars().count() < LONGEST {
        change(field, InputRequest::InsertChar(c));
    }
}

/// Makes a change, unless it would leave something that a terminal obeys or hides, a mark on
/// nothing, or a pile of marks.
fn change(field: &mut Input, request: InputRequest) {
    let before = field.clone();
    field.handle(request);
    if SafeText::new(field.value()) != *field.value() {
        *field = before;
    }
}

/// What of a field can be seen in `room` cells, and the cell of its cursor: the end of the text is
/// scrolled to while one types there.
pub fn visible(field: &Input, room: usize) -> (String, usize) {
    let hidden = field.visual_scroll(room.saturating_sub(1));
    let mut skipped = 0;
    let shown = field.value().chars().skip_while(|c| {
        let width = c.width().unwrap_or(0);
        // A mark goes with what it sits on.
        let skip = skipped < hidden || (skipped > 0 && width == 0);
        skipped += if skip { width } else { 0 };
        skip
    });
    let shown = shown.collect();
    (shown, field.visual_cursor().saturating_sub(skipped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stays_in_sight() {
        let cases = [
            ("short", 10, "short", 5),
            ("longer than that", 6, " that", 5),
            ("漢字漢字", 5, "漢字", 4),
            ("", 5, "", 0),
        ];
        for (text, room, shown, cursor) in cases {
            assert_eq!(visible(&text.into(), room), (shown.to_owned(), cursor), "{text}");
        }
        for room in 1..12 {
            let shown = visible(&format!("a{}", "e\u{301}".repeat(8)).into(), room).0;
            assert!(!shown.starts_with('\u{301}'), "{room}: {shown:?}");
        }
    }

    fn typed(text: &str) -> String {
        let mut field = Input::default();
        text.chars().for_each(|c| edit(&mut field, Key::Char(c)));
        field.value().to_owned()
    }

    #[test]
    fn only_what_is_shown_as_it_is_gets_in() {
        let cases = [
            ("a\u{200d}\u{200c}\u{fe0f}b", "ab"),
            ("a\u{202e}\u{ad}\u{9b}2J\u{1b}[m\r\n\t", "a2J[m"),
            ("\u{301}a \u{301}b", "a b"),
            ("\u{1100}\u{1100}", "\u{1100}"),
            ("größe 漢字 e\u{301}", "größe 漢字 e\u{301}"),
        ];
        for (text, kept) in cases {
            assert_eq!(typed(text), kept, "{text:?}");
        }
        let pile = |marks| format!("a{}b", "\u{301}".repeat(marks));
        assert_eq!(typed(&pile(50)), pile(4));
        assert_eq!(typed(&"x".repeat(500)).len(), LONGEST);
    }

    #[test]
    fn no_edit_joins_what_would_not_be_shown_as_it_is() {
        let mut field: Input = "\u{1100}x\u{1100}".into();
        for key in [Key::Left, Key::Backspace, Key::Home, Key::Right, Key::Delete] {
            edit(&mut field, key);
            assert_eq!(field.value(), "\u{1100}x\u{1100}", "{key}");
        }
        edit(&mut field, Key::Ctrl('u'));
        assert_eq!(field.value(), "");
    }
}
