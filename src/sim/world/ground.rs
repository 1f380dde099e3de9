//! What the world stands on and controllers only look at: what each version of a program does, what
//! is broken by script, and the requests that users make.
//!
//! Written by drills. Called by the controllers that play machines.

use std::collections::BTreeMap;

use super::git::Git;
use crate::sim::dice::Dice;
use crate::sim::store::Store;
use crate::sim::time::{Moment, Span};
use crate::sim::traffic::Traffic;

/// The ground.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) images: Images,
    pub(crate) faults: Faults,
    pub(crate) traffic: Traffic,
    pub(crate) git: Git,
}

impl Ground {
    pub(super) fn new(dice: Dice) -> Self {
        Self {
            images: Images::default(),
            faults: Faults::default(),
            traffic: Traffic::new(dice),
            git: Git::default(),
        }
    }

    /// Lets users go on until this instant.
    pub(super) fn traffic_until(&mut self, now: Moment, store: &Store) {
        self.traffic.until(now, store);
    }
}

/// What each image does. One that nobody described starts and works.
#[derive(Debug, Default)]
pub(crate) struct Images {
    known: BTreeMap<String, Behaviour>,
    usual: Behaviour,
}

impl Images {
    /// Describes an image.
    pub(crate) fn describe(&mut self, image: &str, behaviour: Behaviour) {
        self.known.insert(image.to_owned(), behaviour);
    }

    pub(crate) fn of(&self, image: &str) -> &Behaviour {
        self.known.get(image).unwrap_or(&self.usual)
    }

    /// Whether somebody described it.
    pub(crate) fn knows(&self, image: &str) -> bool {
        self.known.contains_key(image)
    }
}

/// Whether an image can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pull {
    /// It arrives after a while.
    After(Span),
    /// The registry does not know it.
    Missing,
    /// The registry does not give it to us.
    Denied,
}

/// How a container ends by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Exits with this code after that long.
    Exit { after: Span, code: i64 },
    /// Is killed for its memory after that long.
    OutOfMemory { after: Span },
}

/// What the pods of a version do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Behaviour {
    pub(crate) pull: Pull,
    /// From the first sight of its node to the start of its container, when the image is there.
    pub(crate) starts_in: Span,
    /// From the start of its container to passing its readiness probe; never when there is none.
    pub(crate) ready_after: Option<Span>,
    /// What its readiness probe says while it fails; empty when nobody hears of it.
    pub(crate) unready: String,
    /// How each run of its container ends, if it does.
    pub(crate) ends: Option<Ending>,
    /// When a container that ended is started again.
    pub(crate) restarts: Restarts,
    /// From SIGTERM to its end.
    pub(crate) stops_after: Span,
    /// What it writes to its log; `{n}` is replaced by a running number.
    pub(crate) log: Vec<String>,
    /// What it writes before it ends by itself, but for an end with code 0.
    pub(crate) last_words: Vec<String>,
}

/// When a container that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restarts {
    /// At once, then after 10 s, and twice as long each time up to 5 min, as a kubelet does.
    BackingOff,
    /// Always after this while.
    Every(Span),
}

impl Default for Behaviour {
    /// As pods behave on the real control plane that `sim` is compared with: ready about 1.25 s
    /// after they were created.
    fn default() -> Self {
        Self {
            pull: Pull::After(Span::milliseconds(600)),
            starts_in: Span::seconds(1),
            ready_after: Some(Span::zero()),
            unready: "HTTP probe failed with statuscode: 503".into(),
            ends: None,
            restarts: Restarts::BackingOff,
            stops_after: Span::milliseconds(800),
            log: Vec::new(),
            last_words: Vec::new(),
        }
    }
}

/// What is broken by script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// Nodes that take no pods and have lost those they had.
    pub(crate) drained: Vec<String>,
    /// Why nothing can be scheduled at the moment; empty when all is well.
    pub(crate) scheduling: String,
    /// How many pods a namespace may have, where that is limited.
    pub(crate) quotas: BTreeMap<String, Quota>,
    /// Why Prometheus does not answer; empty when it does.
    pub(crate) prometheus_away: String,
    /// When Prometheus scraped nothing, in milliseconds: what it answers becomes stale. A gap
    /// without an end goes on.
    pub(crate) scrape_gaps: Vec<(i64, Option<i64>)>,
}

impl Faults {
    /// From this instant on Prometheus scrapes nothing.
    pub(crate) fn stop_scrapes(&mut self, at: Moment) {
        self.scrape_gaps.push((at.timestamp_millis(), None));
    }

    /// From this instant on it scrapes again.
    pub(crate) fn resume_scrapes(&mut self, at: Moment) {
        let open = self.scrape_gaps.iter_mut().filter(|(_, until)| until.is_none());
        for (_, until) in open {
            *until = Some(at.timestamp_millis());
        }
    }
}

/// A `ResourceQuota` that counts pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) name: String,
    pub(crate) pods: usize,
}
