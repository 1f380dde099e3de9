//! The program in a storm: model, watches, actions and journal as they are, against the embedded
//! cluster in virtual time, with faults drawn from a seed and other people at work.
//!
//! `WAVEOFF_SEEDS` says how many seeds, `WAVEOFF_FIRST` where they begin; `WAVEOFF_SEED` runs one
//! and prints its trace.

mod asked;
mod count;
mod disk;
mod facts;
mod kills;
mod person;
mod referee;
mod seeds;
mod storm;
mod teller;

pub(super) use disk::Disk;
pub(super) use teller::Teller;
