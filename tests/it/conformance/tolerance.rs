//! Where the real control plane differs from itself, run by run, and why.
//!
//! A mark of a recording without a row here is a fault of the story, of the tracks, or a race that
//! nobody has understood yet. A row that no recording needs goes.

use super::recording::Recording;

/// Marks that are allowed.
pub(crate) struct Tolerance {
    /// Kind of object and group of fields; `*` at the end stands for any rest.
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

pub(crate) const TOLERANCES: &[Tolerance] = &[];

impl Tolerance {
    fn covers(&self, object: &str, group: &str) -> bool {
        fits(self.object, object) && fits(self.group, group)
    }
}

/// Whether a word is what a pattern with a `*` at its end means.
pub(crate) fn fits(pattern: &str, word: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => word.starts_with(beginning),
        None => pattern == word,
    }
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
