//! The key table: the one place from which dispatch, hints, help and README are made.
//!
//! Lower case looks, UPPER CASE acts; `G` and `N` keep their vi meaning.

use super::command::Command;
use super::key::Key;
use super::screen::Screen;
use crate::domain::action::Verb;

/// Where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On every screen.
    Everywhere,
    /// On the Fleet screen.
    Fleet,
    /// On the Fleet and Rollout screens.
    Cockpit,
    /// On the Rollout screen and those opened from it.
    Workload,
    /// On the Fleet, Rollout and opened screens: wherever a workload is meant.
    Selection,
    /// On the Logs screen.
    Logs,
    /// On the Metrics screen.
    Metrics,
}

impl Place {
    /// Whether it covers this screen.
    pub fn covers(self, screen: &Screen) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Fleet => *screen == Screen::Fleet,
            Self::Cockpit => matches!(screen, Screen::Fleet | Screen::Rollout(_)),
            Self::Workload => screen.workload().is_some(),
            Self::Selection => *screen == Screen::Fleet || screen.workload().is_some(),
            Self::Logs => matches!(screen, Screen::Logs(_)),
            Self::Metrics => matches!(screen, Screen::Metrics(_)),
        }
    }
}

/// Group of a binding in help and README.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Acts on the cluster.
    Change,
    /// Looks.
    Look,
    /// Moves.
    Move,
    /// Session.
    Session,
}

