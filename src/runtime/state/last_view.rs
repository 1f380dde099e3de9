//! The file in which the last view of a cluster is kept, one for each cluster and scope.
//!
//! Best effort: what cannot be written or read is only missing. Never kept of a drill. Called by
//! `start` and by `cockpit`.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use crate::app::fleet_view::last::LastView;
use crate::app::session::Session;
use crate::config::Places;

use super::journal::hash;

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
        let directory = self.path.parent().ok_or(io::ErrorKind::NotFound)?;
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let beside = self.path.with_extension(format!("{}.new", std::process::id()));
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        let written = file.write_all(view.to_json(&self.of).to_string().as_bytes());
        let kept = written.and_then(|()| std::fs::rename(&beside, &self.path));
        if kept.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        kept
    }
}
