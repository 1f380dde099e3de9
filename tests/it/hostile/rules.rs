//! What may not be in a text on its way to a screen.
//!
//! An own reading of Unicode, by the tables of the regular expressions, with which the sanitiser
//! shares nothing.

use std::sync::LazyLock;

use regex_syntax::hir::{Class as Ranges, HirKind};
use unicode_width::UnicodeWidthChar;
use waveoff::domain::text::MAX_BYTES;

/// Most marks on one character.
pub(super) const MOST_MARKS: usize = 4;

/// Controls, format characters, separators of lines, private use, what is never assigned, what
/// may be ignored, what changes the direction.
const FORBIDDEN: &str = concat!(
    r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Noncharacter_Code_Point}",
    r"\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]"
);

/// What can be read: letters, numbers, punctuation, symbols.
const READABLE: &str = r"[\p{L}\p{N}\p{P}\p{S}]";

/// Letters and symbols that nobody can see: fillers and blanks.
pub(super) const BLANK: &[char] =
    &['\u{115f}', '\u{3164}', '\u{ffa0}', '\u{13441}', '\u{13442}', '\u{1d159}'];

/// A class of characters as a table.
pub(super) struct Class(Vec<bool>);

impl Class {
    fn of(pattern: &str) -> Self {
        let parsed = regex_syntax::parse(pattern).unwrap();
        let HirKind::Class(Ranges::Unicode(ranges)) = parsed.kind() else {
            panic!("{pattern} is no class");
        };
        let mut all = vec![false; 0x11_0000];
        for range in ranges.iter() {
            all[range.start() as usize..=range.end() as usize].fill(true);
        }
        Self(all)
    }

    pub(super) fn has(&self, c: char) -> bool {
        self.0[c as usize]
    }
}

pub(super) static FORBIDDEN_CLASS: LazyLock<Class> = LazyLock::new(|| Class::of(FORBIDDEN));
pub(super) static READABLE_CLASS: LazyLock<Class> = LazyLock::new(|| Class::of(READABLE));

/// Cells that a character takes, as a table: asked a hundred million times.
static CELLS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let cells = |code| char::from_u32(code).and_then(UnicodeWidthChar::width).unwrap_or(0);
    (0..=0x0010_ffff).map(|code| u8::try_from(cells(code)).unwrap()).collect()
});

/// What is wrong with a text that was made safe; nothing when nothing is.
pub(super) fn offence(text: &str) -> Option<String> {
    if text.len() > MAX_BYTES + 64 {
        return Some(format!("{} bytes", text.len()));
    }
    let (mut base, mut marks) = (false, 0);
    for (at, c) in text.char_indices() {
        if FORBIDDEN_CLASS.has(c) {
            return Some(format!("U+{:04X} at byte {at}", u32::from(c)));
        }
        if CELLS[c as usize] > 0 {
            base = !c.is_whitespace();
            marks = 0;
            continue;
        }
        marks += 1;
        if !base {
            return Some(format!("the mark U+{:04X} at byte {at} has no base", u32::from(c)));
        }
        if marks > MOST_MARKS {
            return Some(format!("{marks} marks pile up at byte {at}"));
        }
    }
    None
}
