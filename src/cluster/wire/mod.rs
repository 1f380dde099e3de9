//! Kubernetes objects, read tolerantly and translated into domain records.
//!
//! Every field may be missing, have another type or a value of a later version: the rest of the
//! object is kept, and what was odd is reported. Only identity (`metadata.uid`, `name`) is
//! indispensable. What the domain does not know (managedFields, last-applied-configuration,
//! environment variables, ...) is not even read, see `trim`. Used by the watches and by `read`.

mod analysis;
mod meta;
mod node;
mod pod;
mod pool;
mod replica_set;
mod rest;
mod rollout;
mod strategy;
mod template;
mod trim;
mod workload;

use serde::de::DeserializeSeed;
use serde_json::Value;

use crate::domain::analysis::template::AnalysisTemplate;
use crate::domain::id::ResourceKind;
use crate::domain::observation::Record;
use crate::domain::text::SafeText;

use node::{Node, Reading};

pub(crate) use pool::Pool;
pub(crate) use trim::Trim;

/// An object as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded {
    /// The record; none when it has no identity.
    pub record: Option<Record>,
    /// What is wrong with it, as one sentence; none when nothing is.
    pub odd: Option<SafeText>,
}

/// Reads an object of this kind.
pub fn decode(kind: ResourceKind, object: &Value) -> Decoded {
    decode_with(&Pool::default(), kind, object)
}

/// Reads an object of this kind out of its text, as lists and watches do: only what is needed
/// becomes memory.
///
/// # Errors
/// The text is no JSON.
pub fn read(kind: ResourceKind, text: &[u8]) -> Result<Decoded, serde_json::Error> {
    parse(Trim::of(kind), text).map(|object| decode(kind, &object))
}

/// Reads one value out of its text, in the way of the seed.
pub(crate) fn parse<'t, S: DeserializeSeed<'t>>(
    seed: S,
    text: &'t [u8],
) -> Result<S::Value, serde_json::Error> {
    let mut text = serde_json::Deserializer::from_slice(text);
    let value = seed.deserialize(&mut text)?;
    text.end()?;
    Ok(value)
}

/// Reads an object; texts that objects share come out of the pool.
pub(crate) fn decode_with(pool: &Pool, kind: ResourceKind, object: &Value) -> Decoded {
    let reading = Reading::new(pool);
    let record = translate(kind, Node::new(object, &reading));
    let mut found = reading.oddities();
    if record.is_none() {
        found.insert(0, "it has no uid or no name and was left out".into());
    }
    let odd = found.first().map(|first| {
        let name = object.pointer("/metadata/name").and_then(Value::as_str);
        let more = found.len() - 1;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let kind = kind.resource();
        SafeText::from(format!("{kind} {}: {first}{more}", name.unwrap_or("(no name)")))
    });
    Decoded { record, odd }
}

/// Reads an AnalysisTemplate, or with `cluster` a `ClusterAnalysisTemplate`; nothing without a
/// name.
pub fn decode_template(object: &Value, cluster: bool) -> Option<AnalysisTemplate> {
    template::template(Node::new(object, &Reading::new(&Pool::default())), cluster)
}

fn translate(kind: ResourceKind, node: Node<'_>) -> Option<Record> {
    Some(match kind {
        ResourceKind::Rollouts => Record::Workload(Box::new(rollout::rollout(node)?)),
        ResourceKind::Deployments => Record::Workload(Box::new(workload::deployment(node)?)),
        ResourceKind::ReplicaSets => Record::ReplicaSet(Box::new(replica_set::replica_set(node)?)),
        ResourceKind::Pods => Record::Pod(Box::new(pod::pod(node)?)),
        ResourceKind::AnalysisRuns => Record::AnalysisRun(Box::new(analysis::run(node)?)),
        ResourceKind::Experiments => Record::Experiment(Box::new(analysis::experiment(node)?)),
        ResourceKind::Events => Record::Event(Box::new(rest::event(node)?)),
        ResourceKind::Services => Record::Service(Box::new(rest::service(node)?)),
        ResourceKind::Ingresses => Record::Ingress(Box::new(rest::ingress(node)?)),
        ResourceKind::DisruptionBudgets => {
            Record::DisruptionBudget(Box::new(rest::disruption_budget(node)?))
        }
    })
}
