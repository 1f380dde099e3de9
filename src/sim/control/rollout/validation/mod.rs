//! What a Rollout must be like to be worked on, in the words of the real controller.
//!
//! Only the first fault is told. Called at the beginning of a pass.

mod analyses;
mod canary;
mod references;
mod rollout;
mod template;

use std::fmt::Display;

use serde_json::Value;

use super::pass::Pass;

/// What is wrong with a field, as Kubernetes tells it.
pub(super) type Fault = String;

/// Whether all is well.
pub(super) type Check = Result<(), Fault>;

pub(super) fn invalid(field: &str, value: impl Into<Value>, why: impl Display) -> Fault {
    format!("{field}: Invalid value: {}: {why}", value.into())
}

pub(super) fn required(field: &str, why: &str) -> Fault {
    match why {
        "" => format!("{field}: Required value"),
        why => format!("{field}: Required value: {why}"),
    }
}

pub(super) fn internal(field: &str, why: &str) -> Fault {
    format!("{field}: Internal error: {why}")
}

/// A number must not be negative.
pub(super) fn not_negative(field: &str, value: i32) -> Check {
    if value < 0 {
        return Err(invalid(field, value, "must be greater than or equal to 0"));
    }
    Ok(())
}

impl Pass<'_, '_> {
    /// The first fault of the Rollout itself, or of what it refers to.
    pub(super) fn validate(&self) -> Check {
        rollout::check(&self.rollout)?;
        references::check(&self.rollout, self.turn.store)
    }
}
