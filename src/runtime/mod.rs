//! Time and tasks: the event loop, the watches, performing effects, the journal file, the ways out.
//!
//! The only room with a clock and with spawned tasks. Decides nothing: what happens is fed to
//! `app::update`, what it wants is performed here. Called by `main`.
#![expect(clippy::disallowed_methods, reason = "the one room with a clock and spawned tasks")]

mod alerts;
mod clock;
mod cockpit;
mod connect;
mod doctor;
mod door;
mod drill;
mod engine;
mod feed;
mod gate;
mod headless;
mod measure;
mod perform;
mod prompt;
mod readiness;
mod repository;
mod say;
mod start;
mod state;
#[cfg(test)]
mod tests;

pub use start::run;
