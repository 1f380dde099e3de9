//! Going back: once a limit is broken for good, until users are back or a person has to go on.
//!
//! Goes by the entry of the keys, and only ever from the version that a guard was armed for, or on
//! a way that was begun from there. What cannot be done now is tried again with the next tick.

use super::super::actions;
use super::tell::{alert, close_blind, note};
use super::{step, tell_firing};
use crate::app::availability::{self, Availability};
use crate::app::effect::Effect;
use crate::app::flight::{FOLLOWED_FOR, Stage, Ticket};
use crate::app::guard::{Lease, Post};
use crate::app::model::Model;
use crate::domain::action::Verb;
use crate::domain::alert::Occasion;
use crate::domain::guard::watch::Watch;
use crate::domain::guard::{End, Event, State};
use crate::domain::id::{PodHash, Uid};
use crate::domain::plan;
use crate::domain::receipt::{Expectation, Progress};
use crate::domain::release::Release;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp, length};
use crate::domain::timeline::Tone;
use crate::domain::way_back::{Way, WayBack};

/// How long going back is tried again while something is in the way.
const TRIED_FOR: Span = Span::seconds(60);

/// How long a decision stands that nobody carried out: what it was made of is history by then.
pub(in crate::app::update) const STANDS_FOR: Span = Span::minutes(15);

/// Each pause after a refusal is twice as long as the one before, so many times.
const DOUBLED: u32 = 5;

/// Of fewer guarded workloads nothing is learned about a cause that they share.
const FEW: usize = 3;

/// For how long a guard that gave up because of a shared cause still counts as one that is broken:
/// else the last ones of them would be alone, and go back after all.
const SHARED_FOR: Span = Span::minutes(15);

/// Why it cannot go back just now.
enum Hindrance {
    /// There is nothing to go back from any more.
    Over(SafeText),
    /// Nothing is to be sent: users are back, being brought there, or were kept from it.
    Home(SafeText),
    /// It fired too long ago.
    Old,
    /// Something that may pass.
    For(SafeText),
}

/// Goes back, or says why it could not; looks what became of it.
pub(super) fn go(model: &mut Model, uid: &Uid) -> Vec<Effect> {
    let now = model.now;
    let Some(post) = model.posts.get_mut(uid) else { return Vec::new() };
    let State::Fired(_, since) = post.guard.state else { return Vec::new() };
    if let Some(ticket) = post.ticket {
        return follow(model, uid, ticket);
    }
    // From when this program began to: one that was killed may have been away for long.
    let tried_for = now - *post.tries.since.get_or_insert(now);
    if let Some(next) = post.tries.next {
        if tried_for > TRIED_FOR {
            let why = post.obstacle.clone().unwrap_or_default();
            return step(model, uid, Event::CouldNot(why));
        }
        if now < next {
            return Vec::new();
        }
    }
    match begin(model, uid, since) {
        Ok(effects) => effects,
        Err(Hindrance::Over(text)) => over(model, uid, text),
        Err(Hindrance::Home(text)) => home(model, uid, text, tried_for),
        Err(Hindrance::Old) => anew(model, uid, since),
        Err(Hindrance::For(text)) if tried_for > TRIED_FOR => {
            step(model, uid, Event::CouldNot(text))
        }
        Err(Hindrance::For(text)) => wait(model, uid, text),
    }
}

/// What became of the way back that was sent.
fn follow(model: &mut Model, uid: &Uid, ticket: Ticket) -> Vec<Effect> {
    let stage = model.flights.iter().find(|f| f.ticket == ticket).map(|f| f.stage.clone());
    let event = match stage {
        None => Event::CouldNot("what became of the way back was lost".into()),
        Some(Stage::InEffect(text)) => Event::WentBack(text),
        Some(Stage::Overdue(text)) => Event::CouldNot(text),
        Some(Stage::Superseded(text)) => overtaken(model, uid, text),
        Some(Stage::Refused(text)) => return refused(model, uid, text),
        Some(Stage::Sent | Stage::Unknown(_) | Stage::Accepted | Stage::Observed(_)) => {
            return Vec::new();
        }
    };
    step(model, uid, event)
}

/// It changed nothing: by what is there now there may be a way, asked for less and less often.
fn refused(model: &mut Model, uid: &Uid, text: SafeText) -> Vec<Effect> {
    let now = model.now;
    if let Some(post) = model.posts.get_mut(uid) {
        post.ticket = None;
        post.obstacle = Some(text);
        post.tries.next = Some(now + Span::seconds(1 << post.tries.refused.min(DOUBLED)));
        post.tries.refused += 1;
    }
    Vec::new()
}

