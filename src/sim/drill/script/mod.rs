//! What a drill file says: its form, its sense, and when things happen.
//!
//! Never touches a world. Called by the parent.

mod check;
mod condition;
mod file;
mod length;
mod schedule;

pub(super) use check::check;
pub(super) use condition::holds;
pub(super) use condition::{Facts, percent};
pub(crate) use file::ApiEvent;
pub(super) use file::{
    Action, Condition, Event, File, Fleet, Goal, Lie, NodeEvent, NodeState, PrometheusEvent,
    Requests, Router, Script, Service, Strategy, Template, Version,
};
pub(super) use schedule::Schedule;
