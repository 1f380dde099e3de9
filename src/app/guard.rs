//! Guards at their posts: who may act, what became of the way back, what is to be told.
//!
//! The decision is `domain::guard`'s; here is what surrounds it. Changed by `update`, kept on disk
//! through `record`.

pub mod looks;
pub mod record;

use std::collections::VecDeque;

use crate::domain::guard::rule::Rule;
use crate::domain::guard::watch::Watch;
use crate::domain::guard::{Arming, Guard, State};
use crate::domain::id::Uid;
use crate::domain::measure::panel::Unit;
use crate::domain::measure::{Reading, query::Sample};
use crate::domain::plan::permission_for;
use crate::domain::release::Release;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp, length};
use crate::domain::way_back::WayBack;

use super::access::Access;
use super::effect::Effect;
use super::flight::Ticket;
use super::model::Model;

/// Notes kept of each guard.
const NOTES: usize = 200;

/// How long a lease stands without being renewed (`spec.leaseDurationSeconds`).
pub const LEASE_FOR: Span = Span::seconds(30);

/// How often it is renewed.
pub const LEASE_EVERY: Span = Span::seconds(10);

/// Whether this guard is the one that may act. One guard acts for a workload: whoever holds its
/// Lease (`coordination.k8s.io/v1`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// Not asked for yet.
    Unasked,
    /// Asked for; no answer yet.
    Asked,
    /// Ours until then, by our clock.
    Ours(Timestamp),
    /// Another guard's, by its name.
    Others(SafeText),
    /// It cannot be had: why. The guard only says what it would do.
    Refused(SafeText),
}

/// One thing that happened to a guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// `armed`, `broken`, `fired`, `blind`, or how it ended.
    pub word: SafeText,
    /// The sentence beside it.
    pub detail: SafeText,
}

/// How going back was tried so far, by this program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tries {
    /// Since when.
    pub since: Option<Timestamp>,
    /// How often the API server refused it.
    pub refused: u32,
    /// When it is tried again after that.
    pub next: Option<Timestamp>,
}

/// A guard that was left and is not gone on with.
#[derive(Debug, Clone, PartialEq)]
pub struct Abandoned {
    /// Why.
    pub why: SafeText,
    /// What makes an end of it: it is written down and told, and nobody finds it again.
    pub effects: Vec<Effect>,
}

/// A guard with what surrounds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// The machine that decides.
    pub guard: Guard,
    /// Whether it may act.
    pub lease: Lease,
    /// By which name it is held: of whoever goes on with a guard, the name of who began it, since
    /// that one is not there any more.
    pub holder: SafeText,
    /// When the lease was last asked for.
    pub lease_asked: Option<Timestamp>,
    /// The way back that it went.
    pub ticket: Option<Ticket>,
    /// Why it fired; empty before.
    pub reason: SafeText,
    /// Whether it was told that it fired.
    pub told: bool,
    /// What was in the way of going back, while it is tried again.
    pub obstacle: Option<SafeText>,
    /// How it was tried.
    pub tries: Tries,
    /// When it last did not go back because most of what is guarded was broken.
    pub shared_at: Option<Timestamp>,
    /// Whether anything was seen or done that is not kept on disk yet.
    pub seen: bool,
    /// When it last knew that time passed.
    pub ticked: Timestamp,
    /// When the pods were last looked at.
    pub pods_at: Option<Timestamp>,
    /// What happened, oldest first.
    pub notes: VecDeque<Note>,
    /// How often it became blind: each time is an incident of its own.
    pub blind_times: u32,
    /// How many were noted in all: whoever prints them knows which are new.
    pub noted: usize,
}

impl Post {
    /// A guard that was armed just now.
    pub fn new(guard: Guard, holder: SafeText, now: Timestamp) -> Self {
        Self {
            guard,
            lease: Lease::Unasked,
            holder,
            lease_asked: None,
            ticket: None,
            reason: SafeText::default(),
            told: false,
            obstacle: None,
            tries: Tries::default(),
            shared_at: None,
            seen: false,
            ticked: now,
            pods_at: None,
            notes: VecDeque::new(),
            blind_times: 0,
            noted: 0,
        }
    }

    /// Of which object.
    pub fn uid(&self) -> &Uid {
        &self.guard.arming.uid
    }

    /// Notes what happened.
    pub(super) fn note(&mut self, note: Note) {
        self.notes.push_back(note);
        self.noted += 1;
        while self.notes.len() > NOTES {
            self.notes.pop_front();
        }
    }

