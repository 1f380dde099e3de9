//! The kinds that this world serves, and what the API says of each.
//!
//! One table; discovery, paths, scopes and messages are read from it. Called by everything in this
//! room.

use std::fmt;

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Namespace,
    Node,
    ConfigMap,
    Secret,
    Event,
    Service,
    Pod,
    EndpointSlice,
    ReplicaSet,
    Deployment,
    Job,
    HorizontalPodAutoscaler,
    PodDisruptionBudget,
    Ingress,
    Lease,
    Rollout,
    AnalysisRun,
    AnalysisTemplate,
    ClusterAnalysisTemplate,
    Experiment,
    VirtualService,
    DestinationRule,
}

/// What the API says of a kind.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own of the API")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    /// Group; empty for the core.
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    /// Name as objects carry it.
    pub(crate) name: &'static str,
    /// Name in paths.
    pub(crate) plural: &'static str,
    pub(crate) short: &'static [&'static str],
    pub(crate) namespaced: bool,
    /// Whether status is written by a path of its own.
    pub(crate) status: bool,
    /// Whether there is a `scale` path.
    pub(crate) scale: bool,
    /// Whether `metadata.generation` counts changes of what is wanted.
    pub(crate) generation: bool,
    /// Whether `kubectl get all` shows it.
    pub(crate) all: bool,
    /// Whether it is defined by a CustomResourceDefinition.
    pub(crate) custom: bool,
}

const NATIVE: Facts = Facts {
    kind: Kind::Namespace,
    group: "",
    version: "v1",
    name: "",
    plural: "",
    short: &[],
    namespaced: true,
    status: false,
    scale: false,
    generation: false,
    all: false,
    custom: false,
};

const ARGO: Facts =
    Facts { group: "argoproj.io", version: "v1alpha1", generation: true, custom: true, ..NATIVE };

const ISTIO: Facts = Facts { group: "networking.istio.io", version: "v1alpha3", ..ARGO };

/// All kinds, in the order of [`Kind`].
pub(crate) const KINDS: &[Facts] = &[
    Facts {
        kind: Kind::Namespace,
        name: "Namespace",
        plural: "namespaces",
        short: &["ns"],
        namespaced: false,
        status: true,
        ..NATIVE
    },
    Facts {
        kind: Kind::Node,
        name: "Node",
        plural: "nodes",
        short: &["no"],
        namespaced: false,
        status: true,
        ..NATIVE
    },
    Facts {
        kind: Kind::ConfigMap,
        name: "ConfigMap",
        plural: "configmaps",
        short: &["cm"],
        ..NATIVE
    },
    Facts { kind: Kind::Secret, name: "Secret", plural: "secrets", ..NATIVE },
    Facts { kind: Kind::Event, name: "Event", plural: "events", short: &["ev"], ..NATIVE },
    Facts {
        kind: Kind::Service,
        name: "Service",
        plural: "services",
        short: &["svc"],
        status: true,
        all: true,
        ..NATIVE
    },
    Facts {
        kind: Kind::Pod,
        name: "Pod",
        plural: "pods",
        short: &["po"],
        status: true,
        generation: true,
        all: true,
        ..NATIVE
    },
    Facts {
        kind: Kind::EndpointSlice,
        group: "discovery.k8s.io",
        name: "EndpointSlice",
        plural: "endpointslices",
        generation: true,
        ..NATIVE
    },
    Facts {
        kind: Kind::ReplicaSet,
        group: "apps",
        name: "ReplicaSet",
        plural: "replicasets",
        short: &["rs"],
        status: true,
        scale: true,
        generation: true,
        all: true,
        ..NATIVE
    },
    Facts {
        kind: Kind::Deployment,
        group: "apps",
        name: "Deployment",
        plural: "deployments",
        short: &["deploy"],
        status: true,
        scale: true,
        generation: true,
        all: true,
        ..NATIVE
    },
    Facts {
        kind: Kind::Job,
        group: "batch",
        name: "Job",
        plural: "jobs",
        status: true,
        generation: true,
        all: true,
        ..NATIVE
    },
    Facts {
        kind: Kind::HorizontalPodAutoscaler,
        group: "autoscaling",
        version: "v2",
        name: "HorizontalPodAutoscaler",
        plural: "horizontalpodautoscalers",
        short: &["hpa"],
        status: true,
        all: true,
        ..NATIVE
    },
    Facts {
        kind: Kind::PodDisruptionBudget,
        group: "policy",
        name: "PodDisruptionBudget",
        plural: "poddisruptionbudgets",
        short: &["pdb"],
        status: true,
        generation: true,
        ..NATIVE
    },
    Facts {
        kind: Kind::Ingress,
        group: "networking.k8s.io",
        name: "Ingress",
        plural: "ingresses",
        short: &["ing"],
        status: true,
        generation: true,
        ..NATIVE
    },
    Facts {
        kind: Kind::Lease,
        group: "coordination.k8s.io",
        name: "Lease",
        plural: "leases",
        ..NATIVE
    },
    Facts {
        kind: Kind::Rollout,
        name: "Rollout",
        plural: "rollouts",
        short: &["ro"],
        status: true,
        scale: true,
        ..ARGO
    },
    Facts {
        kind: Kind::AnalysisRun,
        name: "AnalysisRun",
        plural: "analysisruns",
        short: &["ar"],
        ..ARGO
    },
    Facts {
        kind: Kind::AnalysisTemplate,
        name: "AnalysisTemplate",
        plural: "analysistemplates",
        short: &["at"],
        ..ARGO
    },
    Facts {
        kind: Kind::ClusterAnalysisTemplate,
        name: "ClusterAnalysisTemplate",
        plural: "clusteranalysistemplates",
        short: &["cat"],
        namespaced: false,
        ..ARGO
    },
    Facts {
        kind: Kind::Experiment,
        name: "Experiment",
        plural: "experiments",
        short: &["exp"],
        ..ARGO
    },
    Facts {
        kind: Kind::VirtualService,
        name: "VirtualService",
        plural: "virtualservices",
        short: &["vs"],
        ..ISTIO
    },
    Facts {
        kind: Kind::DestinationRule,
        name: "DestinationRule",
        plural: "destinationrules",
        short: &["dr"],
        ..ISTIO
    },
];

