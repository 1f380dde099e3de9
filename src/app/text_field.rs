//! Keys into a one-line text field.

use tui_input::{Input, InputRequest};

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
