#![doc = include_str!("ARCHITECTURE.md")]

pub mod app;
pub mod cluster;
pub mod domain;
