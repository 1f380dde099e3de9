//! Pods.

use super::meta::Meta;
use super::node::Node;
use crate::domain::pod::{Container, Pod, Termination};

pub(super) fn pod(object: Node<'_>) -> Option<Pod> {
    let meta = Meta::of(object)?;
    let spec = object.at("spec");
    let status = object.at("status");
    let condition =
        |kind: &str| status.list("conditions").find(move |c| c.str("type") == Some(kind));
    let ready = condition("Ready");
    let scheduled = condition("PodScheduled");
    let containers = containers(spec, status, true).chain(containers(spec, status, false));
    Some(Pod {
        id: meta.id(),
        uid: meta.uid(),
        owner: meta.owner(),
        created: meta.created(),
        deleted: meta.node().time("deletionTimestamp"),
        node: spec.shared("nodeName"),
        phase: status.shared_or_empty("phase"),
        reason: status.shared_or_empty("reason"),
        message: status.text_or_empty("message"),
        ready: ready.is_some_and(|c| c.str("status") == Some("True")),
        ready_since: ready.and_then(|c| c.time("lastTransitionTime")),
        unscheduled: scheduled
            .filter(|c| c.str("status") == Some("False"))
            .map(|c| c.text_or_empty("message")),
        containers: containers.collect(),
    })
}

/// Containers in the order of the spec, with their states. One without a state has not been looked
/// at by a node yet.
fn containers<'a>(
    spec: Node<'a>,
    status: Node<'a>,
    init: bool,
) -> impl Iterator<Item = Container> + use<'a> {
    let (wanted, seen) = if init {
        ("initContainers", "initContainerStatuses")
    } else {
        ("containers", "containerStatuses")
    };
    spec.list(wanted).map(move |wanted| {
        let name = wanted.shared_or_empty("name");
        let state = status.list(seen).find(|s| s.str("name") == Some(name.as_str()));
        let mut container = state.map(container).unwrap_or_default();
        container.image = wanted.name("image");
        container.name = name;
        container.init = init;
        container
    })
}

fn container(node: Node<'_>) -> Container {
    let state = node.at("state");
    let waiting = state.part("waiting");
    Container {
        ready: node.flag("ready"),
        restarts: node.count("restartCount"),
        waiting: waiting.map(|w| w.shared_or_empty("reason")),
        waiting_message: waiting.map(|w| w.text_or_empty("message")).unwrap_or_default(),
        running_since: state.part("running").and_then(|r| r.time("startedAt")),
        terminated: state.part("terminated").map(termination).map(Box::new),
        last_terminated: node.at("lastState").part("terminated").map(termination).map(Box::new),
        ..Container::default()
    }
}

fn termination(node: Node<'_>) -> Termination {
    Termination {
        reason: node.shared_or_empty("reason"),
        message: node.text_or_empty("message"),
        exit_code: node.count("exitCode"),
        signal: node.int("signal").filter(|s| *s != 0),
        finished: node.time("finishedAt"),
    }
}
