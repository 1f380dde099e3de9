//! Everything of a cluster that the readiness of a workload depends on, as trees.
//!
//! Only reads, page by page; Secrets are never asked for. What may not be read, or is not
//! installed, is named and left out. Called by `runtime`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::call;
use super::connect::Connection;
use super::error::ClusterError;
use super::resource::escape;
use crate::domain::text::SafeText;
use crate::manifest::bundle::{Bundle, Kind, Object};
use crate::manifest::tree::{Entry, Node, Value as Tree};

/// Objects of one page.
const PAGE: u32 = 500;

/// Most pages of one kind: a cluster that has more of it is judged by namespaces.
const PAGES: u32 = 200;

/// What is listed: path of the API, resource, kind, and whether it is in a namespace.
const KINDS: [(&str, &str, &str, bool); 13] = [
    ("/apis/apps/v1", "deployments", "Deployment", true),
    // Whose pods a budget may be for.
    ("/apis/apps/v1", "statefulsets", "StatefulSet", true),
    ("/apis/apps/v1", "daemonsets", "DaemonSet", true),
    ("/apis/argoproj.io/v1alpha1", "rollouts", "Rollout", true),
    ("/apis/argoproj.io/v1alpha1", "analysistemplates", "AnalysisTemplate", true),
    ("/apis/argoproj.io/v1alpha1", "clusteranalysistemplates", "ClusterAnalysisTemplate", false),
    ("/api/v1", "services", "Service", true),
    ("/apis/networking.k8s.io/v1", "ingresses", "Ingress", true),
    ("/apis/gateway.networking.k8s.io/v1", "httproutes", "HTTPRoute", true),
    ("/apis/policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", true),
    ("/apis/autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true),
    ("/apis/keda.sh/v1alpha1", "scaledobjects", "ScaledObject", true),
    ("/api/v1", "configmaps", "ConfigMap", true),
];

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// The objects, without what only the API server writes, and which could not be read.
    pub bundle: Bundle,
    /// What could not be read, and why.
    pub missing: Vec<SafeText>,
    /// Minor version of the API server, where it says it.
    pub minor: Option<u32>,
    /// Namespaces of which everything was listed; none means all.
    namespaces: Vec<SafeText>,
    /// What was listed besides.
    further: BTreeSet<(Kind, SafeText)>,
}

