//! Readiness: reads manifests or a cluster, has them judged, and writes what is made.
//!
//! Decides nothing: the rules are `manifest`'s. Called by `start` and `perform`.

mod check;
mod files;
mod live;
mod make;
mod numbers;
mod plan;
mod services;

use crate::app::readiness::{Exam, Examined};
use crate::cluster::inventory::{Inventory, inventory, list_also};
use crate::cluster::{ClusterError, Connection};
use crate::domain::id::WorkloadId;
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;
use crate::manifest::bundle::Object;
use crate::manifest::rules::all;
use crate::manifest::rules::rollouts::wanted;
use crate::manifest::workload::Workload;
use crate::prom::Server;

pub(super) use check::{Bench, check, check_live};
pub(super) use make::make;
pub(super) use plan::{Look, advise, environment_of};
pub(super) use services::{load, load_and_say, marred};

/// Judges one workload as it is on the cluster now, with what belongs to it. Its Prometheus is
/// asked where there is one.
pub(super) async fn examine(
    connection: &Connection,
    server: Option<Server>,
    exam: &Exam,
    now: Timestamp,
) -> Result<Examined, SafeText> {
    let id = exam.workload.clone();
    let namespaces = std::slice::from_ref(&id.namespace);
    let found = read(connection, namespaces, |workload| is(&id, workload)).await;
    let Inventory { bundle, missing, minor, .. } =
        found.map_err(|error| SafeText::from(error.to_string()))?;
    let mut workloads = bundle.objects().iter().filter_map(|object| Workload::of(object, &bundle));
    if !workloads.any(|workload| is(&id, &workload)) {
        let why = missing.iter().map(SafeText::as_str).collect::<Vec<_>>().join("; ");
        let why = if why.is_empty() { "it is not there any more".to_owned() } else { why };
        return Err(why.into());
    }
    let context = &connection.identity().context;
    let mut bench = Bench::new(&exam.terms, &exam.catalogue, Some(context), now);
    let server = server.map(Ok);
    bench.learn(minor, live::ask(connection, server.as_ref(), &bundle, |w| is(&id, w)).await);
    // Thousands of objects take a while.
    let judged = tokio::task::spawn_blocking(move || {
        let rules = all();
        // Waivers that fit nothing here are of other workloads.
        let (mut findings, _) = bench.judge(&bundle, &rules, |workload| is(&id, workload));
        findings.sort_by(|one, other| (one.rule, &one.path).cmp(&(other.rule, &other.path)));
        (findings, rules.len())
    });
    let (findings, rules) = judged.await.map_err(|error| SafeText::from(error.to_string()))?;
    Ok(Examined { findings, rules, missing })
}

/// Lists what the readiness of these workloads depends on, with what they refer to.
async fn read(
    connection: &Connection,
    namespaces: &[SafeText],
    of: impl Fn(&Workload<'_>) -> bool,
) -> Result<Inventory, ClusterError> {
    let mut found = inventory(connection, namespaces).await?;
    for (kind, namespace) in wanted(&found.bundle, of) {
        list_also(connection, &mut found, kind, &namespace).await?;
    }
    Ok(found)
}

/// Whether it is this workload: as it is released, or as a Rollout that has its template from it.
fn is(id: &WorkloadId, workload: &Workload<'_>) -> bool {
    let is_it = |object: &Object| {
        object.kind == id.kind.as_str()
            && object.namespace == id.namespace.as_str()
            && object.name == id.name.as_str()
    };
    is_it(workload.object) || workload.templated.is_some_and(is_it)
}
