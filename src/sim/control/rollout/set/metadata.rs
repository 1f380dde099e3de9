//! Labels and annotations that pods carry only while their version is the canary, the stable or the
//! preview one.
//!
//! What was given is remembered in an annotation of the ReplicaSet, so that exactly that can be
//! taken away again. Called by the passes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Set;
use crate::sim::control::rollout::keys;
use crate::sim::control::rollout::spec::Metadata;
use crate::sim::object::{Document, DocumentMut, escaped};

type Pairs = BTreeMap<String, String>;
type Part = fn(&Metadata) -> &Pairs;

/// What a ReplicaSet was given.
pub(crate) fn given_metadata(set: &Set) -> Option<Metadata> {
    serde_json::from_str(set.object().annotation(keys::EPHEMERAL)?).ok()
}

/// The template of a ReplicaSet as it was before it was given anything.
pub(crate) fn without_metadata(set: &Set) -> Value {
    let mut object = set.object().as_ref().clone();
    exchange(&mut object, "/spec/template/metadata", given_metadata(set).as_ref(), None);
    object.pointer("/spec/template").cloned().unwrap_or_default()
}

/// Changes the template of a ReplicaSet to carry this; whether anything changed.
pub(crate) fn with_metadata(set: &mut Set, wanted: Option<&Metadata>) -> bool {
    let given = given_metadata(set);
    let object = set.object_mut();
    if !exchange(object, "/spec/template/metadata", given.as_ref(), wanted) {
        return false;
    }
    match wanted {
        Some(wanted) => {
            let text = serde_json::to_string(wanted).unwrap_or_default();
            object.set_annotation(keys::EPHEMERAL, &text);
        }
        None => {
            object.remove_annotation(keys::EPHEMERAL);
        }
    }
    true
}

/// Takes what was given out of the metadata at this place, and puts in what is wanted; whether
/// anything changed.
pub(crate) fn exchange(
    object: &mut Value,
    place: &str,
    given: Option<&Metadata>,
    wanted: Option<&Metadata>,
) -> bool {
    let of_labels: Part = |metadata| &metadata.labels;
    let of_annotations: Part = |metadata| &metadata.annotations;
    let mut changed = false;
    for (name, part) in [("labels", of_labels), ("annotations", of_annotations)] {
        let at = |key: &str| format!("{place}/{name}/{}", escaped(key));
        for (key, value) in wanted.map(part).into_iter().flatten() {
            if object.text(&at(key)) != value {
                object.set(&at(key), value.as_str());
                changed = true;
            }
        }
        for key in given.map(part).into_iter().flat_map(Pairs::keys) {
            let still = wanted.is_some_and(|wanted| part(wanted).contains_key(key));
            changed |= !still && object.take_out(&at(key)).is_some();
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_was_given_is_taken_away() {
        let metadata = |label: &str| Metadata {
            labels: [("role".to_owned(), label.to_owned())].into(),
            ..Metadata::default()
        };
        let template = json!({"metadata": {"labels": {"app": "a"}}, "spec": {}});
        let mut set = Set::new(Arc::new(json!({"spec": {"template": template}})));
        assert!(!with_metadata(&mut set, None));
        assert!(with_metadata(&mut set, Some(&metadata("canary"))));
        assert!(!with_metadata(&mut set, Some(&metadata("canary"))));
        assert_eq!(set.object().text("/spec/template/metadata/labels/role"), "canary");
        assert_eq!(without_metadata(&set), template);
        assert!(with_metadata(&mut set, Some(&metadata("stable"))));
        assert!(with_metadata(&mut set, None));
        assert_eq!(set.object().pointer("/spec/template"), Some(&template));
        assert_eq!(given_metadata(&set), None);
    }
}
