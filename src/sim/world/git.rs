//! What git says that workloads should be, for those that a GitOps controller owns.
//!
//! Written by releases. Read by the GitOps controller.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::sim::store::Key;

/// The manifests repository.
#[derive(Debug, Default)]
pub(crate) struct Git {
    templates: BTreeMap<Key, Value>,
}

impl Git {
    /// Another pod template is committed.
    pub(crate) fn commit(&mut self, key: Key, template: Value) {
        self.templates.insert(key, template);
    }

    /// The pod template that a workload should have.
    pub(crate) fn template(&self, key: &Key) -> Option<&Value> {
        self.templates.get(key)
    }
}
