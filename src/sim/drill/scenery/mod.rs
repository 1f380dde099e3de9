//! From the words of a drill file to a world: objects, releases of the past, requests, people.
//!
//! Called by the parent.

mod genesis;
mod objects;
pub(super) mod operator;
pub(super) mod requests;
mod steps;
mod templates;

pub(crate) use genesis::bare;
pub(super) use genesis::{NODES, build};
pub(super) use objects::{of_service, tag_of, workload_kind};
pub(super) use templates::USUAL_TEMPLATES;
