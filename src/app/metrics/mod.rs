//! What is measured beside the rollouts: whom, where, by which questions, and what has come of it.
//!
//! A record with its readings; `update` changes it, `asks` says what is wanted. Never asks itself.

pub mod asks;
pub mod readings;
pub mod view;

use std::collections::BTreeMap;

use crate::domain::analysis::template::{AnalysisTemplate, TemplateName};
use crate::domain::catalogue::environment::Metrics as Described;
use crate::domain::id::WorkloadId;
use crate::domain::measure::address::Address;
use crate::domain::measure::panel::{Configured, Panel};
use crate::domain::measure::query::{Answer, Question};
use crate::domain::measure::scheme::Found;
use crate::domain::measure::share::{Carriers, Measured, Truth, Watch};
use crate::domain::measure::sides::Sides;
use crate::domain::measure::track::Track;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp};

use super::guard::looks::Look;
use asks::Ask;
use view::ChartView;

/// The span of what is measured in the fleet, over which nothing is drawn.
const GLANCE: Span = Span::minutes(3);

/// A window as PromQL writes it.
fn in_promql(window: Span) -> String {
    format!("{}s", window.num_seconds())
}

/// Where a server was said to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The place.
    pub address: Address,
    /// Who says so: `--prometheus`, `annotation`, `template NAME`.
    pub said_by: SafeText,
    /// Whether no other one is to be asked when it does not answer: a person named it.
    pub is_order: bool,
}

/// What is said where no server is named and none was found: nothing is wrong then.
pub const NOBODY: &str = "none is named, and none was found in the cluster";

/// What is asked of a server once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// Which naming schemes it has.
    Schemes,
    /// How often it scrapes.
    Scrapes,
}

/// What was set for all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether anything is measured.
    pub on: bool,
    /// The server that was named; then no other is looked for.
    pub named: Option<Candidate>,
    /// Queries of the configuration.
    pub queries: Vec<Configured>,
}

/// How far the search for a workload's server is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Finding {
    /// Not begun.
    #[default]
    Unasked,
    /// Under way, by its number.
    Trying(u64),
    /// Found.
    Found(Candidate),
    /// Nowhere, as of then.
    Nowhere(SafeText, Timestamp),
}

/// How far something that is read now and then is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fetched {
    /// Not asked for.
    #[default]
    No,
    /// Asked for at that instant.
    Asked(Timestamp),
    /// Answered at that instant.
    At(Timestamp),
}

impl Fetched {
    /// Whether it should be asked for: never was, or so long ago. What is under way is waited for.
    pub(super) fn is_due(self, now: Timestamp, every: Span) -> bool {
        match self {
            Self::No => true,
            // An answer that was lost must not stop it for ever.
            Self::Asked(at) => now - at > every * 2,
            Self::At(at) => now - at > every,
        }
    }
}

/// The questions for the share.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareQuestions {
    /// Requests of the new version.
    pub canary: Question,
    /// Requests of the old version.
    pub stable: Question,
    /// Their window.
    pub window: Span,
}

/// One workload that is measured.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// When it was last wanted.
    pub wanted: Option<Timestamp>,
    /// Whether it is in view now.
    pub in_view: bool,
    /// Whether it is looked at closely, or only in the fleet.
    pub close: bool,
    /// What guards ask about it, as they are or would be armed.
    pub guarded: Vec<Look>,
    /// What the catalogue says of its series, its queries and its server.
    pub described: Described,
    /// Its versions.
    pub sides: Option<Sides>,
    /// Templates that could be read.
    pub templates: BTreeMap<TemplateName, AnalysisTemplate>,
    /// When they were read.
    pub templates_read: Fetched,
    /// Why some could not be.
    pub template_trouble: Option<SafeText>,
    /// Its server.
    pub finding: Finding,
    /// By which names it is counted.
    pub found: Option<Found>,
    /// When that was asked.
    pub explored: Fetched,
    /// Why that is not known.
    pub explore_trouble: Option<SafeText>,
    /// The time between two scrapes.
    pub scrape: Option<Span>,
    /// When that was asked.
    pub scrape_asked: Fetched,
    /// What is shown of it.
    pub panels: Vec<Panel>,
    /// What its share is made of.
    pub share: Option<ShareQuestions>,
    /// The last share.
    pub measured: Option<Measured>,
    /// What it was compared with, over time.
    pub watch: Watch,
    /// How it compares.
    pub truth: Option<Truth>,
    /// Measured and carried share, when the new version gets more than its pods can carry.
    pub overload: Option<(f64, f64)>,
    /// The pods that carry the new version.
    pub carriers: Carriers,
}

impl Subject {
    /// Its server, when there is one.
    pub fn address(&self) -> Option<&Address> {
        match &self.finding {
            Finding::Found(candidate) => Some(&candidate.address),
            _ => None,
        }
    }
}

/// Which answers belong together: a question to a server, over a span in steps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamKey {
    /// The server.
    pub address: Address,
    /// The question.
    pub question: Question,
    /// Span in seconds; zero asks for one instant.
    pub span: i64,
    /// Step in seconds.
    pub step: i64,
    /// Whether a guard asks: its answers are its own, in its own time.
    pub guard: bool,
}

