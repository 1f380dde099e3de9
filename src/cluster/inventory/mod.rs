//! Everything of a cluster that the readiness of a workload depends on, as trees.
//!
//! Only reads, page by page; Secrets are never asked for. What may not be read, or is not
//! installed, is named and left out. Called by `runtime`.

use serde_json::Value;

use super::call;
use super::connect::Connection;
use super::error::ClusterError;
use super::resource::escape;
use crate::domain::text::SafeText;
use crate::manifest::bundle::Object;
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
    /// The objects, without what only the API server writes.
    pub objects: Vec<Object>,
    /// What could not be read, and why.
    pub missing: Vec<SafeText>,
    /// Minor version of the API server, where it says it.
    pub minor: Option<u32>,
}

/// Lists it in these namespaces; with none, in all of them.
///
/// # Errors
/// When the API server cannot be reached, or knows nobody of us.
pub async fn inventory(
    conn: &Connection,
    namespaces: &[SafeText],
) -> Result<Inventory, ClusterError> {
    let mut found = Inventory { minor: Some(minor(conn).await?), ..Inventory::default() };
    for (api, resource, kind, namespaced) in KINDS {
        let places: Vec<Option<&SafeText>> = if namespaced && !namespaces.is_empty() {
            namespaces.iter().map(Some).collect()
        } else {
            vec![None]
        };
        for place in places {
            let path = match place {
                Some(name) => format!("{api}/namespaces/{}/{resource}", escape(name)),
                None => format!("{api}/{resource}"),
            };
            match list(conn, &path, api, kind, place).await {
                Ok(objects) => found.objects.extend(objects),
                // Its kind is not installed: there is none.
                Err(ClusterError::NotFound { .. }) => {}
                Err(error @ ClusterError::Forbidden { .. }) => {
                    found.missing.push(error.to_string().into());
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found)
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
