//! Arming a guard: what it would watch, whether that could work, and the person's yes.
//!
//! A guard that could not work is refused, not armed: one that is trusted and blind is worse than
//! none. Its questions are asked while it is only proposed, so that what stands in the dialog is
//! what it would see.

use crate::app::dialog::{ArmDialog, Dialog};
use crate::app::effect::Effect;
use crate::app::guard::looks::{self, Look};
use crate::app::guard::{Abandoned, Offer, Post, Proposal, largest_bound, refusal};
use crate::app::key::Key;
use crate::app::metrics::{Finding, Subject};
use crate::app::model::Model;
use crate::domain::guard::rule::{Judgement, Rule, Sample, Signal, Terms};
use crate::domain::guard::watch::Watch;
use crate::domain::guard::{Arming, End, Event, Guard, State};
use crate::domain::id::{Uid, WorkloadId};
use crate::domain::measure::Reading;
use crate::domain::measure::query::Formula;
use crate::domain::release::Release;
use crate::domain::text::SafeText;
use crate::domain::time::{Timestamp, length};
use crate::domain::timeline::Tone;
use crate::domain::way_back::{Way, WayBack};

use super::guard::{STANDS_FOR, abandon, begun, note, read_pods, step};
use super::toast;

/// Versions whose questions are to be asked: guarded ones, and those that are proposed.
pub(super) fn guarded(model: &Model) -> Vec<(WorkloadId, SafeText, Terms)> {
    let on = model.posts.values().filter(|post| post.guard.is_on()).map(|post| {
        let arming = &post.guard.arming;
        (arming.workload.clone(), post.subject().clone(), arming.terms.clone())
    });
    let proposed = model.proposals.values().map(|proposal| {
        let arming = &proposal.arming;
        (arming.workload.clone(), arming.hash.clone(), arming.terms.clone())
    });
    on.chain(proposed).collect()
}

/// `T` on what is meant: arms, or disarms what is armed.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.meant().cloned() else {
        toast(model, false, "nothing is selected");
        return Vec::new();
    };
    if let Some(post) = model.post(&id).filter(|post| post.guard.is_on()) {
        model.dialog = Some(Dialog::Disarm(post.uid().clone()));
        return Vec::new();
    }
    let terms = model.terms_of(&id);
    match propose(model, &id, terms, false) {
        Ok(uid) => {
            let level = model.session.environment(&id.namespace).level;
            let dialog = ArmDialog::new(uid, level, model.now);
            model.dialog = Some(Dialog::Arm(dialog));
            super::metrics::follow(model)
        }
        Err(why) => {
            toast(model, false, format!("guard {}: {why}", id.name));
            Vec::new()
        }
    }
}

/// Proposes a guard for the version that is wanted of a workload, and has its questions asked from
/// now on. An error says why there can be none.
pub fn propose(
    model: &mut Model,
    id: &WorkloadId,
    terms: Terms,
    shadow: bool,
) -> Result<Uid, SafeText> {
    let Some(release) = model.fleet.release(id) else { return Err("it is gone".into()) };
    let Some(hash) = release.current_hash().cloned() else {
        return Err("no version of it is known yet".into());
    };
    let uid = release.workload.uid.clone();
    let target = model.way_back(&release).way().map(|way| way.target.hash.clone());
    let number = model.take_number();
    let arming = Arming {
        id: format!("{}-g{number}", model.stamp.id).into(),
        workload: id.clone(),
        uid: uid.clone(),
        hash,
        target,
        by: model.stamp.user.clone(),
        at: model.now,
        until: model.now + terms.expires,
        shadow,
        terms,
    };
    let offer = |rule: Rule| Offer { watch: Watch::new(rule), on: true, hindrance: None };
    let offers = arming.terms.rules().into_iter().map(offer).collect();
    let proposal =
        Proposal { arming, offers, way: String::new(), refused: None, warnings: Vec::new() };
    model.proposals.insert(uid.clone(), proposal);
    model.metrics.look_again();
    rate(model, &uid);
    // Refused for what it is: there is nothing to wait for.
    let refused = model.proposals.get(&uid).and_then(|proposal| proposal.refused.clone());
    if let Some(why) = refused {
        model.proposals.remove(&uid);
        return Err(why);
    }
    Ok(uid)
}

