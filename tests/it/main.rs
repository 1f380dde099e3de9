//! The integration tests, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails, and tests measure time"
)]

mod architecture;
mod binary;
mod conformance;
mod drills;
mod fixture;
mod hostile;
mod loopback;
mod plane;
mod pty_rig;
mod report;
mod scenes;
mod screens;
mod terminal_life;
mod wire;
