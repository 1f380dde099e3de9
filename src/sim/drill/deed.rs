//! What a person did, read from the request that did it.
//!
//! Whoever sends it, by key, command or another client, it is the same deed. Called by the
//! director.

use serde_json::Value;

use crate::sim::object::Document;

/// A verb as the request shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Verb {
    Promote,
    PromoteFull,
    Pause,
    Resume,
    Abort,
    Undo,
    Retry,
    Restart,
    Scale,
}

const WORDS: &[(Verb, &str)] = &[
    (Verb::Promote, "promote"),
    (Verb::PromoteFull, "promote-full"),
    (Verb::Pause, "pause"),
    (Verb::Resume, "resume"),
    (Verb::Abort, "abort"),
    (Verb::Undo, "undo"),
    (Verb::Retry, "retry"),
    (Verb::Restart, "restart"),
    (Verb::Scale, "scale"),
];

impl Verb {
    /// Its word, as on the command line.
    pub(super) fn word(self) -> &'static str {
        WORDS.iter().find(|(verb, _)| *verb == self).map_or("", |(_, word)| word)
    }

    pub(super) fn named(word: &str) -> Option<Self> {
        WORDS.iter().find(|(_, known)| *known == word).map(|(verb, _)| *verb)
    }
}

/// The verb that changes an object from one state to another: `None` when it is none of ours.
pub(super) fn between(before: &Value, after: &Value) -> Option<Verb> {
    let raised = |pointer: &str| !before.flag(pointer) && after.flag(pointer);
    let lowered = |pointer: &str| before.flag(pointer) && !after.flag(pointer);
    let moved = |pointer: &str| before.pointer(pointer) != after.pointer(pointer);
    if raised("/status/abort") {
        return Some(Verb::Abort);
    }
    if raised("/status/promoteFull") {
        return Some(Verb::PromoteFull);
    }
    if moved("/spec/template") {
        let restart = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
        return Some(if moved(restart) { Verb::Restart } else { Verb::Undo });
    }
    if moved("/spec/restartAt") {
        return Some(Verb::Restart);
    }
    if lowered("/status/abort") {
        return Some(Verb::Retry);
    }
    if moved("/status/pauseConditions") || moved("/status/currentStepIndex") {
        return Some(Verb::Promote);
    }
    if raised("/spec/paused") {
        return Some(Verb::Pause);
    }
    if lowered("/spec/paused") {
        return Some(Verb::Resume);
    }
    moved("/spec/replicas").then_some(Verb::Scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_verb_by_what_it_changes() {
        let cases = [
            (json!({}), json!({"status": {"abort": true}}), Some(Verb::Abort)),
            (json!({"status": {"abort": true}}), json!({"status": {}}), Some(Verb::Retry)),
            (json!({}), json!({"status": {"promoteFull": true}}), Some(Verb::PromoteFull)),
            (json!({}), json!({"spec": {"paused": true}}), Some(Verb::Pause)),
            (
                json!({"spec": {"paused": true}}),
                json!({"spec": {"paused": false}}),
                Some(Verb::Resume),
            ),
            (json!({}), json!({"spec": {"template": {"x": 1}}}), Some(Verb::Undo)),
            (json!({}), json!({"spec": {"restartAt": "t"}}), Some(Verb::Restart)),
            (
                json!({"status": {"pauseConditions": [1]}}),
                json!({"status": {}}),
                Some(Verb::Promote),
            ),
            (json!({}), json!({"spec": {"replicas": 2}}), Some(Verb::Scale)),
            (json!({}), json!({"metadata": {"labels": {"a": "b"}}}), None),
        ];
        for (before, after, verb) in cases {
            assert_eq!(between(&before, &after), verb, "{before} -> {after}");
        }
        for (verb, word) in WORDS {
            assert_eq!(Verb::named(word), Some(*verb));
            assert_eq!(verb.word(), *word);
        }
    }
}
