//! The world over HTTP on loopback.
//!
//! Called by `runtime`.
