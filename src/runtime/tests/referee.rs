//! What must hold at every step, read from both sides: what the program shows and says, and what
//! the server was asked and was.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::asked::{changes, is_carried, leaving, path, tests_of};
use super::count::Count;
use super::disk::Disk;
use super::facts::{Facts, Witness};
use crate::app::dialog::Dialog;
use crate::app::flight::{Flight, Stage, Ticket};
use crate::app::model::Model;
use crate::cluster::wire;
use crate::domain::action::Verb;
use crate::domain::id::{ResourceKind, WorkloadId, WorkloadKind};
use crate::domain::observation::{Record, SourceState};
use crate::domain::plan::Danger;
use crate::sim::serve::tests::storm::{Asked, Fault, Server, Spell};

/// Silence after which nothing may be called live.
const STALE_WITHIN: Duration = Duration::from_secs(15);

/// Faults beside which nothing that is called live may differ from the server for longer than that.
/// Others delay what comes, or swallow a single watch, which only its bookmarks can tell.
const NO_DELAY: &[Fault] = &[Fault::OldDead, Fault::Cut, Fault::Colleague, Fault::Between];

/// After the last fault everything is live again.
const FRESH_WITHIN: Duration = Duration::from_secs(20);

/// How long after the last fault an outcome may stay unknown, where it can be told at all.
const VERDICT_WITHIN: Duration = Duration::from_secs(25);

/// The longest that a key may wait.
const KEY_WITHIN: Duration = Duration::from_millis(100);

/// A confirmed action.
#[derive(Debug)]
struct Pressed {
    ticket: Ticket,
    /// As which it leaves.
    verb: Verb,
    /// What is toward safety leaves although the journal cannot be written.
    danger: Danger,
    /// Whether another action that leaves in the same way was on its way: which of the two a write
    /// belongs to cannot be told from outside. A wave-off is an abort or an undo there.
    twin: bool,
    /// What was on the screen.
    seen: Facts,
    /// Paths of the writes that are still to come, and those that came.
    open: Vec<String>,
    came: Vec<(String, u16)>,
    applied: u64,
    unknown: bool,
    over: bool,
    /// How often storage had been restored by then: what was done before may be undone by it.
    restores: u64,
}

/// The referee.
#[derive(Debug)]
pub(super) struct Referee {
    server: Arc<Server>,
    disk: Arc<Disk>,
    pressed: Vec<Pressed>,
    known: usize,
    /// Newest ticket before a key, and what was on the screen then.
    before: (u64, Option<(WorkloadId, Facts)>),
    /// Last version that was shown of each workload, and restores by then.
    shown: BTreeMap<String, (String, u64)>,
    words: BTreeMap<String, &'static str>,
    stages: BTreeMap<u64, &'static str>,
    /// The disk was wrong at some time.
    disk_was_wrong: bool,
    calm: Option<Instant>,
    /// Everything was live and as the server has it.
    settled: bool,
    /// Further time for what must wait by its own rules.
    patience: Duration,
    /// Whether no fault of this storm delays what comes.
    prompt: bool,
    /// Since when a source is called live and is not as the server has it.
    differs: BTreeMap<ResourceKind, Instant>,
    pub(super) count: Count,
    pub(super) complaints: Vec<String>,
}

impl Referee {
    pub(super) fn new(server: Arc<Server>, disk: Arc<Disk>, spells: &[Spell]) -> Self {
        let has = |fault: Fault| spells.iter().any(|spell| spell.fault == fault);
        // What is forbidden is asked again every 30 s; an answer that never comes is waited for.
        let patience = match () {
            () if has(Fault::Forbidden) => Duration::from_secs(14),
            () if has(Fault::Hung) => Duration::from_secs(6),
            () => Duration::ZERO,
        };
        Self {
            server,
            disk,
            pressed: Vec::new(),
            known: 0,
            before: (0, None),
            shown: BTreeMap::new(),
            words: BTreeMap::new(),
            stages: BTreeMap::new(),
            disk_was_wrong: false,
            calm: None,
            settled: false,
            patience,
            prompt: spells.iter().all(|spell| NO_DELAY.contains(&spell.fault)),
            differs: BTreeMap::new(),
            count: Count::default(),
            complaints: Vec::new(),
        }
    }

