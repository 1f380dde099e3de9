//! Guards at work: they look, they fire once, they see whether it helped, they say how it ended.
//!
//! Nothing here waits: what cannot be done now is tried again with the next tick. Going back is
//! `back`'s, arming is `arming`'s.

mod back;
mod lease;
mod look;
mod tell;

use crate::app::effect::Effect;
use crate::app::guard::{Abandoned, Lease, Post, Tries, record};
use crate::app::model::Model;
use crate::domain::alert::Occasion;
use crate::domain::guard::watch::Watch;
use crate::domain::guard::{End, Event, Order, State};
use crate::domain::id::Uid;
use crate::domain::receipt;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, length};
use crate::domain::timeline::Tone;

pub(super) use back::{STANDS_FOR, begun};
use back::{go, release_of};
pub(super) use lease::leased;
pub(super) use look::read_pods;
pub(super) use tell::note;
use tell::{alert, close_blind, facts};

/// A time between two ticks that no machine at work needs: the process was stopped, or slept.
const SLEPT: Span = Span::seconds(20);

/// Lets every guard see that time passed: looks at pods, misses what did not come, goes on with
/// what it began.
pub(super) fn tick(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    for uid in posts(model) {
        effects.extend(slept(model, &uid));
        effects.extend(gone(model, &uid));
        effects.extend(strayed(model, &uid));
        effects.extend(look::at_pods(model, &uid));
        effects.extend(look::miss(model, &uid));
        effects.extend(step(model, &uid, Event::Time));
        effects.extend(lease::hold(model, &uid));
        effects.extend(keep(model, &uid));
        effects.extend(go(model, &uid));
    }
    effects
}

/// Lets every guard see what Prometheus answered.
pub(super) fn looked(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    for uid in posts(model) {
        for (signal, sample) in look::samples(model, &uid) {
            effects.extend(step(model, &uid, Event::Looked(signal, sample)));
        }
        effects.extend(keep(model, &uid));
        effects.extend(go(model, &uid));
    }
    effects
}

/// Ends every guard because the program ends: what may go on elsewhere is kept, and it is said.
pub fn farewell(model: &mut Model, why: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for uid in posts(model) {
        let Some(post) = model.posts.get(&uid).filter(|post| post.guard.is_on()) else { continue };
        let (kept, standby) = (record::to_json(post), matches!(post.lease, Lease::Others(_)));
        let detail = SafeText::from(format!("{why}: nobody guards it any more"));
        effects.extend(note(model, &uid, "left", detail.clone(), Tone::Bad));
        if !standby {
            effects.extend(alert(model, &uid, Occasion::Ended, detail, None));
        }
        effects.extend(lease::order(model, &uid, true));
        effects.push(Effect::KeepGuard(uid, kept));
    }
    effects
}

/// Makes an end of a guard that was left and is not gone on with: whoever was told that it fires is
/// told that nobody goes on with that; else it is said that nobody guards any more.
pub(super) fn abandon(model: &mut Model, post: Post, why: SafeText) -> Abandoned {
    let uid = post.uid().clone();
    let fired = post.guard.state != State::Watching;
    let occasion = if fired { Occasion::Failed } else { Occasion::Ended };
    model.posts.insert(uid.clone(), post);
    let mut effects = note(model, &uid, "abandoned", why.clone(), Tone::Bad);
    effects.extend(alert(model, &uid, occasion, why.clone(), None));
    effects.extend(close_blind(model, &uid));
    effects.extend(lease::order(model, &uid, true));
    effects.push(Effect::ForgetGuard(uid.clone()));
    model.posts.remove(&uid);
    Abandoned { why, effects }
}

/// Disarms every guard because the person left, and knew it.
pub fn stand_down(model: &mut Model) -> Vec<Effect> {
    let by = format!("{} left the cockpit", model.stamp.user);
    let mut effects = Vec::new();
    for uid in posts(model) {
        effects.extend(step(model, &uid, Event::Ends(End::Disarmed(by.as_str().into()))));
    }
    effects
}

fn posts(model: &Model) -> Vec<Uid> {
    model.posts.iter().filter(|(_, post)| post.guard.is_on()).map(|(uid, _)| uid.clone()).collect()
}

/// Takes an event in and carries out what the guard wants.
pub(super) fn step(model: &mut Model, uid: &Uid, event: Event) -> Vec<Effect> {
    let now = model.now;
    let Some(post) = model.posts.get_mut(uid) else { return Vec::new() };
    let looks = matches!(event, Event::Looked(..) | Event::Missed(..));
    let before: Vec<bool> = post.guard.watches.iter().map(Watch::is_breaching).collect();
    let state = post.guard.state.clone();
    let orders = post.guard.step(event, now);
    post.seen |= looks || post.guard.state != state;
    let mut effects = Vec::new();
    if looks {
        effects.extend(tell::breaches(model, uid, &before));
    }
    for order in orders {
        effects.extend(obey(model, uid, order));
    }
    effects
}

/// Keeps how a guard stands, once for all that was seen at the same time: it costs a sync.
fn keep(model: &mut Model, uid: &Uid) -> Option<Effect> {
    let post = model.posts.get_mut(uid).filter(|post| post.guard.is_on())?;
    let seen = std::mem::take(&mut post.seen);
    seen.then(|| Effect::KeepGuard(uid.clone(), record::to_json(post)))
}

