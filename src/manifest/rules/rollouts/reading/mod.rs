//! What a Rollout says of its steps and analyses, read once for all rules.
//!
//! Never judges. Called by the rules of the parent and by `judge`.

pub(crate) mod arguments;
pub(crate) mod steps;
pub(crate) mod template;
pub(crate) mod uses;

pub(crate) use arguments::{Arguments, Value};
pub(crate) use template::Metric;
pub(crate) use uses::{Measured, Role, counting};
pub use uses::{Shelf, Use};
