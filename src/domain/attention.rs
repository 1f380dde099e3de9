//! Who needs a person: the order of the fleet.
//!
//! Risk first. A workload whose pods cannot be seen is unknown, never quiet.

use super::phase::{self, Phase, Trouble};
use super::pod::PodState;
use super::release::{Release, Role};
use super::time::Timestamp;

/// How much a workload wants to be looked at. The order is the order on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attention {
    /// A person must act or decide.
    NeedsPerson,
    /// Something moves by itself.
    Moving,
    /// Not known.
    Unknown,
    /// Nothing happens.
    Quiet,
}

impl Attention {
    /// The heading for screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::NeedsPerson => "needs a person",
            Self::Moving => "moving",
            Self::Unknown => "unknown",
            Self::Quiet => "quiet",
        }
    }
}

/// How urgent within its group: larger is worse. Sick pods under user traffic come before a
/// failed update, that before an aborted one (users are on stable), that before a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Risk(pub u8);

/// From here on pods are what is broken.
pub const BROKEN_PODS: Risk = Risk(75);

/// Group and urgency of a release.
pub fn of(release: &Release<'_>, now: Timestamp) -> (Attention, Risk) {
    let workload = release.workload;
    let standing = phase::of(workload);
    if serving_pods_broken(release, now) {
        return (Attention::NeedsPerson, Risk(90));
    }
    match standing.phase {
        Phase::Degraded => {
            let risk = match phase::trouble(workload) {
                Some(Trouble::Aborted(_)) => 60,
                Some(Trouble::InvalidSpec(_)) => 70,
                Some(Trouble::DeadlineExceeded(_) | Trouble::ReplicaFailure(_)) | None => 80,
            };
            (Attention::NeedsPerson, Risk(risk))
        }
        Phase::Paused if phase::needs_person(workload) => (Attention::NeedsPerson, Risk(50)),
        Phase::Paused => (Attention::Moving, Risk(30)),
        Phase::Progressing if new_pods_broken(release, now) => {
            (Attention::NeedsPerson, BROKEN_PODS)
        }
        Phase::Progressing => (Attention::Moving, Risk(40)),
        Phase::Unknown => (Attention::Unknown, Risk(20)),
        Phase::Healthy => (Attention::Quiet, Risk(0)),
    }
}

fn broken(release: &Release<'_>, role: Role, now: Timestamp) -> bool {
    release.revision(role).is_some_and(|r| r.count(PodState::Broken, now) > 0)
}

/// Pods of the version that carries the users are broken.
fn serving_pods_broken(release: &Release<'_>, now: Timestamp) -> bool {
    let role = match release.workload.strategy {
        super::strategy::Strategy::BlueGreen(_) => Role::Active,
        super::strategy::Strategy::Canary(_) => Role::Stable,
        _ if release.is_updating() => return false,
        _ => Role::Current,
    };
    broken(release, role, now)
}

fn new_pods_broken(release: &Release<'_>, now: Timestamp) -> bool {
    [Role::Canary, Role::Preview, Role::Current].into_iter().any(|role| broken(release, role, now))
}

#[cfg(test)]
mod tests;
