//! What a key asks for.

use crate::domain::action::Verb;

/// A command of the person at the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Command {
    /// Selection up.
    Up,
    /// Selection down.
    Down,
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Focus to the next pane.
    NextPane,
    /// Focus to the pane before.
    PreviousPane,
    /// Pane as large as the screen, and back.
    Zoom,
    /// Open what is selected.
    Open,
    /// Back to where one came from.
    Back,
    /// To the Fleet screen.
    Fleet,
    /// To the Rollout screen of the selection.
    Rollout,
    /// Type a filter.
    Filter,
    /// Change the order.
    Sort,
    /// Logs of the selected pod, or of all pods of the new version.
    Logs,
    /// Logs of the container before its last restart.
    PreviousLogs,
    /// Follow the end of the log.
    Follow,
    /// The whole story.
    Timeline,
    /// Why it stands where it stands.
    Why,
    /// Compare revisions.
    Diff,
    /// Conditions, Services, settings.
    Info,
    /// What is measured, as charts.
    Metrics,
    /// The gate of the new version.
    Gate,
    /// Whether it is ready for a release.
    Readiness,
    /// Another span of the charts.
    Span,
    /// The cursor of the charts, and none again.
    Cursor,
    /// The cursor to the left.
    Earlier,
    /// The cursor to the right.
    Later,
    /// Numbers instead of a plot, and back.
    Raw,
    /// Copy what is selected.
    Copy,
    /// Try every source again now.
    Refresh,
    /// What went wrong.
    Troubles,
    /// What was done from here, and what came of it.
    Journal,
    /// What the drill is about.
    Briefing,
    /// The keys.
    Help,
    /// Draw everything anew.
    Redraw,
    /// To the shell and back.
    Suspend,
    /// Leave.
    Quit,
    /// Ask for a verb; hold is one key for pause and resume.
    Act(Verb),
    /// Pause or resume, whichever applies.
    Hold,
    /// Arm a guard, or disarm it.
    Guard,
    /// What the guard sees.
    Watch,
    /// Switch a blue-green: promote, and nothing for what has steps.
    Switch,
    /// Commit the way back to the repository that a GitOps tool follows.
    Revert,
}

impl Command {
    /// Whether it can lead to a change of the cluster.
    pub fn acts(self) -> bool {
        matches!(self, Self::Act(_) | Self::Hold | Self::Guard | Self::Switch | Self::Revert)
    }

    /// Whether its key only counts when it comes by itself: what acts, and what leaves, since
    /// nobody is at the post then.
    pub fn comes_alone(self) -> bool {
        self.acts() || matches!(self, Self::Quit | Self::Suspend)
    }
}
