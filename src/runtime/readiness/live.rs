//! What only a live cluster and its Prometheus can tell the rules: rights, buckets, whether a query
//! returns anything.
//!
//! Each question has its own time; what is not answered is not known. Called by `check` and the
//! readiness of one workload.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;

use crate::cluster::Connection;
use crate::cluster::access::{Access, access};
use crate::domain::id::WorkloadKind;
use crate::domain::plan::Permission;
use crate::domain::text::SafeText;
use crate::manifest::bundle::Bundle;
use crate::manifest::profile::{Answer, Live, Measured};
use crate::manifest::rules::rollouts::{Questions, questions};
use crate::manifest::workload::Workload;
use crate::prom::Server;

/// Questions at once.
const AT_ONCE: usize = 4;

/// Longest wait for one answer.
const WITHIN: Duration = Duration::from_secs(10);

/// Asks everything that the rules want to know of these workloads.
pub(super) async fn ask(
    connection: &Connection,
    server: Option<&Result<Server, SafeText>>,
    bundle: &Bundle,
    of: impl Fn(&Workload<'_>) -> bool,
) -> Live {
    let wanted = questions(bundle, of);
    let mut live = Live::default();
    for namespace in &wanted.namespaces {
        let refused = refused(connection, namespace, bundle).await;
        live.refused.insert(namespace.clone(), refused);
    }
    if let Some(server) = server {
        live.measured = Some(measured(server, wanted).await);
    }
    live
}

/// Asks a Prometheus what the rules want to know of these workloads.
pub(super) async fn measure(
    server: &Result<Server, SafeText>,
    bundle: &Bundle,
    of: impl Fn(&Workload<'_>) -> bool,
) -> Measured {
    measured(server, questions(bundle, of)).await
}

async fn measured(server: &Result<Server, SafeText>, wanted: Questions) -> Measured {
    let bounds = wanted.buckets.into_iter().map(|selector| async move {
        let expr = format!("count by (le) ({selector})");
        let answer = explore(server, &expr).await.map(|labels| bounds(&labels));
        (selector, answer)
    });
    let returns = wanted.queries.into_iter().map(|query| async move {
        let answer = explore(server, &query).await.map(|found| !found.is_empty());
        (query, answer)
    });
    Measured { bounds: gathered(bounds).await, returns: gathered(returns).await }
}

async fn gathered<T>(
    asked: impl Iterator<Item = impl Future<Output = (String, Answer<T>)>>,
) -> BTreeMap<String, Answer<T>> {
    stream::iter(asked).buffer_unordered(AT_ONCE).collect().await
}

/// The labels of everything that an expression returns.
async fn explore(
    server: &Result<Server, SafeText>,
    expr: &str,
) -> Answer<Vec<Vec<(SafeText, SafeText)>>> {
    let server = server.as_ref().map_err(SafeText::clone)?;
    match tokio::time::timeout(WITHIN, server.explore(expr)).await {
        Ok(Ok(found)) => Ok(found.into_iter().map(|element| element.labels).collect()),
        Ok(Err(error)) => Err(error.to_string().into()),
        Err(_) => Err("Prometheus did not answer in time".into()),
    }
}

/// The upper edges of the buckets.
fn bounds(found: &[Vec<(SafeText, SafeText)>]) -> Vec<f64> {
    let edges = found.iter().flatten().filter(|(label, _)| label.as_str() == "le");
    edges.filter_map(|(_, edge)| edge.parse().ok()).collect()
}

/// What the keys need in a namespace and this user may not do.
async fn refused(
    connection: &Connection,
    namespace: &str,
    bundle: &Bundle,
) -> Answer<Vec<SafeText>> {
    let mut refused = Vec::new();
    for permission in needed(namespace, bundle) {
        match access(connection, &permission).await {
            Access::Allowed => {}
            Access::Denied(_) => refused.push(permission.to_string().into()),
            Access::Unknown(why) => return Err(why),
        }
    }
    Ok(refused)
}

/// What the keys need: to patch what is there, and to look at it.
fn needed(namespace: &str, bundle: &Bundle) -> Vec<Permission> {
    let place = SafeText::new(namespace);
    let one = |verb, group, resource, subresource| Permission {
        verb,
        group,
        resource,
        subresource,
        namespace: place.clone(),
    };
    let has = |kind: WorkloadKind| bundle.of_kind(kind.as_str(), namespace).next().is_some();
    let mut needed = vec![one("list", "", "pods", ""), one("get", "", "pods", "log")];
    // A guard holds a Lease.
    needed.extend(["get", "create", "update"].map(|v| one(v, "coordination.k8s.io", "leases", "")));
    if has(WorkloadKind::Rollout) {
        needed.push(one("patch", "argoproj.io", "rollouts", ""));
        needed.push(one("patch", "argoproj.io", "rollouts", "status"));
    }
    if has(WorkloadKind::Deployment) {
        needed.push(one("patch", "apps", "deployments", ""));
    }
    needed
}
