//! The glyphs, in both sets. All of single width, none of them an emoji.
//!
//! A glyph repeats what a word says; it never says it alone. Called by every part of `view`.

use crate::app::read::fleet::Mark;
use crate::app::read::pods::PodMark;
use crate::domain::pod::PodState;

use super::look::Look;

/// Lines of a frame: corners clockwise from the top left, then horizontal and vertical.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edges {
    pub(super) corners: [&'static str; 4],
    pub(super) horizontal: &'static str,
    pub(super) vertical: &'static str,
}

const THIN: Edges =
    Edges { corners: ["╭", "╮", "╯", "╰"], horizontal: "─", vertical: "│" };

const THICK: Edges =
    Edges { corners: ["┏", "┓", "┛", "┗"], horizontal: "━", vertical: "┃" };

/// Frames of a drill are dotted: no corner of the screen looks like a real cluster's.
const DOTTED: Edges =
    Edges { corners: ["╭", "╮", "╯", "╰"], horizontal: "┄", vertical: "┆" };

const DOTTED_THICK: Edges =
    Edges { corners: ["┏", "┓", "┛", "┗"], horizontal: "┅", vertical: "┇" };

const ASCII: Edges = Edges { corners: ["+", "+", "+", "+"], horizontal: "-", vertical: "|" };

const ASCII_DOTTED: Edges = Edges { corners: ["+", "+", "+", "+"], horizontal: ".", vertical: ":" };

const ASCII_FOCUS: Edges = Edges { corners: ["+", "+", "+", "+"], horizontal: "=", vertical: "|" };

impl Look {
    fn pick(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.is_ascii() { ascii } else { unicode }
    }

    /// Lines of a frame: of a real cluster, or of a drill.
    pub(super) fn edges(&self, focused: bool, drill: bool) -> Edges {
        match (self.is_ascii(), focused, drill) {
            (true, true, _) => ASCII_FOCUS,
            (true, false, false) => ASCII,
            (true, false, true) => ASCII_DOTTED,
            (false, true, false) => THICK,
            (false, true, true) => DOTTED_THICK,
            (false, false, false) => THIN,
            (false, false, true) => DOTTED,
        }
    }

    /// What stands where text was cut.
    pub(super) fn ellipsis(&self) -> &'static str {
        self.pick("…", "~")
    }

    /// In front of the chosen row.
    pub(super) fn caret(&self) -> &'static str {
        self.pick("▌", "*")
    }

    /// Between two parts of a line.
    pub(super) fn dot(&self) -> &'static str {
        self.pick("·", "-")
    }

    /// From one thing to another.
    pub(super) fn arrow(&self) -> &'static str {
        self.pick("→", ">")
    }

    /// A filled cell of a bar.
    pub(super) fn bar_full(&self) -> &'static str {
        self.pick("█", "#")
    }

    /// An empty cell of a bar.
    pub(super) fn bar_empty(&self) -> &'static str {
        self.pick("░", ".")
    }

    /// The first column of the fleet.
    pub(super) fn mark(&self, mark: Mark) -> &'static str {
        match mark {
            Mark::Failed => self.pick("✗", "x"),
            Mark::NeedsPerson => "!",
            Mark::Moving => self.pick("▸", ">"),
            Mark::Unknown => "?",
            Mark::Quiet => self.pick("•", "="),
        }
    }

    /// A pod. A fresh restart goes before readiness: it is what one looks for.
    pub(super) fn pod(&self, pod: PodMark) -> &'static str {
        match pod.state {
            PodState::Ready if pod.restarted => self.pick("↻", "R"),
            PodState::Ready => self.pick("●", "O"),
            PodState::Starting => self.pick("◐", "o"),
            PodState::Unscheduled => self.pick("○", "."),
            PodState::Unready => self.pick("◌", "u"),
            PodState::Broken => self.pick("✗", "x"),
            PodState::Terminating => self.pick("–", "-"),
            PodState::Completed => self.pick("✓", "c"),
            PodState::Unknown => "?",
        }
    }

    /// In front of a verdict.
    pub(super) fn verdict(&self, word: &str) -> &'static str {
        match word.split(' ').next().unwrap_or_default() {
            "passed" => self.pick("✓", "="),
            "FAILED" | "ERROR" => self.pick("✗", "x"),
            "undecided" => "!",
            "ended" => self.pick("–", "-"),
            "running" | "pending" => self.pick("▸", ">"),
            _ => "?",
        }
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::app::theme::{ColorDepth, Rgb, Theme};
    use crate::view::Glyphs;

    #[test]
    fn every_glyph_is_one_cell_wide() {
        for glyphs in [Glyphs::Ascii, Glyphs::Unicode] {
            let look = Look::new(Theme::new("t", Rgb(0, 0, 0), []), glyphs, ColorDepth::None);
            let mut all = vec![
                look.ellipsis(),
                look.caret(),
                look.dot(),
                look.arrow(),
                look.bar_full(),
                look.bar_empty(),
            ];
            let kinds = [(false, false), (false, true), (true, false), (true, true)];
            for edges in kinds.map(|(focused, drill)| look.edges(focused, drill)) {
                all.extend(edges.corners);
                all.extend([edges.horizontal, edges.vertical]);
            }
            for mark in [Mark::Failed, Mark::NeedsPerson, Mark::Moving, Mark::Unknown, Mark::Quiet]
            {
                all.push(look.mark(mark));
            }
            for state in [
                PodState::Ready,
                PodState::Starting,
                PodState::Unscheduled,
                PodState::Unready,
                PodState::Broken,
                PodState::Terminating,
                PodState::Completed,
                PodState::Unknown,
            ] {
                for restarted in [false, true] {
                    all.push(look.pod(PodMark { state, restarted }));
                }
            }
            for word in ["passed", "FAILED", "undecided", "running", "x"] {
                all.push(look.verdict(word));
            }
            for glyph in all {
                assert_eq!(glyph.width(), 1, "{glyph}");
                assert!(glyphs == Glyphs::Unicode || glyph.is_ascii(), "{glyph}");
            }
        }
    }
}
