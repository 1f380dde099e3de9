//! Events about the objects of a story, in the order in which each was first heard of, counted.
//!
//! Events about pods are the machines' own and are not compared.

use serde_json::Value;

use super::Scribe;
use crate::conformance::record::Entry;

/// All events of a record.
#[derive(Default)]
pub(super) struct Ledger {
    /// Name of the Event, what it is about, what it says, how often.
    lines: Vec<(String, String, String, u64)>,
}

impl Ledger {
    pub(super) fn note(&mut self, entry: &Entry) {
        if entry.gone {
            return;
        }
        let of = |pointer: &str| {
            entry.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
        };
        let about = of("/involvedObject/kind");
        if !matches!(about, "Rollout" | "ReplicaSet" | "Deployment" | "AnalysisRun" | "Experiment")
        {
            return;
        }
        let count = entry.object["count"].as_u64().unwrap_or(1);
        if let Some(line) = self.lines.iter_mut().find(|line| line.0 == entry.name) {
            line.3 = count;
            return;
        }
        let object = format!("{} {}", about.to_lowercase(), of("/involvedObject/name"));
        let says = format!("{} {}: {}", of("/type"), of("/reason"), of("/message"));
        self.lines.push((entry.name.clone(), object, says, count));
    }

    /// One state for each text: names that are gone make several events one.
    pub(super) fn close(self, scribe: &mut Scribe) {
        let mut told: Vec<(String, String, u64)> = Vec::new();
        for (_, object, says, count) in self.lines {
            let (object, says) = (scribe.roles.told(&object), scribe.roles.told(&says));
            match told.iter_mut().find(|t| t.0 == object && t.1 == says) {
                Some(line) => line.2 += count,
                None => told.push((object, says, count)),
            }
        }
        for (object, says, count) in told {
            let state = if count == 1 { says } else { format!("{says} ×{count}") };
            scribe.note(&object, "events", &state);
        }
    }
}
