//! A guard's program is killed at a random moment, and another one is started after it: whatever
//! the moment, the bad version is left once, and nothing is sent twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::disk::Disk;
use super::seeds::report;
use super::storm::start;
use super::teller::Teller;
use crate::app::guard::record;
use crate::app::journal::unfinished;
use crate::app::model::Model;
use crate::app::msg::Msg;
use crate::app::update::{arm, propose, resume};
use crate::cluster::tests::seeded;
use crate::domain::guard::State;
use crate::domain::guard::rule::{Signal, Terms};
use crate::domain::id::{Uid, WorkloadId, WorkloadKind};
use crate::domain::time::Span;
use crate::runtime::engine::{Engine, Inbox};
use crate::runtime::feed;
use crate::runtime::state::Guards;
use crate::sim::serve::tests::storm::{Chance, Server};

/// Moments, unless `WAVEOFF_KILLS` says how many.
const MOMENTS: u64 = 200;

/// A guard that finds every version sick: what is looked at here comes after the decision.
fn terms() -> Terms {
    Terms {
        healthy: 1.1,
        healthy_for: Span::seconds(2),
        pods_every: Span::seconds(1),
        ..Terms::default()
    }
}

/// Whom: the first that can be guarded.
fn ids() -> [WorkloadId; 2] {
    ["cart", "checkout"].map(|name| WorkloadId::new("shop", WorkloadKind::Rollout, name))
}

/// What a moment came to.
#[derive(Debug, Default)]
struct Outcome {
    /// What the second program said of the guard it found, or that there was none.
    found: String,
    /// Writes that the API server took.
    effects: usize,
    /// Writes that reached it.
    sent: usize,
    /// Whether users are back.
    back: bool,
}

struct Program {
    engine: Engine,
    inbox: Inbox,
}

impl Program {
    /// Lives for so long, or until this is so.
    async fn live(&mut self, most: Duration, mut until: impl FnMut(&mut Engine) -> bool) {
        let end = Instant::now() + most;
        let mut tick = interval(Duration::from_millis(200));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut reports = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            tokio::select! {
                biased;
                () = sleep(left) => return,
                Some(msg) = self.inbox.answers.recv() => { self.engine.take(msg); }
                count = self.inbox.arrivals.reports.recv_many(&mut reports, 256) => {
                    assert!(count > 0, "the watches ended");
                    for report in reports.drain(..) {
                        self.engine.take(feed::message(report));
                    }
                }
                Ok(()) = self.inbox.arrivals.pulse.changed() => {
                    self.engine.pulse(&mut self.inbox.arrivals);
                }
                _ = tick.tick() => {
                    self.engine.take(Msg::Tick);
                    if until(&mut self.engine) {
                        return;
                    }
                }
            }
        }
    }

    fn perform(engine: &mut Engine, effects: Vec<crate::app::effect::Effect>) {
        for effect in effects {
            engine.perform(effect);
        }
    }
}

/// Arms, as soon as it is possible.
fn arms(engine: &mut Engine, id: &WorkloadId) {
    if !engine.model.posts.is_empty() {
        return;
    }
    let Ok(uid) = propose(&mut engine.model, id, terms(), false) else { return };
    if let Some(proposal) = engine.model.proposals.get_mut(&uid) {
        for offer in &mut proposal.offers {
            offer.on = offer.watch.rule.signal == Signal::Pods;
        }
    }
    if let Ok(effects) = arm(&mut engine.model, &uid) {
        Program::perform(engine, effects);
    }
}

fn state(model: &Model) -> Option<&State> {
    model.posts.values().next().map(|post| &post.guard.state)
}

