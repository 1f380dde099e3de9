//! `metadata`, and what several kinds have in common.
//!
//! Called by every translation.

use super::node::Node;
use crate::domain::id::{ObjectRef, PodHash, Uid};
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;
use crate::domain::workload::{Condition, GitOpsOwner, Image};

/// Label that the Rollouts controller puts on what belongs to a version.
pub(super) const ROLLOUT_HASH: &str = "rollouts-pod-template-hash";

/// The same of the Deployment controller.
pub(super) const DEPLOYMENT_HASH: &str = "pod-template-hash";

/// Annotation with the revision number of a Rollout and what belongs to it.
pub(super) const ROLLOUT_REVISION: &str = "rollout.argoproj.io/revision";

/// The same of a Deployment.
pub(super) const DEPLOYMENT_REVISION: &str = "deployment.kubernetes.io/revision";

/// Most conditions kept of an object: real ones have a handful, and screens show all of them.
const MOST_CONDITIONS: usize = 100;

/// `metadata` of an object with an identity.
#[derive(Clone, Copy)]
pub(super) struct Meta<'a> {
    node: Node<'a>,
    name: &'a str,
    uid: &'a str,
}

impl<'a> Meta<'a> {
    /// None without name or uid: such an object cannot be told from another.
    pub(super) fn of(object: Node<'a>) -> Option<Self> {
        let node = object.at("metadata");
        let name = node.str("name").filter(|s| !s.is_empty())?;
        let uid = node.str("uid").filter(|s| !s.is_empty())?;
        Some(Self { node, name, uid })
    }

    pub(super) fn node(self) -> Node<'a> {
        self.node
    }

    pub(super) fn name(self) -> SafeText {
        SafeText::new(self.name)
    }

    pub(super) fn namespace(self) -> SafeText {
        self.node.shared_or_empty("namespace")
    }

    pub(super) fn id(self) -> ObjectRef {
        ObjectRef { namespace: self.namespace(), name: self.name() }
    }

    pub(super) fn uid(self) -> Uid {
        SafeText::new(self.uid)
    }

    pub(super) fn created(self) -> Option<Timestamp> {
        self.node.time("creationTimestamp")
    }

    /// The owner that controls it, else its first owner.
    pub(super) fn owner(self) -> Option<Uid> {
        self.chosen_owner()?.shared("uid")
    }

    /// What that owner is.
    pub(super) fn owner_kind(self) -> Option<&'a str> {
        self.chosen_owner()?.str("kind")
    }

    fn chosen_owner(self) -> Option<Node<'a>> {
        let owners = || self.node.list("ownerReferences");
        owners().find(|o| o.flag("controller")).or_else(|| owners().next())
    }

    pub(super) fn label(self, key: &str) -> Option<SafeText> {
        self.node.at("labels").shared(key)
    }

    pub(super) fn annotation(self, key: &str) -> Option<SafeText> {
        self.node.at("annotations").text(key)
    }

    /// The version it belongs to, by the label of either controller.
    pub(super) fn hash(self) -> Option<PodHash> {
        self.label(ROLLOUT_HASH).or_else(|| self.label(DEPLOYMENT_HASH))
    }

    /// Its revision number, by the annotation of either controller. A Deployment's ReplicaSets have
    /// one, a Rollout's the other.
    pub(super) fn revision(self) -> Option<u64> {
        let annotations = self.node.at("annotations");
        let number = |key: &str| annotations.long(key).and_then(|n| u64::try_from(n).ok());
        number(ROLLOUT_REVISION).or_else(|| number(DEPLOYMENT_REVISION))
    }

    /// Who keeps this object equal to a repository, by the marks that Argo CD and Flux leave.
    pub(super) fn gitops(self) -> Option<GitOpsOwner> {
        let owner = |tool, name| Some(GitOpsOwner { tool, name });
        if let Some(tracking) = self.annotation("argocd.argoproj.io/tracking-id") {
            // `application:group/Kind:namespace/name`
            let name = tracking.split(':').next().unwrap_or_default();
            return owner("Argo CD", SafeText::name(name));
        }
        if let Some(name) = self.label("argocd.argoproj.io/instance") {
            return owner("Argo CD", name);
        }
        for key in ["kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name"] {
            if let Some(name) = self.label(key) {
                return owner("Flux", name);
            }
        }
        // The common label alone means nothing (every Helm chart sets it): Argo CD's older tracking
        // uses it, and then leaves annotations of its own as well.
        let marked =
            self.node.at("annotations").keys().any(|k| k.starts_with("argocd.argoproj.io/"));
        match self.label("app.kubernetes.io/instance") {
            Some(name) if marked => owner("Argo CD", name),
            _ => None,
        }
    }
}

/// Containers and images of a pod template.
pub(super) fn images(template: Node<'_>) -> Vec<Image> {
    template
        .at("spec")
        .list("containers")
        .map(|c| Image { container: c.shared_or_empty("name"), reference: c.name("image") })
        .collect()
}

/// `status.conditions`.
pub(super) fn conditions(status: Node<'_>) -> Vec<Condition> {
    status.first(MOST_CONDITIONS, "conditions").map(condition).collect()
}

fn condition(node: Node<'_>) -> Condition {
    Condition {
        kind: node.shared_or_empty("type"),
        status: match node.str("status") {
            Some("True") => Some(true),
            Some("False") => Some(false),
            _ => None,
        },
        reason: node.shared_or_empty("reason"),
        message: node.text_or_empty("message"),
        updated: node.time("lastUpdateTime").or_else(|| node.time("lastTransitionTime")),
    }
}
