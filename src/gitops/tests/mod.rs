//! Proposing and pushing in real repositories: a bare remote, clones of it, several people.

mod ground;
mod proposal;
mod pushing;
mod trouble;
