//! What may be seen of one field: the states in order, those that need not come, and those whose
//! numbers differ from run to run. Made of several runs of the real thing, and readable.
//!
//! Two marks only. `?` before a state: some runs had it, some not. `<or>` between texts: the same
//! state with other numbers.

use std::collections::BTreeMap;

/// The states of a story: object and group of fields, and its states in order.
pub(crate) type Tracks = BTreeMap<(String, String), Vec<String>>;

/// One state of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    /// Texts that count as this state.
    pub(crate) texts: Vec<String>,
    /// Whether some runs were without it.
    pub(crate) optional: bool,
}

/// What may be seen of one field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pattern {
    pub(crate) states: Vec<State>,
}

const OR: &str = " <or> ";

impl Pattern {
    /// Of one run.
    pub(crate) fn of(track: &[String]) -> Self {
        let state = |text: &String| State { texts: vec![text.clone()], optional: false };
        Self { states: track.iter().map(state).collect() }
    }

    /// Whether a run is one of those that this describes.
    pub(crate) fn fits(&self, track: &[String]) -> bool {
        // Which prefixes of the track the states so far can account for.
        let mut reached = vec![false; track.len() + 1];
        reached[0] = true;
        for state in &self.states {
            let mut next = vec![false; track.len() + 1];
            for at in 0..=track.len() {
                if reached[at] {
                    next[at] |= state.optional;
                    if at < track.len() && state.texts.contains(&track[at]) {
                        next[at + 1] = true;
                    }
                }
            }
            reached = next;
        }
        reached[track.len()]
    }

    /// The pattern that this run fits as well.
    pub(crate) fn widened(&self, track: &[String]) -> Self {
        let mut states = Vec::new();
        for step in align(&self.states, track) {
            states.push(match step {
                Step::Same(at, text) => {
                    let mut state = self.states[at].clone();
                    if !state.texts.contains(&track[text]) {
                        state.texts.push(track[text].clone());
                        state.texts.sort();
                    }
                    state
                }
                Step::Missing(at) => State { optional: true, ..self.states[at].clone() },
                Step::Extra(text) => State { texts: vec![track[text].clone()], optional: true },
            });
        }
        Self { states }
    }

    /// How a run differs, a line each: `-` was expected, `+` was not.
    pub(crate) fn differences(&self, track: &[String]) -> Vec<String> {
        let mut lines = Vec::new();
        for step in align(&self.states, track) {
            match step {
                Step::Same(at, text) => {
                    let state = &self.states[at];
                    if !state.texts.contains(&track[text]) {
                        lines.push(format!("- {}", state.texts.join(OR)));
                        lines.push(format!("+ {}", track[text]));
                    }
                }
                Step::Missing(at) if self.states[at].optional => {}
                Step::Missing(at) => lines.push(format!("- {}", self.states[at].texts.join(OR))),
                Step::Extra(text) => lines.push(format!("+ {}", track[text])),
            }
        }
        lines
    }

    /// As lines of a recording.
    pub(crate) fn written(&self) -> String {
        let line = |state: &State| {
            let mark = if state.optional { "?" } else { " " };
            format!("{mark} {}\n", escaped(&state.texts.join(OR)))
        };
        self.states.iter().map(line).collect()
    }

    /// Of lines of a recording.
    pub(crate) fn read(lines: &[&str]) -> Self {
        let state = |line: &&str| {
            let (mark, texts) = line.split_at(2);
            assert!(matches!(mark, "  " | "? "), "no state of a recording: {line:?}");
            State { texts: texts.split(OR).map(unescaped).collect(), optional: mark == "? " }
        };
        Self { states: lines.iter().map(state).collect() }
    }
}

/// A text as one line.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescaped(line: &str) -> String {
    let parts: Vec<String> = line.split("\\\\").map(|part| part.replace("\\n", "\n")).collect();
    parts.join("\\")
}

enum Step {
    Same(usize, usize),
    Missing(usize),
    Extra(usize),
}

