//! The Kubernetes API of the world, without the wire: requests in, answers out.
//!
//! Called by `serve`.

mod schema;
