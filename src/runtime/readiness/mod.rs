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

use std::sync::Arc;

use crate::app::readiness::{Exam, Examined};
use crate::cluster::Connection;
use crate::cluster::inventory::inventory;
use crate::domain::id::WorkloadId;
use crate::domain::readiness::Finding;
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;
use crate::manifest::bundle::{Bundle, Object};
use crate::manifest::profile::Profile;
use crate::manifest::rules::{Rule, all, judge_some};
use crate::manifest::waive;
use crate::manifest::workload::Workload;
use crate::prom::Server;

use numbers::{of_environment, profile_of};
use services::waivers;

pub(super) use check::{Bench, check, check_live};
pub(super) use make::make;
pub(super) use plan::{Look, advise, environment_of};
pub(super) use services::{load, load_and_say};

/// Judges one workload as it is on the cluster now, with what belongs to it. Its Prometheus is
/// asked where there is one.
pub(super) async fn examine(
    connection: &Connection,
    server: Option<Server>,
    exam: &Exam,
    now: Timestamp,
) -> Result<Examined, SafeText> {
    let id = exam.workload.clone();
    let found = inventory(connection, std::slice::from_ref(&id.namespace)).await;
    let found = found.map_err(|error| SafeText::from(error.to_string()))?;
    let bundle: Bundle = found.objects.into_iter().collect();
    let answers = live::ask(connection, server.map(Ok).as_ref(), &bundle, |w| is(&id, w)).await;
    let entry = exam.catalogue.of_workload(&connection.identity().context, &id);
    let profile = Profile {
        server_minor: found.minor,
        live: Some(Arc::new(answers)),
        ..entry.map_or_else(
            || profile_of(&exam.terms),
            |(_, environment)| of_environment(&exam.terms, environment),
        )
    };
    let waivers = waivers(&exam.catalogue);
    // Thousands of objects take a while.
    let judged = tokio::task::spawn_blocking(move || {
        let rules = all();
        let mut findings = of(&bundle, &profile, &rules, &id);
        // Waivers that fit nothing here are of other workloads.
        let _ = waive::apply(&mut findings, &waivers, now);
        (findings, rules.len())
    });
    let (findings, rules) = judged.await.map_err(|error| SafeText::from(error.to_string()))?;
    Ok(Examined { findings, rules, missing: found.missing })
}

/// What is found of one workload.
fn of(bundle: &Bundle, profile: &Profile, rules: &[Rule], id: &WorkloadId) -> Vec<Finding> {
    let mut findings = judge_some(bundle, |_| profile, rules, |workload| is(id, workload));
    findings.sort_by(|one, other| (one.rule, &one.path).cmp(&(other.rule, &other.path)));
    findings
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