    fn complain(&mut self, text: String) {
        self.server.note(&format!("COMPLAINT: {text}"));
        self.complaints.push(text);
    }

    pub(super) fn event(&mut self, fault: Fault, begins: bool, last: bool) {
        if begins {
            // What leads to safety waits for a slow one only for a moment.
            self.disk_was_wrong |=
                matches!(fault, Fault::DiskFull | Fault::SyncFails | Fault::SlowDisk);
        }
        if last {
            self.calm = Some(Instant::now());
        }
    }

    /// How long a key waited for the loop.
    pub(super) fn waited(&mut self, waited: Duration) {
        self.count.keys += 1;
        if waited > KEY_WITHIN {
            self.complain(format!("a key waited for {waited:?}"));
        }
    }

    pub(super) fn before_key(&mut self, model: &Model, may_act: bool) {
        let seen = match &model.dialog {
            Some(Dialog::Confirm(dialog)) if may_act => {
                let id = dialog.plan.id.clone();
                model.fleet.workload(&id).map(|workload| (id, Facts::shown(workload)))
            }
            _ => None,
        };
        self.before = (model.next_ticket, seen);
    }

    pub(super) fn after_key(&mut self, model: &Model) {
        let new = model.flights.iter().filter(|flight| flight.ticket.0 >= self.before.0);
        let new: Vec<_> = new.filter(|flight| !is_carried(flight)).collect();
        if new.len() > 1 {
            self.complain("one key, several actions".into());
        }
        for flight in new {
            self.count.actions += 1;
            let plan = &flight.plan;
            self.server.note(&format!(
                "confirmed {:?} {} {}",
                flight.ticket,
                plan.action.verb.name(),
                plan.id
            ));
            let Some((id, seen)) = self.before.1.clone() else {
                self.complain(format!("{} was never confirmed", plan.action.verb.name()));
                continue;
            };
            if id != plan.id {
                self.complain(format!("{id} was confirmed, {} is meant", plan.id));
            }
            self.expect(flight, seen);
        }
    }

    /// The writes of this action are to come.
    fn expect(&mut self, flight: &Flight, seen: Facts) {
        let plan = &flight.plan;
        let verb = leaving(plan);
        let mut twin = false;
        for other in &mut self.pressed {
            if other.verb == verb && other.seen.is_of(&seen) && !other.over {
                (other.twin, twin) = (true, true);
            }
        }
        self.count.twins += u64::from(twin);
        self.pressed.push(Pressed {
            ticket: flight.ticket,
            verb,
            danger: plan.danger,
            twin,
            seen,
            open: plan.writes.iter().map(|w| path(&w.object, w.status)).collect(),
            came: Vec::new(),
            applied: 0,
            unknown: false,
            over: false,
            restores: self.server.restores(),
        });
    }

    /// The later moves of a wave-off: planned from what was just seen, without a key, and only
    /// while the version that it leads to is the one that is wanted, or a hold was let go.
    fn expect_carried(&mut self, model: &Model) {
        let is_new = |flight: &&Flight| {
            is_carried(flight) && !self.pressed.iter().any(|p| p.ticket == flight.ticket)
        };
        let new: Vec<Flight> = model.flights.iter().filter(is_new).cloned().collect();
        for flight in new {
            self.count.carried += 1;
            let Some(workload) = model.fleet.workload(&flight.plan.id) else {
                self.complain("a move on something that is not there".into());
                continue;
            };
            self.expect(&flight, Facts::shown(workload));
        }
    }

    /// After each message.
    pub(super) fn look(&mut self, model: &Model) {
        self.expect_carried(model);
        let asked = self.server.asked(self.known);
        self.known += asked.len();
        for asked in asked {
            self.written(&asked);
        }
        self.follow_flights(model);
        self.compare_shown(model);
        self.follow_sources(model);
    }