/// The best way to lay a run beside a pattern.
fn align(states: &[State], track: &[String]) -> Vec<Step> {
    let (rows, columns) = (states.len(), track.len());
    // best[i][j]: of the states from i and the track from j.
    let mut best = vec![vec![0u32; columns + 1]; rows + 1];
    for i in (0..rows).rev() {
        for j in (0..columns).rev() {
            let together = likeness(&states[i], &track[j]);
            let paired = if together > 0 { together + best[i + 1][j + 1] } else { 0 };
            best[i][j] = paired.max(best[i + 1][j]).max(best[i][j + 1]);
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut steps = Vec::new();
    while i < rows || j < columns {
        let together = if i < rows && j < columns { likeness(&states[i], &track[j]) } else { 0 };
        if together > 0 && best[i][j] == together + best[i + 1][j + 1] {
            steps.push(Step::Same(i, j));
            (i, j) = (i + 1, j + 1);
        } else if i < rows && best[i][j] == best[i + 1][j] {
            steps.push(Step::Missing(i));
            i += 1;
        } else {
            steps.push(Step::Extra(j));
            j += 1;
        }
    }
    steps
}

/// How gladly a text is taken for a state: equal, or equal but for its numbers.
fn likeness(state: &State, text: &str) -> u32 {
    if state.texts.iter().any(|t| t == text) {
        // What every run had is the better anchor.
        return if state.optional { 10 } else { 12 };
    }
    let wanted = bare(text);
    u32::from(state.texts.iter().any(|t| bare(t) == wanted)) * 3
}

/// A text without its numbers. `×1` is not written.
fn bare(text: &str) -> String {
    let bare: String = text.chars().filter(|c| !c.is_ascii_digit()).collect();
    bare.trim_end_matches(" ×").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(states: &str) -> Vec<String> {
        states.split_whitespace().map(str::to_owned).collect()
    }

    fn of_runs(runs: &[&str]) -> Pattern {
        let first = Pattern::of(&track(runs[0]));
        runs[1..].iter().fold(first, |pattern, run| pattern.widened(&track(run)))
    }

    #[test]
    fn one_run_fits_itself_only() {
        let pattern = of_runs(&["a b c"]);
        assert!(pattern.fits(&track("a b c")));
        for other in ["a b", "a c b", "a b c c", "", "a x c"] {
            assert!(!pattern.fits(&track(other)), "{other}");
        }
    }

    #[test]
    fn what_some_runs_lack_may_be_missing_and_nothing_else() {
        let pattern = of_runs(&["a b c d", "a c d", "a c x d"]);
        assert_eq!(pattern.written(), "  a\n? b\n  c\n? x\n  d\n");
        for run in ["a b c d", "a c d", "a c x d", "a b c x d"] {
            assert!(pattern.fits(&track(run)), "{run}");
        }
        for run in ["a b d", "a x c d", "b c d"] {
            assert!(!pattern.fits(&track(run)), "{run}");
        }
    }

    #[test]
    fn numbers_that_differ_are_one_state() {
        let pattern = of_runs(&["a paused×2 z", "a paused×3 z"]);
        assert_eq!(pattern.written(), "  a\n  paused×2 <or> paused×3\n  z\n");
        assert!(pattern.fits(&track("a paused×3 z")));
        assert!(!pattern.fits(&track("a z")), "it has to come");
        assert!(!pattern.fits(&track("a paused×4 z")));
        let once = ["paused".to_owned()];
        let twice = ["paused ×2".to_owned()];
        assert_eq!(Pattern::of(&once).widened(&twice).written(), "  paused <or> paused ×2\n");
    }

    #[test]
    fn a_pattern_is_read_as_it_was_written() {
        let pattern = of_runs(&["a b1 c d", "a b2 d", "a b1 c\\nd d"]);
        let text = pattern.written();
        assert_eq!(Pattern::read(&text.lines().collect::<Vec<_>>()), pattern);
    }

    #[test]
    fn differences_name_what_was_expected_and_what_came() {
        let pattern = of_runs(&["a b c", "a c"]);
        assert_eq!(pattern.differences(&track("a c")), Vec::<String>::new());
        assert_eq!(pattern.differences(&track("b c x")), ["- a", "+ x"]);
        let counted = of_runs(&["a1"]);
        assert_eq!(counted.differences(&track("a2")), ["- a1", "+ a2"]);
    }
}
