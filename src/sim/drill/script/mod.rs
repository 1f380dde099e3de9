//! What a drill file says: its form, its sense, and when things happen.
//!
//! Never touches a world. Called by the parent.

mod check;
mod condition;
mod event;
mod file;
mod length;
mod right;
mod schedule;

pub(super) use check::check;
pub(super) use condition::holds;
pub(super) use condition::{Facts, percent};
pub(crate) use event::ApiEvent;
pub(super) use event::{Condition, Event, Lie, NodeEvent, NodeState, PrometheusEvent, Requests};
pub(super) use file::{
    Action, File, Fleet, Goal, Router, Script, Service, Strategy, Template, Version,
};
pub(crate) use right::Right;
pub(super) use schedule::Schedule;
