//! The second operator, and whoever else releases and steers: as the usual tools do it.
//!
//! Writes to the store as a client would, with the bodies of `kubectl argo rollouts`, faults
//! included: it looks at nothing before it acts. Called by the director and by `genesis`.

use serde_json::{Value, json};

use super::objects::{image, tag_of, workload_kind};
use crate::sim::drill::deed::Verb;
use crate::sim::drill::script::Service;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Part};
use crate::sim::time;
use crate::sim::world::World;

/// Annotation of revisions.
const ROLLOUT_REVISION: &str = "rollout.argoproj.io/revision";
const DEPLOYMENT_REVISION: &str = "deployment.kubernetes.io/revision";

/// The workload of a service.
pub(in crate::sim::drill) fn key(service: &Service) -> Key {
    Key::new(workload_kind(service), &service.namespace, &service.name)
}

/// Releases a tag: the first container gets its image. Git follows, where it owns the service.
pub(in crate::sim::drill) fn release(
    world: &mut World,
    service: &Service,
    tag: &str,
) -> Result<(), String> {
    let image = image(service, tag);
    let key = key(service);
    write(world, &key, Part::Main, |object| {
        object.set("/spec/template/spec/containers/0/image", image.as_str());
    })?;
    commit(world, service);
    Ok(())
}

/// What the cluster has becomes what git says, where git owns the service.
pub(in crate::sim::drill) fn commit(world: &mut World, service: &Service) {
    let key = key(service);
    if service.gitops.is_some()
        && let Some(object) = world.store().get(&key).cloned()
    {
        let template = object.pointer("/spec/template").cloned().unwrap_or_default();
        world.ground_mut().git.commit(key, template);
    }
}

/// Another number of replicas.
pub(in crate::sim::drill) fn scale(
    world: &mut World,
    service: &Service,
    replicas: u32,
) -> Result<(), String> {
    write(world, &key(service), Part::Main, |object| object.set("/spec/replicas", replicas))
}

/// Uses a verb. `to` is the tag to go back to.
pub(in crate::sim::drill) fn act(
    world: &mut World,
    service: &Service,
    verb: Verb,
    to: Option<&str>,
) -> Result<(), String> {
    let key = key(service);
    match verb {
        Verb::Promote => promote(world, &key),
        Verb::PromoteFull => {
            write(world, &key, Part::Main, |o| {
                if o.flag("/spec/paused") {
                    o.set("/spec/paused", false);
                }
            })?;
            write(world, &key, Part::Status, |o| {
                if o.text("/status/currentPodHash") != o.text("/status/stableRS") {
                    o.set("/status/promoteFull", true);
                }
            })
        }
        Verb::Pause => write(world, &key, Part::Main, |o| o.set("/spec/paused", true)),
        Verb::Resume => write(world, &key, Part::Main, |o| o.set("/spec/paused", false)),
        Verb::Abort => write(world, &key, Part::Status, |o| o.set("/status/abort", true)),
        Verb::Retry => write(world, &key, Part::Status, |o| o.set("/status/abort", false)),
        Verb::Restart => {
            let at = time::seconds(world.now());
            write(world, &key, Part::Main, |o| o.set("/spec/restartAt", at.as_str()))
        }
        Verb::Undo => undo(world, &key, to),
        Verb::Scale => Err("scale is an event of its own".into()),
    }
}

/// The plugin's normal promotion: lets go of a pause, and else skips the current step.
fn promote(world: &mut World, key: &Key) -> Result<(), String> {
    write(world, key, Part::Main, |object| {
        if object.flag("/spec/paused") {
            object.set("/spec/paused", false);
        }
    })?;
    write(world, key, Part::Status, |object| {
        let steps = object.items("/spec/strategy/canary/steps").len();
        let index = object.int("/status/currentStepIndex");
        if !object.items("/status/pauseConditions").is_empty() {
            object.take_out("/status/pauseConditions");
        } else if usize::try_from(index).is_ok_and(|index| index < steps) {
            object.set("/status/currentStepIndex", index + 1);
        }
    })
}

/// Back to a tag, or to the second-newest revision, whatever it was like.
fn undo(world: &mut World, key: &Key, to: Option<&str>) -> Result<(), String> {
    let object = world.store().find(key).map_err(|refusal| refusal.message)?;
    let revision = |set: &Value| {
        let number = [ROLLOUT_REVISION, DEPLOYMENT_REVISION].map(|name| set.annotation(name));
        number.into_iter().flatten().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0)
    };
    let mut sets = world.store().owned(object.uid(), Kind::ReplicaSet);
    sets.sort_by_key(|set| std::cmp::Reverse(revision(set)));
    let is_tag =
        |set: &Value, tag: &str| tag_of(set.text("/spec/template/spec/containers/0/image")) == tag;
    let set = match to {
        Some(tag) => sets.into_iter().find(|set| is_tag(set, tag)),
        None => sets.into_iter().nth(1),
    };
    let Some(set) = set else { return Err("there is no such revision".into()) };
    let mut template = set.pointer("/spec/template").cloned().unwrap_or_else(|| json!({}));
    for label in ["rollouts-pod-template-hash", "pod-template-hash"] {
        template.take_out(&format!("/metadata/labels/{label}"));
    }
    write(world, key, Part::Main, |object| object.set("/spec/template", template))
}

fn write(
    world: &mut World,
    key: &Key,
    part: Part,
    change: impl FnOnce(&mut Value),
) -> Result<(), String> {
    let now = world.now();
    let written = world.store_mut().modify(key, part, now, change);
    written.map(drop).map_err(|refusal| refusal.message)
}
