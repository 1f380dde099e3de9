//! The embedded cluster in a storm: on byte streams in memory, in virtual time, with faults that
//! are drawn from a seed.
//!
//! The world, the API and its answers are those of every drill; only sockets are not there. Called
//! by the tests of `runtime`, which run the program against it.
#![expect(clippy::disallowed_methods, reason = "tests have tasks and a clock")]

mod chance;
mod fault;
mod gate;
mod hands;
mod line;
mod scene;
mod server;
mod twist;

pub(crate) use chance::Chance;
pub(crate) use fault::{Fault, Spell};
pub(crate) use server::{Asked, Server};
