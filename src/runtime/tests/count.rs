//! What happened in runs, for the report.

/// What happened, for the report.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) keys: u64,
    /// Actions that were confirmed.
    pub(super) actions: u64,
    /// Later moves of wave-offs, which follow by themselves.
    pub(super) carried: u64,
    /// Actions that left as another one did that was still on its way.
    pub(super) twins: u64,
    /// Writes that reached the server, and those that storage took.
    pub(super) writes: u64,
    pub(super) applied: u64,
    /// Outcomes that were not known, and what was said of them in the end.
    pub(super) unknown: u64,
    pub(super) said_done: u64,
    pub(super) said_not_done: u64,
    pub(super) said_superseded: u64,
    pub(super) said_unknowable: u64,
    /// Still not known at the end.
    pub(super) undecided: u64,
    /// Said done, and it was, but by somebody else.
    pub(super) by_others: u64,
    /// Looks at an object on the screen that were compared with the server's.
    pub(super) compared: u64,
    /// Times at which nothing was heard for so long that nothing might be live.
    pub(super) silences: u64,
}

impl Count {
    pub(super) fn add(&mut self, other: &Self) {
        self.keys += other.keys;
        self.actions += other.actions;
        self.carried += other.carried;
        self.twins += other.twins;
        self.writes += other.writes;
        self.applied += other.applied;
        self.unknown += other.unknown;
        self.said_done += other.said_done;
        self.said_not_done += other.said_not_done;
        self.said_superseded += other.said_superseded;
        self.said_unknowable += other.said_unknowable;
        self.undecided += other.undecided;
        self.by_others += other.by_others;
        self.compared += other.compared;
        self.silences += other.silences;
    }

    pub(super) fn text(&self) -> String {
        format!(
            "{} keys, {} actions confirmed, {} moves followed, {} twins, {} writes at the server, {} applied; {} outcomes \
             unknown at first: {} said done ({} by somebody else), {} not done, {} superseded, \
             {} not to be known, {} not judged yet; {} objects compared, {} looks in silence",
            self.keys,
            self.actions,
            self.carried,
            self.twins,
            self.writes,
            self.applied,
            self.unknown,
            self.said_done,
            self.by_others,
            self.said_not_done,
            self.said_superseded,
            self.said_unknowable,
            self.undecided,
            self.compared,
            self.silences,
        )
    }
}
