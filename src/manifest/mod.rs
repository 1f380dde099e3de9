//! Manifests before a release: reading them with their places, judging whether they are ready for
//! it, and making good ones.
//!
//! Pure: text and trees in, findings and text out. Nothing that is read is ever executed. Never
//! knows files, clusters or screens. Called by `runtime`, and by `cluster` for its trees.

pub mod bundle;
pub mod make;
pub mod profile;
pub mod read;
pub mod report;
pub mod rules;
pub mod tree;
pub mod waive;
pub mod workload;
