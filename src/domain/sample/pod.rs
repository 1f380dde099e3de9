//! Pod samples: one container that is ready, until a word changes it.
//!
//! Called by tests only.

use super::at;
use crate::domain::id::{ObjectRef, WorkloadId};
use crate::domain::pod::{Container, Pod, Termination};

/// A pod before it is known whose it is.
#[derive(Debug, Clone)]
pub(crate) struct PodSample(Pod);

/// A pod that is ready since one minute after the hour.
pub(crate) fn a_pod(suffix: &str) -> PodSample {
    let container = Container {
        name: "app".into(),
        ready: true,
        running_since: Some(at(30)),
        ..Container::default()
    };
    PodSample(Pod {
        id: ObjectRef { namespace: "shop".into(), name: suffix.into() },
        uid: format!("pod-{suffix}").into(),
        owner: None,
        created: Some(at(0)),
        deleted: None,
        node: Some("node-1".into()),
        phase: "Running".into(),
        reason: "".into(),
        message: "".into(),
        ready: true,
        ready_since: Some(at(60)),
        unscheduled: None,
        containers: vec![container].into(),
    })
}

/// How a container ended at 10:09.
fn an_end(reason: &str, exit_code: i32) -> Termination {
    Termination {
        reason: reason.into(),
        exit_code,
        finished: Some(at(540)),
        ..Termination::default()
    }
}

impl PodSample {
    /// Any other change.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Pod)) -> Self {
        change(&mut self.0);
        self
    }

    /// Any other change of its container.
    pub(crate) fn container(mut self, change: impl FnOnce(&mut Container)) -> Self {
        if let Some(container) = self.0.containers.last_mut() {
            change(container);
        }
        self
    }

    /// Running since then, but not ready.
    pub(crate) fn unready_since(self, seconds: i64) -> Self {
        self.with(|p| p.ready = false).container(|c| {
            c.ready = false;
            c.running_since = Some(at(seconds));
        })
    }

    /// Waiting for this reason.
    pub(crate) fn waiting(self, reason: &str, message: &str) -> Self {
        self.unready_since(0).container(|c| {
            c.running_since = None;
            c.waiting = Some(reason.into());
            c.waiting_message = message.into();
        })
    }

    /// Crash-looping: exit code 3, five restarts, the last a minute ago.
    pub(crate) fn crash_looping(self) -> Self {
        self.waiting("CrashLoopBackOff", "back-off 40s").container(|c| {
            c.restarts = 5;
            c.last_terminated =
                Some(Termination { message: "no database".into(), ..an_end("Error", 3) }.into());
        })
    }

    /// Killed for its memory a minute ago.
    pub(crate) fn out_of_memory(self) -> Self {
        self.unready_since(0).container(|c| {
            c.running_since = None;
            c.terminated = Some(an_end("OOMKilled", 137).into());
        })
    }

    /// Not placed on a node.
    pub(crate) fn unscheduled(self, message: &str) -> Self {
        self.with(|p| {
            p.phase = "Pending".into();
            p.unscheduled = Some(message.into());
            p.node = None;
            p.ready = false;
            p.containers = Box::default();
        })
    }

    /// With init containers before its own, in these states.
    pub(crate) fn init(self, inits: impl IntoIterator<Item = Container>) -> Self {
        self.waiting("PodInitializing", "").with(|p| {
            p.phase = "Pending".into();
            let inits = inits.into_iter().map(|c| Container { init: true, ..c });
            p.containers = inits.chain(p.containers.clone()).collect();
        })
    }

    /// On its way out since a minute.
    pub(crate) fn terminating(self) -> Self {
        self.with(|p| p.deleted = Some(at(540)))
    }

    /// The pod alone.
    pub(crate) fn alone(self) -> Pod {
        self.0
    }

    /// The pod of a revision.
    pub(super) fn of(self, id: &WorkloadId, hash: &str) -> Pod {
        let mut pod = self.0;
        pod.owner = Some(format!("rs-{}-{hash}", id.name).into());
        pod.id.name = format!("{}-{hash}-{}", id.name, pod.id.name).into();
        pod
    }
}
