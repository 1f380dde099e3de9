//! `waveoff guard`: guards releases without a screen, in tmux, as a service or in the cluster.
//!
//! Prints what happens, a line each, and ends when every guard has: with exit code 1 when one fired
//! and users are back, 3 when a person has to go on, 6 when somebody else changed the release.
//! Whatever ends it says so before, in the journal and to whoever is alerted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::app::availability;
use crate::app::effect::Effect;
use crate::app::guard::{Note, Post, record};
use crate::app::update::{arm, farewell, propose, rate, resume};
use crate::config::args::{Guard, Output};
use crate::domain::guard::{End, State};
use crate::domain::id::{PodHash, ResourceKind, Uid, WorkloadId};
use crate::domain::text::SafeText;
use crate::domain::time::{length, to_rfc3339};
use crate::error::Exit;
use crate::runtime::feed;
use crate::runtime::prompt;
use crate::runtime::say::{complain, print};
use crate::terminal::Deadly;

use super::{Failure, Headless, failure, interrupted};

/// Time between two looks at the clock.
const TICK: Duration = Duration::from_millis(250);

/// How long leaving waits for the journal, the lease and alerts.
const LEAVE_WITHIN: Duration = Duration::from_secs(8);

/// One that is going on.
struct Shift<'a> {
    session: Headless,
    asked: &'a Guard,
    /// Whom.
    ids: Vec<WorkloadId>,
    /// Notes of each that were printed.
    told: BTreeMap<Uid, usize>,
    /// Troubles with whom to tell that were printed.
    troubles: BTreeSet<SafeText>,
    /// Versions that were guarded already, or gone back to.
    done: BTreeSet<PodHash>,
    /// Why those that are proposed are not armed yet, as it was said last.
    waits: BTreeMap<WorkloadId, SafeText>,
}

impl Headless {
    /// `guard`; `left` are guards of programs that ended without an end of theirs.
    pub(in crate::runtime) async fn guard(
        mut self,
        asked: &Guard,
        left: Vec<Value>,
        mut signals: Deadly,
    ) -> Result<Exit, Failure> {
        let ids = tokio::select! {
            ids = self.guarded(asked) => ids?,
            // Nothing was begun.
            signal = signals.next() => return Err(interrupted(signal)),
        };
        let (told, waits) = (BTreeMap::new(), BTreeMap::new());
        let (troubles, done) = (BTreeSet::new(), BTreeSet::new());
        let mut shift = Shift { session: self, asked, ids, told, troubles, done, waits };
        let ended = tokio::select! {
            ended = shift.stand(&left) => ended.map(Some),
            signal = signals.next() => {
                Ok(signal.exit_code().map(Exit::Signal))
            }
        };
        let why = match &ended {
            Ok(Some(Exit::Signal(code))) => format!("ended by a signal (exit code {code})"),
            Ok(_) => "ended".to_owned(),
            Err(failure) => failure.text.clone(),
        };
        shift.leave(&why).await;
        ended.map(|exit| exit.unwrap_or(Exit::Ok))
    }

    /// Whom to guard, with all that has to be known of them.
    async fn guarded(&mut self, asked: &Guard) -> Result<Vec<WorkloadId>, Failure> {
        self.engine.model.metrics.settings.on = self.measures;
        self.settle(&ResourceKind::STATE).await?;
        let ids = asked.targets.iter().map(|target| self.resolve(target));
        let ids = ids.collect::<Result<Vec<WorkloadId>, Failure>>()?;
        if let [id] = ids.as_slice() {
            self.engine.perform(Effect::Focus(Some(id.clone())));
            self.settle(&feed::AROUND).await?;
        }
        let deadline = Instant::now() + super::LIST_WITHIN;
        for id in &ids {
            let wanted = availability::permissions_of(&self.engine.model, id);
            self.engine.perform(Effect::CheckAccess(wanted.clone()));
            let unasked =
                |this: &Self| wanted.iter().any(|p| this.engine.model.access.get(p).is_none());
            while (unasked(self) || !self.identified) && Instant::now() < deadline {
                self.step(TICK).await?;
            }
        }
        Ok(ids)
    }
}

