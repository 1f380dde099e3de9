//! The Logs screen's own state: lines as they come, bounded.

use std::collections::VecDeque;

use tui_input::Input;

use crate::domain::id::ObjectRef;
use crate::domain::text::SafeText;
use crate::domain::timeline::Tone;

/// Most lines kept.
const KEPT: usize = 5000;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Pod it comes from.
    pub pod: SafeText,
    /// Text.
    pub text: SafeText,
}

/// How far into a line its level is looked for, in characters.
const LEVEL_WITHIN: usize = 80;

impl LogLine {
    /// How bad it says it is, by the usual words near its beginning.
    pub fn tone(&self) -> Tone {
        let head: String = self.text.chars().take(LEVEL_WITHIN).collect();
        let head = head.to_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| head.contains(word));
        if has(&["ERROR", "FATAL", "PANIC"]) {
            Tone::Bad
        } else if has(&["WARN"]) {
            Tone::Warn
        } else {
            Tone::Plain
        }
    }
}

/// How a log stream stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LogState {
    /// Asked for, nothing has come.
    #[default]
    Waiting,
    /// Lines are coming.
    Following,
    /// Every stream ended; why, when it was not simply the end.
    Ended(Option<SafeText>),
}

/// The Logs screen's own state.
#[derive(Debug, Clone, Default)]
pub struct LogView {
    /// Which request the lines must belong to.
    pub epoch: u64,
    /// Pods that are read.
    pub pods: Vec<ObjectRef>,
    /// Jobs whose pods are read.
    pub jobs: Vec<ObjectRef>,
    /// Whether the container before the last restart is read.
    pub previous: bool,
    /// Lines, oldest first.
    pub lines: VecDeque<LogLine>,
    /// Lines that were dropped at the front.
    pub dropped: u64,
    /// How the stream stands.
    pub state: LogState,
    /// Whether the view stays at the end.
    pub following: bool,
    /// First line shown when it does not.
    pub top: usize,
    /// Filter.
    pub filter: Input,
    /// Whether keys go to the filter.
    pub typing: bool,
}

impl LogView {
    /// Takes in a line.
    pub fn push(&mut self, line: LogLine) {
        self.state = LogState::Following;
        self.lines.push_back(line);
        while self.lines.len() > KEPT {
            self.lines.pop_front();
            self.dropped += 1;
            self.top = self.top.saturating_sub(1);
        }
    }

    /// Lines that pass the filter.
    pub fn visible(&self) -> Vec<&LogLine> {
        let wanted = self.filter.value().to_lowercase();
        let hit = |line: &&LogLine| {
            wanted.is_empty()
                || line.text.to_lowercase().contains(&wanted)
                || line.pod.to_lowercase().contains(&wanted)
        };
        self.lines.iter().filter(hit).collect()
    }
}
