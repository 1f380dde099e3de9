//! One run: everything in one thread, on one virtual clock, in an order that the seed decides.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::count::Count;
use super::disk::Disk;
use super::person::Person;
use super::referee::Referee;
use super::teller::Teller;
use crate::app::dialog::Dialog;
use crate::app::journal::SessionStamp;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::msg::Msg;
use crate::app::session::{Environment, EnvironmentRule, Level, Mode, Scope, Session};
use crate::cluster::Pace;
use crate::cluster::tests::{seeded, streams};
use crate::domain::time::parse_rfc3339;
use crate::runtime::alerts::Plan;
use crate::runtime::clock::Clock;
use crate::runtime::door::Door;
use crate::runtime::engine::{Engine, Inbox};
use crate::runtime::feed;
use crate::runtime::measure::SignIn;
use crate::runtime::repository::Repositories;
use crate::runtime::state::{Guards, Journal, Passes};
use crate::sim::serve::tests::storm::{Chance, Fault, Server, Spell};

/// How long faults come.
const STORM: Duration = Duration::from_secs(32);

/// Between two ticks, as the cockpit has it.
const TICK: Duration = Duration::from_millis(200);

/// How long after the last fault everything has to be over and true.
const LONGEST: Duration = Duration::from_secs(150);

/// An hour, in milliseconds.
const HOUR: i64 = 3_600_000;

/// What a run came to.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) trace: String,
    /// Faults that met something, and how often.
    pub(super) struck: BTreeMap<Fault, u64>,
    pub(super) count: Count,
    /// Virtual time that passed.
    pub(super) passed: Duration,
    pub(super) complaints: Vec<String>,
}

/// Runs a seed with the faults that it draws.
pub(super) fn run(seed: u64) -> Outcome {
    play(seed, &Spell::draw(&mut Chance::new(seed, 10), STORM))
}

/// Runs a seed with these faults: what they are, when they begin and how long they last, in
/// seconds.
pub(super) fn replay(seed: u64, faults: &[(Fault, u64, u64)]) -> Outcome {
    let seconds = Duration::from_secs;
    let spell = |(fault, from, lasts): &(Fault, u64, u64)| Spell {
        fault: *fault,
        from: seconds(*from),
        lasts: seconds(*lasts),
    };
    play(seed, &faults.iter().map(spell).collect::<Vec<_>>())
}

fn play(seed: u64, spells: &[Spell]) -> Outcome {
    seeded::sow(Some(seed));
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().unwrap();
    let outcome = runtime.block_on(fly(seed, spells));
    drop(runtime);
    seeded::sow(None);
    outcome
}

struct Storm {
    server: Arc<Server>,
    engine: Engine,
    teller: Teller,
    disk: Arc<Disk>,
    person: Person,
    referee: Referee,
    /// Begins and ends of faults, the next one last.
    events: Vec<(Instant, Fault, bool)>,
    began: Instant,
    /// When the person presses next; never once the storm is over.
    press: Option<Instant>,
    keys: mpsc::Sender<(Instant, Msg)>,
}

async fn fly(seed: u64, spells: &[Spell]) -> Outcome {
    let began = Instant::now();
    let gitops = spells.iter().any(|spell| spell.fault == Fault::GitOps);
    let lines = Arc::new(AtomicUsize::new(0));
    let server = Server::new(seed, gitops, Arc::clone(&lines));
    tokio::spawn(Arc::clone(&server).drive());
    let teller = Teller::new(Arc::clone(&server));
    let disk = Arc::new(Disk::new(seed, Arc::clone(&server), lines));
    let (engine, inbox) = program(&server, &teller, &disk);
    let mut events: Vec<(Instant, Fault, bool)> = spells
        .iter()
        .flat_map(|spell| {
            let from = began + spell.from;
            [(from, spell.fault, true), (from + spell.lasts, spell.fault, false)]
        })
        .collect();
    // A fault without a length begins before it is over.
    events.sort_by_key(|(at, fault, begins)| (std::cmp::Reverse(*at), *fault, *begins));
    let (keys, pressed) = mpsc::channel(64);
    let storm = Storm {
        referee: Referee::new(Arc::clone(&server), Arc::clone(&disk), spells),
        server,
        engine,
        teller,
        disk,
        person: Person::new(seed),
        events,
        began,
        press: Some(began + Duration::from_secs(1)),
        keys,
    };
    Box::pin(storm.fly(inbox, pressed)).await
}

/// The program, as it is started for a cluster.
fn program(server: &Arc<Server>, teller: &Teller, disk: &Arc<Disk>) -> (Engine, Inbox) {
    start(server, teller, disk, Guards::new(None), |_| {})
}

/// The same with what a program before it left.
pub(super) fn start(
    server: &Arc<Server>,
    teller: &Teller,
    disk: &Arc<Disk>,
    guards: Guards,
    prepare: impl FnOnce(&mut Model),
) -> (Engine, Inbox) {
    let clock = Clock::told(teller.clone());
    let dialled = Arc::clone(server);
    let dial: streams::Dial = Arc::new(move || {
        let server = Arc::clone(&dialled);
        async move {
            let line = server.dial().await?;
            Ok(Box::new(line) as Box<dyn streams::Bytes>)
        }
        .boxed()
    });
    let connection = streams::connection(dial, Server::token());
    let mut journal = Journal::new(None);
    journal.disk = Some(Arc::clone(disk));
    let mut model = Model::new(session(), stamp(), clock.now());
    prepare(&mut model);
    let passes = Passes::new(None, connection.identity().server.clone());
    let repositories = Repositories::none();
    let door = Door { connection, journal, guards, passes, repositories, clock: clock.clone() };
    // Lists come in pages, so that one can be lost between two of them.
    let pace = Pace { page: 8, ..Pace::default() };
    Engine::start(model, door, clock, SignIn::default(), Plan::default(), pace)
}

