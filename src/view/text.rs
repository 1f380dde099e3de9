//! Text by cells: width, cutting, wrapping. Counts what a terminal counts, never bytes.
//!
//! Called by every part of `view`.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::app::read::phrase::Phrase;

/// Cells that a text takes: those of its graphemes, which is how the terminal library lays them
/// out. It is not the width of the whole where letters are joined across them.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// The text if it fits, else its beginning and an ellipsis.
pub(super) fn cut(text: &str, room: usize, ellipsis: &str) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let Some(room) = room.checked_sub(width(ellipsis)) else {
        return String::new();
    };
    let mut kept = take(text, room).to_owned();
    kept.push_str(ellipsis);
    kept
}

/// As much of the beginning as fits.
fn take(text: &str, room: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += width(grapheme);
        if used > room {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// The first character with its marks.
fn first(text: &str) -> &str {
    let end = text.char_indices().skip(1).find(|(_, c)| c.width() != Some(0));
    text.get(..end.map_or(text.len(), |(at, _)| at)).unwrap_or(text)
}

/// The phrase if it fits, else its beginning and an ellipsis.
pub(super) fn cut_phrase(phrase: &Phrase, room: usize, ellipsis: &str) -> Phrase {
    let mut left = room;
    let mut kept = Phrase::new();
    let mut words = phrase.0.iter().peekable();
    while let Some(word) = words.next() {
        let rest: usize = words.clone().map(|w| width(&w.text)).sum();
        if width(&word.text) + rest <= left || width(&word.text) + width(ellipsis) <= left {
            left -= width(&word.text);
            kept.push(word.role, word.text.clone());
            continue;
        }
        let mut text = cut(&word.text, left, ellipsis);
        if text == word.text {
            // It fits, but what follows does not, not even the ellipsis.
            text = cut(&format!("{text}{ellipsis}"), left, ellipsis);
        }
        kept.push(word.role, text);
        break;
    }
    kept
}

/// The text in lines of at most `room` cells, broken at spaces where there are any.
pub(super) fn wrap(text: &str, room: usize) -> Vec<String> {
    wrap_phrase(&Phrase::new().text(text), room).iter().map(Phrase::plain).collect()
}

/// The phrase in lines of at most `room` cells, broken at spaces where there are any.
pub(super) fn wrap_phrase(phrase: &Phrase, room: usize) -> Vec<Phrase> {
    let room = room.max(1);
    let mut lines = Vec::new();
    let mut line = Phrase::new();
    let mut used = 0;
    for word in &phrase.0 {
        for piece in word.text.split_inclusive(' ') {
            let mut rest = piece;
            if used > 0 && used + width(rest.trim_end()) > room {
                lines.push(trimmed(std::mem::take(&mut line)));
                used = 0;
            }
            while width(rest.trim_end()) > room {
                let mut head = take(rest, room);
                if head.is_empty() {
                    // Wider than the line: what is joined there is taken apart, and not left out.
                    head = first(rest);
                }
                lines.push(Phrase::of(word.role, head));
                rest = rest.get(head.len()..).unwrap_or_default();
            }
            if used == 0 && rest.trim().is_empty() && !lines.is_empty() {
                continue;
            }
            used += width(rest);
            line.push(word.role, rest);
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(trimmed(line));
    }
    lines
}

/// Without the blanks at its end.
fn trimmed(mut phrase: Phrase) -> Phrase {
    while let Some(last) = phrase.0.last_mut() {
        last.text.truncate(last.text.trim_end().len());
        if !last.text.is_empty() {
            break;
        }
        phrase.0.pop();
    }
    phrase
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::theme::Role;
    use proptest::prelude::*;

    #[test]
    fn cutting_counts_cells() {
        let cases = [
            ("short", 10, "short"),
            ("exactly", 7, "exactly"),
            ("longer", 5, "long…"),
            ("漢字漢字", 5, "漢字…"),
            ("漢字漢字", 4, "漢…"),
            ("anything", 0, ""),
        ];
        for (text, room, cut_text) in cases {
            assert_eq!(cut(text, room, "…"), cut_text, "{text} {room}");
        }
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_long_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn joined_letters_count_as_they_are_laid_out_and_are_not_left_out() {
        // Lam and alef are one shape and two cells.
        assert_eq!(width("\u{644}\u{627}"), 2);
        // Consonants that a virama joins are one grapheme of any width.
        let joined = "\u{915}\u{94d}".repeat(9) + "\u{915}";
        let lines = wrap(&joined, 4);
        assert_eq!(lines.concat(), joined);
        assert!(width(&cut(&joined, 4, "…")) <= 4);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_room(text in "[ a-z漢é]{0,40}", room in 1usize..20) {
            prop_assert!(width(&cut(&text, room, "…")) <= room);
            let phrase = Phrase::new().text(text.clone()).say(Role::Bad, text.clone());
            prop_assert!(width(&cut_phrase(&phrase, room, "…").plain()) <= room);
            for line in wrap(&text, room.max(2)) {
                prop_assert!(width(&line) <= room.max(2), "{line:?}");
            }
        }
    }
}
