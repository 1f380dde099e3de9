//! What stands between a bad version and users: the gate before a switch, and the guard after it.
//!
//! Called by `detail`.

pub(super) mod gate;
pub(super) mod guard;
pub(super) mod readiness;
