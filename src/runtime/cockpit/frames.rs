//! When a frame is due: at once after a quiet moment, and at an even pace while changes go on.
//!
//! Never has a clock: instants are passed in. Used by the cockpit's loop.

use std::time::{Duration, Instant};

/// Time between two frames while changes keep coming.
const PACE: Duration = Duration::from_millis(16);

/// How far frames may be ahead of that pace: a change that comes right behind the tick of the
/// clock, or the second of two, does not wait for the eye to be ready.
const AHEAD: Duration = Duration::from_millis(32);

/// Time between two frames while only what is far from the screen changes: a flood elsewhere costs
/// ten frames a second and is in nobody's way.
const FAR_PACE: Duration = Duration::from_millis(100);

/// What changed since the last frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// What may be on the screen.
    Near,
    /// What is not, but for a sum or a place in the order.
    Far,
}

/// The frames of a screen.
#[derive(Debug)]
pub(super) struct Frames {
    changed: Option<Change>,
    last: Instant,
    /// From when on what is near may be painted.
    free: Instant,
}

impl Frames {
    /// The first one is due at once.
    pub(super) fn new(now: Instant) -> Self {
        Self { changed: Some(Change::Near), last: now, free: now }
    }

    /// Something changed.
    pub(super) fn note(&mut self, change: Change) {
        self.changed = Some(self.changed.map_or(change, |other| other.min(change)));
    }

    /// When the next frame is due; nothing while nothing changed.
    pub(super) fn due(&self) -> Option<Instant> {
        Some(match self.changed? {
            Change::Near => self.free,
            Change::Far => self.last + FAR_PACE,
        })
    }

    /// A frame was painted.
    pub(super) fn painted(&mut self, now: Instant) {
        self.changed = None;
        self.last = now;
        let earliest = now.checked_sub(AHEAD).unwrap_or(now);
        self.free = self.free.max(earliest) + PACE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds after which frames are painted, when something changes at each of these.
    fn frames(changes: impl IntoIterator<Item = u64>, change: Change) -> Vec<u64> {
        let before = Instant::now();
        let start = before + Duration::from_secs(10);
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut frames = Frames::new(before);
        frames.painted(before);
        let mut all = Vec::new();
        let mut changes = changes.into_iter().peekable();
        for now in 0..1000 {
            if changes.next_if(|change| *change <= now).is_some() {
                frames.note(change);
            }
            if frames.due().is_some_and(|due| due <= at(now)) {
                frames.painted(at(now));
                all.push(now);
            }
        }
        all
    }

    #[test]
    fn a_few_changes_are_painted_at_once_however_close_they_come() {
        assert_eq!(frames([0, 3, 5], Change::Near), [0, 3, 5]);
        assert_eq!(frames([0, 3, 5, 7, 8], Change::Near), [0, 3, 5, 16], "the rest is gathered");
        assert_eq!(frames([100, 101, 400, 401, 402], Change::Near), [100, 101, 400, 401, 402]);
        assert_eq!(frames([], Change::Near), [] as [u64; 0]);
    }

    #[test]
    fn a_flood_is_painted_at_an_even_pace() {
        let painted = frames(0..1000, Change::Near);
        assert_eq!(painted[..4], [0, 1, 2, 16]);
        let gaps = painted.windows(2).skip(3).map(|pair| pair[1] - pair[0]);
        assert!(gaps.clone().all(|gap| gap == 16), "{:?}", gaps.collect::<Vec<_>>());
    }

    #[test]
    fn what_is_far_is_gathered_and_goes_along_with_what_is_near() {
        assert_eq!(frames(0..250, Change::Far), [0, 100, 200, 300]);
        let now = Instant::now();
        let mut frames = Frames::new(now);
        frames.painted(now);
        frames.note(Change::Near);
        frames.note(Change::Far);
        assert_eq!(frames.changed, Some(Change::Near));
    }

    #[test]
    fn nothing_changed_is_no_frame() {
        let now = Instant::now();
        let mut frames = Frames::new(now);
        assert!(frames.due().is_some_and(|due| due <= now), "the first one");
        frames.painted(now);
        assert_eq!(frames.due(), None);
    }
}
