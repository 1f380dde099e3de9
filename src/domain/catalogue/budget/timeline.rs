//! A course as a row of segments, each with who is on the new version and whether anybody judges
//! it.
//!
//! Called by `budget`, which sums them up.

use crate::domain::strategy::PauseLength;
use crate::domain::text::SafeText;
use crate::domain::time::Span;

use super::course::{BlueGreenStages, CanaryStages, Course, Length, Stage, Stages, Watch};

/// How many users are on the new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Users {
    /// None.
    None,
    /// Some.
    Some,
    /// All.
    All,
}

/// How long a segment lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lasts {
    /// So long.
    For(Span),
    /// Until a person goes on.
    Person,
    /// Not known, or without an end; what it is.
    Open(SafeText),
}

/// What a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A pause.
    Pause,
    /// An analysis.
    Analysis,
    /// A start of pods.
    Start,
    /// Anything else.
    Other,
}

/// A part of a release in which nothing changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) kind: Kind,
    pub(super) lasts: Lasts,
    pub(super) users: Users,
    /// Whether an analysis of its own judges the new version.
    pub(super) judged: bool,
    /// Index of the step that it belongs to.
    pub(super) step: usize,
}

impl Segment {
    fn pause(length: &PauseLength, users: Users, step: usize) -> Self {
        let lasts = match length {
            PauseLength::UntilPromoted => Lasts::Person,
            PauseLength::For(span) => Lasts::For(*span),
            // The controller cannot read it either, and goes on at once.
            PauseLength::Unreadable(_) => Lasts::For(Span::zero()),
        };
        Self { kind: Kind::Pause, lasts, users, judged: false, step }
    }

    fn analysis(watch: &Watch, users: Users, step: usize) -> Self {
        let lasts = match &watch.length {
            Length::For(span) => Lasts::For(*span),
            Length::Endless => {
                Lasts::Open("an analysis without an end: a metric has no count".into())
            }
            Length::Unknown(why) => Lasts::Open(format!("an analysis: {why}").into()),
        };
        Self { kind: Kind::Analysis, lasts, users, judged: watch.judges, step }
    }

    fn start(course: &Course, users: Users, step: usize) -> Self {
        // What is not known is counted apart: `starts` of the budget.
        let lasts = Lasts::For(course.start.unwrap_or_default());
        Self { kind: Kind::Start, lasts, users, judged: false, step }
    }
}

/// The segments of a course, in order.
pub(super) fn of(course: &Course) -> Vec<Segment> {
    match &course.stages {
        Stages::Canary(canary) => of_canary(course, canary),
        Stages::BlueGreen(switch) => of_switch(course, switch),
        Stages::Rolling(waves) => {
            (0..*waves).map(|_| Segment::start(course, Users::Some, 0)).collect()
        }
        Stages::Recreate => vec![Segment::start(course, Users::None, 0)],
        Stages::Unknown => Vec::new(),
    }
}

fn of_canary(course: &Course, canary: &CanaryStages) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut weight = 0;
    let on = |weight: i32| match weight {
        ..=0 => Users::None,
        _ if weight >= canary.whole => Users::All,
        _ => Users::Some,
    };
    for (step, stage) in canary.steps.iter().enumerate() {
        match stage {
            Stage::Weight(next) => {
                // Pods come before the traffic does.
                if *next > weight {
                    segments.push(Segment::start(course, on(weight), step));
                }
                weight = *next;
            }
            Stage::Scale => segments.push(Segment::start(course, on(weight), step)),
            Stage::Pause(length) => segments.push(Segment::pause(length, on(weight), step)),
            Stage::Analysis(watch) => segments.push(Segment::analysis(watch, on(weight), step)),
            Stage::Other(name, length) => {
                let lasts = length.map_or_else(|| Lasts::Open(name.clone()), Lasts::For);
                let users = on(weight);
                segments.push(Segment { kind: Kind::Other, lasts, users, judged: false, step });
            }
            Stage::Instant => {}
        }
    }
    if on(weight) != Users::All {
        segments.push(Segment::start(course, on(weight), canary.steps.len()));
    }
    segments
}

fn of_switch(course: &Course, switch: &BlueGreenStages) -> Vec<Segment> {
    let mut segments = vec![Segment::start(course, Users::None, 0)];
    segments.extend(switch.before.iter().map(|watch| Segment::analysis(watch, Users::None, 0)));
    segments.extend(switch.wait.iter().map(|length| Segment::pause(length, Users::None, 0)));
    let more = (1..switch.starts).map(|_| Segment::start(course, Users::None, 0));
    segments.extend(more);
    segments.extend(switch.after.iter().map(|watch| Segment::analysis(watch, Users::All, 0)));
    segments
}

/// The time in which users are on the new version and nobody judges it: no analysis of a step, and
/// none in the background. None where the length of the one in the background is not known.
pub(super) fn unwatched(course: &Course, segments: &[Segment]) -> Option<Span> {
    let background = match &course.stages {
        Stages::Canary(canary) => canary.background.as_ref().filter(|(watch, _)| watch.judges),
        _ => None,
    };
    // What is left of it; none is without an end.
    let mut left = match background.map(|(watch, _)| &watch.length) {
        None => Some(Span::zero()),
        Some(Length::For(span)) => Some(*span),
        Some(Length::Endless) => None,
        Some(Length::Unknown(_)) => return None,
    };
    let from = background.map_or(0, |(_, step)| *step);
    let mut unwatched = Span::zero();
    for segment in segments {
        let length = match &segment.lasts {
            Lasts::For(length) => *length,
            Lasts::Person => {
                // Nobody knows how long that takes: what has begun has run out by then.
                if segment.step >= from {
                    left = left.map(|_| Span::zero());
                }
                continue;
            }
            Lasts::Open(_) => continue,
        };
        let covered = if segment.step < from {
            Span::zero()
        } else {
            let covered = left.map_or(length, |left| left.min(length));
            left = left.map(|left| left - covered);
            covered
        };
        if segment.users != Users::None && !segment.judged {
            unwatched += length - covered;
        }
    }
    Some(unwatched)
}