/// The answers to one question.
#[derive(Debug, Clone, Default)]
pub struct Stream {
    /// Answers carry it.
    pub id: u64,
    /// What came.
    pub track: Track,
    /// The time between two questions.
    pub every: Span,
    /// When the last answer came.
    pub answered: Option<Timestamp>,
    /// Why the last question had none.
    pub failing: Option<SafeText>,
    /// Warnings of the server.
    pub warnings: Vec<SafeText>,
    /// When it was last wanted.
    wanted: Option<Timestamp>,
}

/// Who is in view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Workloads.
    pub ids: Vec<WorkloadId>,
    /// Whether it is one that is looked at closely.
    pub close: bool,
    /// Workloads that are guarded, whether in view or not.
    pub guarded: Vec<WorkloadId>,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    /// What was set.
    pub settings: Settings,
    /// Whom.
    pub subjects: BTreeMap<WorkloadId, Subject>,
    /// What was asked.
    pub streams: BTreeMap<StreamKey, Stream>,
    /// Streams that are asked now, by their numbers.
    asked: Vec<u64>,
    /// When it was last looked after.
    followed: Option<Timestamp>,
    /// For whom.
    followed_for: Wanted,
    /// The charts.
    pub view: ChartView,
}

impl Metrics {
    /// Whether it is time to look after it, for these; notes that it is done.
    pub(super) fn is_due(&mut self, now: Timestamp, every: Span, wanted: &Wanted) -> bool {
        let others = self.followed_for != *wanted;
        if !others && self.followed.is_some_and(|at| now - at < every) {
            return false;
        }
        self.followed = Some(now);
        if others {
            self.followed_for.clone_from(wanted);
        }
        true
    }

    /// Something came that makes more possible: the next look is due.
    pub(super) fn look_again(&mut self) {
        self.followed = None;
    }

    /// Whether these are others than are asked now; notes that they are asked.
    pub(super) fn asks_anew(&mut self, asks: &[Ask]) -> bool {
        let ids: Vec<u64> = asks.iter().map(|ask| ask.id).collect();
        let anew = self.asked != ids;
        self.asked = ids;
        anew
    }

    /// Takes an answer to its place; where that is, when it is still wanted.
    pub(super) fn answered(
        &mut self,
        id: u64,
        answer: Answer,
        now: Timestamp,
    ) -> Option<StreamKey> {
        let (key, stream) = self.streams.iter_mut().find(|(_, stream)| stream.id == id)?;
        stream.track.take(answer.samples, Span::seconds(key.span));
        stream.answered = Some(now);
        stream.failing = None;
        stream.warnings = answer.warnings;
        Some(key.clone())
    }

    /// Notes that there was no answer; whether that is news.
    pub(super) fn failed(&mut self, id: u64, why: &SafeText) -> bool {
        let Some(stream) = self.streams.values_mut().find(|stream| stream.id == id) else {
            return false;
        };
        stream.failing.replace(why.clone()).is_none()
    }

    /// The counts of one version for the share.
    pub(super) fn share_track(&self, subject: &Subject, question: &Question) -> Option<&Track> {
        let address = subject.address()?;
        let own = |key: &&StreamKey| {
            key.span == 0 && !key.guard && key.question == *question && key.address == *address
        };
        let (_, stream) = self.streams.iter().find(|(key, _)| own(key))?;
        Some(&stream.track)
    }

    /// Whether an answer is still to come for a workload: where its server is, what that has, or
    /// any of what was asked.
    pub fn is_pending(&self, id: &WorkloadId) -> bool {
        let Some(subject) = self.subjects.get(id) else { return true };
        let address = match &subject.finding {
            Finding::Nowhere(..) => return false,
            Finding::Unasked | Finding::Trying(_) => return true,
            Finding::Found(candidate) => &candidate.address,
        };
        let searched = |fetched: Fetched| matches!(fetched, Fetched::At(_));
        if !searched(subject.explored)
            || (subject.found.is_some() && !searched(subject.scrape_asked))
            || self.followed.is_none()
        {
            return true;
        }
        let own = |(key, stream): (&StreamKey, &Stream)| {
            let is_asked = key.address == *address && self.asked.contains(&stream.id);
            is_asked && stream.answered.is_none() && stream.failing.is_none()
        };
        self.streams.iter().any(own)
    }

    /// A workload that is measured.
    pub fn subject(&self, id: &WorkloadId) -> Option<&Subject> {
        self.subjects.get(id)
    }

    /// The last answer of a server, and why there is none now.
    pub fn standing(&self, address: &Address) -> (Option<Timestamp>, Option<&SafeText>) {
        let own = || {
            self.streams
                .iter()
                .filter(|(key, stream)| key.address == *address && self.asked.contains(&stream.id))
                .map(|(_, stream)| stream)
        };
        let answered = own().filter_map(|stream| stream.answered).max();
        // One query that fails is its own matter; a server that fails answers none.
        let failing = own().all(|stream| stream.failing.is_some());
        (answered, own().find_map(|stream| stream.failing.as_ref()).filter(|_| failing))
    }
}
