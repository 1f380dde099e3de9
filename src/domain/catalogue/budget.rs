//! How long a release takes, how much of it nobody watches, and whether the way back is still warm
//! when it is needed.
//!
//! Sums over what is written, when nothing fails; what is not known is left out and said. Never
//! judges the numbers. Called by `told` and by whoever shows a plan.

pub mod course;
mod timeline;

use crate::domain::guard::rule::{Signal, Terms};
use crate::domain::text::SafeText;
use crate::domain::time::Span;

use super::matrix::StrategyKind;
use course::{Course, Stages};
use timeline::{Kind, Lasts, Segment, Users};

/// From what a guard sees to what the controller makes of its order, and some time to spare.
pub const REACTION: Span = Span::seconds(30);

/// What a release takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// The strategy; none where it is not known.
    pub strategy: Option<StrategyKind>,
    /// All that is known: pauses, analyses, starts of pods. It takes that long at least.
    pub length: Span,
    /// Of it, pauses.
    pub pauses: Span,
    /// Of it, analyses that are waited for.
    pub analyses: Span,
    /// How often a start of pods is waited for.
    pub starts: u32,
    /// How long one takes; none where that is not known, and then it is not in `length`.
    pub start: Option<Span>,
    /// What is not in `length` because nobody knows how long it takes.
    pub open: Vec<SafeText>,
    /// How often it waits for a person.
    pub gates: usize,
    /// Whether it does so before all users are on the new version (R050, X22).
    pub gate_before_all: bool,
    /// How long users are on the new version and no analysis judges it (X23). None where that is
    /// not known.
    pub unwatched: Option<Span>,
    /// What a guard can still do.
    pub reach: Reach,
    /// What an undo takes when all of it is done.
    pub undo: Undo,
}

/// A time of which the least is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stretch {
    /// So long at least.
    pub least: Span,
    /// It ends when a person says so.
    pub until_person: bool,
}

impl Stretch {
    /// Whether something that takes this long ends within it.
    pub fn holds(self, window: Span) -> bool {
        self.until_person || window < self.least
    }

    fn add(&mut self, segment: &Segment) {
        match &segment.lasts {
            Lasts::For(span) => self.least += *span,
            Lasts::Person => self.until_person = true,
            Lasts::Open(_) => {}
        }
    }
}

/// What a guard can still do (X25).
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    /// While some of the users are on the new version, and not all.
    pub part: Stretch,
    /// From when all users are on the new version until the old pods go.
    pub old_lives: Stretch,
    /// What each rule of the guard can do.
    pub rules: Vec<RuleReach>,
    /// `scaleDownDelaySeconds` with which every rule acts in time; none where all do, or where old
    /// pods are not kept whatever is written.
    pub wanted_delay: Option<Span>,
    /// Whether the release may take longer than the guard stands.
    pub expires_first: bool,
}

/// What one rule of a guard can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleReach {
    /// What it looks at.
    pub signal: Signal,
    /// How long the limit has to be broken before it acts.
    pub window: Span,
    /// It acts before all users are on the new version, if it is bad from its first users on.
    pub before_all: bool,
    /// It acts while the old pods live, if the new version turns bad with all of the users.
    pub in_time: bool,
}

/// What becomes of the steps when a release that is complete is undone (X26).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// There are none.
    Nothing,
    /// They are skipped for so many revisions back (`rollbackWindow`).
    Skipped(u32),
    /// All of them come again, so many.
    Steps(usize),
    /// The preview comes again, and what is waited for before the switch.
    Preview,
}

/// What an undo takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undo {
    /// What becomes of the steps.
    pub replay: Replay,
    /// So long at least, starts of pods left out where they are not known; none where nothing of it
    /// is known.
    pub takes: Option<Span>,
    /// Whether it stops and waits for a person on the way.
    pub waits: bool,
}