/// Makes every proposal true again.
pub(super) fn refresh(model: &mut Model) {
    let uids: Vec<Uid> = model.proposals.keys().cloned().collect();
    for uid in uids {
        rate(model, &uid);
    }
}

/// Looks whether a proposed guard could work.
pub fn rate(model: &mut Model, uid: &Uid) {
    let Some(mut proposal) = model.proposals.remove(uid) else { return };
    proposal.refused = None;
    proposal.warnings.clear();
    match model.fleet.release(&proposal.arming.workload) {
        None => proposal.refused = Some("it is gone".into()),
        Some(release) if release.workload.uid != *uid => {
            proposal.refused = Some("it was deleted and made anew".into());
        }
        Some(release) => rate_release(model, &release, &mut proposal),
    }
    rate_rules(model, &mut proposal);
    model.proposals.insert(uid.clone(), proposal);
}

fn rate_release(model: &Model, release: &Release<'_>, proposal: &mut Proposal) {
    if release.current_hash() != Some(&proposal.arming.hash) {
        proposal.refused = Some("another version is wanted by now".into());
        return;
    }
    proposal.refused = refusal(model, release, proposal.arming.shadow);
    if let WayBack::Open(way) = model.way_back(release) {
        rate_way(proposal, &way);
    }
}

fn rate_way(proposal: &mut Proposal, way: &Way) {
    proposal.arming.target = Some(way.target.hash.clone());
    let moves: Vec<&str> = way.moves.iter().map(|verb| verb.name()).collect();
    let number = crate::domain::release::number_text(way.target.revision);
    proposal.way = format!("{number} {} by {}", way.target.hash, moves.join(" + "));
    if let Some(owner) = &way.reverted_by {
        proposal.warnings.push(format!("{owner} may undo the way back").into());
    }
}

fn rate_rules(model: &Model, proposal: &mut Proposal) {
    let now = model.now;
    let arming = proposal.arming.clone();
    let subject = model.metrics.subject(&arming.workload);
    let looks = subject.map(|s| looks::looks(s, &arming.hash, &arming.terms)).unwrap_or_default();
    for offer in &mut proposal.offers {
        let signal = offer.watch.rule.signal;
        if signal == Signal::Pods {
            rate_pods(model, &arming, offer);
            continue;
        }
        let look = looks::of_rule(&looks, signal);
        let sample =
            subject.zip(look).and_then(|(s, l)| looks::sample(&model.metrics, s, l, &arming.terms));
        if let Some(sample) = sample {
            offer.watch.take(sample, now);
        }
        offer.hindrance = measured_hindrance(model, subject, look, offer);
    }
    let over: Vec<&str> = proposal
        .offers
        .iter()
        .filter(|offer| offer.on && offer.watch.is_breaching())
        .map(|offer| offer.watch.rule.signal.word())
        .collect();
    if !over.is_empty() {
        proposal.warnings.push(format!("over its limit already: {}", over.join(", ")).into());
    }
}

fn rate_pods(model: &Model, arming: &Arming, offer: &mut Offer) {
    let now = model.now;
    let is_due = |at: Timestamp| now - at >= arming.terms.pods_every;
    let last = offer.watch.last.as_ref().map(|(sample, _)| sample.at);
    if last.is_none_or(is_due) {
        let reading = read_pods(model, &arming.workload, &arming.hash, arming.terms.grace);
        offer.watch.take(Sample { at: now, reading }, now);
    }
    let broken = model.fleet.release(&arming.workload).and_then(|release| {
        let budget = release.budgets.iter().find(|b| b.healthy < b.desired)?;
        Some(format!(
            "the disruption budget {} is broken already: {} of {} pods",
            budget.id.name, budget.healthy, budget.desired
        ))
    });
    offer.hindrance = unknown(offer).or_else(|| broken.map(SafeText::from));
}

fn unknown(offer: &Offer) -> Option<SafeText> {
    match &offer.watch.last {
        Some((_, Judgement::Unknown(why))) => Some(why.clone()),
        _ => None,
    }
}

