//! Everything the program knows. Nothing writes it but `update`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::domain::action::{Action, Verb};
use crate::domain::catalogue::environment::{
    Environment as CatalogueEnvironment, Metrics as Described,
};
use crate::domain::catalogue::{Catalogue, Service};
use crate::domain::fleet::Fleet;
use crate::domain::gate::Profile;
use crate::domain::guard::rule::Terms;
use crate::domain::id::{PodHash, Uid, WorkloadId};
use crate::domain::observation::{SourceId, SourceState};
use crate::domain::release::Release;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp};
use crate::domain::timeline;
use crate::domain::way_back::{self, WayBack};

use super::access::AccessBook;
use super::dialog::Dialog;
use super::drill::Drill;
use super::fleet_view::FleetView;
use super::flight::Flight;
use super::gate::Gates;
use super::guard::{Post, Proposal};
use super::journal::SessionStamp;
use super::keymap::Overrides;
use super::log_view::LogView;
use super::logbook::LogbookView;
use super::metrics::Metrics;
use super::msg::{Pulse, TemplateLines, TemplateRef};
use super::readiness::Readiness;
use super::revert::Reverting;
use super::screen::{Pane, RolloutView, Screen};
use super::session::Session;
use super::trouble::Troubles;

/// Entries kept of each workload's story.
pub const STORY_KEPT: usize = 300;

/// How long a toast stays.
pub const TOAST_FOR: Span = Span::seconds(4);

/// A short message at the foot of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// When it came.
    pub at: Timestamp,
    /// Whether it is good news.
    pub good: bool,
    /// Text.
    pub text: SafeText,
}

/// The Diff screen's own state.
#[derive(Debug, Clone, Default)]
pub struct DiffView {
    /// Which request the answer must belong to.
    pub epoch: u64,
    /// Older and newer revision.
    pub sides: Option<(TemplateRef, TemplateRef)>,
    /// Their templates, or why they cannot be had.
    pub templates: Option<Result<(TemplateLines, TemplateLines), SafeText>>,
}

/// Everything the program knows.
#[derive(Debug, Clone)]
pub struct Model {
    /// The session.
    pub session: Session,
    /// Who acts, for the journal.
    pub stamp: SessionStamp,
    /// Time of the last message.
    pub now: Timestamp,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Cluster facts.
    pub fleet: Fleet,
    /// How each source stands.
    pub sources: BTreeMap<SourceId, SourceState>,
    /// How the connection is.
    pub pulse: Option<Pulse>,
    /// Story of each workload, oldest first.
    pub stories: BTreeMap<WorkloadId, VecDeque<timeline::Entry>>,
    /// What we may do.
    pub access: AccessBook,
    /// Screens, the visible one last; never empty.
    pub screens: Vec<Screen>,
    /// Fleet screen.
    pub fleet_view: FleetView,
    /// Rollout screen.
    pub rollout_view: RolloutView,
    /// First line shown on screens that only scroll.
    pub scroll: usize,
    /// Logs screen.
    pub logs: LogView,
    /// Diff screen.
    pub diff: DiffView,
    /// Journal screen.
    pub logbook: LogbookView,
    /// What is measured.
    pub metrics: Metrics,
    /// Services as the catalogue has them.
    pub catalogue: Arc<Catalogue>,
    /// The revert that is offered, or was pushed last.
    pub revert: Option<Box<Reverting>>,
    /// Readiness screen.
    pub readiness: Box<Readiness>,
    /// Gates.
    pub gates: Box<Gates>,
    /// Open dialog.
    pub dialog: Option<Dialog>,
    /// Actions on their way and receipts, oldest first.
    pub flights: Vec<Flight>,
    /// Where each workload was waved off to, by its UID: a way that was begun is gone to its end.
    pub pursued: BTreeMap<Uid, PodHash>,
    /// Guards, by the UID of their workload.
    pub posts: BTreeMap<Uid, Post>,
    /// Guards that are proposed: in a dialog, or by a command that waits for their data.
    pub proposals: BTreeMap<Uid, Proposal>,
    /// What a guard is armed with unless a person says otherwise.
    pub terms: Terms,
    /// Number of the next ticket and epoch.
    pub next_ticket: u64,
    /// What went wrong.
    pub troubles: Troubles,
    /// Message at the foot.
    pub toast: Option<Toast>,
    /// Keys of the configuration.
    pub overrides: Overrides,
    /// Workload around which Services and Ingresses are watched.
    pub focus: Option<WorkloadId>,
    /// The drill, when this is one.
    pub drill: Option<Drill>,
}

