//! Lines out of a body that arrives in pieces, cut anywhere.
//!
//! Never holds more than one unfinished line, and that only up to a limit. Used by the watch
//! stream and by logs.

use crate::domain::text::cut_note;

/// Collects pieces and gives out whole lines.
#[derive(Debug)]
pub(crate) struct Lines {
    rest: Vec<u8>,
    limit: usize,
    /// Bytes of the current line that were dropped for being beyond the limit.
    dropped: usize,
    /// Whether a line says at its end how much of it was dropped.
    told: bool,
}

impl Lines {
    /// Lines of at most `limit` bytes; what is beyond is dropped.
    pub(crate) fn new(limit: usize) -> Self {
        Self { rest: Vec::new(), limit, dropped: 0, told: false }
    }

    /// Lines for people: those that were cut say so.
    pub(crate) fn of_text(limit: usize) -> Self {
        Self { told: true, ..Self::new(limit) }
    }

    /// Takes a piece and returns the lines it completes, without their ends.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        let mut parts = piece.split(|b| *b == b'\n').peekable();
        while let Some(part) = parts.next() {
            let room = self.limit.saturating_sub(self.rest.len()).min(part.len());
            let (kept, over) = part.split_at(room);
            self.rest.extend_from_slice(kept);
            self.dropped += over.len();
            if parts.peek().is_some() {
                lines.push(self.end());
            }
        }
        lines
    }

    /// What is left at the end, when it did not end with a line end.
    pub(crate) fn finish(mut self) -> Option<Vec<u8>> {
        Some(self.end()).filter(|rest| !rest.is_empty())
    }

    fn end(&mut self) -> Vec<u8> {
        let mut line = std::mem::take(&mut self.rest);
        let dropped = std::mem::take(&mut self.dropped);
        if self.told && dropped > 0 {
            line.extend_from_slice(cut_note(dropped).as_bytes());
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cut_anywhere_give_the_same_lines() {
        let text = "one\ntwo, größer\n\nfour\nrest".as_bytes();
        let whole = Lines::new(100).push(text);
        assert_eq!(whole.len(), 4);
        for size in 1..text.len() {
            let mut lines = Lines::new(100);
            let got: Vec<Vec<u8>> = text.chunks(size).flat_map(|p| lines.push(p)).collect();
            assert_eq!(got, whole, "pieces of {size}");
            assert_eq!(lines.finish().as_deref(), Some(&b"rest"[..]));
        }
    }

    #[test]
    fn an_endless_line_is_bounded() {
        let mut lines = Lines::new(10);
        for _ in 0..1000 {
            assert!(lines.push(b"xxxxxxxxxxxx").is_empty());
        }
        assert_eq!(lines.push(b"\nnext\n"), [b"xxxxxxxxxx".to_vec(), b"next".to_vec()]);
    }

    #[test]
    fn a_line_for_people_says_how_much_is_missing() {
        let mut lines = Lines::of_text(10);
        lines.push(b"xxxxxxxxxxxx");
        assert_eq!(lines.push(b"xx\n"), ["xxxxxxxxxx… (4 more bytes)".as_bytes().to_vec()]);
        lines.push(b"xxxxxxxxxxxx");
        assert_eq!(lines.finish().unwrap(), "xxxxxxxxxx… (2 more bytes)".as_bytes());
    }
}
