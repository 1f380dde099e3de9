//! Questions about the cluster itself: its version, what is installed, which namespaces there are,
//! whether the controller of rollouts is alive.
//!
//! Only reads, each once. Called by `runtime` for `waveoff doctor`.

use serde_json::Value;

use super::call;
use super::connect::Connection;
use super::error::ClusterError;
use super::resource::escape;
use crate::domain::gitops::reference::parts;
use crate::domain::text::SafeText;

/// The name that the manifests of Argo Rollouts give, as label and as name.
const CONTROLLER: &str = "argo-rollouts";

/// The version of the API server; empty when it does not name one.
///
/// # Errors
/// `Unreachable`, `Unauthorized`, `Forbidden` and others.
pub async fn version(conn: &Connection) -> Result<SafeText, ClusterError> {
    let value = call::ask(conn, "/version", "get the version", "its /version").await?;
    Ok(text(&value, "/gitVersion"))
}

/// The kinds of a group and version, by resource.
///
/// # Errors
/// `NotFound` when it is not installed.
pub async fn kinds(conn: &Connection, group_version: &str) -> Result<Vec<SafeText>, ClusterError> {
    let path = format!("/apis/{group_version}");
    let action = format!("get the kinds of {group_version}");
    let value = call::ask(conn, &path, &action, group_version).await?;
    let all = value.get("resources").and_then(Value::as_array).into_iter().flatten();
    Ok(all.map(|resource| text(resource, "/name")).filter(|name| !name.contains('/')).collect())
}

/// Looks whether a namespace exists.
///
/// # Errors
/// `NotFound` when it does not; `Forbidden` says nothing about it.
pub async fn namespace(conn: &Connection, name: &str) -> Result<(), ClusterError> {
    let path = format!("/api/v1/namespaces/{}", escape(name));
    let what = format!("namespace {name}");
    call::ask(conn, &path, &format!("get namespace {name}"), &what).await.map(drop)
}

/// A Deployment of the Argo Rollouts controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// Its namespace.
    pub namespace: SafeText,
    /// Its name.
    pub name: SafeText,
    /// Tag of its image; empty without one.
    pub tag: SafeText,
    /// Pods that are wanted.
    pub wanted: i64,
    /// Pods that are available.
    pub available: i64,
}

/// The controller's Deployments in a namespace or in all: by their label, or else by their name.
///
/// # Errors
/// `Forbidden` when they may not be listed there.
pub async fn controllers(
    conn: &Connection,
    namespace: Option<&str>,
) -> Result<Vec<Controller>, ClusterError> {
    let (place, words) = match namespace {
        Some(name) => (format!("namespaces/{}/", escape(name)), format!("in {name}")),
        None => (String::new(), "in all namespaces".to_owned()),
    };
    let selectors = [
        format!("labelSelector={}", escape(&format!("app.kubernetes.io/name={CONTROLLER}"))),
        format!("fieldSelector={}", escape(&format!("metadata.name={CONTROLLER}"))),
    ];
    for selector in selectors {
        let path = format!("/apis/apps/v1/{place}deployments?limit=50&{selector}");
        let action = format!("list deployments {words}");
        let list = call::ask(conn, &path, &action, "apps/v1").await?;
        let found: Vec<_> = call::items(&list).filter_map(controller).collect();
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

fn controller(item: &Value) -> Option<Controller> {
    let name = text(item, "/metadata/name");
    // The chart labels the dashboard like the controller.
    if name.is_empty() || name.contains("dashboard") {
        return None;
    }
    let number = |path: &str| item.pointer(path).and_then(Value::as_i64);
    let image = text(item, "/spec/template/spec/containers/0/image");
    let tag = parts(&image).tag;
    Some(Controller {
        namespace: text(item, "/metadata/namespace"),
        name,
        tag: SafeText::new(tag.unwrap_or_default()),
        wanted: number("/spec/replicas").unwrap_or(1),
        available: number("/status/availableReplicas").unwrap_or(0),
    })
}

fn text(value: &Value, path: &str) -> SafeText {
    SafeText::new(value.pointer(path).and_then(Value::as_str).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(name: &str, image: &str) -> Value {
        json!({
            "metadata": { "namespace": "argo-rollouts", "name": name },
            "spec": { "template": { "spec": { "containers": [{ "image": image }] } } },
            "status": { "availableReplicas": 1 },
        })
    }

    #[test]
    fn the_dashboard_is_no_controller_and_a_port_no_tag() {
        assert_eq!(controller(&deployment("argo-rollouts-dashboard", "x:1")), None);
        for (image, tag) in [
            ("quay.io/argoproj/argo-rollouts:v1.8.3", "v1.8.3"),
            ("quay.io/argoproj/argo-rollouts:v1.8.3@sha256:ab", "v1.8.3"),
            ("registry:5000/argo-rollouts", ""),
            ("argo-rollouts@sha256:ab", ""),
        ] {
            let found = controller(&deployment("argo-rollouts", image)).unwrap();
            assert_eq!(found.tag, SafeText::new(tag), "{image}");
            // Nobody wrote `replicas`: the API means one.
            assert_eq!((found.available, found.wanted), (1, 1));
        }
    }
}
