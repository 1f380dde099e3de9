//! Stories of Rollouts in virtual time.

mod machine;
