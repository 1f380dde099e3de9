//! Alerts on their way: queued, kept on disk, brought to each receiver in order and once.
//!
//! Never in the way of what they tell of: [`Alerts::tell`] returns at once, and a disk or a
//! receiver that fails is only said. A task for each receiver, one for the disk. Owned by
//! `perform`.

mod book;
mod deliver;
mod rehearse;
mod settings;
mod spool;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::app::msg::Msg;
use crate::domain::alert::{Alert, Severity};
use crate::domain::text::SafeText;
use crate::domain::time::Span;
use crate::notify::{Kind, Post};
use crate::terminal::fall;

use super::clock::Clock;

use book::Book;
use deliver::Delivery;
use spool::Spool;

pub(super) use rehearse::rehearse;
pub(super) use settings::{couriers, plan};

/// What an earlier run left is dropped when it is older.
const TOLD_WITHIN: Span = Span::hours(1);

/// How long delivering waits for what earlier runs left: a disk may hang.
const LOOK_BACK_WITHIN: Duration = Duration::from_secs(2);

/// Pause before a disk that failed is tried again.
const DISK_AGAIN: Duration = Duration::from_secs(1);

/// How long the last look at the disk may take on the way out.
const KEEP_WITHIN: Duration = Duration::from_millis(500);

/// A receiver, and the way to it.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) name: SafeText,
    pub(super) kind: Kind,
    pub(super) least: Severity,
    pub(super) post: Arc<dyn Post>,
}

/// Whom to tell, and where what could not be told yet is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) ways: Vec<Way>,
    /// Nothing when there is no place.
    pub(super) directory: Option<PathBuf>,
}

/// What the tasks share.
#[derive(Debug)]
struct Shared {
    book: Mutex<Book>,
    /// Rings when the book changed.
    changed: watch::Sender<()>,
    clock: Clock,
    out: mpsc::Sender<Msg>,
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what went wrong. An inbox that is full or closed must not hold anything up.
    fn trouble(&self, source: &str, text: impl Into<SafeText>) {
        let text = text.into();
        tracing::warn!(source, %text, "alerts");
        let _ = self.out.try_send(Msg::Trouble(source.into(), text));
    }
}

/// The queue and the tasks that empty it.
#[derive(Debug)]
pub(super) struct Alerts {
    ways: Vec<Way>,
    shared: Arc<Shared>,
    spool: Arc<Mutex<Option<Spool>>>,
    tasks: JoinSet<()>,
}

impl Alerts {
    /// Begins to deliver; what earlier runs left goes first. Troubles go to `out`.
    pub(super) fn start(plan: Plan, clock: Clock, out: mpsc::Sender<Msg>) -> Self {
        let Plan { ways, directory } = plan;
        let shared = Arc::new(Shared {
            book: Mutex::default(),
            changed: watch::Sender::new(()),
            clock,
            out,
        });
        let (spool, mut tasks) = (Arc::default(), JoinSet::new());
        if !ways.is_empty() {
            let (found, looked) = watch::channel(false);
            let names: Vec<SafeText> = ways.iter().map(|way| way.name.clone()).collect();
            let keeper = keep(directory, names, Arc::clone(&shared), Arc::clone(&spool), found);
            tasks.spawn(fall::amid("alerts", keeper));
            for way in &ways {
                let delivery = Delivery::new(way.clone(), Arc::clone(&shared));
                let mut looked = looked.clone();
                tasks.spawn(fall::amid("alert", async move {
                    let look = looked.wait_for(|looked| *looked);
                    let _ = tokio::time::timeout(LOOK_BACK_WITHIN, look).await;
                    delivery.run().await;
                }));
            }
        }
        Self { ways, shared, spool, tasks }
    }

