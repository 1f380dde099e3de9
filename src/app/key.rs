//! Keys as the program understands them, whatever the terminal sent.
//!
//! Made by `terminal`, matched by the key table.

use std::fmt;
use std::str::FromStr;

/// One key press. No chord needs Alt, a mouse or a function key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A printable character, with Shift already applied.
    Char(char),
    /// Control and a lower-case letter.
    Ctrl(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
}

/// The keys that are written as a word.
const WORDS: [(&str, Key); 15] = [
    ("space", Key::Char(' ')),
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("shift-tab", Key::BackTab),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("home", Key::Home),
    ("end", Key::End),
    ("page-up", Key::PageUp),
    ("page-down", Key::PageDown),
];

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((word, _)) = WORDS.iter().find(|(_, key)| key == self) {
            return f.write_str(word);
        }
        match self {
            Self::Char(c) => write!(f, "{c}"),
            Self::Ctrl(c) => write!(f, "ctrl-{c}"),
            // Every other key has a word; the test of the round trip says so.
            other => write!(f, "{other:?}"),
        }
    }
}

/// What is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a key: write a character, ctrl- and a letter, or a word such as page-up")]
pub struct KeyError {
    /// What was written.
    pub text: String,
}

impl FromStr for Key {
    type Err = KeyError;

    /// Reads a key as it is printed. Words may be in any case; characters mean what they are.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut characters = text.chars();
        if let (Some(c), None) = (characters.next(), characters.next())
            && !c.is_control()
            && !c.is_whitespace()
        {
            return Ok(Self::Char(c));
        }
        let word = text.to_ascii_lowercase();
        if let Some((_, key)) = WORDS.iter().find(|(known, _)| *known == word) {
            return Ok(*key);
        }
        let letter = word.strip_prefix("ctrl-").and_then(|letter| match letter.as_bytes() {
            // Terminals send the same byte for ctrl-h and Backspace, ctrl-i and Tab, ctrl-m and
            // Enter: nobody could press these.
            [b'h' | b'i' | b'm'] => None,
            [letter @ b'a'..=b'z'] => Some(char::from(*letter)),
            _ => None,
        });
        letter.map(Self::Ctrl).ok_or_else(|| KeyError { text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_printed_is_read(c in any::<char>(), letter in prop::char::range('a', 'z')) {
            if !c.is_control() && (c == ' ' || !c.is_whitespace()) {
                prop_assert_eq!(Key::Char(c).to_string().parse(), Ok(Key::Char(c)));
            }
            if !"him".contains(letter) {
                prop_assert_eq!(Key::Ctrl(letter).to_string().parse(), Ok(Key::Ctrl(letter)));
            }
        }

        #[test]
        fn nothing_else_panics(text in ".*") {
            if let Ok(key) = text.parse::<Key>() {
                prop_assert!(!matches!(key, Key::Char(c) if c.is_control()));
            }
        }
    }

    #[test]
    fn words_in_any_case_and_nothing_that_cannot_be_pressed() {
        for (word, key) in WORDS {
            assert_eq!(word.to_uppercase().parse(), Ok(key));
            assert_eq!(key.to_string(), word);
        }
        assert_eq!("A".parse(), Ok(Key::Char('A')));
        assert_eq!("Ctrl-X".parse(), Ok(Key::Ctrl('x')));
        for text in ["", " ", "ctrl-", "ctrl-1", "ctrl-h", "ctrl-m", "alt-x", "f1", "AA", "\u{1b}"]
        {
            let refusal = text.parse::<Key>().unwrap_err();
            assert!(!refusal.to_string().contains('\u{1b}'));
        }
    }
}
