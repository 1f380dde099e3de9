//! The status of a pod as its kubelet writes it.
//!
//! Called by the kubelet.

use serde_json::{Value, json};

use super::container::{Container, End, State};
use super::life::Life;
use super::words;
use crate::sim::dice::Dice;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind};
use crate::sim::time::{self, Moment};
use crate::sim::world::Turn;

/// Conditions that belong to the kubelet, in their order.
const OURS: [&str; 5] =
    ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

/// Since when each of [`OURS`] holds or does not.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    marks: Vec<(bool, Moment)>,
}

impl Marks {
    /// As the conditions of a pod have them; what is not there does not hold.
    pub(super) fn read(pod: &Value, otherwise: Moment) -> Self {
        let read = |kind: &&str| {
            let condition = pod.condition(kind);
            let since = condition.and_then(|c| time::parse(c.text("/lastTransitionTime")));
            (pod.holds(kind), since.unwrap_or(otherwise))
        };
        Self { marks: OURS.iter().map(read).collect() }
    }

    /// Since when it is so.
    fn since(&mut self, index: usize, holds: bool, now: Moment) -> Moment {
        let Some(mark) = self.marks.get_mut(index) else { return now };
        if mark.0 != holds {
            *mark = (holds, now);
        }
        mark.1
    }
}

/// The status.
pub(super) fn of(life: &mut Life, pod: &Value, turn: &Turn<'_>) -> Value {
    let phase = phase(life, pod);
    let node = Key::new(Kind::Node, "", pod.text("/spec/nodeName"));
    let host = turn.store.get(&node).and_then(|node| {
        let addresses = node.items("/status/addresses").iter();
        let internal = addresses.clone().find(|a| a.text("/type") == "InternalIP");
        Some(internal?.text("/address").to_owned())
    });
    let mut status = json!({
        "observedGeneration": pod.generation(),
        "phase": phase,
        "qosClass": pod.text("/status/qosClass"),
    });
    status.set("/conditions", conditions(life, pod, phase, turn.now));
    if let Some(begun) = life.begun {
        status.set("/startTime", time::seconds(begun));
        status.set("/podIP", life.address.as_str());
        status.set("/podIPs", json!([{"ip": life.address}]));
    }
    if let Some(host) = host {
        status.set("/hostIPs", json!([{"ip": host}]));
        status.set("/hostIP", host);
    }
    for (list, first) in [("/initContainerStatuses", true), ("/containerStatuses", false)] {
        let own = life.containers.iter().filter(|container| container.first == first);
        let waits = if life.containers.iter().any(|container| container.first) {
            "PodInitializing"
        } else {
            "ContainerCreating"
        };
        let statuses: Vec<Value> =
            own.map(|container| container_status(container, pod.uid(), waits, turn.dice)).collect();
        if !statuses.is_empty() {
            status.set(list, Value::Array(statuses));
        }
    }
    status
}

/// `status.phase`, from how the containers fare.
fn phase(life: &Life, pod: &Value) -> &'static str {
    let (firsts, rest): (Vec<&Container>, Vec<&Container>) =
        life.containers.iter().partition(|container| container.first);
    let failed =
        |container: &&Container| matches!(&container.state, State::Ended(end) if end.code != 0);
    if pod.text("/spec/restartPolicy") == "Never" && firsts.iter().any(failed) {
        return "Failed";
    }
    let never_ran = |container: &&Container| {
        matches!(container.state, State::Waiting { .. }) && container.last.is_none()
    };
    if firsts.iter().any(|container| !container.is_done()) || rest.iter().any(never_ran) {
        return "Pending";
    }
    if rest.iter().any(|container| !container.has_ended()) {
        return "Running";
    }
    if rest.iter().any(failed) { "Failed" } else { "Succeeded" }
}

