//! What of an object is read at all: the rest is passed over in the text and never becomes memory.
//!
//! An object of the cluster is mostly what nobody asks for here: managed fields, volumes,
//! environment, the copy that `kubectl apply` leaves. A [`Mask`] names, for each kind, the fields
//! that its translation looks at; a test holds both against recorded objects. Never judges a value
//! and never fails for its shape. Used by `read` for lists, events and single objects.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::node::MOST_ENTRIES;
use crate::domain::id::ResourceKind;

/// Deepest nesting that is read: nothing that is looked at comes near, and the reader of the text
/// would refuse a list for what is twice as deep in one object.
const MOST_DEPTH: u8 = 64;

/// Which fields are kept. A list has the mask of its entries.
#[derive(Debug)]
pub(super) enum Mask {
    /// All of it.
    Whole,
    /// All of a map but these.
    But(&'static [&'static str]),
    /// These only.
    Only(&'static [(&'static str, Mask)]),
}

impl Mask {
    fn of(&'static self, key: &str) -> Option<&'static Mask> {
        match self {
            Self::Whole => Some(self),
            Self::But(left_out) => (!left_out.contains(&key)).then_some(&Self::Whole),
            Self::Only(fields) => fields.iter().find(|(name, _)| *name == key).map(|(_, m)| m),
        }
    }
}

use Mask::{But, Only, Whole};

const COPY: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// `metadata` of what is told apart by labels and annotations.
const META: Mask = Only(&[
    ("name", Whole),
    ("namespace", Whole),
    ("uid", Whole),
    ("resourceVersion", Whole),
    ("generation", Whole),
    ("creationTimestamp", Whole),
    ("deletionTimestamp", Whole),
    ("labels", Whole),
    ("annotations", But(&[COPY])),
    ("ownerReferences", Whole),
]);

/// The same of what there are many of, and nobody asks for more than who it is.
const BARE_META: Mask = Only(&[
    ("name", Whole),
    ("namespace", Whole),
    ("uid", Whole),
    ("resourceVersion", Whole),
    ("creationTimestamp", Whole),
    ("deletionTimestamp", Whole),
    ("ownerReferences", OWNER),
]);

const OWNER: Mask = Only(&[("kind", Whole), ("uid", Whole), ("controller", Whole)]);

/// Name and image of containers.
const CONTAINER: Mask = Only(&[("name", Whole), ("image", Whole)]);

/// A pod template as far as it says what runs.
const TEMPLATE: Mask = Only(&[
    ("metadata", Only(&[("annotations", Whole)])),
    ("spec", Only(&[("containers", CONTAINER)])),
]);

/// A container's state.
const CONTAINER_STATUS: Mask = Only(&[
    ("name", Whole),
    ("ready", Whole),
    ("restartCount", Whole),
    ("state", Whole),
    ("lastState", Whole),
]);

const POD: Mask = Only(&[
    ("metadata", BARE_META),
    (
        "spec",
        Only(&[("nodeName", Whole), ("containers", CONTAINER), ("initContainers", CONTAINER)]),
    ),
    (
        "status",
        Only(&[
            ("phase", Whole),
            ("reason", Whole),
            ("message", Whole),
            ("conditions", Whole),
            ("containerStatuses", CONTAINER_STATUS),
            ("initContainerStatuses", CONTAINER_STATUS),
        ]),
    ),
]);

const REPLICA_SET: Mask = Only(&[
    ("metadata", META),
    ("spec", Only(&[("replicas", Whole), ("template", TEMPLATE)])),
    ("status", Whole),
]);

const WORKLOAD: Mask = Only(&[
    ("metadata", META),
    (
        "spec",
        Only(&[
            ("replicas", Whole),
            ("paused", Whole),
            ("template", TEMPLATE),
            ("strategy", Whole),
            ("selector", Whole),
            ("restartAt", Whole),
            ("progressDeadlineSeconds", Whole),
            ("progressDeadlineAbort", Whole),
            ("rollbackWindow", Whole),
            ("minReadySeconds", Whole),
            ("workloadRef", Whole),
        ]),
    ),
    ("status", Whole),
]);

const EVENT: Mask = Only(&[
    ("metadata", BARE_META),
    ("involvedObject", Only(&[("uid", Whole), ("kind", Whole), ("name", Whole)])),
    ("type", Whole),
    ("reason", Whole),
    ("message", Whole),
    ("count", Whole),
    ("series", Whole),
    ("firstTimestamp", Whole),
    ("lastTimestamp", Whole),
    ("eventTime", Whole),
]);

/// Of what there are few.
const OBJECT: Mask = Only(&[("metadata", META), ("spec", Whole), ("status", Whole)]);

fn mask(kind: ResourceKind) -> &'static Mask {
    match kind {
        ResourceKind::Rollouts | ResourceKind::Deployments => &WORKLOAD,
        ResourceKind::ReplicaSets => &REPLICA_SET,
        ResourceKind::Pods => &POD,
        ResourceKind::Events => &EVENT,
        ResourceKind::AnalysisRuns
        | ResourceKind::Experiments
        | ResourceKind::Services
        | ResourceKind::Ingresses
        | ResourceKind::DisruptionBudgets => &OBJECT,
    }
}

/// Reads a value, keeping what the mask names. What is too deep is as if it were not there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trim {
    mask: &'static Mask,
    depth: u8,
}

impl Trim {
    /// For objects of this kind.
    pub(crate) fn of(kind: ResourceKind) -> Self {
        Self { mask: mask(kind), depth: 0 }
    }

    /// For what is no such object: a bookmark, or the `Status` of an error.
    pub(crate) fn whole() -> Self {
        Self { mask: &Whole, depth: 0 }
    }

    /// For what is in it.
    fn inside(self, mask: &'static Mask) -> Self {
        Self { mask, depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Trim {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Trim {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        if self.depth >= MOST_DEPTH {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let mut items = Vec::new();
        // One more than is read, so that the reader can tell.
        while items.len() <= MOST_ENTRIES {
            match seq.next_element_seed(self.inside(self.mask))? {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        if self.depth >= MOST_DEPTH {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let mut fields = Map::new();
        while let Some(field) = map.next_key_seed(Field(self.mask))? {
            match field {
                Some((key, mask)) if fields.len() < MOST_ENTRIES => {
                    fields.insert(key, map.next_value_seed(self.inside(mask))?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(fields))
    }
}

/// Reads a key; nothing when it is not kept.
struct Field(&'static Mask);

impl<'de> DeserializeSeed<'de> for Field {
    type Value = Option<(String, &'static Mask)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Field {
    type Value = Option<(String, &'static Mask)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.of(key).map(|mask| (key.to_owned(), mask)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::wire::parse;

    /// A Rollout with a status of this depth.
    fn nested(depth: usize) -> String {
        let (open, close) = (r#"[{"a":"#.repeat(depth / 2), "}]".repeat(depth / 2));
        format!(r#"{{"metadata":{{"uid":"u"}},"status":{{"a":{open}1{close},"phase":"Healthy"}}}}"#)
    }

    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    #[test]
    fn what_is_too_deep_is_left_out_and_the_rest_is_kept() {
        for (made, kept) in [(10, 12), (200, 64), (100_000, 64)] {
            let text = nested(made);
            let object = parse(Trim::of(ResourceKind::Rollouts), text.as_bytes()).unwrap();
            assert_eq!(depth(&object), kept, "{made}");
            assert_eq!(object["status"]["phase"], "Healthy", "{made}");
            assert_eq!(object["metadata"]["uid"], "u", "{made}");
        }
    }
}