fn obey(model: &mut Model, uid: &Uid, order: Order) -> Vec<Effect> {
    match order {
        Order::Fire(reason) => fire(model, uid, reason),
        Order::Blind(why) => {
            let text = SafeText::from(format!("{why}; it protects nobody now"));
            let mut effects = note(model, uid, "blind", text.clone(), Tone::Bad);
            if let Some(post) = model.posts.get_mut(uid) {
                post.blind_times += 1;
            }
            effects.extend(alert(model, uid, Occasion::Blind, text, None));
            effects
        }
        Order::Sees => {
            let text = SafeText::from("it sees again");
            let mut effects = note(model, uid, "sees", text.clone(), Tone::Good);
            effects.extend(alert(model, uid, Occasion::Seeing, text, None));
            effects
        }
        Order::Ended(end) => ended(model, uid, &end),
    }
}

/// A limit is broken for good. It is told before anything is sent.
fn fire(model: &mut Model, uid: &Uid, reason: SafeText) -> Vec<Effect> {
    let Some(post) = model.posts.get_mut(uid) else { return Vec::new() };
    post.reason = reason.clone();
    if post.guard.arming.shadow {
        let would = format!("would have gone back because of {reason}");
        return step(model, uid, Event::Ends(End::Advised(would.into())));
    }
    let mut effects = note(model, uid, "fired", reason, Tone::Bad);
    effects.extend(tell_firing(model, uid));
    effects
}

/// Tells that it fires, once; who only watches leaves that to the one who acts.
fn tell_firing(model: &mut Model, uid: &Uid) -> Vec<Effect> {
    let facts = facts(model, uid);
    let Some(post) = model.posts.get_mut(uid) else { return Vec::new() };
    if matches!(post.lease, Lease::Others(_)) || std::mem::replace(&mut post.told, true) {
        return Vec::new();
    }
    let reason = post.reason.clone();
    alert(model, uid, Occasion::Firing, reason, Some(facts))
}

fn ended(model: &mut Model, uid: &Uid, end: &End) -> Vec<Effect> {
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    // It was told that it fires.
    let fired = !post.reason.is_empty();
    let unrest = post.guard.unrest().filter(|_| *end == End::Expired);
    let unrest = unrest.map(|why| SafeText::from(format!("its time was up: {why}")));
    let tone = match end {
        End::Expired if unrest.is_some() => Tone::Bad,
        End::Restored(_) | End::Expired | End::Disarmed(_) => Tone::Good,
        End::Superseded(_) if fired => Tone::Bad,
        End::Advised(_) | End::Superseded(_) => Tone::Warn,
        End::Failed(_) | End::Unseen(_) => Tone::Bad,
    };
    let took = post.ticket.and_then(|ticket| {
        let flight = model.flights.iter().find(|f| f.ticket == ticket)?;
        flight.ended_at.map(|at| length(at - flight.sent_at))
    });
    let detail = unrest.clone().unwrap_or_else(|| end.detail().into());
    let mut effects = note(model, uid, end.word(), detail, tone);
    let last = match end {
        End::Restored(text) => {
            let took = took.map_or_else(String::new, |took| format!("back after {took}; "));
            Some((Occasion::Restored, format!("{took}{text}").into()))
        }
        End::Failed(text) | End::Unseen(text) => Some((Occasion::Failed, text.clone())),
        // Nobody saw users come back: the incident is a person's from here.
        End::Superseded(text) if fired => Some((Occasion::Failed, text.clone())),
        End::Expired => unrest.map(|text| (Occasion::Ended, text)),
        End::Advised(_) | End::Superseded(_) | End::Disarmed(_) => None,
    };
    if let Some((occasion, text)) = last {
        effects.extend(alert(model, uid, occasion, text, None));
    }
    effects.extend(close_blind(model, uid));
    effects.extend(lease::order(model, uid, true));
    effects.push(Effect::ForgetGuard(uid.clone()));
    effects
}

/// Nobody ticked for long: the process was stopped, or the machine slept.
fn slept(model: &mut Model, uid: &Uid) -> Vec<Effect> {
    let now = model.now;
    let Some(post) = model.posts.get_mut(uid) else { return Vec::new() };
    let gap = now - std::mem::replace(&mut post.ticked, now);
    if gap <= SLEPT && gap >= Span::zero() {
        return Vec::new();
    }
    // Nobody was there to try.
    post.tries = Tries::default();
    step(model, uid, Event::Slept(gap))
}

/// Another version came, or the workload went, or somebody took it back by hand.
fn gone(model: &mut Model, uid: &Uid) -> Vec<Effect> {
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    if post.guard.state != State::Watching {
        return Vec::new();
    }
    let arming = &post.guard.arming;
    let why = match model.fleet.release(&arming.workload) {
        None => Some("it was deleted".to_owned()),
        Some(release) if release.workload.uid != arming.uid => {
            Some("it was deleted and made anew".to_owned())
        }
        Some(release) => match release.current_hash() {
            Some(hash) if *hash != arming.hash => Some(format!("version {hash} is wanted now")),
            _ if release.workload.status.abort => Some("it was aborted by hand".to_owned()),
            _ => None,
        },
    };
    match why {
        Some(why) => step(model, uid, Event::Ends(End::Superseded(why.into()))),
        None => Vec::new(),
    }
}

/// Users were brought back, and did not stay there: somebody or something put the version back.
fn strayed(model: &mut Model, uid: &Uid) -> Vec<Effect> {
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    let arming = &post.guard.arming;
    let (State::Settling(..), Some(target)) = (&post.guard.state, &arming.target) else {
        return Vec::new();
    };
    let why = release_of(model, post)
        .and_then(|release| receipt::left_again(&release, &arming.hash, target));
    let Some(why) = why else { return Vec::new() };
    let text = format!("users were back on {target}, and did not stay there: {why}");
    step(model, uid, Event::Ends(End::Failed(text.into())))
}
