//! A write as a JSON Patch: first what must hold, then what changes.
//!
//! Pure. Source: RFC 6902 as the API server applies it: `test` with `null` passes where nothing is,
//! fails when the parent is missing as well, and `remove` fails where nothing is. Used by `act`.

use serde_json::{Value, json};

use super::Difference;
use crate::domain::id::WorkloadKind;
use crate::domain::plan::{Assert, Change, Write};
use crate::domain::text::SafeText;
use crate::domain::time::to_rfc3339;

/// Annotation that restarts a Deployment, as kubectl writes it.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// An assert against the object as it is.
struct Fact {
    what: &'static str,
    path: &'static str,
    holds: bool,
    expected: String,
    found: String,
}

/// The operations, for the object as it was just read. `template` is that of `CopyTemplate`.
pub(super) fn build(write: &Write, current: &Value, template: Option<&Value>) -> Vec<Value> {
    let mut ops: Vec<Value> =
        write.asserts.iter().map(|assert| test(current, fact(assert, current).path)).collect();
    let mut draft = Draft { current, ops: Vec::new() };
    for change in &write.changes {
        draft.change(write.object.kind, change, template);
    }
    ops.append(&mut draft.ops);
    ops
}

/// Whether an object has all that these operations change.
pub(super) fn is_in(ops: &[Value], object: &Value) -> bool {
    ops.iter().all(|op| {
        let text = |key: &str| op.get(key).and_then(Value::as_str).unwrap_or_default();
        let found = object.pointer(text("path"));
        match (text("op"), op.get("value")) {
            ("remove", _) => found.is_none_or(Value::is_null),
            // An object that was made to have a place for another value.
            ("add", Some(Value::Object(made))) if made.is_empty() => found.is_some(),
            ("add", value) => found == value,
            _ => true,
        }
    })
}

/// The asserts that do not hold, in words.
pub(super) fn differences(write: &Write, current: &Value) -> Vec<Difference> {
    let facts = write.asserts.iter().map(|assert| fact(assert, current));
    facts
        .filter(|fact| !fact.holds)
        .map(|fact| Difference {
            what: fact.what.into(),
            expected: fact.expected.into(),
            found: fact.found.into(),
        })
        .collect()
}

/// Asserts that the place is exactly as it is now. Where the parent is missing, that is what is
/// asserted.
fn test(current: &Value, path: &str) -> Value {
    let mut known = String::new();
    let mut value = current;
    for key in path.split('/').skip(1) {
        known.push('/');
        known.push_str(key);
        match current.pointer(&known) {
            Some(next) if !next.is_null() => value = next,
            _ => return json!({"op": "test", "path": known, "value": null}),
        }
    }
    json!({"op": "test", "path": path, "value": value})
}

fn fact(assert: &Assert, current: &Value) -> Fact {
    match assert {
        Assert::Uid(uid) => text(current, "object", "/metadata/uid", Some(uid), "none"),
        Assert::Generation(generation) => {
            number(current, "spec generation", "/metadata/generation", Some(*generation))
        }
        Assert::CurrentHash(hash) => {
            let path = "/status/currentPodHash";
            text(current, "wanted version", path, hash.as_ref(), "none")
        }
        Assert::StableHash(hash) => {
            text(current, "stable version", "/status/stableRS", hash.as_ref(), "none")
        }
        Assert::StepIndex(index) => step(current, *index),
        Assert::PauseStart(start) => {
            let path = "/status/pauseConditions/0/startTime";
            text(current, "pause", path, start.as_ref(), "not paused")
        }
        Assert::Aborted(flag) => self::flag(current, "aborted", "/status/abort", *flag),
        Assert::PromoteFull(flag) => {
            self::flag(current, "full promotion", "/status/promoteFull", *flag)
        }
        Assert::Paused(flag) => self::flag(current, "held", "/spec/paused", *flag),
    }
}