impl Group {
    /// The heading.
    pub fn word(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Look => "look",
            Self::Move => "move",
            Self::Session => "session",
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Keys that do the same; the first is the one that hints show.
    pub keys: &'static [Key],
    /// Where it holds.
    pub place: Place,
    /// What it asks for.
    pub command: Command,
    /// Name for overrides in the configuration.
    pub name: &'static str,
    /// One or two words for hints.
    pub label: &'static str,
    /// A sentence for help.
    pub help: &'static str,
    /// Group.
    pub group: Group,
}

macro_rules! bind {
    (
        $group:ident $place:ident [$($key:expr),+] $command:expr,
        $name:literal, $label:literal, $help:literal
    ) => {
        Binding {
            keys: &[$($key),+],
            place: Place::$place,
            command: $command,
            name: $name,
            label: $label,
            help: $help,
            group: Group::$group,
        }
    };
}

use Key::{
    BackTab, Char, Ctrl, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up,
};

/// Every binding. An earlier row wins over a later one.
pub const TABLE: &[Binding] = &[
    bind!(Change Selection [Char('P')] Command::Act(Verb::Promote), "promote", "promote", "promote one step"),
    bind!(Change Selection [Char('B')] Command::Switch, "switch", "switch", "switch a blue-green to its new version; in production past its gate only"),
    bind!(Change Selection [Char('F')] Command::Act(Verb::PromoteFull), "promote-full", "full", "promote fully, skipping steps and analysis"),
    bind!(Change Selection [Char('H')] Command::Hold, "hold", "hold", "hold (pause), or resume when held; skips nothing"),
    bind!(Change Selection [Char('A')] Command::Act(Verb::Abort), "abort", "abort", "abort: traffic back to stable"),
    bind!(Change Selection [Char('U')] Command::Act(Verb::Undo), "undo", "undo", "undo: choose a revision, the last stable one is preselected"),
    bind!(Change Selection [Char('W')] Command::Act(Verb::WaveOff), "wave-off", "wave off", "wave off: back to the last good version, by whatever that takes"),
    bind!(Change Selection [Char('R')] Command::Act(Verb::Retry), "retry", "retry", "retry an aborted update"),
    bind!(Change Selection [Char('S')] Command::Act(Verb::Restart), "restart", "restart", "restart: replace every pod by a new one"),
    bind!(Change Selection [Char('T')] Command::Guard, "guard", "guard", "arm a guard that goes back by itself, or disarm it"),
    bind!(Change Selection [Char('C')] Command::Revert, "git-revert", "commit", "commit the way back to the repository that Argo CD or Flux follows"),
    bind!(Look Logs [Char('p')] Command::PreviousLogs, "previous-logs", "previous", "logs of the container before its last restart"),
    bind!(Look Logs [Char('f')] Command::Follow, "follow", "follow", "follow the end of the log"),
    bind!(Look Metrics [Char('c')] Command::Span, "span", "span", "another span of the charts"),
    bind!(Look Metrics [Char('v')] Command::Cursor, "cursor", "cursor", "a cursor that reads the values, and none again"),
    bind!(Look Metrics [Char('#')] Command::Raw, "numbers", "numbers", "numbers instead of the plot, and back"),
    bind!(Move Metrics [Left] Command::Earlier, "earlier", "earlier", "the cursor to the left"),
    bind!(Move Metrics [Right] Command::Later, "later", "later", "the cursor to the right"),
    bind!(Look Selection [Char('l')] Command::Logs, "logs", "logs", "logs of the selected pod, or of all pods of the new version"),
    bind!(Look Selection [Char('m')] Command::Metrics, "metrics", "metrics", "what is measured, as charts"),
    bind!(Look Cockpit [Char('v')] Command::Gate, "gate", "gate", "the gate of the new version; Enter there runs its checks"),
    bind!(Look Cockpit [Char('c')] Command::Readiness, "check", "check", "check: is it ready for a release; rules on it as it is on the cluster"),
    bind!(Look Selection [Char('x')] Command::Why, "why", "why", "why it stands where it stands, with the evidence"),
    bind!(Look Selection [Char('w')] Command::Watch, "watch", "watch", "what the guard sees: values, limits, how long they are broken"),
    bind!(Look Selection [Char('t'), Char('e')] Command::Timeline, "timeline", "timeline", "timeline: events and observed changes"),
    bind!(Look Selection [Char('d')] Command::Diff, "diff", "diff", "compare two revisions"),
    bind!(Look Selection [Char('i')] Command::Info, "info", "info", "conditions, Services, Ingresses, settings"),
    bind!(Look Selection [Char('y')] Command::Copy, "copy", "copy", "copy the summary of the selection to the clipboard"),
    bind!(Look Everywhere [Char('/')] Command::Filter, "filter", "filter", "filter: words, !word, ns: status: kind: strategy:"),
    bind!(Look Fleet [Char('s')] Command::Sort, "sort", "sort", "order by risk, name or age"),
    bind!(Look Everywhere [Char('r')] Command::Refresh, "refresh", "refresh", "try every source again now"),
    bind!(Move Everywhere [Char('j'), Down] Command::Down, "down", "down", "one row down"),
    bind!(Move Everywhere [Char('k'), Up] Command::Up, "up", "up", "one row up"),
    bind!(Move Everywhere [Char('g'), Home] Command::Top, "top", "top", "to the first row"),
    bind!(Move Everywhere [Char('G'), End] Command::Bottom, "bottom", "bottom", "to the last row"),
    bind!(Move Everywhere [Ctrl('d'), PageDown] Command::PageDown, "page-down", "page down", "a page down"),
    bind!(Move Everywhere [Ctrl('u'), PageUp] Command::PageUp, "page-up", "page up", "a page up"),
    bind!(Move Workload [Tab] Command::NextPane, "next-pane", "pane", "to the next pane"),
    bind!(Move Workload [BackTab] Command::PreviousPane, "previous-pane", "pane back", "to the pane before"),
    bind!(Move Workload [Char('z')] Command::Zoom, "zoom", "zoom", "pane as large as the screen, and back"),
    bind!(Move Everywhere [Enter] Command::Open, "open", "open", "open what is selected"),
    bind!(Move Everywhere [Esc, Key::Backspace] Command::Back, "back", "back", "back; in the fleet: clear the filter"),
    bind!(Move Everywhere [Char('1')] Command::Fleet, "fleet", "fleet", "to the fleet"),
    bind!(Move Everywhere [Char('2')] Command::Rollout, "rollout", "rollout", "to the selected rollout"),
    bind!(Session Everywhere [Char('b')] Command::Briefing, "briefing", "briefing", "in a drill: what it is about, and how it goes"),
    bind!(Session Everywhere [Char('?')] Command::Help, "help", "help", "the keys"),
    bind!(Session Everywhere [Char('!')] Command::Troubles, "troubles", "errors", "what went wrong in this session"),
    bind!(Session Everywhere [Char('o')] Command::Journal, "journal", "journal", "the journal: what was done from here, by whom, and what came of it"),
    bind!(Session Everywhere [Ctrl('l')] Command::Redraw, "redraw", "redraw", "draw everything anew"),
    bind!(Session Everywhere [Ctrl('z')] Command::Suspend, "suspend", "suspend", "to the shell; fg comes back"),
    bind!(Session Everywhere [Char('q'), Ctrl('c')] Command::Quit, "quit", "quit", "leave"),
];

/// Overrides from the configuration: a binding's name and the key that replaces its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides(pub Vec<(&'static str, Key)>);

impl Overrides {
    fn key_of(&self, binding: &Binding) -> Option<Key> {
        self.0.iter().find(|(name, _)| *name == binding.name).map(|(_, key)| *key)
    }

