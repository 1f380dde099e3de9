//! The eviction subresource.
//!
//! Called for creations of evictions.

use serde_json::json;

use crate::sim::api::body;
use crate::sim::api::place::Target;
use crate::sim::api::reply::Reply;
use crate::sim::api::request::Request;
use crate::sim::control::workload;
use crate::sim::object::Document;
use crate::sim::store::{Key, Kind, Refusal, Store};
use crate::sim::time::Moment;
use crate::sim::world::World;

pub(crate) fn evict(
    world: &mut World,
    request: &Request,
    target: &Target,
) -> Result<Reply, Refusal> {
    let wanted = body::value(request, "Eviction", &mut Vec::new())?;
    let key = target.key(Kind::Pod);
    world.store().find(&key)?;
    let name = wanted.name();
    if !name.is_empty() && name != key.name {
        return Err(Refusal::bad_request(format!(
            "name in URL does not match name in Eviction object: {} != {name}",
            key.name
        )));
    }
    let dry = request.value("dryRun").is_some_and(|value| !value.is_empty())
        || !wanted.items("/deleteOptions/dryRun").is_empty();
    let now = world.now();
    if dry {
        leave(&mut world.store().clone(), &key, now)?;
    } else {
        leave(world.store_mut(), &key, now)?;
    }
    let done = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "code": 201,
    });
    Ok(Reply::new(201, done))
}

/// Takes a pod away if its disruption budgets allow it.
fn leave(store: &mut Store, key: &Key, now: Moment) -> Result<(), Refusal> {
    workload::evict_at(store, now, key)
}
