#![doc = include_str!("ARCHITECTURE.md")]

pub mod app;
pub mod cluster;
pub mod config;
pub mod domain;
pub mod error;
pub mod gitops;
pub mod manifest;
pub mod notify;
pub mod probe;
pub mod prom;
pub mod runtime;
pub mod sim;
pub mod telemetry;
pub mod terminal;
pub mod view;
pub mod web;
