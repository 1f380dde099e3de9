//! ingress-nginx: a second Ingress, whose annotation is the weight.
//!
//! Called when traffic is routed.

use serde_json::{Map, Value, json};

use crate::sim::control::rollout::pass::{Outcome, Pass, Trouble};
use crate::sim::control::rollout::spec::Nginx;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Kind, Object, Part};

/// The name of the Ingress of the canary.
pub(crate) fn canary_name(rollout: &str, stable: &str) -> String {
    const SUFFIX: &str = "-canary";
    let prefix: String = format!("{rollout}-{stable}").chars().take(253 - SUFFIX.len()).collect();
    prefix + SUFFIX
}

impl Pass<'_, '_> {
    pub(super) fn set_nginx_weight(&mut self, weight: i32) -> Outcome {
        let nginx = self.rollout.routing().and_then(|routing| routing.nginx.clone());
        let nginx = nginx.unwrap_or_default();
        for stable in nginx.ingresses() {
            self.set_ingress_weight(&nginx, stable, weight)?;
        }
        Ok(())
    }

    fn set_ingress_weight(&mut self, nginx: &Nginx, stable: &str, weight: i32) -> Outcome {
        let name = canary_name(self.rollout.name(), stable);
        let key = self.rollout.key.beside(Kind::Ingress, stable);
        let Some(stable) = self.turn.store.get(&key).cloned() else {
            let name = &key.name;
            return Err(Trouble::Failed(format!(
                "error retrieving stableIngress `{name}` from cache: \
                 ingress.networking.k8s.io {name:?} not found"
            )));
        };
        let wanted = self.draft_ingress(nginx, &stable, &name, weight)?;
        let key = self.rollout.key.beside(Kind::Ingress, &name);
        let Some(present) = self.turn.store.get(&key).cloned() else {
            let message = format!("Creating canary ingress `{name}` with weight `{weight}`");
            self.tell("CreatingCanaryIngress", message);
            self.turn.store.create(Kind::Ingress, wanted, self.turn.now)?;
            return Ok(());
        };
        let owner = present.controller().map(|owner| owner.text("/uid"));
        if owner != Some(self.rollout.uid()) {
            let why = format!("canary ingress `{name}` controlled by different object");
            return Err(Trouble::Failed(why));
        }
        let mut next = present.as_ref().clone();
        for (annotation, value) in wanted.members("/metadata/annotations").into_iter().flatten() {
            next.set_annotation(annotation, value.as_str().unwrap_or_default());
        }
        next.set("/spec", wanted.pointer("/spec").cloned().unwrap_or_default());
        if next == *present {
            return Ok(());
        }
        let message = format!("Updating Ingress `{name}` to desiredWeight '{weight}'");
        self.tell("PatchingCanaryIngress", message);
        self.turn.store.replace(&key, next, Part::Main, self.turn.now)?;
        Ok(())
    }

    /// The Ingress of the canary: the rules of the stable one, with the other Service.
    fn draft_ingress(
        &self,
        nginx: &Nginx,
        stable: &Object,
        name: &str,
        weight: i32,
    ) -> Result<Value, Trouble> {
        let canary = self.rollout.canary().cloned().unwrap_or_default();
        let rules = rules_for(stable, &canary.stable_service, &canary.canary_service);
        if rules.is_empty() {
            return Err(Trouble::Failed(format!(
                "ingress `{}` has no rules using service {} backend",
                nginx.stable_ingress, canary.stable_service
            )));
        }
        let mut spec = json!({"rules": rules});
        for part in ["tls", "ingressClassName"] {
            if let Some(value) = stable.pointer(&format!("/spec/{part}")) {
                spec.set(&format!("/{part}"), value.clone());
            }
        }
        Ok(json!({
            "metadata": {
                "name": name,
                "namespace": self.rollout.namespace(),
                "annotations": self.ingress_annotations(nginx, stable, weight),
                "ownerReferences": [self.rollout.owner_reference()],
            },
            "spec": spec,
        }))
    }

    fn ingress_annotations(&self, nginx: &Nginx, stable: &Object, weight: i32) -> Value {
        let prefix = nginx.prefix();
        let mut annotations = Map::new();
        let mut put = |key: &str, value: &str| annotations.insert(key.into(), value.into());
        if let Some(class) = stable.annotation("kubernetes.io/ingress.class") {
            put("kubernetes.io/ingress.class", class);
        }
        for (key, value) in &nginx.additional_ingress_annotations {
            if key.starts_with(prefix) {
                put(key, value);
            } else {
                put(&format!("{prefix}/{key}"), value);
            }
        }
        for (key, value) in &nginx.canary_ingress_annotations {
            put(key, value);
        }
        put(&format!("{prefix}/canary"), "true");
        put(&format!("{prefix}/canary-weight"), &weight.to_string());
        let total = self.rollout.routing().and_then(|routing| routing.max_traffic_weight);
        if let Some(total) = total {
            put(&format!("{prefix}/canary-weight-total"), &total.to_string());
        }
        annotations.into()
    }
}

/// The rules that lead to one Service, leading to another one.
fn rules_for(ingress: &Object, from: &str, to: &str) -> Vec<Value> {
    let mut rules = Vec::new();
    for rule in ingress.items("/spec/rules") {
        let (mut rule, mut found) = (rule.clone(), false);
        let paths = rule.pointer_mut("/http/paths").and_then(Value::as_array_mut);
        for path in paths.into_iter().flatten() {
            if path.text("/backend/service/name") == from {
                path.set("/backend/service/name", to);
                found = true;
            }
        }
        if found {
            rules.push(rule);
        }
    }
    rules
}

/// Whether an Ingress leads to a Service at all.
pub(crate) fn leads_to(ingress: &Object, service: &str) -> bool {
    let mut paths = ingress.items("/spec/rules").iter().flat_map(|rule| rule.items("/http/paths"));
    paths.any(|path| path.text("/backend/service/name") == service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rules_of_the_stable_service_are_taken() {
        let rule = |host: &str, service: &str| {
            let path = json!({"backend": {"service": {"name": service}}});
            json!({"host": host, "http": {"paths": [path]}})
        };
        let ingress = json!({"spec": {"rules": [rule("a", "stable"), rule("b", "other")]}}).into();
        assert_eq!(rules_for(&ingress, "stable", "canary"), [rule("a", "canary")]);
        assert!(leads_to(&ingress, "other") && !leads_to(&ingress, "canary"));
        assert_eq!(canary_name("web", "shop"), "web-shop-canary");
        assert_eq!(canary_name("web", &"x".repeat(300)).len(), 253);
    }
}
