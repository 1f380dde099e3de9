//! A colleague: somebody else who may do everything, with the plain requests of other tools.

use serde_json::{Value, json};

use super::Chance;
use super::scene::{self, NAMESPACE, WORKLOADS};
use crate::sim::api::{self, Answer, Desk, Request};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::Kind;
use crate::sim::world::World;

/// The colleague's token.
pub(super) const TOKEN: &str = "operator-token";

fn path(place: usize, rest: &str) -> String {
    let (kind, name) = WORKLOADS[place];
    let (group, plural) = match kind {
        Kind::Rollout => ("argoproj.io/v1alpha1", "rollouts"),
        _ => ("apps/v1", "deployments"),
    };
    if name.is_empty() || rest == "/" {
        return format!("/apis/{group}/namespaces/{NAMESPACE}/{plural}");
    }
    format!("/apis/{group}/namespaces/{NAMESPACE}/{plural}/{name}{rest}")
}

fn ask(world: &mut World, desk: &mut Desk, method: &str, path: &str, body: &Value) -> Answer {
    let mut request = Request::new(method, path);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    request.headers.push(header("authorization", &format!("Bearer {TOKEN}")));
    let form = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    request.headers.push(header("content-type", form));
    request.body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    api::handle(world, desk, &request)
}

/// Does something to a workload; what, and what it was answered.
pub(super) fn act(
    world: &mut World,
    desk: &mut Desk,
    chance: &mut Chance,
    place: usize,
    gitops: bool,
) -> String {
    let rollout = WORKLOADS[place].0 == Kind::Rollout;
    let deeds: &[&str] = if rollout {
        &[
            "promote", "promote", "step", "abort", "retry", "full", "hold", "release", "undo",
            "scale",
        ]
    } else {
        &["hold", "release", "undo", "scale", "restart"]
    };
    let deed = *chance.one(deeds);
    let paused = world.store().get(&scene::key(place)).is_some_and(|o| o.flag("/spec/paused"));
    let index =
        world.store().get(&scene::key(place)).map_or(0, |o| o.int("/status/currentStepIndex"));
    let (rest, body) = match deed {
        "promote" => {
            ("/status", json!({"status": {"pauseConditions": null, "controllerPause": false}}))
        }
        "step" => ("/status", json!({"status": {"currentStepIndex": index + 1}})),
        "abort" => ("/status", json!({"status": {"abort": true}})),
        "retry" => ("/status", json!({"status": {"abort": false}})),
        "full" => ("/status", json!({"status": {"promoteFull": true}})),
        "hold" => ("", json!({"spec": {"paused": !paused}})),
        "scale" => ("", json!({"spec": {"replicas": chance.between(1, 5)}})),
        "restart" => (
            "",
            json!({"spec": {"template": {"metadata": {"annotations": {
                "kubectl.kubernetes.io/restartedAt": format!("{}", world.now()),
            }}}}}),
        ),
        deed => {
            let version = if deed == "undo" { 1 } else { chance.between(2, 5) };
            scene::release(world, place, version, gitops && deed == "release");
            return format!("colleague: {deed} {} {version}", WORKLOADS[place].1);
        }
    };
    let answer = ask(world, desk, "PATCH", &path(place, rest), &body);
    format!("colleague: {deed} {} -> {}", WORKLOADS[place].1, answer.code())
}

/// Deletes a workload and applies the same again: another object of that name.
pub(super) fn make_anew(world: &mut World, desk: &mut Desk, place: usize) -> String {
    let Some(object) = world.store().get(&scene::key(place)).cloned() else {
        return "colleague: nothing to delete".to_owned();
    };
    let mut fresh = json!({
        "apiVersion": object.text("/apiVersion"),
        "kind": object.text("/kind"),
        "metadata": {"name": object.name(), "namespace": object.namespace()},
    });
    for part in ["/metadata/labels", "/spec"] {
        if let Some(value) = object.pointer(part) {
            fresh.set(part, value.clone());
        }
    }
    let deleted = ask(world, desk, "DELETE", &path(place, ""), &Value::Null).code();
    let made = ask(world, desk, "POST", &path(place, "/"), &fresh).code();
    format!("colleague: {} deleted -> {deleted}, made anew -> {made}", WORKLOADS[place].1)
}
