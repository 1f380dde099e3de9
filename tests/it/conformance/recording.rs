//! Recordings: what the real control plane showed in each story, as text that people can read.
//!
//! A recording is made of several runs; what differed between them is marked. Written by the tests
//! in `plane`, read by everything that is held against the real thing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::pattern::{Pattern, Tracks};
use super::stories::Story;

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Recording {
    /// Number of runs it is made of.
    pub(crate) runs: u32,
    /// What was recorded: versions.
    pub(crate) of: String,
    pub(crate) tracks: BTreeMap<(String, String), Pattern>,
}

impl Recording {
    /// With one more run in it.
    pub(crate) fn with(mut self, run: &Tracks, of: &str) -> Self {
        let first = self.runs == 0;
        for (key, track) in run {
            let seen = self.tracks.get(key).cloned();
            // A field that the runs before did not have at all need not be there.
            let seen =
                seen.unwrap_or_else(|| if first { Pattern::of(track) } else { Pattern::default() });
            let widened = if seen.fits(track) { seen } else { seen.widened(track) };
            self.tracks.insert(key.clone(), widened);
        }
        for (key, pattern) in &mut self.tracks {
            if !run.contains_key(key) && !pattern.fits(&[]) {
                *pattern = pattern.widened(&[]);
            }
        }
        Self { runs: self.runs + 1, of: of.to_owned(), ..self }
    }

    /// How a run differs, by field.
    pub(crate) fn differences(&self, run: &Tracks) -> Vec<Difference> {
        let nothing = Vec::new();
        let mut found = Vec::new();
        for (key, pattern) in &self.tracks {
            let track = run.get(key).unwrap_or(&nothing);
            if !pattern.fits(track) {
                found.push(Difference { field: key.clone(), lines: pattern.differences(track) });
            }
        }
        for (key, track) in run.iter().filter(|(key, _)| !self.tracks.contains_key(*key)) {
            let lines = Pattern::default().differences(track);
            found.push(Difference { field: key.clone(), lines });
        }
        found
    }

    /// As text.
    pub(crate) fn written(&self, story: &Story) -> String {
        let mut text = format!(
            "# {}: {}\n# {}; {} runs. `?`: some runs had it, some not.\n",
            story.name, story.plot, self.of, self.runs
        );
        for ((object, group), pattern) in &self.tracks {
            text.push_str(&format!("\n{object} | {group}\n{}", pattern.written()));
        }
        text
    }

    /// Of text.
    pub(crate) fn read(text: &str) -> Self {
        let mut blocks = text.split("\n\n");
        let head = blocks.next().unwrap_or_default();
        let second = head.lines().nth(1).expect("a second line").trim_start_matches("# ");
        let (of, rest) = second.rsplit_once("; ").expect("versions; runs");
        let runs = rest.split(' ').next().and_then(|n| n.parse().ok()).expect("a number of runs");
        let tracks = blocks.map(|block| {
            let mut lines = block.lines();
            let (object, group) = lines.next().and_then(|l| l.split_once(" | ")).expect("a field");
            let states: Vec<&str> = lines.collect();
            ((object.to_owned(), group.to_owned()), Pattern::read(&states))
        });
        Self { runs, of: of.to_owned(), tracks: tracks.collect() }
    }
}

/// A field whose states differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) field: (String, String),
    /// `-` was expected, `+` was not.
    pub(crate) lines: Vec<String>,
}

/// Where recordings lie.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/conformance/recorded")
}

/// The recording of a story, if it was ever played.
pub(crate) fn of(story: &Story) -> Option<Recording> {
    let text = std::fs::read_to_string(folder().join(format!("{}.txt", story.name))).ok()?;
    Some(Recording::read(&text))
}

/// Keeps a recording.
pub(crate) fn keep(story: &Story, recording: &Recording) {
    let file = folder().join(format!("{}.txt", story.name));
    std::fs::write(file, recording.written(story)).expect("the folder is there");
}
