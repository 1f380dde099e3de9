//! The program: what it knows, what it does next. Pure: a model and a message at a time give
//! effects as data.
//!
//! Never does I/O, never asks the time, never waits. Called by `runtime`; read by `view`.

pub mod key;
pub mod theme;