/// Sums up a course, beside a guard with these terms.
pub fn of(course: &Course, terms: &Terms) -> Budget {
    let segments = timeline::of(course);
    let sum = |wanted: &dyn Fn(&Segment) -> bool| {
        let known = segments.iter().filter(|s| wanted(s)).filter_map(|s| match s.lasts {
            Lasts::For(span) => Some(span),
            Lasts::Person | Lasts::Open(_) => None,
        });
        known.fold(Span::zero(), |sum, span| sum + span)
    };
    let gates: Vec<&Segment> = segments.iter().filter(|s| s.lasts == Lasts::Person).collect();
    let length = sum(&|_| true);
    let starts = segments.iter().filter(|s| s.kind == Kind::Start).count();
    Budget {
        strategy: strategy(&course.stages),
        length,
        pauses: sum(&|s| s.kind == Kind::Pause),
        analyses: sum(&|s| s.kind == Kind::Analysis),
        starts: u32::try_from(starts).unwrap_or(u32::MAX),
        start: course.start,
        open: segments.iter().filter_map(open).collect(),
        gates: gates.len(),
        gate_before_all: gates.iter().any(|s| s.users != Users::All),
        unwatched: timeline::unwatched(course, &segments),
        reach: reach(course, &segments, terms, length),
        undo: undo(course, &segments, length),
    }
}

fn strategy(stages: &Stages) -> Option<StrategyKind> {
    match stages {
        Stages::Canary(_) => Some(StrategyKind::Canary),
        Stages::BlueGreen(_) => Some(StrategyKind::BlueGreen),
        Stages::Rolling(_) => Some(StrategyKind::Rolling),
        Stages::Recreate => Some(StrategyKind::Recreate),
        Stages::Unknown => None,
    }
}

fn open(segment: &Segment) -> Option<SafeText> {
    match &segment.lasts {
        Lasts::Open(what) => Some(what.clone()),
        Lasts::For(_) | Lasts::Person => None,
    }
}

fn reach(course: &Course, segments: &[Segment], terms: &Terms, length: Span) -> Reach {
    let stretch = |users: Users| {
        let mut stretch = Stretch::default();
        segments.iter().filter(|s| s.users == users).for_each(|s| stretch.add(s));
        stretch
    };
    let (part, mut old_lives) = (stretch(Users::Some), stretch(Users::All));
    let delay = match &course.stages {
        Stages::Canary(canary) => canary.old_stays,
        Stages::BlueGreen(switch) => Some(switch.old_stays),
        Stages::Rolling(_) | Stages::Recreate | Stages::Unknown => None,
    };
    let all = old_lives.least;
    match delay {
        Some(delay) => old_lives.least += delay,
        None => old_lives = Stretch::default(),
    }
    let rules: Vec<RuleReach> = terms
        .rules()
        .into_iter()
        .map(|rule| RuleReach {
            signal: rule.signal,
            window: rule.lasts,
            before_all: part.holds(rule.lasts),
            in_time: old_lives.holds(rule.lasts),
        })
        .collect();
    let longest = rules.iter().filter(|rule| !rule.in_time).map(|rule| rule.window).max();
    let wanted = longest.filter(|_| delay.is_some()).map(|longest| longest + REACTION - all);
    let waits = segments.iter().any(|s| !matches!(s.lasts, Lasts::For(_)));
    Reach {
        part,
        old_lives,
        rules,
        wanted_delay: wanted,
        expires_first: waits || length > terms.expires,
    }
}

fn undo(course: &Course, segments: &[Segment], length: Span) -> Undo {
    let once = course.start;
    if let (Stages::Canary(_) | Stages::BlueGreen(_), Some(revisions)) =
        (&course.stages, course.rollback_window)
    {
        return Undo { replay: Replay::Skipped(revisions), takes: once, waits: false };
    }
    let waits = segments.iter().any(|s| s.lasts == Lasts::Person);
    match &course.stages {
        Stages::Canary(canary) if canary.steps.is_empty() => {
            Undo { replay: Replay::Nothing, takes: once, waits: false }
        }
        Stages::Canary(canary) => {
            Undo { replay: Replay::Steps(canary.steps.len()), takes: Some(length), waits }
        }
        Stages::BlueGreen(_) => {
            let before = segments.iter().filter(|s| s.users == Users::None);
            let mut until_switch = Stretch::default();
            before.for_each(|s| until_switch.add(s));
            Undo { replay: Replay::Preview, takes: Some(until_switch.least), waits }
        }
        Stages::Rolling(_) | Stages::Recreate => {
            let takes = once.map(|_| length);
            Undo { replay: Replay::Nothing, takes, waits: false }
        }
        Stages::Unknown => Undo { replay: Replay::Nothing, takes: None, waits: false },
    }
}

#[cfg(test)]
mod tests;
