//! A drill as the pilot sees it: what it is about, its clocks and how it goes.
//!
//! Never decides what counts: the referee sits in the embedded cluster. Filled by `runtime`.

use crate::domain::id::WorkloadId;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp};

/// How a goal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its clock has not begun.
    Waiting,
    /// Its clock runs, for so long.
    Running(Span),
    /// Reached after that long.
    Reached(Span),
    /// Kept so far.
    Kept,
    /// Lost.
    Lost,
}

/// Something that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// What is to be reached, or kept.
    pub title: SafeText,
    /// Points of a hundred.
    pub points: u32,
    /// Its limit.
    pub within: Option<Span>,
    /// How it stands.
    pub standing: Standing,
}

impl Goal {
    /// Whether its limit has passed while its clock runs, or before it was reached.
    pub fn is_late(&self) -> bool {
        match (self.standing, self.within) {
            (Standing::Running(took) | Standing::Reached(took), Some(within)) => took > within,
            _ => false,
        }
    }
}

/// Who a line of the log is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// What the pilot is told: a page, a chat message, a hint.
    Page,
    /// The referee.
    Referee,
    /// Anything else that happened.
    World,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Since the pilot's first second.
    pub at: Span,
    /// The same as a clock.
    pub clock: SafeText,
    /// Who.
    pub who: SafeText,
    /// What kind of line.
    pub voice: Voice,
    /// What.
    pub text: SafeText,
}

/// How it goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Since the pilot's first second.
    pub elapsed: Span,
    /// When it ends, at the latest.
    pub length: Span,
    /// Whether it is over.
    pub over: bool,
    /// Points so far.
    pub points: u32,
    /// Points from which on it is passed.
    pub pass: u32,
    /// Goals.
    pub goals: Vec<Goal>,
    /// What the pilot may know of what happened.
    pub lines: Vec<Line>,
}

/// A drill that is being flown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drill {
    /// Its name.
    pub name: SafeText,
    /// Its title.
    pub title: SafeText,
    /// What has happened so far, in paragraphs.
    pub story: Vec<SafeText>,
    /// What there was to notice; told when it is over.
    pub notice: Vec<SafeText>,
    /// Where the pilot looks first, when not at the fleet.
    pub opens: Option<WorkloadId>,
    /// How many seconds pass in one.
    pub speed: u32,
    /// The seed: the same one gives the same drill.
    pub seed: u64,
    /// A kubeconfig for other clients of this cluster.
    pub kubeconfig: SafeText,
    /// How it goes.
    pub progress: Progress,
    /// The newest page, and when it came.
    pub page: Option<(Timestamp, SafeText)>,
}

impl Drill {
    /// The goal whose clock runs and whose limit is nearest.
    pub fn pressing(&self) -> Option<&Goal> {
        let running = self.progress.goals.iter().filter_map(|goal| match goal.standing {
            Standing::Running(took) => Some((goal.within? - took, goal)),
            _ => None,
        });
        running.min_by_key(|(left, _)| *left).map(|(_, goal)| goal)
    }

    /// Takes in how it goes. A page that was not there before is kept in sight.
    pub fn go_on(&mut self, progress: Progress, now: Timestamp) {
        let pages = |progress: &Progress| {
            progress.lines.iter().filter(|line| line.voice == Voice::Page).count()
        };
        if pages(&progress) > pages(&self.progress) {
            let newest = progress.lines.iter().rev().find(|line| line.voice == Voice::Page);
            self.page = newest.map(|line| (now, line.text.clone()));
        }
        self.progress = progress;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::parse_rfc3339;

    fn goal(standing: Standing, within: i64) -> Goal {
        let within = Some(Span::seconds(within));
        Goal { title: "x".into(), points: 10, within, standing }
    }

    #[test]
    fn the_goal_with_the_least_time_left_is_pressing() {
        let running = |seconds| Standing::Running(Span::seconds(seconds));
        let goals = vec![
            goal(Standing::Waiting, 5),
            goal(running(10), 300),
            goal(running(40), 30),
            goal(Standing::Reached(Span::seconds(3)), 4),
        ];
        let progress = Progress { goals: goals.clone(), ..Progress::default() };
        let drill = Drill { progress, ..Drill::default() };
        assert_eq!(drill.pressing(), Some(&goals[2]));
        assert!(goals[2].is_late() && !goals[1].is_late() && !goals[3].is_late());
    }

    #[test]
    fn a_new_page_is_kept_in_sight() {
        let now = parse_rfc3339("2026-11-24T10:00:00Z").unwrap();
        let line = |voice, text: &str| Line {
            at: Span::seconds(1),
            clock: "00:01.0".into(),
            who: "page".into(),
            voice,
            text: text.into(),
        };
        let mut drill = Drill::default();
        let lines = vec![line(Voice::Page, "errors"), line(Voice::World, "Paused")];
        let progress = Progress { lines, ..Progress::default() };
        drill.go_on(progress.clone(), now);
        assert_eq!(drill.page, Some((now, "errors".into())));
        drill.go_on(progress, now + Span::seconds(5));
        assert_eq!(drill.page, Some((now, "errors".into())));
    }
}
