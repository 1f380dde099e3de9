//! Pod templates: when two are the same, and the ReplicaSet that is made of one.
//!
//! Called by the Deployment controller.

use serde_json::{Map, Value, json};

use crate::sim::control::workload::pod;
use crate::sim::hash;
use crate::sim::object::{Document, DocumentMut};

/// The label that tells the pods of one template from those of others.
const HASH: &str = "pod-template-hash";

/// The longest name of an object.
const LONGEST_NAME: usize = 253;

/// Whether two templates make the same pods, whatever hash they carry.
pub(super) fn are_same(one: &Value, other: &Value) -> bool {
    let same = |pointer: &str, without: &[&str]| {
        members(one.at(pointer), without) == members(other.at(pointer), without)
    };
    one.get("spec") == other.get("spec")
        && same("/metadata", &["labels"])
        && same("/metadata/labels", &[HASH])
}

/// The members that say something, but for some.
fn members<'a>(value: Option<&'a Value>, without: &[&str]) -> Vec<(&'a String, &'a Value)> {
    let says = |(key, value): &(&String, &Value)| {
        let empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
        !empty && !without.contains(&key.as_str())
    };
    value.and_then(Value::as_object).into_iter().flatten().filter(says).collect()
}

/// The ReplicaSet of a Deployment's present template, without replicas and annotations.
pub(super) fn draft(deployment: &Value) -> Value {
    let collisions = deployment.int_maybe("/status/collisionCount");
    let template = deployment.at("/spec/template").cloned().unwrap_or_else(|| json!({}));
    let hash = hash::of_document(&template, collisions);
    let mut set = json!({
        "metadata": {
            "name": name(deployment.name(), &hash),
            "namespace": deployment.namespace(),
            "ownerReferences": [pod::reference(deployment)],
        },
        "spec": {
            "replicas": 0,
            "selector": deployment.at("/spec/selector").cloned().unwrap_or_default(),
            "template": template,
        },
        "status": {"replicas": 0},
    });
    let min_ready = deployment.int("/spec/minReadySeconds");
    if min_ready != 0 {
        set.set("/spec/minReadySeconds", min_ready);
    }
    set.set(&format!("/spec/template/metadata/labels/{HASH}"), hash.as_str());
    set.set(&format!("/spec/selector/matchLabels/{HASH}"), hash.as_str());
    if let Some(labels) = set.at("/spec/template/metadata/labels").cloned() {
        set.set("/metadata/labels", labels);
    }
    set
}

fn name(deployment: &str, hash: &str) -> String {
    let most = LONGEST_NAME.saturating_sub(1 + hash.len());
    let kept: String = deployment.chars().take(most).collect();
    format!("{kept}-{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hash_may_differ() {
        let deployment = json!({
            "metadata": {"name": "shop", "namespace": "a"},
            "spec": {
                "selector": {"matchLabels": {"app": "shop"}},
                "template": {
                    "metadata": {"labels": {"app": "shop"}, "creationTimestamp": null},
                    "spec": {"containers": [{"name": "shop", "image": "shop:1"}]},
                },
            },
        });
        let set = draft(&deployment);
        let (own, made) = (&deployment["spec"]["template"], &set["spec"]["template"]);
        assert!(are_same(own, made));
        let hash = set.label(HASH);
        assert_eq!(set.name(), format!("shop-{hash}"));
        assert_eq!(set.text("/spec/selector/matchLabels/pod-template-hash"), hash);
        let mut other = own.clone();
        other.set("/metadata/labels/tier", "web");
        assert!(!are_same(&other, made));
        let mut other = own.clone();
        other.set("/spec/containers/0/image", "shop:2");
        assert!(!are_same(&other, made));
        let mut collided = deployment.clone();
        collided.set("/status/collisionCount", 1);
        assert_ne!(draft(&collided).name(), set.name());
    }
}
