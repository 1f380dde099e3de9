//! Ways to the server that are no sockets, for tests of other rooms.

pub(crate) mod streams;

pub(crate) use crate::cluster::pace::seeded;

use crate::cluster::connect::Identity;

/// Somebody at a server of a test.
pub(crate) fn identity(server: &str) -> Identity {
    Identity {
        context: "test".into(),
        cluster: "test".into(),
        server: server.into(),
        user: "pilot".into(),
        namespace: "default".into(),
        insecure_tls: true,
        in_cluster: false,
        proxy: None,
        source: "a test".into(),
    }
}