    /// Queues an alert for everybody who wants to know, and returns at once.
    pub(super) fn tell(&self, alert: Alert) {
        let urgency = alert.occasion.concern().severity();
        let wanted = self.ways.iter().filter(|way| way.least <= urgency);
        let names = wanted.map(|way| way.name.clone()).collect();
        let dropped = self.shared.book().add(alert, names);
        if dropped > 0 {
            let text = format!("more than {} wait: {dropped} dropped, oldest first", book::MOST);
            self.shared.trouble("alerts", text);
        }
        self.shared.changed.send_replace(());
    }

    /// Forgets tasks that have ended; whether one did by a panic.
    pub(super) fn tidy(&mut self) -> bool {
        let mut fell = false;
        while let Some(ended) = self.tasks.try_join_next() {
            fell |= ended.is_err_and(|error| error.is_panic());
        }
        fell
    }

    /// Waits until everybody is told, but not for ever. What is left is kept for the next start;
    /// says so in words, when there is something to say.
    pub(super) async fn finish(mut self, limit: Duration) -> Option<String> {
        let mut changed = self.shared.changed.subscribe();
        let told = async {
            while self.shared.book().left() > 0 {
                let _ = changed.changed().await;
            }
        };
        let _ = tokio::time::timeout(limit, told).await;
        self.tasks.shutdown().await;
        let text = self.shared.book().lines();
        let spool = Arc::clone(&self.spool);
        let kept = tokio::task::spawn_blocking(move || {
            match &*spool.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(spool) => spool.write(&text).is_ok(),
                None => false,
            }
        });
        let kept = tokio::time::timeout(KEEP_WITHIN, kept).await;
        let kept = matches!(kept, Ok(Ok(true)));
        let waiting = self.shared.book().waiting();
        let then = if kept { "kept for the next start" } else { "LOST: they could not be kept" };
        (waiting > 0).then(|| format!("alerts: {waiting} not delivered yet, {then}"))
    }
}

/// Takes in what earlier runs left, then writes the book down whenever it changed.
async fn keep(
    directory: Option<PathBuf>,
    names: Vec<SafeText>,
    shared: Arc<Shared>,
    place: Arc<Mutex<Option<Spool>>>,
    found: watch::Sender<bool>,
) {
    let mut changed = shared.changed.subscribe();
    let mut failing = false;
    loop {
        let (work, names) = (Arc::clone(&shared), names.clone());
        let (directory, place) = (directory.clone(), Arc::clone(&place));
        let written = tokio::task::spawn_blocking(move || {
            fall::here("alerts");
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            let spool = match &mut *place {
                Some(spool) => spool,
                none => none.insert(look_back(directory, &names, &work)?),
            };
            let text = work.book().lines();
            spool.write(&text)?;
            spool.forget_adopted();
            Ok::<_, std::io::Error>(())
        });
        let written = written.await.map_err(std::io::Error::other).and_then(|written| written);
        found.send_replace(true);
        match written {
            Ok(()) => {
                failing = false;
                // The sender lives in what is shared: this never fails.
                let _ = changed.changed().await;
            }
            Err(error) => {
                if !failing {
                    shared.trouble("alerts", format!("held in memory only: {error}"));
                }
                failing = true;
                tokio::time::sleep(DISK_AGAIN).await;
            }
        }
    }
}

/// Opens a place of our own and takes in what runs that have ended left in theirs.
fn look_back(
    directory: Option<PathBuf>,
    names: &[SafeText],
    shared: &Shared,
) -> std::io::Result<Spool> {
    let directory = directory.ok_or_else(|| {
        std::io::Error::other("no place for them: neither XDG_STATE_HOME nor HOME is set")
    })?;
    let now = shared.clock.now();
    let mut spool = Spool::open(&directory)?;
    let mut left = Book::default();
    for text in spool.adopt()? {
        left.read(&text, names);
    }
    let old = left.drop_older(now - TOLD_WITHIN);
    if old > 0 {
        shared.trouble("alerts", format!("{old} of an earlier run dropped: older than an hour"));
    }
    let dropped = shared.book().put_before(left);
    if dropped > 0 {
        shared.trouble("alerts", format!("{dropped} of an earlier run dropped: too many wait"));
    }
    shared.changed.send_replace(());
    Ok(spool)
}