/// Nothing where no release was under way that could be guarded.
async fn moment(seed: u64) -> Option<Outcome> {
    let lines = Arc::new(AtomicUsize::new(0));
    let server = Server::new(seed, false, Arc::clone(&lines));
    tokio::spawn(Arc::clone(&server).drive());
    let teller = Teller::new(Arc::clone(&server));
    let disk = Arc::new(Disk::new(seed, Arc::clone(&server), lines));
    let place = tempfile::tempdir().unwrap();
    let mut chance = Chance::new(seed, 77);

    let guards = Guards::new(Some(place.path().to_owned()));
    let (engine, inbox) = start(&server, &teller, &disk, guards, |_| {});
    let mut first = Program { engine, inbox };
    let armed = |engine: &mut Engine| {
        for id in &ids() {
            arms(engine, id);
        }
        !engine.model.posts.is_empty()
    };
    first.live(Duration::from_secs(60), armed).await;
    let id = first.engine.model.posts.values().next()?.guard.arming.workload.clone();
    // It fires about three seconds from here, and acts within one.
    let kill = Duration::from_millis(chance.between(0, 6_000));
    first.live(kill, |_| false).await;
    drop(first);
    // What was on its way to the disk arrives, or not.
    sleep(Duration::from_millis(chance.between(0, 400))).await;

    let guards = Guards::new(Some(place.path().to_owned()));
    let kept = guards.left();
    let journal = disk.lines();
    let (engine, inbox) = start(&server, &teller, &disk, guards, |model| {
        model.stamp.id = "second".into();
        model.pursued = unfinished(&journal, model.now - Span::hours(1));
    });
    let mut second = Program { engine, inbox };
    let listed = |engine: &mut Engine| engine.model.fleet.workload(&id).is_some();
    second.live(Duration::from_secs(30), listed).await;
    second.live(Duration::from_secs(3), |_| false).await;
    let mut found = "nothing".to_owned();
    for value in &kept {
        let Some(post) = record::from_json(value, second.engine.model.now) else { continue };
        let uid: Uid = post.uid().clone();
        match resume(&mut second.engine.model, post) {
            Ok(effects) => {
                let note = second.engine.model.posts[&uid].notes.back().unwrap();
                found = note.detail.to_string();
                Program::perform(&mut second.engine, effects);
            }
            Err(ended) => {
                found = ended.why.to_string();
                Program::perform(&mut second.engine, ended.effects);
            }
        }
    }
    let done = |engine: &mut Engine| {
        !matches!(state(&engine.model), Some(State::Watching | State::Fired(..)))
    };
    second.live(Duration::from_secs(90), done).await;
    let patches: Vec<_> =
        server.asked(0).into_iter().filter(|a| !a.path.contains("/leases")).collect();
    let back = second.engine.model.fleet.workload(&id).is_some_and(|w| w.status.abort);
    Some(Outcome {
        found,
        effects: patches.iter().filter(|asked| asked.code == 200).count(),
        sent: patches.len(),
        back,
    })
}

#[test]
fn killed_at_any_moment_the_way_back_is_gone_once() {
    let count = std::env::var("WAVEOFF_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(MOMENTS);
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    let (mut none, mut once, mut sent, mut quiet) = (0, 0, 0, 0);
    for seed in 0.. {
        if none + once == count {
            break;
        }
        seeded::sow(Some(seed));
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().unwrap();
        let outcome = runtime.block_on(moment(seed));
        drop(runtime);
        seeded::sow(None);
        let Some(outcome) = outcome else {
            quiet += 1;
            assert!(quiet < count.max(20), "most seeds have nothing to guard");
            continue;
        };
        assert!(outcome.effects <= 1, "seed {seed}: never two: {outcome:?}");
        // What was found is gone on with to its end.
        let left = outcome.found == "nothing";
        assert!(outcome.back || (left && outcome.effects == 0), "seed {seed}: {outcome:?}");
        assert_eq!(outcome.back, outcome.effects == 1, "seed {seed}: {outcome:?}");
        *found.entry(outcome.found).or_default() += 1;
        none += u64::from(outcome.effects == 0);
        once += u64::from(outcome.effects == 1);
        sent += outcome.sent;
    }
    let mut text = format!(
        "{count} kills: {once} with one effect, {none} with none, none with two; {sent} sent"
    );
    for (what, times) in &found {
        text.push_str(&format!("\n{times:>5}  {what}"));
    }
    report(&text);
}
