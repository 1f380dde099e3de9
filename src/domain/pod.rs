//! Pods: how one is, in one word with its reason.
//!
//! The reason follows kubectl's printer (init containers first, then the last container that
//! waits or ended badly). Records made by the `cluster` room.

use super::id::{ObjectRef, Uid};
use super::text::SafeText;
use super::time::{Span, Timestamp};

/// One container's state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    /// Name.
    pub name: SafeText,
    /// Image reference.
    pub image: SafeText,
    /// Whether it is an init container.
    pub init: bool,
    /// `ready`.
    pub ready: bool,
    /// `restartCount`.
    pub restarts: i32,
    /// Reason it waits for.
    pub waiting: Option<SafeText>,
    /// Sentence beside the waiting reason.
    pub waiting_message: SafeText,
    /// Since when it runs.
    pub running_since: Option<Timestamp>,
    /// How it ended, when it is not running.
    pub terminated: Option<Box<Termination>>,
    /// How it ended the last time.
    pub last_terminated: Option<Box<Termination>>,
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Termination {
    /// Reason, such as `Error` or `OOMKilled`.
    pub reason: SafeText,
    /// Its own last words, or the runtime's.
    pub message: SafeText,
    /// Exit code.
    pub exit_code: i32,
    /// Signal, when it was killed by one.
    pub signal: Option<i32>,
    /// When.
    pub finished: Option<Timestamp>,
}

/// What the glyph of a pod says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodState {
    /// Failed, crash-looping, or its image cannot be had.
    Broken,
    /// Running, but not ready for longer than a start takes.
    Unready,
    /// Not placed on a node.
    Unscheduled,
    /// On its way up.
    Starting,
    /// Ready.
    Ready,
    /// On its way out.
    Terminating,
    /// Ran to its end.
    Completed,
    /// Its node does not answer, or its phase is unknown.
    Unknown,
}

impl PodState {
    /// The word for screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Unready => "unready",
            Self::Unscheduled => "unscheduled",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Terminating => "terminating",
            Self::Completed => "completed",
            Self::Unknown => "unknown",
        }
    }
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// Which.
    pub id: ObjectRef,
    /// `metadata.uid`.
    pub uid: Uid,
    /// ReplicaSet that owns it.
    pub owner: Option<Uid>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `metadata.deletionTimestamp`.
    pub deleted: Option<Timestamp>,
    /// `spec.nodeName`.
    pub node: Option<SafeText>,
    /// `status.phase`.
    pub phase: SafeText,
    /// `status.reason`, such as `Evicted` or `NodeLost`.
    pub reason: SafeText,
    /// `status.message`.
    pub message: SafeText,
    /// Condition `Ready`.
    pub ready: bool,
    /// When condition `Ready` last changed.
    pub ready_since: Option<Timestamp>,
    /// Message of condition `PodScheduled` while it is false.
    pub unscheduled: Option<SafeText>,
    /// Containers, init containers first.
    pub containers: Box<[Container]>,
}

/// A pod that is not ready this long after its containers started is called unready, not starting.
const START_GRACE: Span = Span::seconds(60);

/// Waiting reasons that end by themselves.
fn is_starting(reason: &str) -> bool {
    matches!(reason, "" | "ContainerCreating" | "PodInitializing")
}

impl Container {
    fn is_broken(&self, now: Timestamp) -> bool {
        self.waiting.as_ref().is_some_and(|reason| !is_starting(reason))
            || self.terminated.as_deref().is_some_and(Termination::is_failure)
            || self.is_failing_again(now)
    }

    /// Whether it runs just now, between two failures: a crash loop must not look like a start each
    /// time it is tried again.
    fn is_failing_again(&self, now: Timestamp) -> bool {
        !self.ready
            && self.restarts > 0
            && self.running_since.is_some_and(|since| now - since < START_GRACE)
            && self.last_terminated.as_deref().is_some_and(Termination::is_failure)
    }
}

impl Pod {
    /// Restarts of all its containers.
    pub fn restarts(&self) -> i32 {
        self.containers.iter().filter(|c| !c.init).map(|c| c.restarts).sum()
    }

    /// Ready containers and all of them, init containers aside.
    pub fn ready_containers(&self) -> (usize, usize) {
        let main = self.containers.iter().filter(|c| !c.init);
        let ready = main.clone().filter(|c| c.ready).count();
        (ready, main.count())
    }

    /// Whether a container restarted within the last five minutes.
    pub fn restarted_lately(&self, now: Timestamp) -> bool {
        self.containers.iter().any(|c| {
            c.last_terminated
                .as_ref()
                .and_then(|t| t.finished)
                .is_some_and(|at| now - at < Span::minutes(5))
        })
    }

