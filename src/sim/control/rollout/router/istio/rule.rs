//! The subsets of a DestinationRule: labels that say which pods are the canary and which are
//! stable.
//!
//! Called when traffic is routed.

use serde_json::{Value, json};

use super::super::Share;
use crate::sim::control::rollout::keys;
use crate::sim::control::rollout::pass::{Outcome, Pass, Trouble};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Kind, Part};

impl Pass<'_, '_> {
    /// Lets the subsets select the pods of these versions.
    pub(in crate::sim::control::rollout::router) fn name_subsets(
        &mut self,
        share: &Share,
    ) -> Outcome {
        if let Some(name) = self.unready_set(share) {
            let why =
                format!("delaying destination rule switch: ReplicaSet {name} not fully available");
            return Err(Trouble::Failed(why));
        }
        let Some(reference) = self.istio().destination_rule else { return Ok(()) };
        let mut rule = self.find_destination_rule(&reference.name)?;
        let before = rule.clone();
        rule.set_annotation(keys::MANAGED_BY, self.rollout.name());
        let mut missing = share.additional.clone();
        let mut subsets = Vec::new();
        for subset in before.items("/spec/subsets") {
            let name = subset.text("/name");
            let extra = missing.iter().position(|other| other.service_name == name);
            let hash = if name == reference.canary_subset_name {
                share.canary.clone()
            } else if name == reference.stable_subset_name {
                share.stable.clone()
            } else if let Some(extra) = extra {
                missing.remove(extra).pod_template_hash
            } else {
                // Left over from an experiment, or somebody else's: it is taken out.
                continue;
            };
            subsets.push(labelled(subset, &hash));
        }
        for other in missing {
            let labels = json!({keys::HASH: other.pod_template_hash});
            subsets.push(json!({"name": other.service_name, "labels": labels}));
        }
        rule.set("/spec/subsets", subsets);
        // A subset that says more than its labels always looks changed to the real controller.
        let says_more = |subset: &Value| {
            let mut keys = subset.as_object().into_iter().flat_map(serde_json::Map::keys);
            keys.any(|key| key != "name" && key != "labels")
        };
        if rule == before && !rule.items("/spec/subsets").iter().any(says_more) {
            return Ok(());
        }
        let key = self.rollout.key.beside(Kind::DestinationRule, &reference.name);
        self.turn.store.replace(&key, rule, Part::Main, self.turn.now)?;
        let message = format!(
            "DestinationRule {} subset updated ({}: {}, {}: {})",
            reference.name,
            reference.canary_subset_name,
            share.canary,
            reference.stable_subset_name,
            share.stable,
        );
        self.tell("UpdatedDestinationRule", message);
        Ok(())
    }

    pub(super) fn find_destination_rule(&mut self, name: &str) -> Result<Value, Trouble> {
        let key = self.rollout.key.beside(Kind::DestinationRule, name);
        match self.turn.store.find(&key) {
            Ok(rule) => Ok(rule.as_ref().clone()),
            Err(refusal) => {
                let message = format!("DestinationRule `{name}` not found");
                self.warn("DestinationRuleNotFound", message);
                Err(refusal.into())
            }
        }
    }

    /// A version that has traffic and not all its pods. Only where there are no Services: those are
    /// switched with care already.
    fn unready_set(&self, share: &Share) -> Option<String> {
        let canary = self.rollout.canary()?;
        if !canary.canary_service.is_empty() || !canary.stable_service.is_empty() {
            return None;
        }
        let stable = self.sets.by_hash(&share.stable);
        let back = self.rollout.status.abort || self.rollout.dynamic_rollback(stable).is_some();
        let mut sets = self.sets.all().iter().filter(|set| {
            let hash = set.hash();
            set.wanted() != 0
                && !hash.is_empty()
                && (hash == share.stable || hash == share.canary)
                && !(back && hash == share.canary)
        });
        sets.find(|set| !set.is_available()).map(|set| set.name().to_owned())
    }
}

fn labelled(subset: &Value, hash: &str) -> Value {
    let mut subset = subset.clone();
    let place = format!("/labels/{}", keys::HASH);
    if hash.is_empty() {
        subset.take_out(&place);
    } else {
        subset.set(&place, hash);
    }
    subset
}
