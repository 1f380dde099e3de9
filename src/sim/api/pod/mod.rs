//! What can be asked of a pod beyond its object, and of a service: logs, evictions, the way
//! through.
//!
//! Called for these subresources.

mod behind;
mod eviction;
mod log;
mod proxy;

use super::place::Target;
use super::reply::Reply;
use crate::sim::store::{Kind, Refusal};
use crate::sim::world::World;

pub(crate) use eviction::evict;
pub(crate) use log::{Tail, log};
pub(crate) use proxy::{prometheus, proxy};

/// A shell, a port, a terminal: there is no process that could be reached.
pub(crate) fn unreachable(world: &World, target: &Target) -> Result<Reply, Refusal> {
    world.store().find(&target.key(Kind::Pod))?;
    Err(Refusal::bad_request(format!(
        "{} is not possible here: this cluster is a drill, and no processes run in its containers",
        target.subresource
    )))
}
