//! The two witnesses of what was written: the API server's audit log and waveoff's journal.
//!
//! Each line of the one must have its counterpart in the other. Used at the end of every story.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::grounds::{Plane, wait};

/// A write as either witness tells it: resource, name and subresource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Written {
    /// `rollouts` or `deployments`.
    pub(super) resource: String,
    /// Object.
    pub(super) name: String,
    /// `status` or nothing.
    pub(super) subresource: String,
}

/// A line of the audit log about a request that would change something.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// What.
    pub(super) written: Written,
    /// Verb of the API.
    pub(super) verb: String,
    /// HTTP status of the answer.
    pub(super) code: u64,
    /// The body.
    pub(super) body: Value,
    /// Who sent it.
    pub(super) agent: String,
    /// When it came (RFC 3339 with microseconds, UTC).
    pub(super) at: String,
}

/// What this person tried to change in this namespace, oldest first.
pub(super) fn writes(plane: &Plane, person: &str, namespace: &str) -> Vec<Line> {
    let log = std::fs::read_to_string(plane.value("PLANE_AUDIT_LOG")).expect("the audit log");
    let mine = format!("\"namespace\":\"{namespace}\"");
    log.lines()
        .filter(|line| line.contains(&mine))
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|v| v["user"]["username"] == person && v["stage"] == "ResponseComplete")
        // Asking for one's own rights is a `create` too, of an object in no namespace.
        .filter(|v| v["objectRef"]["namespace"] == namespace)
        .filter(|v| !matches!(v["verb"].as_str(), Some("get" | "list" | "watch")))
        .filter(|v| v["objectRef"]["resource"] != "selfsubjectaccessreviews")
        // By these guards agree on who acts; they change no workload.
        .filter(|v| v["objectRef"]["resource"] != "leases")
        .map(|v| {
            let part = |name: &str| v["objectRef"][name].as_str().unwrap_or_default().to_owned();
            Line {
                written: Written {
                    resource: part("resource"),
                    name: part("name"),
                    subresource: part("subresource"),
                },
                verb: v["verb"].as_str().unwrap_or_default().to_owned(),
                code: v["responseStatus"]["code"].as_u64().unwrap_or_default(),
                body: v["requestObject"].clone(),
                at: v["requestReceivedTimestamp"].as_str().unwrap_or_default().to_owned(),
                agent: v["userAgent"].as_str().unwrap_or_default().to_owned(),
            }
        })
        .collect()
}

/// The journal's lines, oldest first; each names the one before it, whichever process wrote it.
#[track_caller]
pub(super) fn journal(state: &Path) -> Vec<Value> {
    let mut files: Vec<_> = std::fs::read_dir(state.join("waveoff/journal"))
        .map(|entries| entries.filter_map(|e| Some(e.ok()?.path())).collect())
        .unwrap_or_default();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let mut before = String::new();
        for line in std::fs::read_to_string(&file).expect("the journal").lines() {
            let entry: Value = serde_json::from_str(line).expect("a journal line is JSON");
            assert_eq!(entry["prev"], hash(&before), "a line is missing or was changed: {line}");
            line.clone_into(&mut before);
            all.push(entry);
        }
    }
    all
}

/// How a line names the one before it.
fn hash(line: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, line.as_bytes());
    digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// The writes of the intents that were answered with `word`, oldest first.
fn promised(journal: &[Value], word: &str) -> Vec<Written> {
    let key = |line: &Value| (line["session"].clone(), line["ticket"].clone());
    journal
        .iter()
        .filter(|line| line["report"] == "intent")
        .filter(|intent| {
            journal.iter().any(|answer| {
                answer["report"] == "answer" && answer["word"] == word && key(answer) == key(intent)
            })
        })
        .flat_map(|intent| intent["writes"].as_array().cloned().unwrap_or_default())
        .map(|write| {
            let object = write["object"].as_str().unwrap_or_default();
            let (kind, place) = object.split_once(' ').expect("kind and place");
            Written {
                resource: format!("{kind}s"),
                name: place.rsplit('/').next().unwrap_or_default().to_owned(),
                subresource: write["subresource"].as_str().unwrap_or_default().to_owned(),
            }
        })
        .collect()
}

/// Holds the two against each other and returns how many writes there were.
///
/// Each accepted intent is one accepted write and the other way round; each intent has an answer;
/// nothing that the API server refused changed anything; every patch begins with the witness.
#[track_caller]
pub(super) fn assert_equal(plane: &Plane, state: &Path, person: &str, namespace: &str) -> usize {
    let journal: Vec<Value> =
        journal(state).into_iter().filter(|l| l["namespace"] == namespace).collect();
    let mut kept = promised(&journal, "accepted");
    kept.sort();
    let accepted = || {
        let lines = writes(plane, person, namespace).into_iter().filter(|l| l.code < 300);
        let mut written: Vec<Written> = lines.map(|l| l.written).collect();
        written.sort();
        written
    };
    // The audit log is written behind the answer.
    wait(
        "the audit log equals the journal",
        Duration::from_secs(3),
        || (accepted() == kept).then_some(()),
        || format!("audit   {:#?}\njournal {kept:#?}\n{}", accepted(), last(&journal)),
    );
    for intent in journal.iter().filter(|l| l["report"] == "intent") {
        let answers = journal.iter().filter(|l| {
            l["report"] == "answer"
                && l["ticket"] == intent["ticket"]
                && l["session"] == intent["session"]
        });
        assert_eq!(answers.count(), 1, "one answer for each intent: {intent}");
        assert_eq!(intent["user"], person, "who acted");
    }
    for line in writes(plane, person, namespace) {
        assert_eq!(line.verb, "patch", "only patches: {line:?}");
        let first = &line.body[0];
        assert!(
            line.body.is_null() || (first["op"] == "test" && first["path"] == "/metadata/uid"),
            "a patch without a witness: {line:?}"
        );
        assert!(line.agent.starts_with("waveoff/"), "{}", line.agent);
    }
    kept.len()
}

/// The end of the journal, for a person who looks for a fault.
fn last(journal: &[Value]) -> String {
    let lines = journal.iter().rev().take(6).rev();
    lines.map(Value::to_string).collect::<Vec<_>>().join("\n")
}
