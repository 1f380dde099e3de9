//! Requested is not in effect: what shows that an action was seen, and that it worked.
//!
//! Read from later states of the workload, never from the exit of the request. Source: the
//! confirmation table of the plugin's verbs and of `kubectl rollout`.

use super::id::PodHash;
use super::phase;
use super::release::Release;
use super::strategy::Strategy;
use super::text::SafeText;
use super::time::to_rfc3339;

/// What an action is expected to bring about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// Nothing to watch.
    Nothing,
    /// The step after `index` of version `hash`.
    StepPassed {
        /// Step it was at.
        index: usize,
        /// Version it is about.
        hash: PodHash,
    },
    /// That very pause is over.
    Unpaused {
        /// `startTime` of the pause.
        pause_start: SafeText,
    },
    /// The active Service points at this version.
    Switched {
        /// Version.
        hash: PodHash,
    },
    /// This version is stable.
    FullyPromoted {
        /// Version.
        hash: PodHash,
    },
    /// Held, or no longer held.
    Held(bool),
    /// Aborted, and its traffic is gone.
    Aborted {
        /// Version that was aborted.
        hash: PodHash,
    },
    /// The abort is cleared and the update runs again.
    Retried {
        /// Version.
        hash: PodHash,
    },
    /// This version is wanted, and then complete.
    Undone {
        /// Version.
        hash: PodHash,
    },
    /// Every user is on this version again, by an abort or by its template.
    Back {
        /// Version that was wanted before.
        from: PodHash,
        /// Version that users are to be on.
        to: PodHash,
    },
    /// All pods are younger than this instant.
    Restarted {
        /// Instant, as the API writes it.
        at: SafeText,
    },
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The controller has not reacted.
    Waiting(SafeText),
    /// The controller acts on it; what is still to come.
    Observed(SafeText),
    /// It is in effect.
    InEffect(SafeText),
    /// Something else happened to the workload; what.
    Superseded(SafeText),
}

fn waiting(text: impl Into<SafeText>) -> Progress {
    Progress::Waiting(text.into())
}

fn observed(text: impl Into<SafeText>) -> Progress {
    Progress::Observed(text.into())
}

fn in_effect(text: impl Into<SafeText>) -> Progress {
    Progress::InEffect(text.into())
}

impl Expectation {
    /// How far `release` is, as it was last seen.
    pub fn progress(&self, release: &Release<'_>) -> Progress {
        let workload = release.workload;
        let status = &workload.status;
        if let Some(hash) = self.version()
            && let Some(current) = release.current_hash()
            && current != hash
            && !matches!(self, Self::Undone { .. })
        {
            let text = format!("another version is wanted now: {current}");
            return Progress::Superseded(text.into());
        }
        match self {
            Self::Nothing => in_effect("accepted"),
            Self::StepPassed { index, .. } => step_passed(release, *index),
            Self::Unpaused { pause_start } => match phase::pause(workload) {
                Some(pause) if pause.start_text == *pause_start => waiting("still paused"),
                _ => in_effect("the pause is over"),
            },
            Self::Switched { hash } => {
                if status.active_hash.as_ref() == Some(hash) {
                    in_effect("the active Service points at it")
                } else if status.pauses.is_empty() {
                    observed("unpaused; the Service has not switched yet")
                } else {
                    waiting("still paused")
                }
            }
            Self::FullyPromoted { hash } => {
                if status.stable_hash.as_ref() == Some(hash) {
                    in_effect("it is the stable version")
                } else if status.promote_full {
                    observed("waiting until all its pods are available")
                } else {
                    waiting("not yet seen")
                }
            }
            Self::Held(hold) => held(release, *hold),
            Self::Aborted { .. } => aborted(release),
            Self::Retried { .. } => {
                if status.abort {
                    waiting("still aborted")
                } else if matches!(phase::trouble(workload), Some(phase::Trouble::Aborted(_))) {
                    observed("abort cleared; the controller has not started again")
                } else {
                    in_effect("the update runs again")
                }
            }
            Self::Undone { hash } => undone(release, hash),
            Self::Back { from, to } => back(release, from, to),
            Self::Restarted { at } => restarted(release, at),
        }
    }

    fn version(&self) -> Option<&PodHash> {
        match self {
            Self::StepPassed { hash, .. }
            | Self::Switched { hash }
            | Self::FullyPromoted { hash }
            | Self::Aborted { hash }
            | Self::Retried { hash }
            | Self::Undone { hash } => Some(hash).filter(|h| !h.is_empty()),
            Self::Nothing
            | Self::Unpaused { .. }
            | Self::Held(_)
            | Self::Back { .. }
            | Self::Restarted { .. } => None,
        }
    }
}

fn step_passed(release: &Release<'_>, index: usize) -> Progress {
    let workload = release.workload;
    let now_at = workload.status.step_index;
    if workload.status.abort {
        return Progress::Superseded("aborted meanwhile".into());
    }
    if now_at.is_some_and(|i| i > index) || !workload.is_updating() {
        let count = workload.strategy.canary().map_or(0, |c| c.steps.len());
        return in_effect(match now_at {
            Some(i) if i < count => format!("at step {}/{count}", i + 1),
            _ => "all steps are done".to_owned(),
        });
    }
    if phase::is_unpausing(workload) {
        return observed("pause lifted; the step has not moved yet");
    }
    waiting("still at the same step")
}

fn held(release: &Release<'_>, hold: bool) -> Progress {
    let workload = release.workload;
    if workload.paused != hold {
        return waiting("spec.paused has not arrived yet");
    }
    if !phase::is_observed(workload) {
        return waiting("the controller has not seen it yet");
    }
    in_effect(if hold { "held" } else { "goes on" })
}