    /// The one word, by kubectl's rules.
    pub fn status_word(&self) -> SafeText {
        if self.deleted.is_some() {
            let word = if self.reason == "NodeLost" { "Unknown" } else { "Terminating" };
            return word.into();
        }
        let mut word =
            if self.reason.is_empty() { self.phase.clone() } else { self.reason.clone() };
        if self.unscheduled.is_some() && self.phase == "Pending" {
            word = "Unschedulable".into();
        }
        let inits: Vec<&Container> = self.containers.iter().filter(|c| c.init).collect();
        for (at, init) in inits.iter().enumerate() {
            if init.ready || init.terminated.as_ref().is_some_and(|t| t.exit_code == 0) {
                continue;
            }
            if let Some(end) = &init.terminated {
                return format!("Init:{}", end.word()).into();
            }
            return match &init.waiting {
                Some(reason) if !is_starting(reason) => format!("Init:{reason}").into(),
                _ => format!("Init:{at}/{}", inits.len()).into(),
            };
        }
        let mut running = false;
        for container in self.containers.iter().filter(|c| !c.init).rev() {
            match (&container.waiting, &container.terminated) {
                (Some(reason), _) if !reason.is_empty() => word = reason.clone(),
                (_, Some(end)) => word = end.word().into(),
                _ if container.ready && container.running_since.is_some() => running = true,
                _ => {}
            }
        }
        if word == "Completed" && running {
            word = "Running".into();
        }
        word
    }

    /// What its glyph says.
    pub fn state(&self, now: Timestamp) -> PodState {
        if self.deleted.is_some() {
            return PodState::Terminating;
        }
        match self.phase.as_str() {
            "Failed" => return PodState::Broken,
            "Succeeded" => return PodState::Completed,
            "Running" | "Pending" => {}
            _ => return PodState::Unknown,
        }
        if self.containers.iter().any(|c| c.is_broken(now)) {
            return PodState::Broken;
        }
        if self.ready {
            return PodState::Ready;
        }
        if self.unscheduled.is_some() {
            return PodState::Unscheduled;
        }
        let main_running: Option<Timestamp> =
            self.containers.iter().filter(|c| !c.init).filter_map(|c| c.running_since).max();
        match main_running {
            Some(since) if now - since > START_GRACE => PodState::Unready,
            _ => PodState::Starting,
        }
    }

    /// Why it is not ready, as a sentence without its name; `None` when there is nothing to say.
    pub fn trouble(&self, now: Timestamp) -> Option<String> {
        match self.state(now) {
            PodState::Ready | PodState::Terminating | PodState::Completed => None,
            PodState::Unscheduled => {
                Some(format!("cannot be scheduled: {}", self.unscheduled.as_deref().unwrap_or("")))
            }
            PodState::Broken => Some(self.broken_reason(now)),
            PodState::Unready => Some("runs, but its readiness check does not pass".into()),
            PodState::Unknown => Some(format!("phase {}", self.phase)),
            PodState::Starting => Some(self.status_word().to_string()),
        }
    }

    fn broken_reason(&self, now: Timestamp) -> String {
        let culprit = self.containers.iter().find(|c| c.is_broken(now));
        let Some(container) = culprit else {
            let reason = if self.reason.is_empty() { &self.phase } else { &self.reason };
            return join_sentence(reason, &self.message);
        };
        let end = container.terminated.as_ref().or(container.last_terminated.as_ref());
        let mut text = match &container.waiting {
            Some(reason) if reason == "CrashLoopBackOff" => {
                format!("{} crash-loops", container.name)
            }
            Some(reason) => {
                format!("{} {}", container.name, join_sentence(reason, &container.waiting_message))
            }
            None if container.is_failing_again(now) => format!("{} fails again", container.name),
            None => format!("{} ended", container.name),
        };
        if let Some(end) = end {
            text.push_str(&format!(": {}", end.sentence(now)));
        }
        if container.restarts > 0 {
            text.push_str(&format!(", {} restarts", container.restarts));
        }
        text
    }
}

fn join_sentence(head: &str, tail: &str) -> String {
    if tail.is_empty() { head.to_owned() } else { format!("{head}: {tail}") }
}

impl Termination {
    fn is_failure(&self) -> bool {
        self.exit_code != 0 || self.signal.is_some()
    }

    /// The word kubectl shows.
    pub fn word(&self) -> String {
        match (self.reason.is_empty(), self.signal) {
            (false, _) => self.reason.to_string(),
            (true, Some(signal)) => format!("Signal:{signal}"),
            (true, None) => format!("ExitCode:{}", self.exit_code),
        }
    }

    fn sentence(&self, now: Timestamp) -> String {
        let mut text = match self.signal {
            Some(signal) => format!("{} (signal {signal})", self.word()),
            None if self.reason == "OOMKilled" => "OOMKilled, out of memory".to_owned(),
            None => format!("exit code {}", self.exit_code),
        };
        if !self.message.is_empty() {
            text.push_str(&format!(" \"{}\"", self.message));
        }
        if let Some(at) = self.finished {
            text.push_str(&format!(" {} ago", super::time::age(now - at)));
        }
        text
    }
}

#[cfg(test)]
mod tests;