impl Kind {
    /// What the API says of it.
    pub(crate) fn facts(self) -> &'static Facts {
        KINDS.iter().find(|facts| facts.kind == self).unwrap_or(&NATIVE)
    }

    /// The kind that is served at this place of the API.
    pub(crate) fn at(group: &str, version: &str, plural: &str) -> Option<Self> {
        let here = |f: &&Facts| f.group == group && f.version == version && f.plural == plural;
        KINDS.iter().find(here).map(|facts| facts.kind)
    }

    /// The kind that an object says it is.
    pub(crate) fn of(api_version: &str, name: &str) -> Option<Self> {
        let fits = |f: &&Facts| f.name == name && f.api_version() == api_version;
        KINDS.iter().find(fits).map(|facts| facts.kind)
    }
}

impl Facts {
    /// `apiVersion` of its objects.
    pub(crate) fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// As messages name it: `deployments.apps`, `pods`.
    pub(crate) fn qualified(&self) -> String {
        match self.group {
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }
}

/// One object: its kind, namespace (empty for those that have none) and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) kind: Kind,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Key {
    pub(crate) fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        let namespace = if kind.facts().namespaced { namespace } else { "" };
        Self { kind, namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// Another object in the same namespace.
    pub(crate) fn beside(&self, kind: Kind, name: &str) -> Self {
        Self::new(kind, &self.namespace, name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.facts().name;
        match self.namespace.as_str() {
            "" => write!(f, "{kind} {}", self.name),
            namespace => write!(f, "{kind} {namespace}/{}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_row_that_finds_it() {
        for facts in KINDS {
            assert_eq!(facts.kind.facts().name, facts.name);
            assert_eq!(Kind::at(facts.group, facts.version, facts.plural), Some(facts.kind));
            assert_eq!(Kind::of(&facts.api_version(), facts.name), Some(facts.kind));
        }
        assert_eq!(Kind::at("apps", "v1", "pods"), None);
        assert_eq!(Kind::Rollout.facts().qualified(), "rollouts.argoproj.io");
    }
}
