//! Watches that say what they should not, or keep it to themselves.
//!
//! Between a watch and the connection that it is told on.

use std::sync::Arc;

use serde_json::json;

use super::fault::Fault;
use super::server::Server;
use crate::sim::api::{Desk, Follow, Heard};
use crate::sim::serve::stream::Source;
use crate::sim::world::World;

/// A watch, and what is done to it.
pub(super) struct Twisted {
    pub(super) follow: Box<Follow>,
    pub(super) server: Arc<Server>,
    /// A bookmark that is told first: a position that was left behind long ago.
    pub(super) first: Option<u64>,
    pub(super) over: bool,
}

impl Source for Twisted {
    fn hear(&mut self, world: &World, desk: &Desk) -> Heard {
        if self.over {
            return Heard::End;
        }
        if self.server.is_struck(Fault::GoneInStream) {
            self.over = true;
            let gone = json!({"type": "ERROR", "object": {
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "message": "too old resource version", "reason": "Expired", "code": 410,
            }});
            return Heard::Lines(format!("{gone}\n").into_bytes());
        }
        if let Some(version) = self.first.take() {
            let mark = json!({"type": "BOOKMARK", "object": {
                "kind": "Pod", "apiVersion": "v1",
                "metadata": {"resourceVersion": version.to_string()},
            }});
            return Heard::Lines(format!("{mark}\n").into_bytes());
        }
        match self.follow.hear(world, desk) {
            Heard::Lines(lines) if !lines.is_empty() => Heard::Lines(self.told(&lines)),
            other => other,
        }
    }
}

impl Twisted {
    fn told(&self, lines: &[u8]) -> Vec<u8> {
        let mut told = Vec::with_capacity(lines.len());
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let bookmark = line.starts_with(b"{\"type\":\"BOOKMARK\"");
            if self.server.is_struck(Fault::OddEvent) {
                told.extend_from_slice(b"{\"type\":\"MODIFIED\",\"object\":{\"metadata\"\n");
            }
            told.extend_from_slice(line);
            if !bookmark && self.server.is_struck(Fault::Doubled) {
                told.extend_from_slice(line);
            }
        }
        told
    }
}
