//! The server: a world that goes on by itself, its API on connections in memory, what was asked of
//! it, and what was true when.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::fault::Fault;
use super::line::{Death, Line, Lines};
use super::{Chance, gate, hands, scene};
use crate::sim::api::{Cut, Desk, Person, Rule};
use crate::sim::object::Document;
use crate::sim::serve::clock::Clock;
use crate::sim::serve::shared::Shared;
use crate::sim::serve::stage::Stage;
use crate::sim::store::{Kind, Object, Store};
use crate::sim::time::{Moment, Span, parse};

/// The pilot's token.
pub(super) const TOKEN: &str = "pilot-token";

/// Between two backups of storage.
const BACKUP_EVERY: Duration = Duration::from_secs(12);

/// A write of the program, as the server met it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) body: Value,
    /// What storage came to; 0 when the request was refused before, or lost.
    pub(crate) code: u16,
    /// The object just before it.
    pub(crate) before: Option<Arc<Value>>,
    /// Lines of the journal that were on the disk when it came.
    pub(crate) journal: usize,
}

/// An object at one of its versions.
pub(crate) type Version = Arc<Value>;

#[derive(Debug)]
struct State {
    chance: Chance,
    active: Vec<Fault>,
    struck: BTreeMap<Fault, u64>,
    backups: VecDeque<(Instant, Store)>,
    /// A restored server takes positions of before, and tells older ones.
    rewinds: bool,
    restored_at: u64,
    /// Collections that were listed since.
    listed: BTreeSet<String>,
    next_deed: Instant,
    asked: Vec<Asked>,
    versions: BTreeMap<(String, String), Vec<Version>>,
    seen: u64,
    restores: u64,
    trace: String,
}

/// The server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(super) shared: Arc<Shared>,
    pub(super) lines: Lines,
    pub(super) gitops: bool,
    /// Lines of the program's journal that are on the disk.
    journal: Arc<AtomicUsize>,
    began: Instant,
    start: Moment,
    state: Mutex<State>,
}

impl Server {
    /// A server of this seed.
    pub(crate) fn new(seed: u64, gitops: bool, journal: Arc<AtomicUsize>) -> Arc<Self> {
        let began = Instant::now();
        let start = parse("2026-11-24T10:00:00Z").unwrap();
        let mut chance = Chance::new(seed, 1);
        let world = scene::build(seed, &mut chance, start, gitops);
        let desk = Desk::new(vec![
            Person::with_all_rights("pilot", TOKEN),
            Person::with_all_rights("operator", hands::TOKEN),
        ]);
        let clock = Clock::paced(1.0, move || start + Span::from_std(began.elapsed()).unwrap());
        let server = Arc::new(Self {
            shared: Arc::new(Shared::new(Stage::Alone(Box::new(world)), desk, clock)),
            lines: Lines::new(Chance::new(seed, 2)),
            gitops,
            journal,
            began,
            start,
            state: Mutex::new(State {
                chance,
                active: Vec::new(),
                struck: BTreeMap::new(),
                backups: VecDeque::new(),
                rewinds: false,
                restored_at: 0,
                listed: BTreeSet::new(),
                next_deed: began,
                asked: Vec::new(),
                versions: BTreeMap::new(),
                seen: 0,
                restores: 0,
                trace: String::new(),
            }),
        });
        server.learn_all();
        server
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clock that is never wrong, in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        (self.start + Span::from_std(self.began.elapsed()).unwrap()).timestamp_millis()
    }

    /// Notes a line of the trace.
    pub(crate) fn note(&self, text: &str) {
        let at = self.began.elapsed();
        let mut state = self.state();
        state.trace.push_str(&format!("{:9.3} {text}\n", at.as_secs_f64()));
    }

    /// Everything that was noted.
    pub(crate) fn trace(&self) -> String {
        self.state().trace.clone()
    }

    /// Faults that met something, and how often.
    pub(crate) fn struck(&self) -> BTreeMap<Fault, u64> {
        self.state().struck.clone()
    }

    /// A fault met something.
    pub(crate) fn strike(&self, fault: Fault) {
        *self.state().struck.entry(fault).or_default() += 1;
    }

    /// Whether a fault that goes on meets this.
    pub(super) fn is_struck(&self, fault: Fault) -> bool {
        let mut state = self.state();
        if !state.active.contains(&fault) || !state.chance.percent(fault.share()) {
            return false;
        }
        *state.struck.entry(fault).or_default() += 1;
        true
    }

    pub(super) fn roll(&self, low: u64, high: u64) -> u64 {
        self.state().chance.between(low, high)
    }