    /// After each tick.
    pub(super) fn tick(&mut self, model: &Model) {
        let silent = self.server.silent_for();
        if silent > STALE_WITHIN {
            self.count.silences += 1;
            let live: Vec<String> = model
                .sources
                .iter()
                .filter(|(_, state)| state.is_live())
                .map(|(source, _)| source.kind.resource().to_owned())
                .collect();
            if !live.is_empty() {
                self.complain(format!("called live after {silent:?} of silence: {live:?}"));
            }
        }
        if self.prompt {
            self.compare_live(model);
        }
        self.bounds(model);
        self.settle(model);
    }

    /// What is called live is what the server has, but for what is on its way.
    fn compare_live(&mut self, model: &Model) {
        for (source, state) in &model.sources {
            let kind = source.kind;
            let Some(text) = self.difference(model, kind).filter(|_| state.is_live()) else {
                self.differs.remove(&kind);
                continue;
            };
            let since = *self.differs.entry(kind).or_insert_with(Instant::now);
            if since.elapsed() > STALE_WITHIN {
                self.complain(format!("called live for {:?}: {text}", since.elapsed()));
                self.differs.remove(&kind);
            }
        }
    }

    fn bounds(&mut self, model: &Model) {
        let story = model.stories.values().map(std::collections::VecDeque::len).max();
        let sizes = [
            ("troubles", model.troubles.len(), 200),
            ("flights", model.flights.len(), 100),
            ("a story", story.unwrap_or(0), 300),
            ("screens", model.screens.len(), 32),
        ];
        for (what, size, most) in sizes {
            if size > most {
                self.complain(format!("{what}: {size}, {most} at most"));
            }
        }
    }

    /// A write reached the server.
    fn written(&mut self, asked: &Asked) {
        self.count.writes += 1;
        let tests = tests_of(&asked.body);
        let fits = |pressed: &Pressed| {
            let fallback = asked.path.clone() + "/status";
            pressed.open.contains(&asked.path)
                || pressed.came.last().is_some_and(|(path, code)| *path == fallback && *code == 404)
        };
        let mut places: Vec<usize> = (0..self.pressed.len())
            .filter(|place| fits(&self.pressed[*place]))
            .filter(|place| changes(self.pressed[*place].verb, &asked.body))
            .collect();
        // An action that was never sent has the same path as the next one.
        places.sort_by_key(|place| self.pressed[*place].over);
        let Some(first) = places.first().copied() else {
            self.complain(format!("nobody asked for this write: {} {}", asked.path, asked.body));
            return;
        };
        let told = |place: usize| {
            let pressed = &self.pressed[place];
            Witness::new(pressed.verb, &asked.path).complaint(&pressed.seen, &tests)
        };
        let place = places.iter().copied().find(|p| told(*p).is_none()).unwrap_or(first);
        if let Some(complaint) = told(place) {
            self.complain(format!("{complaint}: {}", asked.body));
        }
        self.settle_write(place, asked);
    }

    fn settle_write(&mut self, place: usize, asked: &Asked) {
        let kept = self.tickets(place).any(|t| self.disk.has(t.0, "intent", asked.journal));
        let pressed = &mut self.pressed[place];
        if let Some(at) = pressed.open.iter().position(|open| *open == asked.path) {
            pressed.open.remove(at);
        }
        pressed.came.push((asked.path.clone(), asked.code));
        let (verb, seen) = (pressed.verb, pressed.seen.clone());
        let mut complaints = Vec::new();
        let twin = pressed.twin;
        let excused = (pressed.danger == Danger::Safety || twin) && self.disk_was_wrong;
        if !kept && !excused {
            complaints.push(format!("{} left before its intent was kept", verb.name()));
        }
        if asked.code == 200 {
            pressed.applied += 1;
            self.count.applied += 1;
            if pressed.over && !twin {
                complaints.push(format!("{} arrived after its verdict", verb.name()));
            }
            let before = asked.before.as_ref().map(|object| Facts::stored(object));
            match before {
                Some(before) if seen.is_target(&before, verb) => {}
                before => complaints.push(format!(
                    "wrong target of {}: shown {seen:?}, hit {before:?}",
                    verb.name()
                )),
            }
        }
        for text in complaints {
            self.complain(text);
        }
    }

