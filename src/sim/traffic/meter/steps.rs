//! Something that holds until it changes.
//!
//! Called by everything that is a gauge.

/// A value over time.
#[derive(Debug, Clone)]
pub(in crate::sim::traffic) struct Steps<T> {
    changes: Vec<(i64, T)>,
}

impl<T> Default for Steps<T> {
    fn default() -> Self {
        Self { changes: Vec::new() }
    }
}

impl<T: PartialEq> Steps<T> {
    /// From this instant on it is this. What was said of later instants is taken back.
    pub(in crate::sim::traffic) fn set(&mut self, at: i64, value: T) {
        while self.changes.last().is_some_and(|(later, _)| *later >= at) {
            self.changes.pop();
        }
        if self.changes.last().is_none_or(|(_, last)| *last != value) {
            self.changes.push((at, value));
        }
    }

    /// What it is at an instant.
    pub(in crate::sim::traffic) fn at(&self, instant: i64) -> Option<&T> {
        let begun = self.changes.partition_point(|(from, _)| *from <= instant);
        self.changes.get(begun.checked_sub(1)?).map(|(_, value)| value)
    }

    /// What it is now.
    pub(in crate::sim::traffic) fn last(&self) -> Option<&T> {
        self.changes.last().map(|(_, value)| value)
    }

    /// Since when it is what it is now.
    pub(in crate::sim::traffic) fn since(&self) -> Option<i64> {
        self.changes.last().map(|(from, _)| *from)
    }

    /// Everything it was, by time.
    pub(in crate::sim::traffic) fn iter(&self) -> impl DoubleEndedIterator<Item = &(i64, T)> {
        self.changes.iter()
    }

    /// Forgets what ended before an instant.
    pub(in crate::sim::traffic) fn forget(&mut self, before: i64) {
        let over = self.changes.partition_point(|(from, _)| *from <= before);
        self.changes.drain(..over.saturating_sub(1));
    }
}
