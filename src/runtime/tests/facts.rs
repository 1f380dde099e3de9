//! What names the moment of a workload, as it is on the screen and as the server stores it; and
//! which of it each verb must assert.
//!
//! Read here by itself, not by what makes plans and patches.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::action::Verb;
use crate::domain::workload::Workload;

/// The moment of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Facts {
    uid: String,
    generation: i64,
    paused: bool,
    current: String,
    stable: String,
    step: Option<u64>,
    pause: String,
    aborted: bool,
    full: bool,
}

impl Facts {
    /// As it is on the screen.
    pub(super) fn shown(workload: &Workload) -> Self {
        let status = &workload.status;
        let text = |hash: &Option<_>| hash.as_ref().map(ToString::to_string).unwrap_or_default();
        Self {
            uid: workload.uid.to_string(),
            generation: workload.generation,
            paused: workload.paused,
            current: text(&status.current_hash),
            stable: text(&status.stable_hash),
            step: status.step_index.map(|step| step as u64),
            pause: status.pauses.first().map(|p| p.start_text.to_string()).unwrap_or_default(),
            aborted: status.abort,
            full: status.promote_full,
        }
    }

    /// As the server stores it.
    pub(super) fn stored(object: &Value) -> Self {
        let text = |path: &str| {
            object.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let flag = |path: &str| object.pointer(path).and_then(Value::as_bool).unwrap_or(false);
        Self {
            uid: text("/metadata/uid"),
            generation: object["metadata"]["generation"].as_i64().unwrap_or_default(),
            paused: flag("/spec/paused"),
            current: text("/status/currentPodHash"),
            stable: text("/status/stableRS"),
            step: object["status"]["currentStepIndex"].as_u64(),
            pause: text("/status/pauseConditions/0/startTime"),
            aborted: flag("/status/abort"),
            full: flag("/status/promoteFull"),
        }
    }

    /// Whether both are of the same object.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.uid == other.uid
    }

    /// Whether a write of this verb, meant for what was shown, may hit this.
    pub(super) fn is_target(&self, hit: &Self, verb: Verb) -> bool {
        let object = self.uid == hit.uid;
        let versions = self.current == hit.current && self.stable == hit.stable;
        let moment = self.step == hit.step
            && self.pause == hit.pause
            && self.generation == hit.generation
            && self.aborted == hit.aborted;
        match verb {
            Verb::Promote | Verb::PromoteFull | Verb::Retry => object && versions && moment,
            Verb::Abort => object && versions && !hit.aborted,
            Verb::Undo => object && versions && self.generation == hit.generation,
            Verb::Pause | Verb::Resume | Verb::Restart => {
                object && self.generation == hit.generation && self.paused == hit.paused
            }
            // It leaves as the moves that it is made of.
            Verb::WaveOff => false,
        }
    }
}

/// What a write must assert.
pub(super) struct Witness {
    paths: &'static [&'static str],
}

const STATUS: &[&str] = &[
    "/metadata/uid",
    "/metadata/generation",
    "/status/currentPodHash",
    "/status/stableRS",
    "/status/currentStepIndex",
    "/status/pauseConditions/0/startTime",
    "/status/abort",
];
const ABORT: &[&str] =
    &["/metadata/uid", "/status/currentPodHash", "/status/stableRS", "/status/abort"];
const SPEC: &[&str] = &["/metadata/uid", "/metadata/generation", "/spec/paused"];
const UNDO: &[&str] = &[
    "/metadata/uid",
    "/metadata/generation",
    "/spec/paused",
    "/status/currentPodHash",
    "/status/stableRS",
];

impl Witness {
    pub(super) fn new(verb: Verb, path: &str) -> Self {
        let paths = match verb {
            Verb::Promote | Verb::PromoteFull | Verb::Retry => STATUS,
            Verb::Abort => ABORT,
            Verb::Undo if path.contains("/rollouts/") => UNDO,
            Verb::Undo | Verb::Pause | Verb::Resume | Verb::Restart => SPEC,
            Verb::WaveOff => &[],
        };
        Self { paths }
    }

    /// What is missing or different in the leading tests of a patch.
    pub(super) fn complaint(
        &self,
        seen: &Facts,
        tests: &BTreeMap<String, Value>,
    ) -> Option<String> {
        self.paths.iter().find_map(|path| {
            // Where a parent is missing it is tested that it is.
            let parent = |test: &&String| {
                path.strip_prefix(test.as_str()).is_some_and(|rest| rest.starts_with('/'))
            };
            let value = tests.get(*path);
            let absent =
                value.is_none() && tests.keys().find(parent).is_some_and(|p| tests[p].is_null());
            match value {
                None if !absent => Some(format!("no test of {path}")),
                value => {
                    let value = value.unwrap_or(&Value::Null);
                    (!seen.says(path, value))
                        .then(|| format!("{path} was shown otherwise than {value}: {seen:?}"))
                }
            }
        })
    }
}

impl Facts {
    /// Whether a tested value is the one that was shown.
    fn says(&self, path: &str, value: &Value) -> bool {
        let text = |shown: &str| value.as_str().unwrap_or_default() == shown;
        let flag = |shown: bool| value.as_bool().unwrap_or(false) == shown;
        match path {
            "/metadata/uid" => text(&self.uid),
            "/metadata/generation" => value.as_i64() == Some(self.generation),
            "/spec/paused" => flag(self.paused),
            "/status/currentPodHash" => text(&self.current),
            "/status/stableRS" => text(&self.stable),
            "/status/currentStepIndex" => value.as_u64() == self.step,
            "/status/pauseConditions/0/startTime" => text(&self.pause),
            "/status/abort" => flag(self.aborted),
            _ => false,
        }
    }
}
