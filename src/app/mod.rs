//! The program: what it knows, what it does next. Pure: a model and a message at a time give
//! effects as data.
//!
//! Never does I/O, never asks the time, never waits. Called by `runtime`; read by `view`.

pub mod access;
pub mod availability;
pub mod command;
pub mod dialog;
pub mod drill;
pub mod effect;
pub mod fleet_view;
pub mod flight;
pub mod gate;
pub mod guard;
pub mod journal;
pub mod key;
pub mod keymap;
pub mod log_view;
pub mod logbook;
pub mod metrics;
pub mod model;
pub mod msg;
pub mod read;
pub mod readiness;
pub mod report;
pub mod revert;
pub mod roster;
pub mod screen;
pub mod session;
pub mod story;
pub mod text_field;
pub mod theme;
pub mod trouble;
pub mod update;