impl Model {
    /// What the catalogue has of a workload.
    pub fn entry(&self, id: &WorkloadId) -> Option<(&Service, &CatalogueEnvironment)> {
        self.catalogue.of_workload(&self.session.context, id)
    }

    /// What a guard of this workload is armed with unless a person says otherwise.
    pub fn terms_of(&self, id: &WorkloadId) -> Terms {
        let entry = self.entry(id);
        entry.map_or(&self.terms, |(_, environment)| environment.guard.or(&self.terms)).clone()
    }

    /// What the catalogue says of how this workload is measured.
    pub fn described(&self, id: &WorkloadId) -> Described {
        self.entry(id).map(|(_, environment)| environment.metrics.clone()).unwrap_or_default()
    }

    /// What the gate of this workload asks.
    pub fn gate_profile(&self, id: &WorkloadId) -> &Profile {
        let usual = &self.gates.profile;
        self.gates.said.as_ref().unwrap_or_else(|| {
            self.entry(id).map_or(usual, |(_, environment)| environment.gate.or(usual))
        })
    }

    /// A program that has just started.
    pub fn new(session: Session, stamp: SessionStamp, now: Timestamp) -> Self {
        Self {
            session,
            stamp,
            now,
            size: (80, 24),
            fleet: Fleet::default(),
            sources: BTreeMap::new(),
            pulse: None,
            stories: BTreeMap::new(),
            access: AccessBook::default(),
            screens: vec![Screen::Fleet],
            fleet_view: FleetView::default(),
            rollout_view: RolloutView::default(),
            scroll: 0,
            logs: LogView::default(),
            diff: DiffView::default(),
            logbook: LogbookView::default(),
            metrics: Metrics::default(),
            catalogue: Arc::default(),
            revert: None,
            readiness: Box::default(),
            gates: Box::default(),
            dialog: None,
            flights: Vec::new(),
            pursued: BTreeMap::new(),
            posts: BTreeMap::new(),
            proposals: BTreeMap::new(),
            terms: Terms::default(),
            next_ticket: 1,
            troubles: Troubles::default(),
            toast: None,
            overrides: Overrides::default(),
            focus: None,
            drill: None,
        }
    }

    /// The action of a verb on this workload, with the target of a way that was begun.
    pub fn action(&self, release: &Release<'_>, verb: Verb) -> Action {
        let pursued = self.pursued(release).filter(|_| verb == Verb::WaveOff);
        Action { verb, target: pursued.cloned() }
    }

    /// Where a way back leads that was begun here. It only counts while that is the version that is
    /// wanted: without it, the way would be seen as one more update, and waved off to the bad one.
    fn pursued(&self, release: &Release<'_>) -> Option<&PodHash> {
        let target = self.pursued.get(&release.workload.uid)?;
        (release.current_hash() == Some(target)).then_some(target)
    }

    /// The way back of a workload, by all that is known of it.
    pub fn way_back(&self, release: &Release<'_>) -> WayBack {
        way_back::of(release, self.pursued(release), self.now)
    }

    /// The visible screen.
    pub fn screen(&self) -> &Screen {
        self.screens.last().unwrap_or(&Screen::Fleet)
    }

    /// The workload that a verb would mean now.
    pub fn meant(&self) -> Option<&WorkloadId> {
        match self.screen() {
            Screen::Fleet => self.fleet_view.selected.as_ref(),
            Screen::Help | Screen::Troubles | Screen::Briefing => None,
            screen => screen.workload(),
        }
    }

    /// The guard of a workload, whether it is on or over.
    pub fn post(&self, id: &WorkloadId) -> Option<&Post> {
        self.posts.values().find(|post| post.guard.arming.workload == *id)
    }

    /// Whether a pane is on the Rollout screen of this session.
    pub fn has_pane(&self, pane: Pane) -> bool {
        pane != Pane::Metrics || self.metrics.settings.on
    }

    /// The newest action on this workload.
    pub fn last_flight(&self, id: &WorkloadId) -> Option<&Flight> {
        self.flights.iter().rev().find(|f| f.plan.id == *id)
    }

    /// A number nobody has had.
    pub fn take_number(&mut self) -> u64 {
        let number = self.next_ticket;
        self.next_ticket += 1;
        number
    }

    /// Notes a line of a workload's story.
    pub fn tell(&mut self, id: &WorkloadId, entry: timeline::Entry) {
        let story = self.stories.entry(id.clone()).or_default();
        story.push_back(entry);
        while story.len() > STORY_KEPT {
            story.pop_front();
        }
    }
}
