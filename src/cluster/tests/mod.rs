//! Ways to the server that are no sockets, for tests of other rooms.

pub(crate) mod streams;

pub(crate) use crate::cluster::pace::seeded;
