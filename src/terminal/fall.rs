//! Falls on purpose: a thread or a task panics when a test says so, to show every way out.
//!
//! Only in debug builds; a release has nothing of it. `WAVEOFF_FALL=watch:/some/file` lets whatever
//! is called `watch` fall once the file is there. Called by `runtime` and by the threads of this
//! room.

use std::env;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Names the place and the file.
const VARIABLE: &str = "WAVEOFF_FALL";

/// How often a task looks for the file.
const LOOK: Duration = Duration::from_millis(10);

/// One fall is enough.
static FALLEN: AtomicBool = AtomicBool::new(false);

/// Falls if this is the place and the time has come.
pub fn here(place: &str) {
    if cfg!(debug_assertions) && file_of(place).is_some_and(|file| file.exists()) {
        fall(place);
    }
}

/// A task that falls in the midst of what it does, whatever it waits for.
pub async fn amid<F: Future>(place: &'static str, task: F) -> F::Output {
    if !cfg!(debug_assertions) || file_of(place).is_none() {
        return task.await;
    }
    tokio::pin!(task);
    loop {
        // Also at once: what is answered within a millisecond is looked at no second time.
        here(place);
        tokio::select! {
            output = &mut task => return output,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// The file that this place waits for.
fn file_of(place: &str) -> Option<&'static PathBuf> {
    static WANTED: OnceLock<Option<(String, PathBuf)>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| {
        let text = env::var(VARIABLE).ok()?;
        let (place, file) = text.split_once(':')?;
        Some((place.to_owned(), file.into()))
    });
    wanted.as_ref().filter(|(wanted, _)| wanted == place).map(|(_, file)| file)
}

fn fall(place: &str) {
    let fallen = FALLEN.swap(true, Ordering::SeqCst);
    assert!(fallen, "{place} fell on purpose");
}