/// Why a rule that Prometheus is asked for could not work.
fn measured_hindrance(
    model: &Model,
    subject: Option<&Subject>,
    look: Option<&Look>,
    offer: &Offer,
) -> Option<SafeText> {
    if !model.metrics.settings.on {
        return Some("nothing is measured in this session".into());
    }
    let asking = Some("being asked".into());
    let Some(subject) = subject else { return asking };
    match &subject.finding {
        Finding::Nowhere(why, _) => return Some(format!("no Prometheus: {why}").into()),
        Finding::Unasked | Finding::Trying(_) => return asking,
        Finding::Found(_) => {}
    }
    let Some(look) = look else {
        let why = subject.explore_trouble.clone();
        return why.or_else(|| Some("nothing is counted of this version yet".into()));
    };
    if let Some(why) = looks::failing(&model.metrics, subject, look) {
        return Some(why.into());
    }
    match &offer.watch.last {
        None => asking,
        // Few requests are a matter of time; the guard says that it is blind until then.
        Some((Sample { reading: Reading::LowTraffic { .. }, .. }, _)) => {
            top_bucket(model, subject, look, offer)
        }
        Some((_, Judgement::Unknown(why))) => Some(why.clone()),
        Some(_) => top_bucket(model, subject, look, offer),
    }
}

/// A histogram that ends below the limit can never show that it is broken.
fn top_bucket(model: &Model, subject: &Subject, look: &Look, offer: &Offer) -> Option<SafeText> {
    let Formula::Quantile { buckets, factor, .. } = &look.formula else { return None };
    let key = looks::key(subject, buckets, look.every)?;
    let track = &model.metrics.streams.get(&key)?.track;
    let bound = largest_bound(track.at(track.last()?)?)? * factor;
    let (limit, unit) = (offer.watch.rule.limit, offer.watch.rule.signal.unit());
    (bound < limit).then(|| {
        format!(
            "the largest bucket is {}, below the limit of {}: it could never fire",
            unit.words(bound),
            unit.words(limit)
        )
        .into()
    })
}

/// Arms a proposed guard. An error says why not; then it stays proposed.
pub fn arm(model: &mut Model, uid: &Uid) -> Result<Vec<Effect>, SafeText> {
    rate(model, uid);
    let Some(proposal) = model.proposals.get(uid) else { return Err("it is gone".into()) };
    if let Some(why) = proposal.hindrance() {
        return Err(why);
    }
    let Some(mut proposal) = model.proposals.remove(uid) else { return Ok(Vec::new()) };
    let now = model.now;
    proposal.arming.at = now;
    proposal.arming.until = now + proposal.arming.terms.expires;
    let rules = proposal.offers.iter().filter(|offer| offer.on).map(|offer| offer.watch.rule);
    let rules: Vec<Rule> = rules.collect();
    let words: Vec<String> = rules.iter().map(Rule::words).collect();
    let guard = Guard::new(proposal.arming.clone(), rules);
    model.posts.insert(uid.clone(), Post::new(guard, model.stamp.guard_name(), now));
    let what = if proposal.arming.shadow { "shadow" } else { "armed" };
    let text = format!(
        "on {} for {}: {}; back to {}",
        proposal.arming.hash,
        length(proposal.arming.terms.expires),
        words.join(", "),
        proposal.way
    );
    let mut effects = note(model, uid, what, text.into(), Tone::Plain);
    effects.extend(super::guard::tick(model));
    Ok(effects)
}

