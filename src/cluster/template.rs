//! A revision's pod template as sorted lines, for comparing two of them.
//!
//! Environment variables that come from Secrets are references there, so no secret is read; plain
//! values are shown as they are in the manifest. Called by `runtime`.

use serde_json::Value;

use super::call;
use super::connect::Connection;
use super::error::ClusterError;
use super::resource;
use crate::domain::id::{ObjectRef, ResourceKind, Uid};
use crate::domain::text::SafeText;

/// Labels that differ between any two versions and mean nothing.
const HASH_LABELS: [&str; 2] = ["rollouts-pod-template-hash", "pod-template-hash"];

/// Deepest nesting that is spelled out.
const MOST_DEPTH: usize = 24;

/// A value in a template: `spec.containers[app].image`, `checkout:1.4.2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateLine {
    /// Where.
    pub path: SafeText,
    /// What.
    pub value: SafeText,
}

/// Reads a ReplicaSet's template.
///
/// # Errors
/// `NotFound` also when another object has the name by now.
pub async fn read_template(
    conn: &Connection,
    replica_set: &ObjectRef,
    uid: &Uid,
) -> Result<Vec<TemplateLine>, ClusterError> {
    let ObjectRef { namespace, name } = replica_set;
    let path = resource::object(ResourceKind::ReplicaSets, namespace, name);
    let action = format!("get replicasets in {namespace}");
    let what = format!("replicaset {namespace}/{name}");
    let value = call::ask(conn, &path, &action, &what).await?;
    if value.pointer("/metadata/uid").and_then(Value::as_str) != Some(uid.as_str()) {
        return Err(ClusterError::NotFound { what: what.into() });
    }
    Ok(flatten(value.pointer("/spec/template").unwrap_or(&Value::Null)))
}

/// All values of a template with their paths, sorted. Entries of lists are named by their `name`,
/// so that an entry put in front does not change all others.
pub fn flatten(template: &Value) -> Vec<TemplateLine> {
    let mut lines = Vec::new();
    walk(template, &mut String::new(), 0, &mut lines);
    lines.sort();
    lines
}

fn walk(value: &Value, path: &mut String, depth: usize, lines: &mut Vec<TemplateLine>) {
    let length = path.len();
    match value {
        Value::Null => {}
        Value::Object(map) if !map.is_empty() && depth < MOST_DEPTH => {
            for (key, inner) in map.iter().filter(|(k, _)| !HASH_LABELS.contains(&k.as_str())) {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
                walk(inner, path, depth + 1, lines);
                path.truncate(length);
            }
        }
        Value::Array(items) if !items.is_empty() && depth < MOST_DEPTH => {
            for (index, inner) in items.iter().enumerate() {
                let name = inner.get("name").and_then(Value::as_str);
                let mark = name.map_or_else(|| index.to_string(), str::to_owned);
                path.push_str(&format!("[{mark}]"));
                walk(inner, path, depth + 1, lines);
                path.truncate(length);
            }
        }
        Value::String(text) => lines.push(line(path, text)),
        other => lines.push(line(path, &other.to_string())),
    }
}

fn line(path: &str, value: &str) -> TemplateLine {
    TemplateLine { path: SafeText::new(path), value: SafeText::new(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn entries_are_named_and_hashes_left_out() {
        let template = json!({
            "metadata": {"labels": {"app": "x", "pod-template-hash": "abc"}, "creationTimestamp": null},
            "spec": {"containers": [
                {"name": "app", "image": "x:1", "args": ["-v", "2"], "resources": {}},
            ]},
        });
        let lines: Vec<String> =
            flatten(&template).into_iter().map(|l| format!("{}={}", l.path, l.value)).collect();
        assert_eq!(
            lines,
            [
                "metadata.labels.app=x",
                "spec.containers[app].args[0]=-v",
                "spec.containers[app].args[1]=2",
                "spec.containers[app].image=x:1",
                "spec.containers[app].name=app",
                "spec.containers[app].resources={}",
            ]
        );
    }
}