    /// A token for the program.
    pub(crate) fn token() -> &'static str {
        TOKEN
    }

    /// A new connection, once somebody takes it.
    pub(crate) async fn dial(self: Arc<Self>) -> io::Result<Line> {
        if self.lines.sky().refused {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        while self.lines.sky().hole {
            sleep(Duration::from_millis(100)).await;
        }
        let (line, far, own) = self.lines.connect();
        tokio::spawn(gate::serve(self, far, own));
        Ok(line)
    }

    /// Lets the world go on, and the people in it.
    pub(crate) async fn drive(self: Arc<Self>) {
        loop {
            let wait = self.shared.pass();
            self.learn();
            self.go_on();
            tokio::select! {
                biased;
                () = sleep(wait) => {}
                () = self.shared.woken.notified() => {}
            }
        }
    }

    fn go_on(&self) {
        let now = Instant::now();
        let due = {
            let mut state = self.state();
            if state.backups.back().is_none_or(|(at, _)| now - *at >= BACKUP_EVERY) {
                let copy = self.shared.look(|world, _| world.store().clone());
                state.backups.push_back((now, copy));
                if state.backups.len() > 2 {
                    state.backups.pop_front();
                }
            }
            let due = state.active.contains(&Fault::Colleague) && now >= state.next_deed;
            if due {
                let pause = state.chance.between(300, 6_000);
                state.next_deed = now + Duration::from_millis(pause);
            }
            due
        };
        if due {
            self.strike(Fault::Colleague);
            let place = usize::try_from(self.roll(0, 2)).unwrap();
            self.colleague(place);
        }
    }

    /// The colleague does something to a workload.
    pub(super) fn colleague(&self, place: usize) {
        let mut chance = Chance::new(self.roll(0, u64::MAX - 1), 3);
        let gitops = self.gitops;
        let told =
            self.shared.change(|world, desk| hands::act(world, desk, &mut chance, place, gitops));
        self.learn();
        self.note(&told);
    }

    /// A fault begins.
    pub(crate) fn begin(&self, fault: Fault) {
        self.note(&format!("begins: {}", fault.words()));
        self.state().active.push(fault);
        let open = self.lines.count();
        match fault {
            Fault::Cut => self.end_lines(Death::Closed),
            Fault::Reset => self.tear_lines(open),
            Fault::Blackhole => self.lines.change(|sky| sky.hole = true),
            Fault::DeadStream if open > 0 => {
                let place = usize::try_from(self.roll(0, open as u64 - 1)).unwrap();
                self.lines.mute(|one| one == place);
            }
            Fault::OldDead => self.lines.mute(|_| true),
            Fault::Refused | Fault::Restart | Fault::Restored => {
                self.lines.change(|sky| sky.refused = true);
                self.lines.kill(Death::Reset, |_| true);
                if fault == Fault::Restored {
                    self.restore();
                }
            }
            Fault::OneByte => {
                let piece = usize::try_from(self.roll(1, 7)).unwrap();
                self.lines.change(|sky| sky.piece = piece);
            }
            Fault::Narrow => self.lines.change(|sky| sky.rate = Some(2_500)),
            Fault::Shuffled => self.lines.change(|sky| sky.delay = Duration::from_millis(800)),
            Fault::Ended => self.shared.change(|_, desk| desk.faults.cut_watches(Cut::Ended)),
            Fault::Forgotten => self.forget(),
            Fault::Namesake => {
                let place = usize::try_from(self.roll(0, 2)).unwrap();
                let told = self.shared.change(|world, desk| hands::make_anew(world, desk, place));
                self.learn();
                self.note(&told);
            }
            Fault::Revoked => self.shared.change(|_, desk| take_rights(desk)),
            Fault::GoneInStream => self.shared.change(|_, _| ()),
            _ => {}
        }
        let at_once = [
            Fault::Cut,
            Fault::Reset,
            Fault::Ended,
            Fault::Forgotten,
            Fault::Namesake,
            Fault::Refused,
            Fault::Restart,
            Fault::Restored,
            Fault::DeadStream,
            Fault::OldDead,
            Fault::Revoked,
            Fault::GitOps,
            Fault::Blackhole,
            Fault::OneByte,
            Fault::Narrow,
            Fault::Shuffled,
        ];
        if at_once.contains(&fault) && (open > 0 || fault == Fault::GitOps) {
            self.strike(fault);
        }
    }

    /// It is over.
    pub(crate) fn end(&self, fault: Fault) {
        self.note(&format!("over: {}", fault.words()));
        {
            let mut state = self.state();
            if let Some(at) = state.active.iter().position(|active| *active == fault) {
                state.active.remove(at);
            }
        }
        let active = self.state().active.clone();
        let still = |faults: &[Fault]| active.iter().any(|fault| faults.contains(fault));
        let away = still(&[Fault::Refused, Fault::Restart, Fault::Restored]);
        match fault {
            Fault::Blackhole if !still(&[fault]) => self.lines.change(|sky| sky.hole = false),
            Fault::DeadStream | Fault::OldDead => self.lines.unmute(),
            Fault::Refused | Fault::Restart | Fault::Restored => {
                if fault == Fault::Restart {
                    // A server that starts remembers nothing of what was.
                    self.forget();
                }
                self.lines.change(|sky| sky.refused = away);
            }
            Fault::OneByte => self.lines.change(|sky| sky.piece = usize::MAX),
            Fault::Narrow => self.lines.change(|sky| sky.rate = None),
            Fault::Shuffled => self.lines.change(|sky| sky.delay = Duration::ZERO),
            Fault::Revoked => self.shared.change(|_, desk| {
                desk.person_mut("pilot").unwrap().taken.clear();
            }),
            _ => {}
        }
    }

    fn end_lines(&self, death: Death) {
        let rolls = self.roll(0, u64::MAX - 1);
        let all = rolls.is_multiple_of(3);
        self.lines.kill(death, |place| all || (rolls >> (place % 60)) & 1 == 1);
    }

    fn tear_lines(&self, open: usize) {
        for place in 0..open {
            if self.roll(0, 9) < 7 {
                let after = usize::try_from(self.roll(0, 1_500)).unwrap();
                self.lines.tear(place, after);
            }
        }
    }

    pub(super) fn forget(&self) {
        self.shared.pass();
        self.learn();
        self.shared.change(|world, _| world.store_mut().compact());
    }

    fn restore(&self) {
        self.shared.pass();
        self.learn();
        let mut state = self.state();
        let Some((_, copy)) = state.backups.pop_front() else { return };
        state.backups.clear();
        state.restores += 1;
        state.restored_at = copy.version();
        state.listed.clear();
        state.rewinds = state.chance.percent(50);
        state.seen = copy.version();
        drop(state);
        self.shared.change(|world, _| world.restore(copy));
        self.learn_all();
    }

    /// Whether a position in this collection may be of before a restore.
    pub(super) fn is_lost(&self, path: &str) -> bool {
        let state = self.state();
        state.restores > 0 && !state.listed.contains(path)
    }

    /// A collection is listed: positions in it are of now.
    pub(super) fn listed(&self, path: &str) {
        self.state().listed.insert(path.to_owned());
    }

    /// The version that a lost position is taken for, where it is not refused.
    pub(super) fn rewinds(&self) -> Option<u64> {
        let state = self.state();
        state.rewinds.then_some(state.restored_at)
    }

    /// How often storage was restored.
    pub(crate) fn restores(&self) -> u64 {
        self.state().restores
    }

    /// Remembers the versions that came up since the last look.
    pub(super) fn learn(&self) {
        let seen = self.state().seen;
        let (new, version): (Vec<Object>, u64) = self.shared.look(|world, _| {
            let store = world.store();
            let changes = store.history().since(seen);
            let new = changes
                .into_iter()
                .flatten()
                .filter(|change| matches!(change.key.kind, Kind::Rollout | Kind::Deployment));
            (new.map(|change| Arc::clone(&change.object)).collect(), store.version())
        });
        self.remember(new, version);
    }

    fn learn_all(&self) {
        let (all, version) = self.shared.look(|world, _| {
            let kinds = [Kind::Rollout, Kind::Deployment];
            let all = kinds.iter().flat_map(|kind| world.store().list(*kind, None));
            (all.cloned().collect(), world.store().version())
        });
        self.remember(all, version);
    }

    fn remember(&self, objects: Vec<Object>, version: u64) {
        let mut state = self.state();
        for object in objects {
            let rv = object.text("/metadata/resourceVersion").to_owned();
            let known = state.versions.entry((object.uid().to_owned(), rv)).or_default();
            if !known.contains(&object) {
                known.push(object);
            }
        }
        state.seen = version;
    }

    /// What an object was at a version.
    pub(crate) fn versions(&self, uid: &str, version: &str) -> Vec<Version> {
        let key = (uid.to_owned(), version.to_owned());
        self.state().versions.get(&key).cloned().unwrap_or_default()
    }

    /// Everything there is of a kind now, by the name of its resource.
    pub(crate) fn objects(&self, resource: &str) -> Vec<Version> {
        let facts = crate::sim::store::KINDS.iter().find(|facts| facts.plural == resource);
        let kind = facts.map(|facts| facts.kind);
        self.shared.look(|world, _| {
            kind.map(|kind| world.store().list(kind, None).cloned().collect()).unwrap_or_default()
        })
    }

    /// Writes of the program after the first `known` ones.
    pub(crate) fn asked(&self, known: usize) -> Vec<Asked> {
        self.state().asked[known..].to_vec()
    }

    pub(super) fn asked_for(&self, asked: Asked) {
        self.state().asked.push(asked);
    }

    pub(super) fn journal(&self) -> usize {
        self.journal.load(Ordering::Relaxed)
    }

    /// For how long no client has read a byte.
    pub(crate) fn silent_for(&self) -> Duration {
        self.lines.sky().heard.elapsed()
    }
}

fn take_rights(desk: &mut Desk) {
    let rules =
        [("argoproj.io", "rollouts"), ("argoproj.io", "rollouts/status"), ("apps", "deployments")];
    let taken = rules.map(|(group, resource)| Rule::new(&["patch"], group, &[resource]));
    desk.person_mut("pilot").unwrap().taken.extend(taken);
}