/// It is looked again with the next tick.
fn wait(model: &mut Model, uid: &Uid, obstacle: SafeText) -> Vec<Effect> {
    if let Some(post) = model.posts.get_mut(uid) {
        post.obstacle = Some(obstacle);
        post.tries.next = None;
    }
    Vec::new()
}

/// There is nothing to go back from any more.
fn over(model: &mut Model, uid: &Uid, text: SafeText) -> Vec<Effect> {
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    let end = match &post.lease {
        Lease::Others(who) => End::Advised(
            format!("would have gone back because of {}; {who} guards it: {text}", post.reason)
                .into(),
        ),
        _ => End::Superseded(text),
    };
    step(model, uid, Event::Ends(end))
}

/// Nothing is to be sent. That is no proof of users being back: it is looked whether they are.
fn home(model: &mut Model, uid: &Uid, text: SafeText, tried_for: Span) -> Vec<Effect> {
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    if let Lease::Others(who) = &post.lease
        && begun(model, post).is_none()
    {
        let text = format!("would have gone back because of {}; {who} did", post.reason);
        return step(model, uid, Event::Ends(End::Advised(text.into())));
    }
    let event = match progress(model, post) {
        None => Event::CouldNot(text),
        Some(Progress::InEffect(text)) => Event::WentBack(text),
        Some(Progress::Superseded(text)) => overtaken(model, uid, text),
        Some(Progress::Waiting(text) | Progress::Observed(text)) if tried_for > FOLLOWED_FOR => {
            let text = format!("not in effect after {}: {text}", length(FOLLOWED_FOR));
            Event::CouldNot(text.into())
        }
        Some(Progress::Waiting(text) | Progress::Observed(text)) => {
            return wait(model, uid, text);
        }
    };
    if let Event::WentBack(_) = event {
        // Gone to its end: what comes next is an update like any other.
        model.pursued.remove(uid);
    }
    step(model, uid, event)
}

/// What it means that something else happened on the way. While one of its two versions is wanted,
/// users were not brought back (an aborted way leaves them on the bad one), and a person has to; a
/// third one is another release.
fn overtaken(model: &Model, uid: &Uid, text: SafeText) -> Event {
    let is_ours = |post: &Post| {
        let arming = &post.guard.arming;
        let release = release_of(model, post)?;
        let current = release.current_hash()?;
        Some(*current == arming.hash || arming.target.as_ref() == Some(current))
    };
    match model.posts.get(uid).and_then(is_ours) {
        Some(true) => Event::CouldNot(text),
        _ => Event::Ends(End::Superseded(text)),
    }
}

/// A decision that nobody carried out for long is said, and not carried out by what was true then:
/// the version is watched anew. What comes of that is an incident of its own.
fn anew(model: &mut Model, uid: &Uid, since: Timestamp) -> Vec<Effect> {
    let now = model.now;
    let ago = length(now - since);
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    if now >= post.guard.arming.until {
        let text = format!("it fired {ago} ago, nobody went back, and its time is up");
        return step(model, uid, Event::CouldNot(text.into()));
    }
    let told = post.told;
    let text = SafeText::from(format!("it fired {ago} ago and nobody went back: watches anew"));
    let mut effects = note(model, uid, "anew", text.clone(), Tone::Bad);
    if told {
        effects.extend(alert(model, uid, Occasion::Failed, text, None));
    }
    effects.extend(close_blind(model, uid));
    let number = model.take_number();
    let id = format!("{}-g{number}", model.stamp.id);
    if let Some(post) = model.posts.get_mut(uid) {
        post.begin_anew(id.into(), now);
    }
    effects
}

/// What is guarded, while it is there.
pub(super) fn release_of<'m>(model: &'m Model, post: &Post) -> Option<Release<'m>> {
    let arming = &post.guard.arming;
    model.fleet.release(&arming.workload).filter(|r| r.workload.uid == arming.uid)
}

/// Where a way back from the armed version leads that was begun and is to be seen: its target is
/// wanted, or the armed version was aborted for it. Others that the journal has no end of are none
/// of this guard's.
pub(in crate::app::update) fn begun<'m>(model: &'m Model, post: &Post) -> Option<&'m PodHash> {
    let arming = &post.guard.arming;
    let target = model.pursued.get(&arming.uid).filter(|target| **target != arming.hash)?;
    let release = release_of(model, post)?;
    let status = &release.workload.status;
    let current = release.current_hash()?;
    let is_aborted = *current == arming.hash && status.abort;
    let is_seen = current == target || (is_aborted && status.stable_hash.as_ref() == Some(target));
    is_seen.then_some(target)
}

/// How far users are on their way back from the armed version.
fn progress(model: &Model, post: &Post) -> Option<Progress> {
    let release = release_of(model, post)?;
    let arming = &post.guard.arming;
    let target = arming.target.as_ref().or(release.workload.status.stable_hash.as_ref())?;
    let back = Expectation::Back { from: arming.hash.clone(), to: target.clone() };
    Some(back.progress(&release))
}