/// Goes on with a guard that a program left without an end: with its window, when that is young
/// enough, and with the way back, when that was begun. An error says why not, and makes an end of
/// it.
pub fn resume(model: &mut Model, mut post: Post) -> Result<Vec<Effect>, Abandoned> {
    let (uid, now) = (post.uid().clone(), model.now);
    let begun = begun(model, &post).cloned();
    if let Some(why) = outdated(model, &post, begun.is_some()) {
        return Err(abandon(model, post, why.into()));
    }
    let is_begun = begun.is_some();
    post.guard.arming.target = begun.or(post.guard.arming.target.take());
    let text = match post.guard.state {
        // The journal is written before anything leaves, how a guard stands beside it.
        State::Watching if is_begun => {
            let signal = post.guard.worst().map_or(Signal::Errors, |watch| watch.rule.signal);
            post.guard.state = State::Fired(signal, now);
            post.reason = "it had fired before its program ended".into();
            "it had fired, and the way back was begun: goes on with it"
        }
        State::Fired(..) if is_begun => "it had fired, and the way back was begun: goes on with it",
        State::Fired(_, since) if now - since > STANDS_FOR => {
            "it had fired too long ago to go by that now"
        }
        State::Fired(..) => "it had fired, and nothing is known of a way back: sees to it now",
        State::Settling(signal, _) => {
            // Nobody looked since.
            post.guard.state = State::Settling(signal, now);
            "it had gone back: looks whether that helped"
        }
        _ if post.guard.watches.iter().all(|watch| watch.last.is_some()) => {
            "goes on watching, with what was counted"
        }
        _ => "goes on watching; nobody looked for too long, so that it counts anew",
    };
    model.posts.insert(uid.clone(), post);
    Ok(note(model, &uid, "resumed", text.into(), Tone::Warn))
}

/// Why a guard that was left is not to be gone on with; nothing where it is. It is about the
/// version it was armed for; once it fired, also about the one that it goes back to.
fn outdated(model: &Model, post: &Post, begun: bool) -> Option<String> {
    let arming = &post.guard.arming;
    let id = &arming.workload;
    let Some(release) = model.fleet.release(id) else { return Some("it is gone".to_owned()) };
    if release.workload.uid != arming.uid {
        return Some(format!("{id} was deleted and made anew"));
    }
    let is_watching = post.guard.state == State::Watching;
    let current = release.current_hash();
    let is_target = !is_watching && current.is_some() && current == arming.target.as_ref();
    if current != Some(&arming.hash) && !is_target && !begun {
        return Some(format!("another version of {id} is wanted by now"));
    }
    let is_late = is_watching && !begun && model.now >= arming.until;
    is_late.then(|| format!("its time was up, {id} is guarded by nobody"))
}

/// Disarms the guard of a workload.
pub fn disarm(model: &mut Model, uid: &Uid, by: &str) -> Vec<Effect> {
    step(model, uid, Event::Ends(End::Disarmed(by.into())))
}

/// A key while arming is asked.
pub(super) fn arm_key(model: &mut Model, mut dialog: ArmDialog, key: Key) -> Vec<Effect> {
    let uid = dialog.uid.clone();
    let Some(proposal) = model.proposals.get_mut(&uid) else { return Vec::new() };
    let last = proposal.offers.len().saturating_sub(1);
    match key {
        Key::Esc | Key::Ctrl('c') | Key::Char('q') => {
            model.proposals.remove(&uid);
            toast(model, true, "guard left: nothing was armed");
            return Vec::new();
        }
        Key::Down | Key::Tab | Key::Char('j') => dialog.selected = (dialog.selected + 1).min(last),
        Key::Up | Key::BackTab | Key::Char('k') => {
            dialog.selected = dialog.selected.saturating_sub(1);
        }
        Key::Char(' ') => {
            if let Some(offer) = proposal.offers.get_mut(dialog.selected) {
                offer.on = !offer.on;
            }
        }
        Key::Char('s') => proposal.arming.shadow = !proposal.arming.shadow,
        Key::Enter if dialog.trigger.hindrance(model.now).is_some() => {
            dialog.trigger.calm(model.now);
        }
        Key::Enter => match arm(model, &uid) {
            Ok(effects) => {
                toast(model, true, "guard armed");
                return effects;
            }
            Err(why) => toast(model, false, format!("not armed: {why}")),
        },
        _ => {}
    }
    rate(model, &uid);
    model.dialog = Some(Dialog::Arm(dialog));
    Vec::new()
}

/// A key while disarming is asked.
pub(super) fn disarm_key(model: &mut Model, uid: Uid, key: Key) -> Vec<Effect> {
    match key {
        Key::Enter => {
            let by = format!("by {}", model.stamp.user);
            toast(model, true, "guard disarmed");
            disarm(model, &uid, &by)
        }
        Key::Esc | Key::Ctrl('c') | Key::Char('q' | 'n') => Vec::new(),
        _ => {
            model.dialog = Some(Dialog::Disarm(uid));
            Vec::new()
        }
    }
}
