//! The file in which the last view of a cluster is kept, one for each cluster and scope.
//!
//! Best effort: what cannot be written or read is only missing. Never kept of a drill. Called by
//! `start` and by `cockpit`.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use crate::app::fleet_view::last::LastView;
use crate::app::session::Session;
use crate::config::Places;

use super::journal::hash;
use super::whole;

/// Largest file that is read, in bytes.
const MOST: u64 = 2 << 20;

/// The place of a session's last view.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct Keep {
    path: PathBuf,
    /// Cluster and namespaces.
    of: String,
}

impl Keep {
    /// The place for this session; nothing when there is none.
    pub(in crate::runtime) fn of(places: &Places, session: &Session) -> Option<Self> {
        let of = format!("{} {} {}", session.server, session.context, session.scope.words());
        let name = format!("{}.json", hash(of.as_bytes()));
        Some(Self { path: places.state.as_ref()?.join("last").join(name), of })
    }

    /// What was kept.
    pub(in crate::runtime) fn read(&self) -> Option<LastView> {
        let mut text = Vec::new();
        File::open(&self.path).ok()?.take(MOST).read_to_end(&mut text).ok()?;
        LastView::from_json(&serde_json::from_slice(&text).ok()?, &self.of)
    }

    /// Keeps a view, whole or not at all.
    pub(in crate::runtime) fn write(&self, view: &LastView) -> io::Result<()> {
        whole::write(&self.path, view.to_json(&self.of).to_string().as_bytes())
    }
}
