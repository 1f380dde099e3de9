//! Looking at objects: one, a list with pages, a watch.
//!
//! Never changes anything. Called for requests that read.

mod field;
mod form;
mod list;
mod options;
mod selector;
mod watch;

use serde_json::Value;

use super::reply::Reply;
use super::request::Request;
use super::table::{self, Include};
use super::{place::Target, refusals};
use crate::sim::object::Document;
use crate::sim::store::{Kind, Object, Refusal};
use crate::sim::time::Moment;
use crate::sim::world::World;

pub(crate) use form::{Form, Version, accepted, spoken, wants_yaml};
pub(crate) use list::list;
pub(crate) use options::{Options, whole_number};
pub(crate) use watch::{Follow, Heard, watch};

/// One object.
pub(crate) fn get(
    world: &World,
    request: &Request,
    target: &Target,
    kind: Kind,
) -> Result<Reply, Refusal> {
    let form = accepted(request)?;
    let version = request.value("resourceVersion").unwrap_or_default();
    if !version.is_empty() {
        let number: u64 = version.parse().map_err(|_| {
            refusals::unexpected(format!(
                "resourceVersion: Invalid value: {version:?}: strconv.ParseUint: parsing \
                 {version:?}: invalid syntax"
            ))
        })?;
        not_from_the_future(world, number)?;
    }
    let object = world.store().find(&target.key(kind))?;
    shown(object, kind, form, request, world.now()).map(Reply::ok)
}

/// An object in the form that is wanted.
pub(crate) fn shown(
    object: &Object,
    kind: Kind,
    form: Form,
    request: &Request,
    now: Moment,
) -> Result<Value, Refusal> {
    Ok(match form {
        Form::Whole => object.as_ref().clone(),
        Form::Metadata(version) => table::metadata_alone(object, version),
        Form::Table(version) => {
            let include = Include::read(request.value("includeObject").unwrap_or_default())?;
            let version_of = object.text("/metadata/resourceVersion");
            let metadata = serde_json::json!({"resourceVersion": version_of});
            let one = std::iter::once(object.as_ref());
            table::table(kind, one, &metadata, (version, include), true, now)
        }
    })
}

/// Refuses a version that does not exist yet. The real server waits three seconds for it first.
fn not_from_the_future(world: &World, version: u64) -> Result<(), Refusal> {
    let current = world.store().version();
    if version > current { Err(refusals::too_new(version, current)) } else { Ok(()) }
}