/// What is wrong with most of what is guarded here is not wrong with one release: a database, a
/// network, Prometheus itself. Going back from each of them would not help, and a person decides.
fn shared_cause(model: &Model) -> Option<SafeText> {
    let gave_up = |post: &Post| {
        matches!(post.guard.state, State::Over(End::Failed(_)))
            && post.shared_at.is_some_and(|at| model.now - at < SHARED_FOR)
    };
    let breaks = |post: &&Post| {
        gave_up(post)
            || matches!(post.guard.state, State::Fired(..))
            || post.guard.watches.iter().any(Watch::is_breaching)
    };
    let counted = || model.posts.values().filter(|post| post.guard.is_on() || gave_up(post));
    let (all, broken) = (counted().count(), counted().filter(breaks).count());
    (all >= FEW && broken * 2 > all).then(|| {
        let text = format!(
            "{broken} of {all} guarded workloads are over their limits at once: a shared cause is \
             likely, and a person decides"
        );
        text.into()
    })
}

/// Sends the way back, by the entry of the keys.
fn begin(model: &mut Model, uid: &Uid, since: Timestamp) -> Result<Vec<Effect>, Hindrance> {
    let now = model.now;
    let Some(post) = model.posts.get(uid) else { return Ok(Vec::new()) };
    let (id, reason) = (post.guard.arming.workload.clone(), post.reason.clone());
    let (guard, advisory) = (post.guard.arming.id.clone(), post.advisory(now));
    let way = way_from(model, post, since)?;
    if let Some(why) = advisory {
        return Err(Hindrance::For(why));
    }
    if let Some(why) = shared_cause(model) {
        if let Some(post) = model.posts.get_mut(uid) {
            post.shared_at = Some(now);
        }
        return Err(Hindrance::For(why));
    }
    match availability::of(model, &id, Verb::WaveOff) {
        Availability::Ready => {}
        Availability::Blind => return Err(Hindrance::For("what is known is old".into())),
        Availability::Disabled(why) => return Err(Hindrance::For(why)),
    }
    let Some(release) = model.fleet.release(&id) else {
        return Err(Hindrance::Over("it was deleted".into()));
    };
    let action = model.action(&release, Verb::WaveOff);
    let plan = plan::make(&release, &action, now).map_err(Hindrance::For)?;
    let target = plan.action.target.clone();
    let (ticket, sent) = actions::begin(model, plan, format!("guard {guard}: {reason}").into());
    if let Some(post) = model.posts.get_mut(uid) {
        post.ticket = Some(ticket);
        post.obstacle = None;
        post.guard.arming.target = target.or(post.guard.arming.target.take());
        // Whoever goes on with it has to know where it went.
        post.seen = true;
    }
    let moves: Vec<&str> = way.moves.iter().map(|verb| verb.name()).collect();
    let text = format!("goes back to {} by {}", way.target.hash, moves.join(" + "));
    let mut effects = tell_firing(model, uid);
    effects.extend(note(model, uid, "acting", text.into(), Tone::Bad));
    effects.extend(sent);
    effects.extend(alert(model, uid, Occasion::Acting, reason, None));
    Ok(effects)
}

/// The way back from what is wanted now, as far as it is to be gone by a guard that fired then.
fn way_from(model: &Model, post: &Post, since: Timestamp) -> Result<Box<Way>, Hindrance> {
    let arming = &post.guard.arming;
    let Some(release) = release_of(model, post) else {
        return Err(Hindrance::Over("it was deleted".into()));
    };
    let Some(current) = release.current_hash() else {
        return Err(Hindrance::For("no version of it is reported".into()));
    };
    let is_armed = *current == arming.hash;
    if !is_armed && model.pursued.get(&arming.uid) != Some(current) {
        // Wanted again, and not by a way that was begun from here: nothing of it is to be pushed.
        return Err(if arming.target.as_ref() == Some(current) {
            Hindrance::Home(format!("{current} is wanted").into())
        } else {
            Hindrance::Over(format!("version {current} is wanted now").into())
        });
    }
    match model.way_back(&release) {
        WayBack::Home(text) => Err(Hindrance::Home(text)),
        WayBack::Lost(why) => Err(Hindrance::For(why)),
        WayBack::Open(way) if way.target.hash == arming.hash => {
            Err(Hindrance::For("the way back that was begun leads to this very version".into()))
        }
        WayBack::Open(_) if is_armed && model.now - since > STANDS_FOR => Err(Hindrance::Old),
        WayBack::Open(way) => Ok(way),
    }
}
