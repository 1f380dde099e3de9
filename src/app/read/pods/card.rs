//! Everything about one pod: its containers, how they ended, when they restarted.
//!
//! Called by `view` for the Pod screen.

use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::id::Uid;
use crate::domain::pod::{Container, Pod, Termination};
use crate::domain::release::Release;

use super::role_of;
use crate::app::read::info::{Fact, fact, plain};
use crate::app::read::phrase::Phrase;

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodCard {
    /// Name.
    pub name: String,
    /// How it is, and why.
    pub state: Phrase,
    /// Where and since when it runs.
    pub facts: Vec<Fact>,
    /// Containers, init containers first.
    pub containers: Vec<ContainerCard>,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerCard {
    /// Heading.
    pub title: String,
    /// Lines.
    pub facts: Vec<Fact>,
}

/// The card of a pod of a release.
pub fn of(model: &Model, release: &Release<'_>, uid: &Uid) -> Option<PodCard> {
    let (revision, pod) = release.pods().find(|(_, pod)| pod.uid == *uid)?;
    let state = pod.state(model.now);
    let mut said =
        Phrase::of(role_of(state), state.word()).muted(format!("  {}", pod.status_word()));
    if let Some(trouble) = pod.trouble(model.now) {
        said = said.text("  ").say(role_of(state), trouble);
    }
    let roles: Vec<&str> = revision.roles.iter().map(|r| r.word()).collect();
    let version = Phrase::of(
        crate::app::read::revisions::look(revision),
        format!("{} {}", revision.number_text(), revision.replica_set.hash),
    )
    .muted(format!("  {}", roles.join(" ")));
    let node = pod.node.as_ref().map_or_else(|| "not placed yet".to_owned(), ToString::to_string);
    let mut facts = vec![
        fact("revision", version),
        plain("node", node),
        plain("age", crate::app::read::ago(model, pod.created)),
    ];
    if !pod.message.is_empty() {
        facts.push(plain("message", pod.message.to_string()));
    }
    if let Some(text) = &pod.unscheduled {
        facts.push(fact("not placed", Phrase::of(Role::Warn, text.to_string())));
    }
    if let Some(at) = pod.deleted {
        facts.push(plain(
            "being deleted",
            format!("for {}", crate::app::read::ago(model, Some(at))),
        ));
    }
    Some(PodCard {
        name: pod.id.name.to_string(),
        state: said,
        facts,
        containers: containers(model, pod),
    })
}

fn containers(model: &Model, pod: &Pod) -> Vec<ContainerCard> {
    pod.containers
        .iter()
        .map(|container| ContainerCard {
            title: if container.init {
                format!("init container {}", container.name)
            } else {
                format!("container {}", container.name)
            },
            facts: container_facts(model, container),
        })
        .collect()
}

fn container_facts(model: &Model, container: &Container) -> Vec<Fact> {
    let mut facts = vec![
        fact("state", container_state(model, container)),
        plain("image", container.image.to_string()),
    ];
    if container.restarts > 0 {
        let text = Phrase::of(Role::Warn, container.restarts.to_string());
        facts.push(fact("restarts", text));
    }
    if let Some(end) = &container.last_terminated {
        facts.push(fact("last end", ending(model, end)));
    }
    facts
}

fn container_state(model: &Model, container: &Container) -> Phrase {
    if let Some(reason) = &container.waiting {
        let phrase = Phrase::of(Role::Warn, format!("waits: {reason}"));
        if container.waiting_message.is_empty() {
            return phrase;
        }
        return phrase.muted(format!("  {}", container.waiting_message));
    }
    if let Some(end) = &container.terminated {
        return ending(model, end);
    }
    let since = crate::app::read::ago(model, container.running_since);
    if container.ready {
        Phrase::of(Role::Ok, "ready").muted(format!("  runs for {since}"))
    } else {
        Phrase::of(Role::Warn, "runs, not ready").muted(format!("  for {since}"))
    }
}

fn ending(model: &Model, end: &Termination) -> Phrase {
    let role = if end.exit_code == 0 { Role::Text } else { Role::Bad };
    let mut phrase = Phrase::of(role, end.word()).muted(format!("  exit code {}", end.exit_code));
    if let Some(signal) = end.signal {
        phrase = phrase.muted(format!(", signal {signal}"));
    }
    if end.finished.is_some() {
        phrase = phrase.muted(format!(", {} ago", crate::app::read::ago(model, end.finished)));
    }
    if end.message.is_empty() { phrase } else { phrase.text(format!("  \"{}\"", end.message)) }
}
