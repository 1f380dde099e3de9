//! How long a Job waits after its pods failed: 10 s, then twice as long each time, up to 10 min,
//! until one succeeds.
//!
//! Called by the Job controller.

use serde_json::Value;

use crate::sim::object::Document;
use crate::sim::time::{self, Moment, Span};

const FIRST: i64 = 10;
const MOST: i64 = 600;

/// The failures since the last success.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    failures: u32,
    last: Option<Moment>,
}

impl Record {
    /// Takes note of pods that have ended newly.
    pub(super) fn note(&mut self, succeeded: &[&Value], failed: &[&Value]) {
        let success = succeeded.iter().filter_map(|pod| ended_at(pod)).max();
        if !succeeded.is_empty() {
            *self = Self::default();
        }
        let counts = |at: &Moment| success.is_none_or(|success| *at > success);
        for at in failed.iter().filter_map(|pod| ended_at(pod)).filter(counts) {
            self.failures += 1;
            self.last = self.last.max(Some(at));
        }
    }

    /// Until when no new pod is made.
    pub(super) fn until(&self) -> Option<Moment> {
        let doubled = FIRST.saturating_mul(1 << self.failures.checked_sub(1)?.min(10));
        Some(self.last? + Span::seconds(doubled.min(MOST)))
    }
}

/// When the last container of a pod ended, or else when the pod ceased to be ready or was deleted.
fn ended_at(pod: &Value) -> Option<Moment> {
    let containers = pod.items("/status/containerStatuses").iter();
    let ends = containers.map(|c| time::parse(c.text("/state/terminated/finishedAt")));
    let last = ends.collect::<Option<Vec<Moment>>>().and_then(|ends| ends.into_iter().max());
    let unready = pod.condition("Ready").filter(|c| c.text("/status") == "False");
    let unready = unready.and_then(|c| time::parse(c.text("/lastTransitionTime")));
    let created = || time::parse(pod.text("/metadata/creationTimestamp"));
    last.or(unready).or_else(created)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ended(at: &str) -> Value {
        let end = json!({"terminated": {"finishedAt": at}});
        json!({"status": {"containerStatuses": [{"state": end}]}})
    }

    #[test]
    fn it_waits_longer_each_time_until_a_success() {
        let mut record = Record::default();
        assert_eq!(record.until(), None);
        record.note(&[], &[&ended("2026-11-24T10:00:00Z")]);
        assert_eq!(record.until(), time::parse("2026-11-24T10:00:10Z"));
        record.note(&[], &[&ended("2026-11-24T10:01:00Z")]);
        assert_eq!(record.until(), time::parse("2026-11-24T10:01:20Z"));
        record.note(&[&ended("2026-11-24T10:02:00Z")], &[&ended("2026-11-24T10:02:05Z")]);
        assert_eq!(record.until(), time::parse("2026-11-24T10:02:15Z"));
        record.note(&[&ended("2026-11-24T10:03:00Z")], &[]);
        assert_eq!(record.until(), None);
    }
}
