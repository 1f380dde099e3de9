//! What changes in a file, as lines to show.
//!
//! The two texts are equal but for a few values on lines of their own, so no search for the
//! shortest way is needed: both have the same lines, some of them changed. Called by `gitops`.

use crate::domain::text::SafeText;

/// Lines around a change.
const AROUND: usize = 3;

/// Most lines that are told.
const MOST: usize = 40;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The same before and after.
    Same,
    /// It goes.
    Out,
    /// It comes.
    In,
}

impl Mark {
    /// The sign of unified diffs.
    pub fn sign(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Out => '-',
            Self::In => '+',
        }
    }
}

/// A line of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedLine {
    /// What it is.
    pub mark: Mark,
    /// Its number in the file, from 1.
    pub number: usize,
    /// Its text without the end of the line.
    pub text: SafeText,
}

/// The lines that differ, and three around them. Both texts have equally many lines; what one has
/// more than the other is not told.
pub fn diff(before: &str, after: &str) -> Vec<MarkedLine> {
    let pairs: Vec<(&str, &str)> = before.lines().zip(after.lines()).collect();
    let changed: Vec<usize> =
        pairs.iter().enumerate().filter(|(_, (a, b))| a != b).map(|(index, _)| index).collect();
    let mut lines = Vec::new();
    // Both are in order, so each line looks only at the changes around it.
    let mut first = 0;
    for (index, (old, new)) in pairs.into_iter().enumerate() {
        while changed.get(first).is_some_and(|at| at + AROUND < index) {
            first += 1;
        }
        if changed.get(first).is_none_or(|at| *at > index + AROUND) {
            continue;
        }
        if lines.len() >= MOST {
            break;
        }
        let mut push = |mark, text| {
            lines.push(MarkedLine { mark, number: index + 1, text: SafeText::new(text) });
        };
        if old == new {
            push(Mark::Same, old);
        } else {
            push(Mark::Out, old);
            push(Mark::In, new);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> Vec<String> {
        let line = |l: MarkedLine| format!("{}{}{}", l.number, l.mark.sign(), l.text);
        diff(before, after).into_iter().map(line).collect()
    }

    #[test]
    fn the_lines_that_differ_are_told_with_three_around_them() {
        let text = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let after = text.replace('5', "five");
        let wanted = ["2 2", "3 3", "4 4", "5-5", "5+five", "6 6", "7 7", "8 8"];
        assert_eq!(told(text, &after), wanted);
        assert!(told(text, text).is_empty());
        assert_eq!(told("a\r\nb", "a\r\nc"), ["1 a", "2-b", "2+c"]);
        assert_eq!(told("a\u{1b}[2J", "b"), ["1-a\u{241b}[2J", "1+b"]);
    }

    #[test]
    fn it_stays_short_and_quick() {
        let before = "a\n".repeat(200_000);
        let after = "b\n".repeat(200_000);
        assert!(diff(&before, &after).len() <= MOST + 1);
    }
}
