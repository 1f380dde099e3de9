//! The files in which it is kept what gates were left as, one for each object of each server.
//!
//! Whoever passes a gate opens it for all processes of the same person, until it is too old, and
//! whoever finds it locked shuts it for them. Best effort: what cannot be read is not passed. Never
//! kept of a drill. Called by `perform`.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::journal::hash;
use super::whole;
use crate::app::gate::{pass_from_json, pass_to_json};
use crate::domain::gate::Pass;
use crate::domain::id::Uid;
use crate::domain::text::SafeText;

/// Largest file that is read, in bytes.
const MOST: u64 = 64 * 1024;

/// Where they are kept.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct Passes {
    directory: Option<PathBuf>,
    server: SafeText,
    /// Turns that were given, and the newest that was taken.
    turns: Arc<AtomicU64>,
    newest: Arc<Mutex<u64>>,
}

impl Passes {
    /// Those of a server below the state directory; none are kept where there is none.
    pub(in crate::runtime) fn new(state: Option<PathBuf>, server: SafeText) -> Self {
        let directory = state.map(|state| state.join("gates"));
        Self { directory, server, turns: Arc::default(), newest: Arc::default() }
    }

    fn path(&self, uid: &Uid) -> Option<PathBuf> {
        let name = format!("{}.json", hash(format!("{} {uid}", self.server).as_bytes()));
        Some(self.directory.as_ref()?.join(name))
    }

    /// What was kept of an object.
    pub(in crate::runtime) async fn read(&self, uid: Uid) -> Option<Pass> {
        let passes = self.clone();
        let read = tokio::task::spawn_blocking(move || passes.read_file(&uid)).await;
        read.ok().flatten()
    }

    fn read_file(&self, uid: &Uid) -> Option<Pass> {
        let mut text = Vec::new();
        File::open(self.path(uid)?).ok()?.take(MOST).read_to_end(&mut text).ok()?;
        pass_from_json(&serde_json::from_slice(&text).ok()?, &self.server, uid)
    }

    /// Keeps a pass, whole or not at all; without one, forgets what was kept. Takes its turn when
    /// it is called: what comes late from a slow disk never overwrites what was kept after it.
    pub(in crate::runtime) fn keep(
        &self,
        uid: Uid,
        pass: Option<Pass>,
    ) -> impl Future<Output = io::Result<()>> + Send + use<> {
        let passes = self.clone();
        let turn = self.turns.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            let kept = tokio::task::spawn_blocking(move || {
                let mut newest = passes.newest.lock().unwrap_or_else(PoisonError::into_inner);
                if turn < *newest {
                    return Ok(());
                }
                *newest = turn;
                passes.keep_file(&uid, pass.as_ref())
            });
            kept.await.map_err(io::Error::other)?
        }
    }

    fn keep_file(&self, uid: &Uid, pass: Option<&Pass>) -> io::Result<()> {
        let Some(path) = self.path(uid) else { return Ok(()) };
        match pass {
            Some(pass) => {
                let text = pass_to_json(pass, &self.server).to_string();
                whole::write(&path, text.as_bytes())
            }
            None => whole::remove(&path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gate::Outcome;
    use crate::domain::time::parse_rfc3339;

    #[tokio::test]
    async fn what_comes_late_never_overwrites_what_was_kept_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let passes = Passes::new(Some(dir.path().to_owned()), "s".into());
        let pass = Pass {
            uid: "u".into(),
            hash: "77bb".into(),
            revision: Some(42),
            outcome: Outcome::Open,
            at: parse_rfc3339("2026-11-24T10:00:00Z").unwrap(),
            route: "directly".into(),
            skipped: Vec::new(),
        };
        let first = passes.keep("u".into(), None);
        let second = passes.keep("u".into(), Some(pass.clone()));
        second.await.unwrap();
        first.await.unwrap();
        assert_eq!(passes.read("u".into()).await, Some(pass));
    }

    #[test]
    fn a_pass_is_kept_for_its_owner_and_its_server_and_forgotten() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let of = |server: &str| Passes::new(Some(dir.path().to_owned()), server.into());
        let passes = of("https://a:6443");
        let uid = Uid::from("u1");
        let pass = Pass {
            uid: uid.clone(),
            hash: "77bb".into(),
            revision: Some(42),
            outcome: Outcome::Open,
            at: parse_rfc3339("2026-11-24T10:00:00Z").unwrap(),
            route: "directly".into(),
            skipped: Vec::new(),
        };
        passes.keep_file(&uid, None).unwrap();
        passes.keep_file(&uid, Some(&pass)).unwrap();
        assert_eq!(passes.read_file(&uid), Some(pass.clone()));
        assert_eq!(of("https://b:6443").read_file(&uid), None);
        assert_eq!(passes.read_file(&"u2".into()), None);
        let file = passes.path(&uid).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&file, "{").unwrap();
        assert_eq!(passes.read_file(&uid), None);
        passes.keep_file(&uid, None).unwrap();
        assert!(!file.exists());
        assert!(Passes::new(None, "s".into()).keep_file(&uid, Some(&pass)).is_ok());
    }
}
