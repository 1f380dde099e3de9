//! Where the real control plane differs from itself, run by run, and why.
//!
//! A mark of a recording without a row here is a fault of the story, of the tracks, or a race that
//! nobody has understood yet. A row that no recording needs goes.

use super::recording::Recording;

/// Marks that are allowed.
pub(crate) struct Tolerance {
    /// Object and group of fields; one `*` in each may stand for anything.
    pub(crate) object: &'static str,
    pub(crate) group: &'static str,
    /// States may be missing (`?`).
    pub(crate) missing: bool,
    /// States may have other numbers (`<or>`).
    pub(crate) numbers: bool,
    pub(crate) why: &'static str,
}

const fn missing(object: &'static str, group: &'static str, why: &'static str) -> Tolerance {
    Tolerance { object, group, missing: true, numbers: false, why }
}

const fn both(object: &'static str, group: &'static str, why: &'static str) -> Tolerance {
    Tolerance { object, group, missing: true, numbers: true, why }
}

pub(crate) const TOLERANCES: &[Tolerance] = &[
    both("rollout *", "count *", COUNTED),
    both("deployment *", "count *", COUNTED),
    missing("rollout *", "condition Progressing", PASSES),
    missing("experiment *", "condition Progressing", PASSES),
    missing("rollout *", "phase", COUNTS),
    missing("rollout *", "frame", COUNTS),
    missing("rollout *", "analysis *", QUICK),
    missing("experiment *", "analysis *", TWICE),
    missing("analysisrun *-errors.1", "*", TWICE),
    both("rollout *", "events", TOLD),
    both("experiment *", "events", TOLD),
    both("analysisrun *", "events", TOLD),
    missing("service *", "selector", TURNED),
];

const COUNTED: &str = "the sum of the ReplicaSets' counters at the moment of a pass: whether the \
    pod that comes or the one that goes is counted first is chance";
const COUNTS: &str = "a phase of counts is there only if a pass falls between two pods that become \
    ready, or that go";
const TURNED: &str = "turned by each pass between an abort and the scale-down, \
    argoproj/argo-rollouts#3078";
const PASSES: &str = "whether a pass falls between a change and the next is chance";
const QUICK: &str = "a run that ends before the pass after its start is never seen running";
const TWICE: &str = "an Experiment whose controller has not yet heard of the run that it began \
    begins another";
const TOLD: &str = "a pass with a stale cache tells things again; the recorder drops what an object \
    has beyond 25, so that one more at the front is one less at the end; and see the phases above";

impl Tolerance {
    fn covers(&self, object: &str, group: &str) -> bool {
        fits(self.object, object) && fits(self.group, group)
    }
}

/// Whether a word is what a pattern means, in which one `*` stands for anything.
pub(crate) fn fits(pattern: &str, word: &str) -> bool {
    let Some((beginning, end)) = pattern.split_once('*') else { return pattern == word };
    let rest = word.strip_prefix(beginning);
    rest.is_some_and(|rest| rest.ends_with(end))
}

/// Marks of a recording that no row allows, and the rows that were needed.
pub(crate) fn check(recording: &Recording) -> (Vec<String>, Vec<usize>) {
    let (mut loose, mut needed) = (Vec::new(), Vec::new());
    for ((object, group), pattern) in &recording.tracks {
        for state in &pattern.states {
            let numbers = state.texts.len() > 1;
            if !state.optional && !numbers {
                continue;
            }
            let row = TOLERANCES.iter().position(|t| {
                let enough = (t.missing || !state.optional) && (t.numbers || !numbers);
                enough && t.covers(object, group)
            });
            match row {
                Some(row) => needed.push(row),
                None => loose.push(format!("{object} | {group}: {}", state.texts.join(" <or> "))),
            }
        }
    }
    (loose, needed)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, word) in [("bg-*", "bg-auto"), ("*", ""), ("a*.1", "a-b.1"), ("a", "a")] {
            assert!(fits(pattern, word), "{pattern} {word}");
        }
        for (pattern, word) in [("bg-*", "canary"), ("a*.1", "a-b"), ("a", "ab"), ("ab*b", "ab")] {
            assert!(!fits(pattern, word), "{pattern} {word}");
        }
    }
}
