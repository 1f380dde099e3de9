//! A GitOps controller that heals what drifts from git: an undo in the cluster is undone again.
//!
//! Only the pod template is compared, as a release changes nothing else in a drill. A status is
//! never healed, so that an abort lasts. Called by the world.

use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Change, Key, Kind, Part, Store};
use crate::sim::time::Span;
use crate::sim::world::{Controller, EventType, Turn};

/// From a drift to its healing: Argo CD's back-off and the time of a comparison.
const HEALS_AFTER: Span = Span::seconds(12);

/// The marks of an owner in git.
const MARKS: [&str; 2] = ["argocd.argoproj.io/instance", "kustomize.toolkit.fluxcd.io/name"];

/// Name, as the requests of Argo CD carry it.
const NAME: &str = "argocd-application-controller";

/// The controller.
#[derive(Debug, Default)]
pub(crate) struct GitOps {
    /// Drifts that were seen, and when they are healed.
    seen: std::collections::BTreeMap<Key, crate::sim::time::Moment>,
}

impl Controller for GitOps {
    fn name(&self) -> &'static str {
        NAME
    }

    fn wake(&self, change: &Change, _: &Store, keys: &mut Vec<Key>) {
        let workload = matches!(change.key.kind, Kind::Rollout | Kind::Deployment);
        if workload && MARKS.iter().any(|mark| !change.object.label(mark).is_empty()) {
            keys.push(change.key.clone());
        }
    }

    fn turn(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let Some(object) = turn.store.get(key).cloned() else { return };
        let Some(wanted) = turn.ground.git.template(key).cloned() else { return };
        if object.pointer("/spec/template") == Some(&wanted) {
            self.seen.remove(key);
            return;
        }
        let heals = *self.seen.entry(key.clone()).or_insert(turn.now + HEALS_AFTER);
        if turn.now < heals {
            turn.again_at(heals);
            return;
        }
        self.seen.remove(key);
        let healed = turn.store.modify(key, Part::Main, turn.now, |object| {
            object.set("/spec/template", wanted);
        });
        if healed.is_ok() {
            let text = "Initiated automated sync: the live state drifted from git";
            turn.event(NAME, &object, EventType::Normal, "OperationStarted", text);
        }
    }
}
