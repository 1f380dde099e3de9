//! The routers that share traffic between two versions.
//!
//! nginx and Istio in full; of the others only that they are asked for. Called by the spec.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// `trafficRouting`. Several may be set at once.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TrafficRouting {
    pub(crate) istio: Option<Istio>,
    pub(crate) nginx: Option<Nginx>,
    pub(crate) alb: Option<Value>,
    pub(crate) smi: Option<Value>,
    pub(crate) ambassador: Option<Value>,
    pub(crate) app_mesh: Option<Value>,
    pub(crate) traefik: Option<Value>,
    pub(crate) apisix: Option<Value>,
    pub(crate) plugins: Option<BTreeMap<String, Value>>,
    pub(crate) managed_routes: Option<Vec<ManagedRoute>>,
    pub(crate) max_traffic_weight: Option<i32>,
}

/// A route that the controller puts into the router, and takes out again.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ManagedRoute {
    pub(crate) name: String,
}

/// ingress-nginx.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Nginx {
    pub(crate) annotation_prefix: String,
    pub(crate) stable_ingress: String,
    pub(crate) stable_ingresses: Option<Vec<String>>,
    pub(crate) additional_ingress_annotations: BTreeMap<String, String>,
    pub(crate) canary_ingress_annotations: BTreeMap<String, String>,
}

/// Istio.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Istio {
    pub(crate) virtual_service: Option<VirtualServiceRef>,
    pub(crate) virtual_services: Option<Vec<VirtualServiceRef>>,
    pub(crate) destination_rule: Option<DestinationRuleRef>,
}

/// A VirtualService and those of its routes that are meant.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct VirtualServiceRef {
    pub(crate) name: String,
    pub(crate) routes: Vec<String>,
    /// `[{port, sniHosts}]`.
    pub(crate) tls_routes: Vec<Value>,
    /// `[{port}]`.
    pub(crate) tcp_routes: Vec<Value>,
}

/// A DestinationRule whose subsets stand for the two versions.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DestinationRuleRef {
    pub(crate) name: String,
    pub(crate) canary_subset_name: String,
    pub(crate) stable_subset_name: String,
    pub(crate) additional_subset_names: Vec<String>,
}

impl Nginx {
    /// What its annotations begin with.
    pub(crate) fn prefix(&self) -> &str {
        if self.annotation_prefix.is_empty() {
            "nginx.ingress.kubernetes.io"
        } else {
            &self.annotation_prefix
        }
    }

    /// The Ingresses of the stable version.
    pub(crate) fn ingresses(&self) -> Vec<&str> {
        match &self.stable_ingresses {
            Some(several) => several.iter().map(String::as_str).collect(),
            None => vec![&self.stable_ingress],
        }
    }
}

impl Istio {
    /// The VirtualServices that share the traffic.
    pub(crate) fn services(&self) -> Vec<&VirtualServiceRef> {
        match &self.virtual_services {
            Some(several) => several.iter().collect(),
            None => self.virtual_service.iter().collect(),
        }
    }
}

impl VirtualServiceRef {
    /// Its namespace, when it is given, and its name: `name.namespace`, where the name may have
    /// dots itself and `.cluster.local` may follow.
    pub(crate) fn place(&self) -> (Option<&str>, &str) {
        let name = self.name.strip_suffix(".cluster.local").unwrap_or(&self.name);
        match name.rsplit_once('.') {
            Some((name, namespace)) => (Some(namespace), name),
            None => (None, name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_virtual_service_is() {
        let cases = [
            ("web", (None, "web")),
            ("web.mesh", (Some("mesh"), "web")),
            ("web.example.mesh", (Some("mesh"), "web.example")),
            ("web.mesh.cluster.local", (Some("mesh"), "web")),
        ];
        for (name, place) in cases {
            let reference = VirtualServiceRef { name: name.into(), ..Default::default() };
            assert_eq!(reference.place(), place);
        }
    }
}
