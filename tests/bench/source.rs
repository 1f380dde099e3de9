//! Where changes come from: our own server, whose first byte is timed, or a real API server.

use std::time::Instant;

use crate::objects;
use crate::server::Server;

/// A source of changes.
pub(crate) trait Source {
    /// Changes the marker; its value, and the instant just before the change was sent.
    fn mark(&mut self) -> anyhow::Result<(u64, Instant)>;

    /// The same without waiting for anything: for what counts from when it was due.
    fn mark_when_it_can(&mut self) -> anyhow::Result<u64>;

    /// Changes another pod.
    fn stir(&mut self) -> anyhow::Result<()>;
}

/// What stands on the screen for a value of the marker: three digits are what fits everywhere.
pub(crate) fn face(value: u64) -> u64 {
    100 + value % FACES
}

/// The value that a face stands for: the one nearest to the last.
pub(crate) fn value(face: u64, last: u64) -> u64 {
    let face = face.saturating_sub(100) % FACES;
    let ahead = (face + FACES - last % FACES) % FACES;
    if ahead < FACES / 2 { last + ahead } else { (last + ahead).saturating_sub(FACES) }
}

const FACES: u64 = 900;

/// Numbers of markers and of the pods that are stirred.
#[derive(Debug)]
pub(crate) struct Numbers {
    value: u64,
    next: usize,
    rollouts: usize,
}

impl Numbers {
    pub(crate) fn new(rollouts: usize) -> Self {
        Self { value: 0, next: 0, rollouts }
    }

    /// The next value of the marker.
    pub(crate) fn mark(&mut self) -> u64 {
        self.value += 1;
        self.value
    }

    /// Rollout and pod that are changed next, and to what: another pod each time.
    pub(crate) fn stir(&mut self) -> (usize, usize, u64) {
        let others = (self.rollouts - 1).max(1) * objects::PODS_EACH;
        let at = self.next % others;
        let restarts = 1 + self.next / others;
        self.next += 1;
        // Never the target, unless there is nothing else.
        let number = (1 + at / objects::PODS_EACH).min(self.rollouts - 1);
        (number, at % objects::PODS_EACH, restarts as u64)
    }
}

/// Our own server.
pub(crate) struct Own<'a> {
    pub(crate) server: &'a Server,
    pub(crate) numbers: &'a mut Numbers,
}

impl Source for Own<'_> {
    fn mark(&mut self) -> anyhow::Result<(u64, Instant)> {
        let value = self.numbers.mark();
        Ok((value, self.server.publish("pods", objects::pod(0, 0, face(value)))))
    }

    fn mark_when_it_can(&mut self) -> anyhow::Result<u64> {
        Ok(self.mark()?.0)
    }

    fn stir(&mut self) -> anyhow::Result<()> {
        let (number, pod, restarts) = self.numbers.stir();
        self.server.publish("pods", objects::pod(number, pod, restarts));
        Ok(())
    }
}