/// An abort is in effect once no user traffic is left on the version.
fn aborted(release: &Release<'_>) -> Progress {
    let workload = release.workload;
    let status = &workload.status;
    if !status.abort {
        return waiting("status.abort has not arrived yet");
    }
    if status.aborted_at.is_none() {
        return observed("the controller has not confirmed the abort yet");
    }
    match &workload.strategy {
        Strategy::Canary(canary) if canary.has_router() => {
            match status.weights.as_ref().map(|w| w.canary.weight) {
                Some(0) | None => in_effect("weight 0: users are on stable"),
                Some(weight) => observed(format!("weight is still {weight}")),
            }
        }
        Strategy::BlueGreen(_) => {
            if status.active_hash == status.stable_hash {
                in_effect("the active Service points at stable")
            } else {
                observed("the active Service has not gone back yet")
            }
        }
        _ => match release.current().map(|r| r.replica_set.replicas) {
            Some(pods) if pods > 0 => observed(format!("{pods} of its pods are still there")),
            _ => in_effect("its pods are gone: users are on stable"),
        },
    }
}

fn undone(release: &Release<'_>, hash: &PodHash) -> Progress {
    let workload = release.workload;
    if !phase::is_observed(workload) {
        return waiting("the controller has not seen the new template yet");
    }
    match release.current_hash() {
        Some(current) if current == hash => {}
        Some(current) => return waiting(format!("{current} is still wanted")),
        None => return waiting("no version reported"),
    }
    if release.is_updating() {
        return observed(match (phase::pause(workload), workload.status.step_index) {
            (Some(_), Some(index)) => {
                format!("its template is wanted; it is paused at step {}", index + 1)
            }
            _ => "its template is wanted; it is not complete yet".to_owned(),
        });
    }
    match users_elsewhere(release, hash) {
        Some(text) => observed(text),
        None => in_effect("it is complete"),
    }
}

/// How far users are back: an abort leaves the bad version wanted, a template does not.
fn back(release: &Release<'_>, from: &PodHash, to: &PodHash) -> Progress {
    let status = &release.workload.status;
    match release.current_hash() {
        Some(current) if current == to && status.abort && release.is_updating() => {
            Progress::Superseded(aborted_way(to))
        }
        Some(current) if current == to => undone(release, to),
        Some(current) if current == from && status.stable_hash.as_ref() == Some(to) => {
            aborted(release)
        }
        Some(current) if current == from => waiting(format!("{from} is still wanted")),
        Some(current) => {
            Progress::Superseded(format!("another version is wanted now: {current}").into())
        }
        None => waiting("no version reported"),
    }
}

fn aborted_way(to: &PodHash) -> SafeText {
    format!("the way to {to} was aborted: users are where they were before it").into()
}

/// Why users are not on `to` any more, once they were brought back there from `from`; nothing while
/// they are, and while a third version is wanted: that is another release.
pub fn left_again(release: &Release<'_>, from: &PodHash, to: &PodHash) -> Option<SafeText> {
    let status = &release.workload.status;
    match release.current_hash()? {
        current if current == to && status.abort && release.is_updating() => Some(aborted_way(to)),
        current if current == to => users_elsewhere(release, to).map(SafeText::from),
        // An abort leaves the bad version wanted, without users.
        current if current == from && status.abort => match aborted(release) {
            Progress::InEffect(_) => None,
            Progress::Waiting(text) | Progress::Observed(text) | Progress::Superseded(text) => {
                Some(text)
            }
        },
        current if current == from => Some(format!("{from} is wanted again").into()),
        _ => None,
    }
}

/// What still sends users to another version. The controller calls a version complete as soon as it
/// is wanted and stable: after an undo that is before the router, the Service or the pods follow.
fn users_elsewhere(release: &Release<'_>, hash: &PodHash) -> Option<String> {
    let status = &release.workload.status;
    match &release.workload.strategy {
        Strategy::Canary(canary) if canary.has_router() => {
            let weight = status.weights.as_ref().map_or(0, |w| w.canary.weight);
            (weight > 0).then(|| format!("weight is still {weight}"))
        }
        Strategy::BlueGreen(_) => (status.active_hash.as_ref() != Some(hash))
            .then(|| "the active Service has not switched yet".to_owned()),
        _ => {
            let others = release.revisions.iter().filter(|r| r.replica_set.hash != *hash);
            let pods: i32 = others.map(|r| r.replica_set.replicas).sum();
            (pods > 0).then(|| format!("{pods} pods of other versions are still there"))
        }
    }
}

fn restarted(release: &Release<'_>, at: &SafeText) -> Progress {
    let workload = release.workload;
    if workload.id.kind == super::id::WorkloadKind::Deployment {
        // Complete and observed is what it was before, too: the request itself must be seen.
        if workload.restart_at.map(to_rfc3339).as_deref() != Some(at.as_str()) {
            return waiting("the new template has not arrived yet");
        }
        if !phase::is_observed(workload) {
            return waiting("the controller has not seen it yet");
        }
        if !phase::is_deployment_complete(workload) {
            return observed("pods are being replaced");
        }
        return in_effect("all pods are new");
    }
    match workload.status.restarted_at.map(to_rfc3339) {
        Some(done) if done == at.as_str() => in_effect("all pods are new"),
        _ if workload.restart_at.map(to_rfc3339).as_deref() == Some(at.as_str()) => {
            observed("pods are being replaced")
        }
        _ => waiting("spec.restartAt has not arrived yet"),
    }
}

#[cfg(test)]
mod tests;