    /// The action at this place, and its twins.
    fn tickets(&self, place: usize) -> impl Iterator<Item = Ticket> {
        let meant = &self.pressed[place];
        let twins = self.pressed.iter().enumerate().filter(move |(at, other)| {
            let same = other.verb == meant.verb && other.seen.is_of(&meant.seen);
            *at == place || (meant.twin && other.twin && same)
        });
        twins.map(|(_, pressed)| pressed.ticket)
    }

    fn follow_flights(&mut self, model: &Model) {
        let mut complaints = Vec::new();
        let restores = self.server.restores();
        for flight in &model.flights {
            let word = flight.stage.word();
            if self.stages.insert(flight.ticket.0, word) == Some(word) {
                continue;
            }
            self.server.note(&format!("{:?} {word} {}", flight.ticket, flight.stage.detail()));
            let found = self.pressed.iter_mut().find(|p| p.ticket == flight.ticket);
            let Some(pressed) = found else { continue };
            let unknown = pressed.unknown;
            match &flight.stage {
                Stage::Unknown(_) => {
                    pressed.unknown = true;
                    self.count.unknown += 1;
                }
                Stage::Refused(text) => {
                    pressed.over = true;
                    self.count.said_not_done += u64::from(unknown);
                    if pressed.applied > 0 && pressed.restores == restores && !pressed.twin {
                        complaints.push(format!("done, but said: {text}"));
                    }
                }
                Stage::Accepted | Stage::Observed(_) | Stage::InEffect(_) => {
                    let first = !pressed.over;
                    pressed.over = true;
                    self.count.said_done += u64::from(unknown && first);
                    let nothing_moved = || {
                        let now = stored(&self.server, &pressed.seen);
                        now.is_some_and(|now| pressed.seen.is_target(&now, pressed.verb))
                    };
                    let undone = pressed.applied == 0 && !pressed.twin;
                    if first && undone && (!unknown || nothing_moved()) {
                        complaints.push(format!("not done, but said: {word}"));
                    }
                    self.count.by_others += u64::from(pressed.applied == 0 && first);
                }
                Stage::Superseded(_) => self.count.said_superseded += u64::from(unknown),
                Stage::Overdue(_) => self.count.said_unknowable += u64::from(unknown),
                Stage::Sent => {}
            }
        }
        for text in complaints {
            self.complain(text);
        }
    }

    /// What is on the screen was true at the version that it has, and does not go back.
    fn compare_shown(&mut self, model: &Model) {
        let restores = self.server.restores();
        if model.fleet.workloads().next().is_none() && !self.shown.is_empty() {
            self.complain("nothing is shown any more".into());
        }
        for workload in model.fleet.workloads() {
            let (uid, version) = (workload.uid.to_string(), workload.resource_version.to_string());
            let last = self.shown.get(&uid).cloned();
            if last.as_ref().is_some_and(|(last, _)| *last == version) {
                continue;
            }
            self.count.compared += 1;
            let facts = Facts::shown(workload);
            let known = self.server.versions(&uid, &version);
            if !known.iter().any(|object| Facts::stored(object) == facts) {
                let text = format!("{} {version} was never so: {facts:?}", workload.id);
                self.complain(text);
            }
            if let Some((last, at)) = last
                && number(&version) < number(&last)
                && at == restores
            {
                self.complain(format!("{} went back from {last} to {version}", workload.id));
            }
            self.shown.insert(uid, (version, restores));
        }
    }

    fn follow_sources(&mut self, model: &Model) {
        for (source, state) in &model.sources {
            let word = match state {
                SourceState::Loading(_) => "loading",
                SourceState::Live(_) => "live",
                SourceState::Resyncing(_) => "resyncing",
                SourceState::Stale { .. } => "stale",
                SourceState::Forbidden(_) => "forbidden",
                SourceState::Missing(_) => "missing",
            };
            let name = source.kind.resource().to_owned();
            if self.words.insert(name.clone(), word) != Some(word) {
                self.server.note(&format!("{name} {word}"));
            }
        }
    }