impl Inventory {
    /// Takes in a list. Of a kind that is not installed there is none; one that may not be read is
    /// named and left out.
    fn take(
        &mut self,
        listed: Result<Vec<Object>, ClusterError>,
        kind: &str,
        namespace: &str,
    ) -> Result<(), ClusterError> {
        match listed {
            Ok(objects) => objects.into_iter().for_each(|object| self.bundle.push(object)),
            Err(ClusterError::NotFound { .. }) => {}
            Err(error @ ClusterError::Forbidden { .. }) => {
                self.bundle.leave_out(kind, namespace);
                self.missing.push(error.to_string().into());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Lists it in these namespaces; with none, in all of them.
///
/// # Errors
/// When the API server cannot be reached, or knows nobody of us.
pub async fn inventory(
    conn: &Connection,
    namespaces: &[SafeText],
) -> Result<Inventory, ClusterError> {
    let minor = Some(minor(conn).await?);
    let mut found = Inventory { minor, namespaces: namespaces.to_vec(), ..Inventory::default() };
    for (api, resource, kind, namespaced) in KINDS {
        let places: Vec<Option<&SafeText>> = if namespaced && !namespaces.is_empty() {
            namespaces.iter().map(Some).collect()
        } else {
            vec![None]
        };
        for place in places {
            let path = path_of(api, resource, place);
            let listed = list(conn, &path, api, kind, place).await;
            found.take(listed, kind, place.map_or("", SafeText::as_str))?;
        }
    }
    Ok(found)
}

/// Lists a further kind, which something that was found refers to; in one namespace, unless all
/// are looked at or its objects are the cluster's. What was listed already is not listed again.
///
/// # Errors
/// When the API server cannot be reached.
pub async fn list_also(
    conn: &Connection,
    found: &mut Inventory,
    kind: Kind,
    namespace: &str,
) -> Result<(), ClusterError> {
    let is_here = found.namespaces.is_empty()
        || found.namespaces.iter().any(|listed| listed.as_str() == namespace);
    let is_listed = KINDS.iter().any(|(.., listed, _)| *listed == kind.name) && is_here;
    if is_listed || found.bundle.is_unread(kind.name, namespace) {
        return Ok(());
    }
    let everywhere = found.namespaces.is_empty() || !kind.namespaced;
    let place = SafeText::new(if everywhere { "" } else { namespace });
    if !found.further.insert((kind, place.clone())) {
        return Ok(());
    }
    let place = Some(&place).filter(|place| !place.is_empty());
    for group in kind.groups {
        let listed = match preferred(conn, group).await {
            Ok(api) => {
                let path = path_of(&api, kind.resource, place);
                list(conn, &path, &api, kind.name, place).await
            }
            // The group is not installed: an older one may be.
            Err(ClusterError::NotFound { .. }) => continue,
            Err(error) => Err(error),
        };
        return found.take(listed, kind.name, place.map_or("", SafeText::as_str));
    }
    Ok(())
}

/// The path of a group's version that the API server prefers.
async fn preferred(conn: &Connection, group: &str) -> Result<String, ClusterError> {
    if group.is_empty() {
        return Ok("/api/v1".to_owned());
    }
    let path = format!("/apis/{group}");
    let said = call::ask(conn, &path, "find the API group", group).await?;
    let version = said.pointer("/preferredVersion/groupVersion").and_then(Value::as_str);
    let version = version.filter(|version| version.starts_with(group));
    version.map(|version| format!("/apis/{version}")).ok_or_else(|| ClusterError::Decode {
        action: "find the API group".into(),
        cause: format!("{group} names no version").into(),
    })
}

/// The path of a list.
fn path_of(api: &str, resource: &str, place: Option<&SafeText>) -> String {
    match place {
        Some(name) => format!("{api}/namespaces/{}/{resource}", escape(name)),
        None => format!("{api}/{resource}"),
    }
}

async fn minor(conn: &Connection) -> Result<u32, ClusterError> {
    let version = call::ask(conn, "/version", "get /version", "/version").await?;
    let text = version.get("minor").and_then(Value::as_str).unwrap_or_default();
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().map_err(|_| ClusterError::Decode {
        action: "get /version".into(),
        cause: "it names no minor version".into(),
    })
}

async fn list(
    conn: &Connection,
    path: &str,
    api: &str,
    kind: &str,
    place: Option<&SafeText>,
) -> Result<Vec<Object>, ClusterError> {
    let resource = path.rsplit('/').next().unwrap_or_default();
    let action = match place {
        Some(namespace) => format!("list {resource} in {namespace}"),
        None => format!("list {resource} in all namespaces"),
    };
    let api_version = api.trim_start_matches("/apis/").trim_start_matches("/api/");
    let mut objects = Vec::new();
    let mut next = String::new();
    for _ in 0..PAGES {
        let query = format!("{path}?limit={PAGE}{next}");
        let page = call::ask(conn, &query, &action, resource).await?;
        for item in call::items(&page) {
            objects.extend(object(&conn.server(), api_version, kind, item));
        }
        match page.pointer("/metadata/continue").and_then(Value::as_str) {
            Some(token) if !token.is_empty() => next = format!("&continue={}", escape(token)),
            _ => return Ok(objects),
        }
    }
    let most = PAGES * PAGE;
    Err(ClusterError::Decode {
        action: action.into(),
        cause: format!("there are more than {most}; name a namespace by -n").into(),
    })
}

/// An item of a list, which names neither its kind nor its version.
fn object(server: &str, api_version: &str, kind: &str, item: &Value) -> Option<Object> {
    let mut node = tree(item);
    if let Tree::Map(entries) = &mut node.value {
        entries.retain(|entry| !matches!(entry.key.as_str(), "kind" | "apiVersion" | "status"));
        entries.extend(hashes(item));
        let text = |key: &str, value: &str| Entry {
            key: key.to_owned(),
            at: None,
            node: Node::bare(Tree::Text(value.to_owned())),
        };
        entries.push(text("apiVersion", api_version));
        entries.push(text("kind", kind));
        let metadata = entries.iter_mut().find(|entry| entry.key == "metadata");
        if let Some(Tree::Map(fields)) = metadata.map(|entry| &mut entry.node.value) {
            fields.retain(|field| field.key != "managedFields");
        }
    }
    Object::new(server.into(), node)
}

/// Of a status, the hashes of the versions of a Rollout: queries of analyses are about them.
fn hashes(item: &Value) -> Option<Entry> {
    let hash = |key: &str| {
        let text = item.get("status")?.get(key)?.as_str()?;
        let node = Node::bare(Tree::Text(text.to_owned()));
        Some(Entry { key: key.to_owned(), at: None, node })
    };
    let fields: Vec<Entry> = ["currentPodHash", "stableRS"].into_iter().filter_map(hash).collect();
    let node = Node::bare(Tree::Map(fields));
    (!node.entries().is_empty()).then(|| Entry { key: "status".to_owned(), at: None, node })
}

/// JSON as a tree without places.
pub(crate) fn tree(value: &Value) -> Node {
    Node::bare(match value {
        Value::Null => Tree::Null,
        Value::Bool(truth) => Tree::Bool(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Tree::Int(whole),
            None => Tree::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Tree::Text(text.clone()),
        Value::Array(elements) => Tree::List(elements.iter().map(tree).collect()),
        Value::Object(fields) => {
            let entry = |(key, value): (&String, &Value)| Entry {
                key: key.clone(),
                at: None,
                node: tree(value),
            };
            Tree::Map(fields.iter().map(entry).collect())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_item_of_a_list_becomes_an_object_of_its_kind_without_what_the_server_adds() {
        let item = json!({
            "metadata": { "name": "web", "namespace": "shop", "managedFields": [{ "a": 1 }] },
            "spec": { "replicas": 3, "share": 0.5, "paused": false, "none": null, "list": ["x"] },
            "status": { "replicas": 3 },
        });
        let object = object("https://a:6443", "apps/v1", "Deployment", &item).unwrap();
        assert_eq!((object.kind.as_str(), object.group()), ("Deployment", "apps"));
        assert_eq!((object.namespace.as_str(), object.name.as_str()), ("shop", "web"));
        let root = object.root();
        assert!(root.key("status").is_absent(), "but for hashes");
        let item = json!({
            "metadata": { "name": "web" },
            "status": { "currentPodHash": "77bb", "stableRS": "55aa", "phase": "Healthy" },
        });
        let rollout = super::object("https://a:6443", "argoproj.io/v1alpha1", "Rollout", &item);
        let rollout = rollout.unwrap();
        let status = rollout.root().key("status");
        assert_eq!(status.key("currentPodHash").text(), Some("77bb"));
        assert!(status.key("phase").is_absent());
        assert!(root.keys(&["metadata", "managedFields"]).is_absent());
        let spec = root.key("spec");
        assert_eq!(spec.key("replicas").int(), Some(3));
        assert_eq!(spec.key("share").node().map(|n| n.value.clone()), Some(Tree::Float(0.5)));
        assert_eq!(spec.key("paused").bool(), Some(false));
        assert!(spec.key("none").is_absent());
        assert_eq!(spec.key("list").elements()[0].text(), Some("x"));
        assert_eq!(spec.place(), None);
    }
}
