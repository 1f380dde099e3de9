//! The screens, and where one is on them.

use crate::domain::id::{Uid, WorkloadId};
use crate::domain::text::SafeText;

/// A screen. Screens are stacked: Esc goes back to the one below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screen {
    /// Everything that is watched, by risk.
    Fleet,
    /// One workload: the cockpit.
    Rollout(WorkloadId),
    /// One pod of it.
    Pod(WorkloadId, Uid),
    /// One analysis run of it.
    Analysis(WorkloadId, Uid),
    /// Two of its revisions compared.
    Diff(WorkloadId),
    /// Logs of its pods.
    Logs(WorkloadId),
    /// Its whole story.
    Timeline(WorkloadId),
    /// Why it stands where it stands, with the evidence.
    Why(WorkloadId),
    /// Conditions, Services, Ingresses, settings.
    Info(WorkloadId),
    /// What is measured of it, as charts.
    Metrics(WorkloadId),
    /// What its guard sees.
    Guard(WorkloadId),
    /// Whether it is ready for a release.
    Readiness(WorkloadId),
    /// What its gate asked of the new version, and was told.
    Gate(WorkloadId),
    /// The keys.
    Help,
    /// What went wrong in this session.
    Troubles,
    /// What the drill is about, and how it goes.
    Briefing,
    /// The journal: of one workload, or all of it.
    Journal(Option<WorkloadId>),
    /// One action of it: the run of the program, and its number there.
    Deed(SafeText, u64),
}

impl Screen {
    /// The workload that it is about.
    pub fn workload(&self) -> Option<&WorkloadId> {
        match self {
            Self::Rollout(id)
            | Self::Pod(id, _)
            | Self::Analysis(id, _)
            | Self::Diff(id)
            | Self::Logs(id)
            | Self::Timeline(id)
            | Self::Why(id)
            | Self::Info(id)
            | Self::Metrics(id)
            | Self::Gate(id)
            | Self::Readiness(id)
            | Self::Guard(id) => Some(id),
            Self::Fleet
            | Self::Help
            | Self::Troubles
            | Self::Briefing
            | Self::Journal(_)
            | Self::Deed(..) => None,
        }
    }
}

/// Panes of the Rollout screen that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Pane {
    /// Revisions.
    Revisions,
    /// Pods.
    #[default]
    Pods,
    /// What is measured.
    Metrics,
    /// Analysis runs.
    Analysis,
    /// Timeline.
    Timeline,
}

impl Pane {
    /// All of them, in the order of Tab.
    pub const ALL: [Self; 5] =
        [Self::Revisions, Self::Pods, Self::Metrics, Self::Analysis, Self::Timeline];

    /// The one after, in the order of [`Self::ALL`].
    pub fn next(self) -> Self {
        match self {
            Self::Revisions => Self::Pods,
            Self::Pods => Self::Metrics,
            Self::Metrics => Self::Analysis,
            Self::Analysis => Self::Timeline,
            Self::Timeline => Self::Revisions,
        }
    }

    /// The one before.
    pub fn previous(self) -> Self {
        match self {
            Self::Revisions => Self::Timeline,
            Self::Pods => Self::Revisions,
            Self::Metrics => Self::Pods,
            Self::Analysis => Self::Metrics,
            Self::Timeline => Self::Analysis,
        }
    }
}

/// Where one is on the Rollout screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolloutView {
    /// Pane with the focus.
    pub pane: Pane,
    /// Whether it fills the screen.
    pub zoomed: bool,
    /// Selected row in each pane, in the order of [`Pane::ALL`].
    pub selected: [usize; 5],
}

impl RolloutView {
    /// Selected row of a pane.
    pub fn row(&self, pane: Pane) -> usize {
        match pane {
            Pane::Revisions => self.selected[0],
            Pane::Pods => self.selected[1],
            Pane::Metrics => self.selected[2],
            Pane::Analysis => self.selected[3],
            Pane::Timeline => self.selected[4],
        }
    }

    /// The place that holds the selected row of a pane.
    pub fn row_mut(&mut self, pane: Pane) -> &mut usize {
        match pane {
            Pane::Revisions => &mut self.selected[0],
            Pane::Pods => &mut self.selected[1],
            Pane::Metrics => &mut self.selected[2],
            Pane::Analysis => &mut self.selected[3],
            Pane::Timeline => &mut self.selected[4],
        }
    }
}
