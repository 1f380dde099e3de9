//! Guards at work: they look, they fire once, they see whether it helped, they say how it ended.
//!
//! What fires goes through the same entry as a key. Nothing here waits: what cannot be done now is
//! tried again with the next tick. Arming is `arming`'s.

mod lease;
mod look;
mod tell;

use crate::app::availability::{self, Availability};
use crate::app::effect::Effect;
use crate::app::flight::Stage;
use crate::app::guard::{Lease, Post, record};
use crate::app::model::Model;
use crate::domain::action::Verb;
use crate::domain::alert::Occasion;
use crate::domain::guard::watch::Watch;
use crate::domain::guard::{End, Event, Order, State};
use crate::domain::id::Uid;
use crate::domain::plan;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, length};
use crate::domain::timeline::Tone;
use crate::domain::way_back::WayBack;

use super::actions;
pub(super) use lease::leased;
pub(super) use look::read_pods;
pub(super) use tell::note;
use tell::{alert, facts};

/// How long going back is tried again while something is in the way.
const TRIED_FOR: Span = Span::seconds(60);

/// Of fewer guarded workloads nothing is learned about a cause that they share.
const FEW: usize = 3;

/// For how long a guard that gave up because of a shared cause still counts as one that is broken:
/// else the last ones of them would be alone, and go back after all.
const SHARED_FOR: Span = Span::minutes(15);

/// A time between two ticks that no machine at work needs: the process was stopped, or slept.
const SLEPT: Span = Span::seconds(20);

