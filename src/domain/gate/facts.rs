//! What the cluster itself says of the new version, and whether there is one to be looked at.
//!
//! Never asks the version; `judge` does that with its answers. Called by `app`.

use super::profile::{Profile, Route};
use super::{Check, Evidence, Finding, Pointer, Stage, Verdict};
use crate::domain::id::{PodHash, Uid};
use crate::domain::release::Release;
use crate::domain::routing::Service;
use crate::domain::strategy::{BlueGreen, Strategy};
use crate::domain::text::SafeText;

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

impl Stage {
    /// The version to look at, and the way to it.
    ///
    /// # Errors
    /// Why there is none. A load never goes to a Service that users are on.
    pub fn subject(self, release: &Release<'_>, profile: &Profile) -> Result<Subject, Refusal> {
        match self {
            Self::Before => before(release, profile),
            Self::After => after(release, profile),
        }
    }

    /// The stage that a workload is in: after, once users are on the wanted version.
    pub fn of(release: &Release<'_>) -> Self {
        if is_on_wanted(release) { Self::After } else { Self::Before }
    }
}

/// Whether users are on the version that is wanted.
pub fn is_on_wanted(release: &Release<'_>) -> bool {
    let status = &release.workload.status;
    let Some(hash) = release.current_hash() else { return false };
    match blue_green(release) {
        Some(_) => status.active_hash.as_ref() == Some(hash),
        None => !release.is_updating(),
    }
}

fn refused<T>(text: &str) -> Result<T, Refusal> {
    Err(Refusal::Refused(text.to_owned()))
}

const UNSAID: &str = "the controller has not said yet which version is wanted";

fn before(release: &Release<'_>, profile: &Profile) -> Result<Subject, Refusal> {
    let workload = release.workload;
    let Some(hash) = release.current_hash() else { return refused(UNSAID) };
    let status = &workload.status;
    if !release.is_updating() || status.active_hash.as_ref() == Some(hash) {
        return refused("there is no new version to look at: users are on the wanted one");
    }
    let service = blue_green(release).and_then(|settings| settings.preview_service.as_ref());
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
    let route = if profile.forward && profile.url.is_none() {
        to_pod(release, profile, hash, service)?
    } else {
        route(release, profile, profile.url.as_ref(), service, "preview")?
    };
    Ok(Subject { uid: workload.uid.clone(), hash: hash.clone(), route })
}

/// A pod of the new version that can be asked.
fn to_pod(
    release: &Release<'_>,
    profile: &Profile,
    hash: &PodHash,
    service: Option<&SafeText>,
) -> Result<Route, Refusal> {
    let pods = release.by_hash(hash).map(|revision| &revision.pods);
    let ready = pods.into_iter().flatten().find(|pod| pod.ready && pod.deleted.is_none());
    let Some(pod) = ready else {
        return refused(&format!("no pod of {hash} is ready to be asked"));
    };
    Ok(Route::Pod {
        namespace: release.workload.id.namespace.clone(),
        pod: pod.id.name.clone(),
        service: service.cloned(),
        port: profile.port.clone(),
    })
}

fn after(release: &Release<'_>, profile: &Profile) -> Result<Subject, Refusal> {
    let workload = release.workload;
    let Some(hash) = release.current_hash() else { return refused(UNSAID) };
    if workload.status.abort {
        return refused("it was aborted: users stay where they are");
    }
    let service = blue_green(release).map(|settings| &settings.active_service);
    let route = route(release, profile, profile.after_url.as_ref(), service, "active")?;
    Ok(Subject { uid: workload.uid.clone(), hash: hash.clone(), route })
}

fn route(
    release: &Release<'_>,
    profile: &Profile,
    url: Option<&SafeText>,
    service: Option<&SafeText>,
    kind: &str,
) -> Result<Route, Refusal> {
    let workload = release.workload;
    match (url, service) {
        (Some(url), _) => Ok(Route::Url(url.clone())),
        (None, Some(name)) => Ok(Route::Service {
            namespace: workload.id.namespace.clone(),
            name: name.clone(),
            port: profile.port.clone(),
        }),
        (None, None) => {
            let what = match blue_green(release) {
                Some(_) => "blue-green",
                None => workload.strategy.word(),
            };
            let pod = if kind == "preview" { " or --port-forward" } else { "" };
            let text = format!("this {what} has no {kind} Service to ask: give --url URL{pod}");
            Err(Refusal::Unsaid(text))
        }
    }
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
    let service = blue_green(release).and_then(|settings| settings.preview_service.as_ref());
    selected(release, hash, Check::Preview, service)
}

/// Whether the Service that users are on selects this version.
pub(super) fn active(release: &Release<'_>, hash: &PodHash) -> Finding {
    let service = blue_green(release).map(|settings| &settings.active_service);
    selected(release, hash, Check::Active, service)
}

fn selected(
    release: &Release<'_>,
    hash: &PodHash,
    check: Check,
    service: Option<&SafeText>,
) -> Finding {
    let kind = check.name();
    let Some(name) = service else {
        let why = match blue_green(release) {
            Some(_) => format!("this blue-green has no {kind} Service"),
            None => format!("only a blue-green has such a Service ({kind})"),
        };
        return Finding::plain(check, Verdict::Skipped(why.into()));
    };
    let Some(service) = seen(release, name) else {
        let verdict = Verdict::Unknown(format!("Service {name} is not seen").into());
        return Finding::plain(check, verdict);
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
    Finding { check, verdict, evidence }
}

/// What the cluster says at a stage, or that it is skipped.
pub fn facts_of(
    stage: Stage,
    release: &Release<'_>,
    hash: &PodHash,
    skip: &[Check],
) -> Vec<Finding> {
    let finding = |check: Check| match check {
        _ if skip.contains(&check) && !check.asks() => Some(skipped_by_profile(check)),
        Check::Pods => Some(pods(release, hash)),
        Check::Preview => Some(preview(release, hash)),
        Check::Active => Some(active(release, hash)),
        _ => None,
    };
    stage.checks().iter().filter_map(|check| finding(*check)).collect()
}

/// A check that the profile leaves out.
pub fn skipped_by_profile(check: Check) -> Finding {
    Finding::plain(check, Verdict::Skipped("left out by gate.skip".into()))
}