fn session() -> Session {
    let environment = Environment { name: "storm".into(), level: Level::Production };
    Session {
        mode: Mode::Drill,
        context: "storm".into(),
        cluster: "storm".into(),
        server: "http://storm".into(),
        user: "pilot".into(),
        scope: Scope::All,
        read_only: false,
        insecure: false,
        environments: vec![EnvironmentRule {
            environment,
            contexts: Vec::new(),
            namespaces: Vec::new(),
        }],
        utc_offset_minutes: 0,
        started: parse_rfc3339("2026-11-24T10:00:00Z").unwrap(),
        log_path: "log".into(),
        journal_path: "journal".into(),
    }
}

fn stamp() -> SessionStamp {
    SessionStamp {
        id: "s".into(),
        user: "pilot".into(),
        context: "storm".into(),
        server: "http://storm".into(),
    }
}

impl Storm {
    async fn fly(
        mut self,
        mut inbox: Inbox,
        mut pressed: mpsc::Receiver<(Instant, Msg)>,
    ) -> Outcome {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut reports = Vec::new();
        let never = self.began + Duration::from_secs(1_000_000);
        while !self.is_over() {
            let event = self.events.last().map_or(never, |(at, _, _)| *at);
            let press = self.press.unwrap_or(never);
            // The order of the cockpit: keys, answers, reports, the pulse, time.
            tokio::select! {
                biased;
                Some((at, msg)) = pressed.recv() => self.key(at, msg),
                Some(msg) = inbox.answers.recv() => self.take(msg),
                count = inbox.arrivals.reports.recv_many(&mut reports, 256) => {
                    assert!(count > 0, "the watches ended");
                    for report in reports.drain(..) {
                        self.take(feed::message(report));
                    }
                }
                Ok(()) = inbox.arrivals.pulse.changed() => {
                    self.engine.pulse(&mut inbox.arrivals);
                }
                _ = tick.tick() => {
                    assert!(!self.engine.tidy(), "a task panicked");
                    self.take(Msg::Tick);
                    self.referee.tick(&self.engine.model);
                }
                () = sleep_until(event) => self.event(),
                () = sleep_until(press) => self.press(),
            }
            self.referee.look(&self.engine.model);
        }
        self.referee.end(&self.engine.model);
        self.engine.finish(Duration::from_secs(1)).await;
        Outcome {
            trace: self.server.trace(),
            struck: self.server.struck(),
            count: self.referee.count,
            passed: self.began.elapsed(),
            complaints: self.referee.complaints,
        }
    }

    /// Over when everything is true and every action has its verdict, or too late for that.
    fn is_over(&self) -> bool {
        let calm = self.began.elapsed().saturating_sub(STORM);
        if !self.referee.complaints.is_empty() || calm > LONGEST {
            return true;
        }
        !calm.is_zero() && self.referee.is_done(&self.engine.model)
    }

    fn take(&mut self, msg: Msg) {
        // What needs a screen has none here.
        self.engine.take(msg);
    }

    /// A key reaches the loop.
    fn key(&mut self, at: Instant, msg: Msg) {
        self.referee.waited(at.elapsed());
        let acts = matches!(msg, Msg::Key { key: Key::Enter, burst: false })
            && matches!(self.engine.model.dialog, Some(Dialog::Confirm(_)));
        if let Msg::Key { key, burst } = &msg {
            self.server.note(&format!("key {key}{}", if *burst { " in a burst" } else { "" }));
        }
        self.referee.before_key(&self.engine.model, acts);
        self.take(msg);
        self.referee.after_key(&self.engine.model);
    }

    fn press(&mut self) {
        let (msgs, fault) = self.person.act(&self.engine.model);
        if let Some(fault) = fault {
            self.server.strike(fault);
        }
        let now = Instant::now();
        for msg in msgs {
            self.keys.try_send((now, msg)).unwrap();
        }
        let next = now + self.person.hesitates(&self.engine.model);
        self.press = Some(next).filter(|next| *next < self.began + STORM);
    }

    /// A fault begins or is over.
    fn event(&mut self) {
        let Some((_, fault, begins)) = self.events.pop() else { return };
        if begins {
            self.server.begin(fault);
        } else {
            self.server.end(fault);
        }
        let ahead = |ahead: i64| self.teller.jump(if begins { ahead } else { 0 });
        match fault {
            Fault::Ahead => ahead(HOUR),
            Fault::Behind => ahead(-HOUR),
            Fault::Stopped => self.teller.stop(begins),
            Fault::DiskFull | Fault::SyncFails | Fault::SlowDisk => self.disk.set(fault, begins),
            Fault::Pasted | Fault::Resized | Fault::Noise => {
                if begins {
                    self.person.noise.push(fault);
                } else {
                    self.person.noise.retain(|noise| *noise != fault);
                }
            }
            _ => {}
        }
        if begins && matches!(fault, Fault::Ahead | Fault::Behind | Fault::Stopped) {
            self.server.strike(fault);
        }
        self.referee.event(fault, begins, self.events.is_empty());
    }
}
