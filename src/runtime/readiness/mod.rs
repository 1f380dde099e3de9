//! Readiness: reads manifests or a cluster, has them judged, and writes what is made.
//!
//! Decides nothing: the rules are `manifest`'s. Called by `start` and `perform`.

mod check;
mod files;
mod live;
mod make;
mod plan;
mod services;

use crate::app::readiness::Examined;
use crate::cluster::Connection;
use crate::cluster::inventory::inventory;
use crate::config::Settings;
use crate::domain::guard::rule::Terms;
use crate::domain::id::WorkloadId;
use crate::domain::readiness::Finding;
use crate::domain::text::SafeText;
use crate::manifest::bundle::{Bundle, Object};
use crate::manifest::profile::Profile;
use crate::manifest::rules::{Rule, all, judge_some};
use crate::manifest::workload::Workload;

pub(super) use check::{Bench, check, check_live};
pub(super) use make::make;
pub(super) use plan::{Look, advise, workload_of};
pub(super) use services::{load, load_and_say, waivers};

/// The numbers that the rules judge by: those of the guard that would be armed.
pub(super) fn profile(settings: &Settings) -> Profile {
    profile_of(&settings.guard.terms)
}

fn profile_of(terms: &Terms) -> Profile {
    Profile {
        healthy_floor: terms.healthy,
        error_limit: terms.errors,
        latency_limit: terms.latency,
        guard_window: terms.errors_for.max(terms.latency_for),
        ..Profile::default()
    }
}

/// Judges one workload as it is on the cluster now, with what belongs to it.
pub(super) async fn examine(
    connection: &Connection,
    terms: &Terms,
    id: &WorkloadId,
) -> Result<Examined, SafeText> {
    let found = inventory(connection, std::slice::from_ref(&id.namespace)).await;
    let found = found.map_err(|error| SafeText::from(error.to_string()))?;
    let profile = Profile { server_minor: found.minor, ..profile_of(terms) };
    let (bundle, id) = (found.objects.into_iter().collect::<Bundle>(), id.clone());
    // Thousands of objects take a while.
    let judged = tokio::task::spawn_blocking(move || {
        let rules = all();
        (of(&bundle, &profile, &rules, &id), rules.len())
    });
    let (findings, rules) = judged.await.map_err(|error| SafeText::from(error.to_string()))?;
    Ok(Examined { findings, rules, missing: found.missing })
}

/// What is found of one workload: as it is released, or as a Rollout that has its template from it.
fn of(bundle: &Bundle, profile: &Profile, rules: &[Rule], id: &WorkloadId) -> Vec<Finding> {
    let is_it = |object: &Object| {
        object.kind == id.kind.as_str()
            && object.namespace == id.namespace.as_str()
            && object.name == id.name.as_str()
    };
    let wanted =
        |workload: &Workload<'_>| is_it(workload.object) || workload.templated.is_some_and(is_it);
    let mut findings = judge_some(bundle, profile, rules, wanted);
    findings.sort_by(|one, other| (one.rule, &one.path).cmp(&(other.rule, &other.path)));
    findings
}