impl Shift<'_> {
    /// Arms, and stands until every guard is over.
    async fn stand(&mut self, left: &[Value]) -> Result<Exit, Failure> {
        self.take_up(left);
        self.arm_first().await?;
        loop {
            self.tell();
            if self.asked.follow {
                self.follow();
            } else if !self.model().posts.values().any(|post| post.guard.is_on()) {
                return Ok(self.outcome());
            }
            self.session.step(TICK).await?;
        }
    }

    fn model(&self) -> &crate::app::model::Model {
        &self.session.engine.model
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.session.engine.perform(effect);
        }
    }

    fn uid(&self, id: &WorkloadId) -> Option<Uid> {
        self.model().fleet.workload(id).map(|workload| workload.uid.clone())
    }

    fn is_guarded(&self, id: &WorkloadId) -> bool {
        self.model().post(id).is_some_and(|post| post.guard.is_on())
    }

    /// Goes on with guards that were left, of the versions that are still wanted.
    fn take_up(&mut self, left: &[Value]) {
        self.session.engine.model.now = self.session.clock.now();
        for kept in left {
            let now = self.model().now;
            let Some(post) = record::from_json(kept, now) else { continue };
            if !self.ids.contains(&post.guard.arming.workload) {
                continue;
            }
            let (hash, target) = (post.guard.arming.hash.clone(), post.guard.arming.target.clone());
            match resume(&mut self.session.engine.model, post) {
                Ok(effects) => {
                    self.done.insert(hash);
                    self.done.extend(target);
                    self.perform(effects);
                }
                Err(ended) => {
                    let why = ended.why;
                    complain(&format!("a guard that was left is not gone on with: {why}"));
                    self.perform(ended.effects);
                }
            }
        }
    }

    /// Proposes, waits for data, asks, arms.
    async fn arm_first(&mut self) -> Result<(), Failure> {
        let ids: Vec<WorkloadId> =
            self.ids.iter().filter(|id| !self.is_guarded(id)).cloned().collect();
        for id in &ids {
            match self.propose(id) {
                Ok(()) => {}
                Err(why) if self.asked.follow => complain(&format!("{id}: {why}: waits for one")),
                Err(why) => return Err(failure(Exit::Refused, format!("guard {id}: {why}"))),
            }
        }
        let deadline = Instant::now() + self.asked.wait;
        while let Some((id, why)) = self.waiting() {
            if Instant::now() >= deadline {
                let text = format!("guard {id}: not armed, it could not work: {why}");
                return Err(failure(Exit::Undetermined, text));
            }
            self.say_waiting(&id, &why);
            self.session.step(TICK).await?;
        }
        self.confirm().await?;
        let uids: Vec<Uid> = self.model().proposals.keys().cloned().collect();
        for uid in uids {
            self.arm(&uid).map_err(|why| failure(Exit::Refused, format!("not armed: {why}")))?;
        }
        Ok(())
    }

    /// The first that is proposed and cannot be armed yet.
    fn waiting(&mut self) -> Option<(WorkloadId, SafeText)> {
        let uids: Vec<Uid> = self.model().proposals.keys().cloned().collect();
        for uid in &uids {
            rate(&mut self.session.engine.model, uid);
        }
        self.model()
            .proposals
            .values()
            .find_map(|proposal| Some((proposal.arming.workload.clone(), proposal.hindrance()?)))
    }

    fn say_waiting(&mut self, id: &WorkloadId, why: &SafeText) {
        if self.waits.insert(id.clone(), why.clone()).as_ref() != Some(why) {
            complain(&format!("{id}: waits: {why}"));
        }
    }

    fn propose(&mut self, id: &WorkloadId) -> Result<(), SafeText> {
        self.session.engine.model.now = self.session.clock.now();
        let terms = self.asked.terms(&self.model().terms_of(id));
        let shadow = self.asked.shadow;
        let uid = propose(&mut self.session.engine.model, id, terms, shadow)?;
        let only = &self.asked.only;
        if let Some(proposal) = self.session.engine.model.proposals.get_mut(&uid) {
            for offer in &mut proposal.offers {
                offer.on = only.is_empty() || only.contains(&offer.watch.rule.signal);
            }
        }
        Ok(())
    }

    fn arm(&mut self, uid: &Uid) -> Result<(), SafeText> {
        self.session.engine.model.now = self.session.clock.now();
        let effects = arm(&mut self.session.engine.model, uid)?;
        if let Some(post) = self.model().posts.get(uid) {
            let arming = post.guard.arming.clone();
            self.done.insert(arming.hash);
            self.done.extend(arming.target);
        }
        self.perform(effects);
        Ok(())
    }

    /// Asks, unless `--yes` was given.
    async fn confirm(&self) -> Result<(), Failure> {
        let proposals = &self.model().proposals;
        if self.asked.yes || proposals.is_empty() {
            return Ok(());
        }
        for proposal in proposals.values() {
            let rules = proposal.offers.iter().filter(|offer| offer.on);
            let rules: Vec<String> = rules.map(|offer| offer.watch.rule.words()).collect();
            let arming = &proposal.arming;
            complain(&format!(
                "{}: version {} for {}: {}; back to {}",
                arming.workload,
                arming.hash,
                length(arming.terms.expires),
                rules.join(", "),
                proposal.way
            ));
            for warning in &proposal.warnings {
                complain(&format!("{}: note: {warning}", arming.workload));
            }
        }
        prompt::ask("yes", true, "arm")
            .await
            .map_err(|refusal| failure(Exit::Refused, refusal.text()))
    }

    /// Arms for each new version, as soon as it can be seen.
    fn follow(&mut self) {
        let ids = self.ids.clone();
        for id in ids.iter().filter(|id| !self.is_guarded(id)).collect::<Vec<_>>() {
            let Some(uid) = self.uid(id) else { continue };
            let release = self.model().fleet.release(id);
            let fresh = release.filter(crate::domain::release::Release::is_updating);
            let fresh = fresh.and_then(|release| release.current_hash().cloned());
            let Some(hash) = fresh.filter(|hash| !self.done.contains(hash)) else {
                self.session.engine.model.proposals.remove(&uid);
                continue;
            };
            let proposed = self.model().proposals.get(&uid).map(|p| p.arming.hash.clone());
            if proposed.as_ref() != Some(&hash)
                && let Err(why) = self.propose(id)
            {
                self.say_waiting(id, &why);
                continue;
            }
            if let Err(why) = self.arm(&uid) {
                self.say_waiting(id, &why);
            }
        }
    }

    /// Prints what happened since the last time.
    fn tell(&mut self) {
        // Whoever is told by them is not at a screen that would show it.
        for trouble in self.session.engine.model.troubles.iter() {
            if trouble.source.starts_with("alerts") && self.troubles.insert(trouble.text.clone()) {
                complain(&format!("{}: {}", trouble.source, trouble.text));
            }
        }
        let output = self.asked.print.output;
        for (uid, post) in &self.session.engine.model.posts {
            let told = self.told.entry(uid.clone()).or_default();
            // One that was armed anew counts from the beginning.
            let new = post.noted.checked_sub(*told).unwrap_or(post.noted);
            let first = post.notes.len().saturating_sub(new);
            for note in post.notes.iter().skip(first) {
                print_note(output, post, note);
            }
            *told = post.noted;
        }
    }

    /// The exit code of guards that are all over: what is worst counts.
    fn outcome(&self) -> Exit {
        let ends = self.model().posts.values().filter_map(|post| match &post.guard.state {
            State::Over(end) => Some(end),
            _ => None,
        });
        let mut exit = Exit::Ok;
        for end in ends {
            exit = match (end, exit) {
                (End::Failed(_) | End::Unseen(_), _) => return Exit::Undetermined,
                (End::Restored(_) | End::Advised(_), _) => Exit::Finding,
                (End::Superseded(_), Exit::Ok) => Exit::Changed,
                (_, exit) => exit,
            };
        }
        exit
    }

    /// Says that nobody guards any more what still should be, and waits until that is written.
    async fn leave(mut self, why: &str) {
        self.session.engine.model.now = self.session.clock.now();
        let effects = farewell(&mut self.session.engine.model, why);
        self.perform(effects);
        self.tell();
        self.session.engine.finish(LEAVE_WITHIN).await;
    }
}

fn print_note(output: Output, post: &Post, note: &Note) {
    let id = &post.guard.arming.workload;
    match output {
        Output::Text => {
            let time = note.at.format("%H:%M:%S");
            print(&format!("{time} {id}  {} {}\n", note.word, note.detail));
        }
        Output::Json => {
            let line = json!({
                "schema": 1,
                "at": to_rfc3339(note.at),
                "guard": post.guard.arming.id.as_str(),
                "word": note.word.as_str(),
                "detail": note.detail.as_str(),
                "state": record::to_json(post),
            });
            print(&format!("{line}\n"));
        }
    }
}
