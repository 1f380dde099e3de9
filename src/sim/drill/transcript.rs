//! What happened in a drill, line by line, by the drill's own clock.
//!
//! Never says anything that depends on names drawn by lot: the same seed and the same acts give the
//! same lines. Called by the director.

use super::sight::Sight;
use crate::sim::time::Span;

/// Who a line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// The script.
    Story,
    /// What the pilot is told.
    Page,
    /// A person, by name.
    Person(String),
    /// A service.
    Service(String),
    /// The referee.
    Referee,
}

impl Who {
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Story => "story",
            Self::Page => "page",
            Self::Person(name) | Self::Service(name) => name,
            Self::Referee => "referee",
        }
    }
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// From the pilot's first second.
    pub(super) at: Span,
    pub(super) who: Who,
    pub(super) text: String,
}

/// A clock as `02:31.4`; before the pilot came in, with a minus.
pub(super) fn clock(at: Span) -> String {
    let tenths = at.num_milliseconds() / 100;
    let sign = if tenths < 0 { "-" } else { "" };
    let tenths = tenths.abs();
    format!("{sign}{:02}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// What changed of a service, in words; nothing when only details did.
pub(super) fn difference(before: &Sight, after: &Sight) -> Option<String> {
    let mut told = Vec::new();
    if before.wanted != after.wanted {
        told.push(format!("wants {}", after.wanted));
    }
    if before.phase != after.phase || (before.message != after.message && lasts(&after.phase)) {
        let message = if after.message.is_empty() {
            String::new()
        } else {
            format!(" ({})", without_names(&after.message))
        };
        told.push(format!("{}{message}", after.phase));
    }
    if before.step != after.step
        && let Some(step) = after.step
    {
        told.push(format!("step {step}"));
    }
    if before.weight != after.weight {
        let weight = after.weight.map_or_else(|| "not reported".to_owned(), |w| format!("{w} %"));
        told.push(format!("weight {weight}"));
    }
    if before.stable != after.stable {
        told.push(format!("stable {}", after.stable));
    }
    if before.held != after.held {
        told.push(if after.held { "held" } else { "let go" }.to_owned());
    }
    (!told.is_empty()).then(|| told.join(", "))
}

/// Messages of a phase that stays are worth a line; while pods come and go they are not.
fn lasts(phase: &str) -> bool {
    matches!(phase, "Degraded" | "Paused")
}

/// A message without the parts that are drawn by lot.
fn without_names(message: &str) -> String {
    let is_hash = |word: &str| {
        let tail = word.trim_matches(|c: char| !c.is_alphanumeric()).rsplit('-').next();
        tail.is_some_and(|tail| tail.len() >= 8 && tail.chars().all(|c| "456789bcdf".contains(c)))
    };
    let words = message.split(' ').map(|word| if is_hash(word) { "..." } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks() {
        for (ms, text) in [(0, "00:00.0"), (151_450, "02:31.4"), (-45_000, "-00:45.0")] {
            assert_eq!(clock(Span::milliseconds(ms)), text);
        }
    }

    #[test]
    fn what_changed_in_words_that_do_not_depend_on_chance() {
        let before = Sight { phase: "Progressing".into(), step: Some(1), ..Sight::default() };
        let after = Sight {
            phase: "Degraded".into(),
            message: "ReplicaSet \"checkout-67bdf84c69\" has timed out".into(),
            step: Some(0),
            weight: Some(0),
            ..Sight::default()
        };
        let told = difference(&before, &after).unwrap();
        assert_eq!(told, "Degraded (ReplicaSet ... has timed out), step 0, weight 0 %");
        assert_eq!(difference(&after, &after), None);
    }
}
