//! The integration tests, in one binary.

mod pty_rig;
mod wire;
