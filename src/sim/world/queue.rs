//! What is due when: one line of work for all controllers.
//!
//! As with a real work queue, an object waits at most once to be looked at soon, and at most once
//! for a later instant, the earliest that was asked for. Called by the world.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::sim::store::Key;
use crate::sim::time::Moment;

/// One controller's turn at one object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Work {
    /// Index of the controller.
    pub(super) controller: usize,
    pub(super) key: Key,
}

/// The line.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// By instant, then in the order of asking.
    heap: BinaryHeap<Reverse<(Moment, u64, bool, Work)>>,
    soon: HashMap<Work, Moment>,
    later: HashMap<Work, Moment>,
    asked: u64,
}

impl Queue {
    /// Something changed: have a look.
    pub(super) fn soon(&mut self, work: Work, at: Moment) {
        if !self.soon.contains_key(&work) {
            self.soon.insert(work.clone(), at);
            self.push(at, true, work);
        }
    }

    /// Whoever is at it is not done before this instant.
    pub(super) fn busy(&mut self, work: &Work, until: Moment) {
        if let Some(at) = self.soon.get_mut(work).filter(|at| **at < until) {
            *at = until;
            self.push(until, true, work.clone());
        }
    }

    /// Have a look at this instant, whatever happens until then.
    pub(super) fn later(&mut self, work: Work, at: Moment) {
        if self.later.get(&work).is_none_or(|known| at < *known) {
            self.later.insert(work.clone(), at);
            self.push(at, false, work);
        }
    }

    fn push(&mut self, at: Moment, soon: bool, work: Work) {
        self.asked += 1;
        self.heap.push(Reverse((at, self.asked, soon, work)));
    }

    /// When something is due next.
    pub(super) fn due(&mut self) -> Option<Moment> {
        self.drop_stale();
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// The next work that is due up to this instant.
    pub(super) fn pop(&mut self, to: Moment) -> Option<(Moment, Work)> {
        self.drop_stale();
        if self.heap.peek().is_none_or(|Reverse((at, ..))| *at > to) {
            return None;
        }
        let Reverse((at, _, soon, work)) = self.heap.pop()?;
        let line = if soon { &mut self.soon } else { &mut self.later };
        line.remove(&work);
        Some((at, work))
    }

    /// Takes away what was replaced by another instant.
    fn drop_stale(&mut self) {
        while let Some(Reverse((at, _, soon, work))) = self.heap.peek() {
            let line = if *soon { &self.soon } else { &self.later };
            if line.get(work) == Some(at) {
                return;
            }
            self.heap.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::store::Kind;
    use crate::sim::time::{Span, parse};

    #[test]
    fn once_soon_once_later_and_in_order() {
        let start = parse("2026-11-24T10:00:00Z").unwrap();
        let at = |seconds| start + Span::seconds(seconds);
        let work = |name| Work { controller: 0, key: Key::new(Kind::Pod, "shop", name) };
        let mut queue = Queue::default();
        queue.soon(work("a"), at(2));
        queue.soon(work("a"), at(1));
        queue.later(work("a"), at(9));
        queue.later(work("a"), at(5));
        queue.later(work("a"), at(7));
        queue.soon(work("b"), at(2));
        assert_eq!(queue.due(), Some(at(2)));
        assert_eq!(queue.pop(at(1)), None);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop(at(10))).collect();
        assert_eq!(order, [(at(2), work("a")), (at(2), work("b")), (at(5), work("a"))]);
        assert_eq!(queue.due(), None);
    }

    #[test]
    fn what_is_being_done_is_not_begun_again_before_it_is_done() {
        let start = parse("2026-11-24T10:00:00Z").unwrap();
        let at = |seconds| start + Span::seconds(seconds);
        let work = |name| Work { controller: 0, key: Key::new(Kind::Pod, "shop", name) };
        let mut queue = Queue::default();
        queue.soon(work("a"), at(1));
        queue.soon(work("b"), at(5));
        for name in ["a", "b", "c"] {
            queue.busy(&work(name), at(3));
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop(at(10))).collect();
        assert_eq!(order, [(at(3), work("a")), (at(5), work("b"))]);
    }
}
