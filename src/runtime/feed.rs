//! The watches: which run, and what they report as messages.
//!
//! Every queue has a size: reports wait for room, so a slow loop slows the reading of a socket and
//! loses nothing; the pulse keeps only its newest value.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::app::msg::{Msg, Pulse};
use crate::app::session::Scope;
use crate::cluster::{self, Beat, Connection, Heard, News, Pace, Report, Watch};
use crate::domain::id::{ResourceKind, WorkloadId};
use crate::domain::observation::{Observation, SourceId};
use crate::domain::text::SafeText;
use crate::terminal::fall;

use super::clock::Clock;

/// Reports that may wait for the loop.
const REPORTS: usize = 1024;

/// What is watched in every namespace of the scope beside the state of the fleet: it tells the
/// story, but no answer waits for it.
const STORY: [ResourceKind; 1] = [ResourceKind::Events];

/// Kinds watched around the selected workload.
pub(super) const AROUND: [ResourceKind; 3] =
    [ResourceKind::Services, ResourceKind::Ingresses, ResourceKind::DisruptionBudgets];

/// The running watches of a session. Dropping it ends them.
#[derive(Debug)]
pub(super) struct Feed {
    connection: Arc<Connection>,
    clock: Clock,
    pace: Pace,
    fan: Fan,
    sink: mpsc::Sender<Report>,
    fleet: JoinSet<()>,
    around: JoinSet<()>,
    /// When each source was heard: a new beginning makes none of it younger.
    heard: HashMap<SourceId, Heard>,
    focus: Option<SafeText>,
    scope: Scope,
}

/// Where a feed's news arrive.
#[derive(Debug)]
pub(super) struct Arrivals {
    /// Reports of the watches.
    pub(super) reports: mpsc::Receiver<Report>,
    /// The pulse of the connection.
    pub(super) pulse: watch::Receiver<cluster::Pulse>,
}

impl Feed {
    /// Starts the heartbeat and the watches of the scope.
    pub(super) fn start(
        connection: Arc<Connection>,
        scope: Scope,
        clock: Clock,
        pace: Pace,
    ) -> (Self, Arrivals) {
        let (sink, reports) = mpsc::channel(REPORTS);
        let fan = Fan::default();
        let pulse = fan.reader();
        let mut feed = Self {
            connection,
            pace: pace.at_speed(clock.speed()),
            clock,
            fan,
            sink,
            fleet: JoinSet::new(),
            around: JoinSet::new(),
            heard: HashMap::new(),
            focus: None,
            scope,
        };
        feed.beat();
        feed.watch_fleet();
        (feed, Arrivals { reports, pulse })
    }

    fn beat(&mut self) {
        let (out, pulse) = watch::channel(self.fan.newest());
        let pace = Beat::default().at_speed(self.clock.speed());
        let now = self.clock.as_now();
        let beating = cluster::heartbeat(Arc::clone(&self.connection), pace, now, out);
        self.fleet.spawn(fall::amid("heartbeat", beating));
        self.fleet.spawn(self.fan.clone().pass_on(pulse));
    }

    fn watch_fleet(&mut self) {
        for namespace in self.scope.namespaces() {
            for kind in ResourceKind::STATE.into_iter().chain(STORY) {
                let source = SourceId { kind, namespace: namespace.clone() };
                let watch = self.watch(source);
                self.fleet.spawn(fall::amid("watch", watch.run()));
            }
        }
    }

    fn watch_around(&mut self) {
        let Some(namespace) = self.focus.clone() else { return };
        for kind in AROUND {
            let watch = self.watch(SourceId { kind, namespace: Some(namespace.clone()) });
            self.around.spawn(fall::amid("around", watch.run()));
        }
    }

    fn watch(&mut self, source: SourceId) -> Watch {
        let heard = self.heard.entry(source.clone()).or_default().clone();
        Watch {
            conn: Arc::clone(&self.connection),
            source,
            heard,
            selector: None,
            pulse: self.fan.reader(),
            now: self.clock.as_now(),
            sink: self.sink.clone(),
            pace: self.pace,
        }
    }