fn conditions(life: &mut Life, pod: &Value, phase: &str, now: Moment) -> Vec<Value> {
    let others = pod.items("/status/conditions").iter();
    let others = others.filter(|condition| !OURS.contains(&condition.text("/type")));
    let mut conditions: Vec<Value> = others.cloned().collect();
    let initialized = incomplete(life, phase);
    let unready = unready(life, phase);
    let verdicts = [None, initialized, unready.clone(), unready, None];
    for (index, (kind, trouble)) in OURS.iter().zip(verdicts).enumerate() {
        let holds = trouble.as_ref().is_none_or(|(holds, ..)| *holds);
        let since = life.marks.since(index, holds, now);
        let mut condition = json!({
            "type": kind,
            "observedGeneration": pod.generation(),
            "status": if holds { "True" } else { "False" },
            "lastProbeTime": null,
            "lastTransitionTime": time::seconds(since),
        });
        if let Some((_, reason, message)) = trouble {
            condition.set("/reason", reason);
            if !message.is_empty() {
                condition.set("/message", message);
            }
        }
        conditions.push(condition);
    }
    conditions
}

/// Whether a condition holds, its reason, and its message.
type Verdict = Option<(bool, &'static str, String)>;

fn incomplete(life: &Life, phase: &str) -> Verdict {
    if phase == "Succeeded" {
        return Some((true, "PodCompleted", String::new()));
    }
    let incomplete = life.containers.iter().filter(|one| one.first && !one.is_done());
    let names: Vec<&str> = incomplete.map(|one| one.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        let message = format!("containers with incomplete status: [{}]", names.join(" "));
        (false, "ContainersNotInitialized", message)
    })
}

fn unready(life: &Life, phase: &str) -> Verdict {
    match phase {
        "Succeeded" => return Some((false, "PodCompleted", String::new())),
        "Failed" => return Some((false, "PodFailed", String::new())),
        _ => (),
    }
    let is_ready = |one: &Container| matches!(one.state, State::Running { ready: true, .. });
    let unready = life.containers.iter().filter(|one| !one.first && !is_ready(one));
    let names: Vec<&str> = unready.map(|one| one.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        let message = format!("containers with unready status: [{}]", names.join(" "));
        (false, "ContainersNotReady", message)
    })
}

fn container_status(container: &Container, uid: &str, waits: &str, dice: Dice) -> Value {
    let id = |run: u64| {
        let names = ["container", uid, &container.name, &run.to_string()];
        format!("containerd://{}", words::hexadecimal(&names, dice))
    };
    let ended = |end: &End, run: u64| {
        json!({"terminated": {
            "exitCode": end.code,
            "reason": end.reason,
            "startedAt": time::seconds(end.since),
            "finishedAt": time::seconds(end.at),
            "containerID": id(run),
        }})
    };
    let run = container.run;
    let state = match &container.state {
        State::Waiting { reason, message } => {
            let reason = if reason.is_empty() { waits } else { *reason };
            let mut state = json!({"waiting": {"reason": reason}});
            if !message.is_empty() {
                state.set("/waiting/message", message.as_str());
            }
            state
        }
        State::Running { since, .. } => json!({"running": {"startedAt": time::seconds(*since)}}),
        State::Ended(end) => ended(end, run),
    };
    // While it waits to be started again, the run before is the one that is counted last.
    let waiting = matches!(container.state, State::Waiting { .. });
    let last_run = if waiting { run } else { run.saturating_sub(1) };
    let last = container.last.as_ref().map_or_else(|| json!({}), |end| ended(end, last_run));
    let ready = match &container.state {
        State::Running { ready, .. } => *ready,
        State::Ended(end) => container.first && end.code == 0,
        State::Waiting { .. } => false,
    };
    let mut status = json!({
        "name": container.name,
        "ready": ready,
        "restartCount": run,
        "image": container.image,
        "imageID": "",
        "started": matches!(container.state, State::Running { .. }),
    });
    status.set("/state", state);
    status.set("/lastState", last);
    if container.started {
        status.set("/imageID", words::image_id(&container.image, dice));
        status.set("/containerID", id(run));
    }
    status
}
