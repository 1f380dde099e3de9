//! Where the traffic is, in numbers that are never merged into one: wanted, router, (later)
//! measured.
//!
//! Wanted follows the controller's `GetCurrentSetWeight`; the router's number is what
//! `status.canary.weights` or the Ingress annotation says, never a copy of the wanted one.

use super::phase;
use super::pod::PodState;
use super::release::{Release, Revision, Role};
use super::strategy::{Step, Strategy};
use super::text::SafeText;
use super::time::Timestamp;

/// What is known of the share that the new version gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Router {
    /// `status.canary.weights.canary.weight`: what the controller last told the router.
    Weight {
        /// Share of the canary in percent of the maximum.
        weight: i32,
        /// `verified`; `None` where the router cannot be asked.
        verified: Option<bool>,
    },
    /// No router: the share of available pods decides, in percent.
    Pods(i32),
    /// Blue-green: the version the active Service points at.
    Active(SafeText),
    /// A router is set, but the controller has not reported a weight.
    NotReported,
    /// No pod is available, or the strategy has no share: nothing to say.
    Nothing,
}

/// Whether router and wish are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// They are.
    Agrees,
    /// Not yet, and there is a reason why the controller has not moved the weight so far.
    OnItsWay(SafeText),
    /// They are not, and nothing explains it: an alarm.
    Disagrees,
}

/// The numbers of one workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traffic {
    /// Share of the new version that the current step stands for, 0 to `max`; `None` where the
    /// strategy has none.
    pub wanted: Option<i32>,
    /// Largest weight (100 unless `maxTrafficWeight` says otherwise).
    pub max: i32,
    /// What the router was told.
    pub router: Router,
    /// Router's names.
    pub routers: Vec<SafeText>,
    /// Annotation `canary-weight` of the canary Ingress, where it is watched: a second witness.
    pub ingress: Option<i32>,
    /// Why the router may still be behind the wish.
    pub lag: Option<SafeText>,
}

impl Traffic {
    /// The router's share in percent, where there is one number for it.
    pub fn router_share(&self) -> Option<i32> {
        match self.router {
            Router::Weight { weight, .. } => Some(weight),
            Router::Pods(share) => Some(share),
            Router::Active(_) | Router::NotReported | Router::Nothing => None,
        }
    }

    /// Whether router and wish are the same; `None` when one of them is unknown.
    pub fn agreement(&self) -> Option<Agreement> {
        let (Router::Weight { weight, .. }, Some(wanted)) = (&self.router, self.wanted) else {
            return None;
        };
        if *weight == wanted && self.ingress.is_none_or(|seen| seen == *weight) {
            return Some(Agreement::Agrees);
        }
        Some(match &self.lag {
            Some(reason) => Agreement::OnItsWay(reason.clone()),
            None => Agreement::Disagrees,
        })
    }
}

/// Why the controller has not given the router the wanted weight yet: it waits for pods, both when
/// it goes forward and, behind its capacity gate, on the way back (`reconcileTrafficRouting`).
fn lag(release: &Release<'_>) -> Option<SafeText> {
    let workload = release.workload;
    let status = &workload.status;
    if !phase::is_observed(workload) || phase::is_unpausing(workload) {
        return Some("the controller is about to act".into());
    }
    let short = |r: &Revision<'_>, wanted: i32| {
        let available = r.replica_set.available;
        (available < wanted).then(|| format!("{available}/{wanted} pods available"))
    };
    let back = status.abort || !workload.is_updating();
    if back {
        let stable = release.stable().and_then(|r| short(r, workload.replicas));
        return stable
            .map(|text| format!("the weight falls once stable is complete: {text}").into());
    }
    let canary = release.current()?;
    if let Some(text) = short(canary, canary.replica_set.desired) {
        return Some(format!("the weight follows the canary's pods: {text}").into());
    }
    let strategy = workload.strategy.canary()?;
    let step = strategy.steps.get(status.step_index.unwrap_or(strategy.steps.len()));
    let moving = status.promote_full || step.is_none() || matches!(step, Some(Step::SetWeight(_)));
    moving.then(|| "the step is under way".into())
}

/// The numbers of a release.
pub fn of(release: &Release<'_>, now: Timestamp) -> Traffic {
    let workload = release.workload;
    let status = &workload.status;
    match &workload.strategy {
        Strategy::Canary(canary) => {
            let wanted = if status.abort {
                0
            } else if !workload.is_updating() {
                // Fully promoted: the share of the canary is zero, all traffic is on stable.
                0
            } else if status.promote_full {
                canary.max_weight
            } else {
                canary.weight_at(status.step_index.unwrap_or(canary.steps.len()))
            };
            let router = match &status.weights {
                Some(w) => Router::Weight { weight: w.canary.weight, verified: w.verified },
                None if canary.has_router() => Router::NotReported,
                None => pod_share(release, now),
            };
            Traffic {
                wanted: Some(wanted),
                max: canary.max_weight,
                router,
                routers: canary.routers.clone(),
                ingress: release
                    .ingresses
                    .iter()
                    .find(|i| i.is_canary)
                    .and_then(|i| i.canary_weight),
                lag: lag(release),
            }
        }
        Strategy::BlueGreen(_) => Traffic {
            wanted: None,
            max: 100,
            router: status.active_hash.clone().map_or(Router::NotReported, Router::Active),
            routers: Vec::new(),
            ingress: None,
            lag: None,
        },
        Strategy::Rolling(_) | Strategy::Recreate | Strategy::Unknown => Traffic {
            wanted: None,
            max: 100,
            router: pod_share(release, now),
            routers: Vec::new(),
            ingress: None,
            lag: None,
        },
    }
}

/// Share of the wanted version among ready pods: what a Service without a router gives it.
fn pod_share(release: &Release<'_>, now: Timestamp) -> Router {
    if !release.is_updating() {
        return Router::Pods(if release.workload.strategy.canary().is_some() { 0 } else { 100 });
    }
    let mut new = 0usize;
    let mut all = 0usize;
    for revision in &release.revisions {
        let ready = revision.count(PodState::Ready, now);
        all += ready;
        if revision.is(Role::Canary) || revision.is(Role::Current) {
            new += ready;
        }
    }
    if all == 0 {
        return Router::Nothing;
    }
    let share = (new * 100 + all / 2) / all;
    i32::try_from(share).map_or(Router::Nothing, Router::Pods)
}

#[cfg(test)]
mod tests;