    /// The keys of a binding.
    pub fn keys(&self, binding: &Binding) -> Vec<Key> {
        self.key_of(binding).map_or_else(|| binding.keys.to_vec(), |key| vec![key])
    }

    /// The key that hints show.
    pub fn hint(&self, binding: &Binding) -> Option<Key> {
        self.key_of(binding).or_else(|| binding.keys.first().copied())
    }
}

/// What this key asks for on this screen.
pub fn command(overrides: &Overrides, screen: &Screen, key: Key) -> Option<Command> {
    TABLE
        .iter()
        .find(|b| b.place.covers(screen) && overrides.keys(b).contains(&key))
        .map(|b| b.command)
}

/// Bindings that hold on this screen, in the order of the table.
pub fn on(screen: &Screen) -> impl Iterator<Item = &'static Binding> {
    let screen = screen.clone();
    TABLE.iter().filter(move |b| b.place.covers(&screen))
}

/// The binding of a command.
pub fn binding(command: Command) -> Option<&'static Binding> {
    TABLE.iter().find(|b| b.command == command)
}

/// The table as Markdown, for the README.
pub fn markdown() -> String {
    let mut text = String::from("| key | what it does |\n|---|---|\n");
    for group in [Group::Change, Group::Look, Group::Move, Group::Session] {
        for binding in TABLE.iter().filter(|b| b.group == group) {
            let keys: Vec<String> = binding.keys.iter().map(|k| format!("`{k}`")).collect();
            let place = match binding.place {
                Place::Logs => " (logs)",
                Place::Metrics => " (metrics)",
                Place::Fleet => " (fleet)",
                _ => "",
            };
            text.push_str(&format!("| {} | {}{place} |\n", keys.join(" "), binding.help));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{WorkloadId, WorkloadKind};

    #[test]
    fn upper_case_acts_and_lower_case_looks() {
        for binding in TABLE {
            for key in binding.keys {
                let Key::Char(c) = key else { continue };
                let acts = binding.group == Group::Change;
                if acts {
                    assert!(c.is_ascii_uppercase(), "{} acts by {c}", binding.name);
                } else {
                    assert!(!c.is_ascii_uppercase() || matches!(c, 'G' | 'N'), "{}", binding.name);
                }
            }
        }
    }

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        let id = WorkloadId::new("shop", WorkloadKind::Rollout, "checkout");
        let screens = [
            Screen::Fleet,
            Screen::Rollout(id.clone()),
            Screen::Logs(id.clone()),
            Screen::Metrics(id.clone()),
            Screen::Gate(id),
            Screen::Help,
            Screen::Briefing,
            Screen::Journal(None),
        ];
        for screen in screens {
            let mut seen = Vec::new();
            for binding in on(&screen) {
                for key in binding.keys {
                    assert!(!seen.contains(key), "{key} twice on {screen:?}");
                    seen.push(*key);
                }
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = TABLE.iter().map(|b| b.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