fn text(
    current: &Value,
    what: &'static str,
    path: &'static str,
    expected: Option<&SafeText>,
    none: &str,
) -> Fact {
    // Compared as it would be shown: both went through the same door.
    let found = current.pointer(path).and_then(Value::as_str).filter(|s| !s.is_empty());
    let found = found.map(SafeText::new);
    let expected = expected.filter(|s| !s.is_empty());
    let word =
        |value: Option<&SafeText>| value.map_or_else(|| none.to_owned(), ToString::to_string);
    Fact {
        what,
        path,
        holds: found.as_ref() == expected,
        expected: word(expected),
        found: word(found.as_ref()),
    }
}

fn number(current: &Value, what: &'static str, path: &'static str, expected: Option<i64>) -> Fact {
    let found = current.pointer(path).and_then(Value::as_i64);
    let word = |value: Option<i64>| value.map_or_else(|| "none".to_owned(), |v| v.to_string());
    Fact { what, path, holds: found == expected, expected: word(expected), found: word(found) }
}

fn step(current: &Value, expected: Option<usize>) -> Fact {
    let path = "/status/currentStepIndex";
    let expected = expected.and_then(|i| i64::try_from(i).ok());
    // People count steps from one.
    let word = |n: Option<i64>| n.map_or_else(|| "none".to_owned(), |n| format!("step {}", n + 1));
    let found = current.pointer(path).and_then(Value::as_i64);
    Fact {
        what: "step",
        path,
        holds: found == expected,
        expected: word(expected),
        found: word(found),
    }
}

/// False is also what is absent.
fn flag(current: &Value, what: &'static str, path: &'static str, expected: bool) -> Fact {
    let found = current.pointer(path).and_then(Value::as_bool).unwrap_or(false);
    let word = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    Fact { what, path, holds: found == expected, expected: word(expected), found: word(found) }
}

/// The changing half of a patch in the making.
struct Draft<'a> {
    current: &'a Value,
    ops: Vec<Value>,
}

impl Draft<'_> {
    fn change(&mut self, kind: WorkloadKind, change: &Change, template: Option<&Value>) {
        match change {
            Change::ClearPauses => self.remove("/status/pauseConditions"),
            Change::ClearControllerPause => self.remove("/status/controllerPause"),
            Change::SetStepIndex(index) => self.set("/status/currentStepIndex", &json!(index)),
            Change::SetPromoteFull(true) => self.set("/status/promoteFull", &json!(true)),
            Change::SetPromoteFull(false) => self.remove("/status/promoteFull"),
            Change::SetAbort(true) => self.set("/status/abort", &json!(true)),
            // Absent is how the controller itself writes false.
            Change::SetAbort(false) => self.remove("/status/abort"),
            Change::SetPaused(paused) => self.set("/spec/paused", &json!(paused)),
            Change::SetRestartAt(at) if kind == WorkloadKind::Rollout => {
                self.set("/spec/restartAt", &json!(to_rfc3339(*at)));
            }
            Change::SetRestartAt(at) => {
                let key = RESTARTED_AT.replace('~', "~0").replace('/', "~1");
                let path = format!("/spec/template/metadata/annotations/{key}");
                self.set(&path, &json!(to_rfc3339(*at)));
            }
            Change::CopyTemplate { .. } => {
                if let Some(template) = template {
                    self.set("/spec/template", template);
                }
            }
        }
    }

    /// Sets a value, making the objects above it where they are missing.
    fn set(&mut self, path: &str, value: &Value) {
        let keys: Vec<&str> = path.split('/').skip(1).collect();
        let mut parent = String::new();
        for key in keys.iter().take(keys.len().saturating_sub(1)) {
            parent.push('/');
            parent.push_str(key);
            if self.current.pointer(&parent).is_none_or(Value::is_null) {
                let op = json!({"op": "add", "path": parent, "value": {}});
                if !self.ops.contains(&op) {
                    self.ops.push(op);
                }
            }
        }
        self.ops.push(json!({"op": "add", "path": path, "value": value}));
    }

    /// Removes a value where there is one.
    fn remove(&mut self, path: &str) {
        if self.current.pointer(path).is_some() {
            self.ops.push(json!({"op": "remove", "path": path}));
        }
    }
}

#[cfg(test)]
mod tests;