    /// Watches what lies around this workload, and no longer around the one before. What was known
    /// of that namespace is forgotten.
    pub(super) fn focus(&mut self, on: Option<&WorkloadId>) -> Vec<Msg> {
        let namespace = on.map(|id| id.namespace.clone());
        if namespace == self.focus || namespace.is_none() {
            // Going back to the fleet keeps the last namespace warm.
            return Vec::new();
        }
        self.around.abort_all();
        let forgotten = self.focus.take().map(|namespace| {
            let gone = AROUND.map(|kind| {
                let source = SourceId { kind, namespace: Some(namespace.clone()) };
                self.heard.remove(&source);
                Observation::Listed(source, Vec::new())
            });
            Msg::Observed(gone.into())
        });
        self.focus = namespace;
        self.watch_around();
        forgotten.into_iter().collect()
    }

    /// Ends every watch and begins anew: the way out when something hangs. What was heard of is as
    /// old as it was, and listed again.
    pub(super) fn refresh(&mut self) {
        self.around.abort_all();
        self.fleet.abort_all();
        self.beat();
        self.watch_fleet();
        self.watch_around();
    }

    /// Forgets what has ended. A watch only ends when the loop is gone, or by a panic, of which the
    /// hook has told; whether one did.
    pub(super) fn tidy(&mut self) -> bool {
        let mut fell = false;
        for tasks in [&mut self.fleet, &mut self.around] {
            while let Some(ended) = tasks.try_join_next() {
                fell |= ended.is_err_and(|e| e.is_panic());
            }
        }
        fell
    }
}

/// Passes each beat on to everybody who reads it, in the order in which they began: who of many
/// readers of one channel is woken first is a matter of chance, and then no run could be repeated.
#[derive(Debug, Clone, Default)]
struct Fan(Arc<Mutex<Beats>>);

#[derive(Debug, Default)]
struct Beats {
    newest: cluster::Pulse,
    readers: Vec<watch::Sender<cluster::Pulse>>,
}

impl Fan {
    fn with<R>(&self, act: impl FnOnce(&mut Beats) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn newest(&self) -> cluster::Pulse {
        self.with(|beats| beats.newest.clone())
    }

    /// A new reader; what is known already is news to it.
    fn reader(&self) -> watch::Receiver<cluster::Pulse> {
        self.with(|beats| {
            let (sender, mut reader) = watch::channel(beats.newest.clone());
            if beats.newest.beat > 0 {
                reader.mark_changed();
            }
            beats.readers.push(sender);
            reader
        })
    }

    async fn pass_on(self, mut pulse: watch::Receiver<cluster::Pulse>) {
        while pulse.changed().await.is_ok() {
            let newest = pulse.borrow_and_update().clone();
            self.with(|beats| {
                beats.readers.retain(|reader| !reader.is_closed());
                for reader in &beats.readers {
                    reader.send_replace(newest.clone());
                }
                beats.newest = newest;
            });
        }
    }
}

/// A report as a message.
pub(super) fn message(report: Report) -> Msg {
    let Report { source, news } = report;
    match news {
        News::Observations(observations) => Msg::Observed(observations),
        News::State(state) => Msg::Source(source, state),
        News::Odd { count, text } => {
            let more = if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
            Msg::Odd(source, format!("{text}{more}").into())
        }
    }
}

/// A pulse as a message; `None` while nothing is known.
pub(super) fn pulse_message(pulse: &cluster::Pulse) -> Option<Msg> {
    if pulse.beat == 0 {
        return None;
    }
    Some(Msg::Pulse(Pulse {
        alive: pulse.alive,
        last_alive: pulse.last_alive,
        rtt_ms: pulse.rtt.and_then(|d| u64::try_from(d.num_milliseconds()).ok()),
        skew_s: pulse.skew.map(|d| d.num_seconds()),
        error: pulse.error.clone(),
        sign_in: pulse.sign_in.clone(),
    }))
}
