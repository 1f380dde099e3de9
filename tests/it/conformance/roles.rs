//! Names by chance become roles: hashes are letters in the order of appearance, pods are `POD`, the
//! namespace is `NS`.
//!
//! A Rollout's versions are A, B, C; those of a Deployment K, L, M; those of an Experiment P, Q, R.

use serde_json::Value;

use super::record::{Entry, Kind};

/// What stands for what.
pub(crate) struct Roles {
    /// Longest first, so that a pod's name goes before the hash in it.
    words: Vec<(String, String)>,
}

impl Roles {
    /// Of a whole record, which is in the order of the cluster.
    pub(crate) fn of(record: &[Entry], namespace: &str, prometheus: &str) -> Self {
        let mut words = vec![
            (namespace.to_owned(), "NS".to_owned()),
            (prometheus.to_owned(), "PROMETHEUS".to_owned()),
        ];
        let mut letters = [b'A', b'K', b'P'];
        for entry in record {
            let name = ending_of_pod(entry).map(|hash| (entry.name.clone(), format!("{hash}-POD")));
            words.extend(name.filter(|name| !words.contains(name)));
            for (hash, owner) in hashes_of(entry) {
                if !hash.is_empty() && !words.iter().any(|(word, _)| *word == hash) {
                    words.push((hash, char::from(letters[owner]).to_string()));
                    letters[owner] += 1;
                }
            }
            let uid = text(&entry.object, "/metadata/uid").to_owned();
            if !matches!(entry.kind, Kind::Pod | Kind::Event)
                && !words.iter().any(|(word, _)| *word == uid)
            {
                words.push((uid, "UID".to_owned()));
            }
        }
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        let mut roles = Self { words };
        // A pod's role was noted with the hash still in it.
        let (pods, others): (Vec<_>, Vec<_>) =
            roles.words.into_iter().partition(|(_, role)| role.ends_with("-POD"));
        roles = Self { words: others };
        let pods: Vec<_> = pods.into_iter().map(|(pod, role)| (pod, roles.told(&role))).collect();
        roles.words.splice(0..0, pods);
        roles
    }

    /// A text with roles in place of names, without times.
    pub(crate) fn told(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, role) in &self.words {
            if text.contains(word.as_str()) {
                text = text.replace(word.as_str(), role);
            }
        }
        without_times(&text)
    }
}

/// The hashes that an object brings up, and whose they are.
fn hashes_of(entry: &Entry) -> Vec<(String, usize)> {
    let of = |pointer: &str| text(&entry.object, pointer).to_owned();
    let ours = "/metadata/labels/rollouts-pod-template-hash";
    match (entry.kind, text(&entry.object, "/metadata/ownerReferences/0/kind")) {
        (Kind::ReplicaSet, "Rollout") => vec![(of(ours), 0)],
        (Kind::ReplicaSet, "Experiment") => vec![(of(ours), 2)],
        (Kind::ReplicaSet, _) => vec![(of("/metadata/labels/pod-template-hash"), 1)],
        _ => Vec::new(),
    }
}

/// A pod's name as its ReplicaSet begins it.
fn ending_of_pod(entry: &Entry) -> Option<String> {
    let set = (entry.kind == Kind::Pod).then(|| entry.name.rsplit_once('-'))??;
    Some(set.0.to_owned())
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// `2026-04-12T12:41:07Z` becomes `TIME`.
fn without_times(text: &str) -> String {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00Z";
    let is_time = |bytes: &[u8]| {
        bytes.len() == SHAPE.len()
            && bytes.iter().zip(SHAPE).all(|(b, s)| match s {
                b'0' => b.is_ascii_digit(),
                other => b == other,
            })
    };
    let mut told = text.to_owned();
    while let Some(at) = told.as_bytes().windows(SHAPE.len()).position(is_time) {
        told.replace_range(at..at + SHAPE.len(), "TIME");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_and_the_rest_stays() {
        let text = "from 2026-04-12T12:41:07Z to 2026-04-12T12:41:09Z";
        assert_eq!(without_times(text), "from TIME to TIME");
        assert_eq!(without_times("2026-04-12"), "2026-04-12");
    }
}