/// Lets every guard see that time passed: looks at pods, misses what did not come, goes on with
/// what it began.
pub(super) fn tick(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    for uid in posts(model) {
        effects.extend(slept(model, &uid));
        effects.extend(gone(model, &uid));
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
    let orders = post.guard.step(event, now);
    post.seen |= looks;
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

/// Goes back, or says why it could not; looks what became of it.
fn go(model: &mut Model, uid: &Uid) -> Vec<Effect> {
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    let State::Fired(_, since) = post.guard.state else { return Vec::new() };
    if let Some(ticket) = post.ticket {
        let stage = model.flights.iter().find(|f| f.ticket == ticket).map(|f| f.stage.clone());
        let event = match stage {
            None => Event::CouldNot("what became of the way back was lost".into()),
            Some(Stage::InEffect(text)) => Event::WentBack(text),
            Some(Stage::Overdue(text)) => Event::CouldNot(text),
            Some(Stage::Superseded(text)) => Event::Ends(End::Superseded(text)),
            Some(Stage::Refused(text)) => {
                // It changed nothing: by what is there now there may be a way.
                if let Some(post) = model.posts.get_mut(uid) {
                    post.ticket = None;
                    post.obstacle = Some(text);
                }
                return Vec::new();
            }
            Some(Stage::Sent | Stage::Unknown(_) | Stage::Accepted | Stage::Observed(_)) => {
                return Vec::new();
            }
        };
        return step(model, uid, event);
    }
    match begin(model, uid) {
        Ok(effects) => effects,
        // Begun by a program that was killed, and done.
        Err(Hindrance::Home(text)) if model.pursued.contains_key(uid) => {
            step(model, uid, Event::WentBack(text))
        }
        Err(Hindrance::Home(text)) => {
            let post = model.posts.get(uid);
            let end = match post.map(|post| (&post.lease, &post.reason)) {
                Some((Lease::Others(who), reason)) => End::Advised(
                    format!("would have gone back because of {reason}; {who} did").into(),
                ),
                _ => End::Superseded(text),
            };
            step(model, uid, Event::Ends(end))
        }
        Err(Hindrance::For(text)) if model.now - since > TRIED_FOR => {
            step(model, uid, Event::CouldNot(text))
        }
        Err(Hindrance::For(text)) => {
            if let Some(post) = model.posts.get_mut(uid) {
                post.obstacle = Some(text);
            }
            Vec::new()
        }
    }
}

/// Why it cannot go back just now.
enum Hindrance {
    /// There is nothing to go back from any more.
    Home(SafeText),
    /// Something that may pass.
    For(SafeText),
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
fn begin(model: &mut Model, uid: &Uid) -> Result<Vec<Effect>, Hindrance> {
    let Some(post) = model.posts.get(uid) else { return Ok(Vec::new()) };
    let (id, reason) = (post.guard.arming.workload.clone(), post.reason.clone());
    let (hash, guard) = (post.guard.arming.hash.clone(), post.guard.arming.id.clone());
    let advisory = post.advisory(model.now);
    let Some(release) = model.fleet.release(&id).filter(|r| r.workload.uid == *uid) else {
        return Err(Hindrance::Home("it was deleted".into()));
    };
    // Only ever from the version it was armed for, or on a way that was begun from there.
    let begun = model.pursued.contains_key(uid);
    if release.current_hash() != Some(&hash) && !begun {
        return Err(Hindrance::Home("another version is wanted by now".into()));
    }
    let way = match model.way_back(&release) {
        WayBack::Home(text) => return Err(Hindrance::Home(text)),
        WayBack::Lost(why) => return Err(Hindrance::For(why)),
        WayBack::Open(way) => way,
    };
    if let Some(why) = advisory {
        return Err(Hindrance::For(why));
    }
    if let Some(why) = shared_cause(model) {
        if let Some(post) = model.posts.get_mut(uid) {
            post.shared_at = Some(model.now);
        }
        return Err(Hindrance::For(why));
    }
    match availability::of(model, &id, Verb::WaveOff) {
        Availability::Ready => {}
        Availability::Blind => return Err(Hindrance::For("what is known is old".into())),
        Availability::Disabled(why) => return Err(Hindrance::For(why)),
    }
    let action = model.action(&release, Verb::WaveOff);
    let plan = plan::make(&release, &action, model.now).map_err(Hindrance::For)?;
    let target = plan.action.target.clone();
    let (ticket, begun) = actions::begin(model, plan, format!("guard {guard}: {reason}").into());
    if let Some(post) = model.posts.get_mut(uid) {
        post.ticket = Some(ticket);
        post.obstacle = None;
        post.guard.arming.target = target.or(post.guard.arming.target.take());
    }
    let moves: Vec<&str> = way.moves.iter().map(|verb| verb.name()).collect();
    let text = format!("goes back to {} by {}", way.target.hash, moves.join(" + "));
    let mut effects = tell_firing(model, uid);
    effects.extend(note(model, uid, "acting", text.into(), Tone::Bad));
    effects.extend(begun);
    effects.extend(alert(model, uid, Occasion::Acting, reason, None));
    Ok(effects)
}

fn ended(model: &mut Model, uid: &Uid, end: &End) -> Vec<Effect> {
    let tone = match end {
        End::Restored(_) | End::Expired | End::Disarmed(_) => Tone::Good,
        End::Advised(_) | End::Superseded(_) => Tone::Warn,
        End::Failed(_) => Tone::Bad,
    };
    let mut effects = note(model, uid, end.word(), end.detail().into(), tone);
    let Some(post) = model.posts.get(uid) else { return effects };
    let took = post.ticket.and_then(|ticket| {
        let flight = model.flights.iter().find(|f| f.ticket == ticket)?;
        flight.ended_at.map(|at| length(at - flight.sent_at))
    });
    match end {
        End::Restored(text) => {
            let took = took.map_or_else(String::new, |took| format!("back after {took}; "));
            let text = format!("{took}{text}");
            effects.extend(alert(model, uid, Occasion::Restored, text.into(), None));
        }
        End::Failed(text) => {
            effects.extend(alert(model, uid, Occasion::Failed, text.clone(), None));
        }
        // Told already that it fires: the incident must not stay open.
        End::Superseded(text) if !post.reason.is_empty() => {
            effects.extend(alert(model, uid, Occasion::Restored, text.clone(), None));
        }
        _ => {}
    }
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