    /// Watches the same version from here on, as a guard of its own that has seen nothing yet.
    pub(super) fn begin_anew(&mut self, id: SafeText, now: Timestamp) {
        let arming = Arming { id, at: now, ..self.guard.arming.clone() };
        let rules: Vec<Rule> = self.guard.watches.iter().map(|watch| watch.rule).collect();
        self.guard = Guard::new(arming, rules);
        (self.reason, self.told, self.obstacle) = (SafeText::default(), false, None);
        (self.tries, self.blind_times) = (Tries::default(), 0);
        self.seen = true;
    }

    /// Whose signals are looked at: of the version it was armed for, and after the way back of the
    /// version users were brought to.
    pub fn subject(&self) -> &SafeText {
        let arming = &self.guard.arming;
        match (&self.guard.state, &arming.target) {
            (State::Settling(..), Some(target)) => target,
            _ => &arming.hash,
        }
    }

    /// Why it would not act now; nothing when it would.
    pub fn advisory(&self, now: Timestamp) -> Option<SafeText> {
        if self.guard.arming.shadow {
            return Some("it is a shadow: it only says what it would do".into());
        }
        match &self.lease {
            Lease::Ours(until) if *until > now => None,
            Lease::Ours(_) => Some("its lease ran out".into()),
            Lease::Others(who) => Some(format!("{who} guards it").into()),
            Lease::Refused(why) => Some(format!("no lease: {why}").into()),
            Lease::Unasked | Lease::Asked => Some("its lease is still asked for".into()),
        }
    }
}

/// A version that has been out for longer is not watched any more because it is new: what goes
/// wrong with it has other reasons, and going back from it other risks.
const SOAKS_FOR: Span = Span::hours(24);

/// Why no guard can be armed for a workload, whatever its rules; nothing when one can.
pub fn refusal(model: &Model, release: &Release<'_>, shadow: bool) -> Option<SafeText> {
    if model.session.read_only && !shadow {
        return Some("this session is read-only; a shadow may watch".into());
    }
    let out_for = release.current().and_then(|r| r.replica_set.created).map(|at| model.now - at);
    if let Some(out_for) = out_for.filter(|age| !release.is_updating() && *age > SOAKS_FOR) {
        let out_for = length(out_for);
        let text = format!("this version has been out for {out_for}: no release to guard");
        return Some(text.into());
    }
    let way = match model.way_back(release) {
        WayBack::Home(text) => {
            return Some(format!("there is nothing to go back from: {text}").into());
        }
        WayBack::Lost(why) => return Some(format!("there is no way back: {why}").into()),
        WayBack::Open(way) => way,
    };
    let permission = permission_for(release, way.first()?);
    let denied = model.access.get(&permission) == Some(&Access::Denied) && !shadow;
    denied.then(|| format!("not permitted: {permission}").into())
}

/// A rule as it is offered before arming: whether it could work.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The rule, with what was seen of it while it was offered.
    pub watch: Watch,
    /// Whether it is wanted.
    pub on: bool,
    /// Why it could not work.
    pub hindrance: Option<SafeText>,
}

/// What would be armed.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// What for.
    pub arming: Arming,
    /// Its rules.
    pub offers: Vec<Offer>,
    /// What the way back is now, in words.
    pub way: String,
    /// Why it cannot be armed at all.
    pub refused: Option<SafeText>,
    /// What has to be known before.
    pub warnings: Vec<SafeText>,
}

impl Proposal {
    /// Why it cannot be armed now; nothing when it can.
    pub fn hindrance(&self) -> Option<SafeText> {
        if let Some(refused) = &self.refused {
            return Some(refused.clone());
        }
        if !self.offers.iter().any(|offer| offer.on) {
            return Some("no rule is on".into());
        }
        let hindered = self.offers.iter().filter(|offer| offer.on).find_map(|offer| {
            let why = offer.hindrance.as_ref()?;
            Some(format!("{}: {why}", offer.watch.rule.signal.word()))
        });
        hindered.map(SafeText::from)
    }
}

/// A value of a rule in words, or why there is none.
pub fn value_words(unit: Unit, reading: &Reading, now: Timestamp) -> String {
    match reading {
        Reading::Value(value) => unit.words(*value),
        Reading::AtLeast(bound) => format!("> {}", unit.words(*bound)),
        other => other.why_not(now).unwrap_or_default(),
    }
}

/// The largest finite bound of a histogram; nothing when it has none.
pub(super) fn largest_bound(sample: &Sample) -> Option<f64> {
    let Sample::Buckets(buckets) = sample else { return None };
    buckets.iter().map(|bucket| bucket.bound).filter(|bound| bound.is_finite()).reduce(f64::max)
}