    /// After the storm: everything is live and as the server has it, in time.
    fn settle(&mut self, model: &Model) {
        let Some(calm) = self.calm else { return };
        if self.settled {
            return;
        }
        let obstacle = self.obstacle(model);
        let passed = calm.elapsed();
        match obstacle {
            None => {
                self.settled = true;
                self.server.note(&format!("true again after {passed:?}"));
            }
            Some(text) if passed > FRESH_WITHIN + self.patience => {
                self.complain(format!("{passed:?} after the last fault: {text}"));
            }
            Some(_) => {}
        }
    }

    /// Why not everything is live and true.
    fn obstacle(&self, model: &Model) -> Option<String> {
        let not_live = model.sources.iter().find(|(_, state)| !state.is_live());
        if let Some((source, state)) = not_live {
            return Some(format!("{} is {state:?}", source.kind.resource()));
        }
        model.sources.keys().find_map(|source| self.difference(model, source.kind))
    }

    /// What the model has otherwise than the server.
    fn difference(&self, model: &Model, kind: ResourceKind) -> Option<String> {
        let stored = self.server.objects(kind.resource());
        let stored: Vec<Record> =
            stored.iter().filter_map(|object| wire::decode(kind, object).record).collect();
        let fleet = &model.fleet;
        let (count, same): (usize, bool) = match kind {
            ResourceKind::Rollouts | ResourceKind::Deployments => {
                let of_kind = |id: &WorkloadId| {
                    (id.kind == WorkloadKind::Rollout) == (kind == ResourceKind::Rollouts)
                };
                let same = stored.iter().all(|record| match record {
                    Record::Workload(w) => fleet.workload(&w.id) == Some(w.as_ref()),
                    _ => false,
                });
                (fleet.workloads().filter(|w| of_kind(&w.id)).count(), same)
            }
            ResourceKind::ReplicaSets => {
                let same = stored.iter().all(|record| match record {
                    Record::ReplicaSet(r) => fleet.replica_sets.get(&r.uid) == Some(r.as_ref()),
                    _ => false,
                });
                (fleet.replica_sets.len(), same)
            }
            ResourceKind::Pods => {
                let same = stored.iter().all(|record| match record {
                    Record::Pod(r) => fleet.pods.get(&r.uid) == Some(r.as_ref()),
                    _ => false,
                });
                (fleet.pods.len(), same)
            }
            ResourceKind::Events => {
                let same = stored.iter().all(|record| match record {
                    Record::Event(r) => fleet.events.get(&r.uid) == Some(r.as_ref()),
                    _ => false,
                });
                (fleet.events.len(), same)
            }
            _ => return None,
        };
        if same && count == stored.len() {
            return None;
        }
        Some(format!("{}: {count} shown, {} stored, not the same", kind.resource(), stored.len()))
    }

    /// Whether nothing more is to be waited for.
    pub(super) fn is_done(&self, model: &Model) -> bool {
        let waits = |stage: &Stage| match stage {
            Stage::Sent => true,
            Stage::Unknown(_) => self.calm.is_none_or(|calm| calm.elapsed() < VERDICT_WITHIN),
            _ => false,
        };
        self.settled && !model.flights.iter().any(|flight| waits(&flight.stage))
    }

    pub(super) fn end(&mut self, model: &Model) {
        if let Some(text) = self.disk.complaint() {
            self.complain(text);
        }
        if !self.complaints.is_empty() {
            return;
        }
        for flight in &model.flights {
            // What somebody else changed meanwhile may never tell.
            self.count.undecided += u64::from(matches!(flight.stage, Stage::Unknown(_)));
            if matches!(flight.stage, Stage::Sent) {
                let text = format!("{:?} has no verdict: {:?}", flight.ticket, flight.stage);
                self.complain(text);
            }
        }
    }
}

/// The moment at which the server has what was shown.
fn stored(server: &Server, seen: &Facts) -> Option<Facts> {
    let all = ["rollouts", "deployments"].map(|resource| server.objects(resource));
    all.iter().flatten().map(|object| Facts::stored(object)).find(|facts| facts.is_of(seen))
}

fn number(version: &str) -> u64 {
    version.parse().unwrap_or_default()
}
