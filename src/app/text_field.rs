//! Keys into a one-line text field.

use tui_input::{Input, InputRequest};
use unicode_width::UnicodeWidthChar;

use super::key::Key;

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
    field.handle(request);
}

/// Inserts a printable character while there is room.
pub fn insert(field: &mut Input, c: char) {
    if !c.is_control() && field.value().chars().count() < LONGEST {
        field.handle(InputRequest::InsertChar(c));
    }
}

/// What of a field can be seen in `room` cells, and the cell of its cursor: the end of the text is
/// scrolled to while one types there.
pub fn visible(field: &Input, room: usize) -> (String, usize) {
    let hidden = field.visual_scroll(room.saturating_sub(1));
    let mut skipped = 0;
    let shown = field.value().chars().skip_while(|c| {
        let skip = skipped < hidden;
        skipped += if skip { c.width().unwrap_or(0) } else { 0 };
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
    }
}
