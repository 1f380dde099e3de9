//! What the cluster itself says of the new version, and whether there is one to be looked at.
//!
//! Never asks the version; `judge` does that with its answers. Called by `app`.

use super::profile::{Profile, Route};
use super::{Check, Evidence, Finding, Pointer, Verdict};
use crate::domain::id::{PodHash, Uid};
use crate::domain::release::Release;
use crate::domain::routing::Service;
use crate::domain::strategy::{BlueGreen, Strategy};

/// What is looked at, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// `metadata.uid` of the workload.
    pub uid: Uid,
    /// The version.
    pub hash: PodHash,
    /// How it is asked.
    pub route: Route,
}

/// Why nothing is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A rule forbids it.
    Refused(String),
    /// Something has to be said first.
    Unsaid(String),
}

impl Refusal {
    /// The sentence.
    pub fn words(&self) -> &str {
        match self {
            Self::Refused(text) | Self::Unsaid(text) => text,
        }
    }
}

/// The version to look at, and the way to it.
///
/// # Errors
/// Why there is none. A load never goes to a Service that users are on.
pub fn subject(release: &Release<'_>, profile: &Profile) -> Result<Subject, Refusal> {
    let workload = release.workload;
    let refused = |text: &str| Err(Refusal::Refused(text.to_owned()));
    let Some(hash) = release.current_hash() else {
        return refused("the controller has not said yet which version is wanted");
    };
    let status = &workload.status;
    if !release.is_updating() || status.active_hash.as_ref() == Some(hash) {
        return refused("there is no new version to look at: users are on the wanted one");
    }
    let blue_green = blue_green(release);
    let service = blue_green.and_then(|settings| settings.preview_service.as_ref());
    if let Some(name) = service
        && !profile.skip.contains(&Check::Load)
        && let Some(points_at) = seen(release, name).and_then(|service| service.hash.as_ref())
        && status.active_hash.as_ref() == Some(points_at)
    {
        let text = format!(
            "Service {name} points at {points_at}, which users are on: no load is sent there"
        );
        return Err(Refusal::Refused(text));
    }
    let route = match (&profile.url, service) {
        (Some(url), _) => Route::Url(url.clone()),
        (None, Some(name)) => Route::Service {
            namespace: workload.id.namespace.clone(),
            name: name.clone(),
            port: profile.port.clone(),
        },
        (None, None) => {
            let what = if blue_green.is_some() { "blue-green" } else { workload.strategy.word() };
            let text = format!("this {what} has no preview Service to ask: give --url URL");
            return Err(Refusal::Unsaid(text));
        }
    };
    Ok(Subject { uid: workload.uid.clone(), hash: hash.clone(), route })
}

fn blue_green<'a>(release: &Release<'a>) -> Option<&'a BlueGreen> {
    match &release.workload.strategy {
        Strategy::BlueGreen(settings) => Some(settings),
        _ => None,
    }
}

fn seen<'a>(release: &Release<'a>, name: &str) -> Option<&'a Service> {
    release.services.iter().copied().find(|service| service.id.name == *name)
}

/// Whether every pod of this version is ready.
pub fn pods(release: &Release<'_>, hash: &PodHash) -> Finding {
    let Some(revision) = release.by_hash(hash) else {
        let verdict = Verdict::Unknown(format!("the ReplicaSet of {hash} is not seen").into());
        return Finding::plain(Check::Pods, verdict);
    };
    let desired = usize::try_from(revision.replica_set.desired).unwrap_or(0);
    let ready = revision.pods.iter().filter(|pod| pod.ready && pod.deleted.is_none()).count();
    let words = format!("{ready} of {desired} ready");
    let verdict = match desired {
        0 => Verdict::Failed(format!("{hash} wants no pods").into()),
        desired if ready == desired => Verdict::Passed,
        _ => Verdict::Failed(words.as_str().into()),
    };
    let evidence = Evidence { excerpt: Some(words.into()), ..Evidence::default() };
    Finding { check: Check::Pods, verdict, evidence }
}

/// Whether the preview Service selects this version.
pub fn preview(release: &Release<'_>, hash: &PodHash) -> Finding {
    let skipped = |text: &str| Finding::plain(Check::Preview, Verdict::Skipped(text.into()));
    let Some(settings) = blue_green(release) else {
        return skipped("only a blue-green has a preview Service");
    };
    let Some(name) = &settings.preview_service else {
        return skipped("this blue-green has no preview Service");
    };
    let Some(service) = seen(release, name) else {
        let verdict = Verdict::Unknown(format!("Service {name} is not seen").into());
        return Finding::plain(Check::Preview, verdict);
    };
    let found = service.hash.as_ref();
    let verdict = match found {
        Some(found) if found == hash => Verdict::Passed,
        Some(found) => Verdict::Failed(format!("{name} points at {found}, not at {hash}").into()),
        None => Verdict::Failed(format!("{name} selects every version").into()),
    };
    let pointer = Pointer {
        path: "/spec/selector/rollouts-pod-template-hash".into(),
        found: found.cloned().unwrap_or_else(|| "nothing".into()),
        wanted: hash.clone(),
    };
    let evidence = Evidence { pointer: Some(pointer), ..Evidence::default() };
    Finding { check: Check::Preview, verdict, evidence }
}

/// Both of them, or that they are skipped.
pub fn facts_of(release: &Release<'_>, hash: &PodHash, skip: &[Check]) -> Vec<Finding> {
    let of = |check, finding: Finding| {
        if skip.contains(&check) { skipped_by_profile(check) } else { finding }
    };
    vec![of(Check::Pods, pods(release, hash)), of(Check::Preview, preview(release, hash))]
}

/// A check that the profile leaves out.
pub fn skipped_by_profile(check: Check) -> Finding {
    Finding::plain(check, Verdict::Skipped("left out by gate.skip".into()))
}
