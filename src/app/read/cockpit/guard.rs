//! A guard in words: one line under the way back, and everything it saw for its own screen.
//!
//! Called by `view` and by the reports.

use crate::app::guard::{Lease, Post, value_words};
use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::guard::rule::Judgement;
use crate::domain::guard::watch::Watch;
use crate::domain::guard::{End, State};
use crate::domain::release::Release;
use crate::domain::time::{Span, clock, length};

use crate::app::read::header::time_of_day;
use crate::app::read::info::{Chapter, Fact, fact, plain};
use crate::app::read::phrase::Phrase;

/// How long the end of a guard stays under the way back.
const SHOWN_FOR: Span = Span::minutes(30);

/// The line; nothing where nothing is or was guarded lately.
pub fn line(model: &Model, release: &Release<'_>) -> Option<Phrase> {
    let post = model.posts.get(&release.workload.uid)?;
    let guard = &post.guard;
    if let State::Over(end) = &guard.state {
        let last = post.notes.back()?;
        if model.now - last.at > SHOWN_FOR {
            return None;
        }
        let role = match end {
            End::Failed(_) => Role::Bad,
            End::Unseen(_) => Role::Warn,
            _ => Role::Muted,
        };
        let ago = length(model.now - last.at);
        return Some(Phrase::of(role, format!("{} {ago} ago  {}", end.word(), end.detail())));
    }
    if let State::Fired(..) = guard.state {
        let mut phrase = Phrase::of(Role::Bad, format!("FIRED: {}", post.reason));
        if let Some(why) = &post.obstacle {
            phrase.push(Role::Warn, format!("  waits: {why}"));
        }
        return Some(phrase);
    }
    let mut phrase = match guard.state {
        State::Settling(..) => Phrase::of(Role::Warn, "WENT BACK, looks whether it helped  "),
        _ if guard.arming.shadow => Phrase::of(Role::Muted, "SHADOW  "),
        _ if post.advisory(model.now).is_some() => Phrase::of(Role::Warn, "ONLY WATCHES  "),
        _ => Phrase::of(Role::Ok, format!("ARMED {}  ", clock(guard.arming.until - model.now))),
    };
    if let Some((since, why)) = guard.blind() {
        let ago = length(model.now - since);
        phrase.push(Role::Bad, format!("BLIND for {ago}: {why}  "));
    }
    for (at, watch) in guard.watches.iter().enumerate() {
        if at > 0 {
            phrase.push(Role::Muted, "  ");
        }
        short(model, watch, &mut phrase);
    }
    Some(phrase)
}

/// How what was seen last is to be taken.
fn role_of(watch: &Watch) -> Role {
    match watch.last.as_ref().map(|(_, judgement)| judgement) {
        None | Some(Judgement::NotYet) => Role::Muted,
        Some(Judgement::Good) => Role::Ok,
        Some(Judgement::Breach) => Role::Bad,
        Some(Judgement::Unknown(_)) => Role::Warn,
    }
}

/// `errors 0.2%/1%`, or how far it is on its way to firing.
fn short(model: &Model, watch: &Watch, phrase: &mut Phrase) {
    let rule = &watch.rule;
    let unit = rule.signal.unit();
    let role = role_of(watch);
    let value = match &watch.last {
        None => "...".to_owned(),
        Some((_, Judgement::NotYet)) => "starting".to_owned(),
        Some((sample, _)) => value_words(unit, &sample.reading, model.now),
    };
    phrase.push(Role::Muted, format!("{} ", rule.signal.word()));
    phrase.push(role, value);
    phrase.push(Role::Muted, format!("/{}", unit.words(rule.limit)));
    if watch.is_breaching() {
        let (broken, lasts) = (length(watch.broken), length(rule.lasts));
        phrase.push(Role::Bad, format!(" {broken} of {lasts}"));
    }
}

/// Everything about the guard of a workload.
pub fn chapters(model: &Model, release: &Release<'_>) -> Vec<Chapter> {
    let Some(post) = model.posts.get(&release.workload.uid) else { return Vec::new() };
    vec![
        Chapter { title: "guard", facts: about(model, post) },
        Chapter { title: "rules", facts: rules(model, post) },
        Chapter { title: "what it asks", facts: questions(model, post) },
        Chapter { title: "what happened", facts: notes(model, post) },
    ]
    .into_iter()
    .filter(|chapter| !chapter.facts.is_empty())
    .collect()
}

fn about(model: &Model, post: &Post) -> Vec<Fact> {
    let arming = &post.guard.arming;
    let state = match &post.guard.state {
        State::Watching => "watches".to_owned(),
        State::Fired(signal, at) => {
            format!("fired for {} at {}", signal.word(), time_of_day(model, *at))
        }
        State::Settling(_, at) => {
            format!("went back at {}, looks whether it helped", time_of_day(model, *at))
        }
        State::Over(end) => format!("over: {} {}", end.word(), end.detail()),
    };
    let mut facts = vec![plain("state", state), plain("version", arming.hash.to_string())];
    if let Some(target) = &arming.target {
        facts.push(plain("goes back to", target.to_string()));
    }
    let since = time_of_day(model, arming.at);
    facts.push(plain("armed", format!("by {} at {since}", arming.by)));
    if post.guard.is_on() {
        let left = clock(arming.until - model.now);
        facts.push(plain(
            "stands",
            format!("{left} more, until {}", time_of_day(model, arming.until)),
        ));
    }
    let lease = match &post.lease {
        _ if arming.shadow => Phrase::new().muted("none: a shadow only says what it would do"),
        Lease::Ours(until) if *until > model.now => Phrase::of(Role::Ok, "ours")
            .muted(format!(", renewed for {}", clock(*until - model.now))),
        Lease::Ours(_) => Phrase::of(Role::Bad, "ran out: it would not act"),
        Lease::Others(who) => Phrase::of(Role::Warn, format!("{who} has it and acts")),
        Lease::Refused(why) => Phrase::of(Role::Bad, format!("none, it would not act: {why}")),
        Lease::Unasked | Lease::Asked => Phrase::new().muted("being asked for"),
    };
    facts.push(fact("lease", lease));
    if let Some((since, why)) = post.guard.blind() {
        let text = format!("for {}: {why}", length(model.now - since));
        facts.push(fact("BLIND", Phrase::of(Role::Bad, text)));
    }
    facts
}

fn rules(model: &Model, post: &Post) -> Vec<Fact> {
    let one = |watch: &Watch| {
        let mut phrase = Phrase::new();
        let rule = &watch.rule;
        let value = match &watch.last {
            None => "not seen yet".to_owned(),
            Some((sample, _)) => {
                let value = value_words(rule.signal.unit(), &sample.reading, model.now);
                let at = length(model.now - sample.at);
                format!("{value} ({at} ago)")
            }
        };
        phrase.push(role_of(watch), value);
        phrase.push(Role::Muted, format!("  fires when {}", rule.words()));
        let (least, every) = (rule.least, length(rule.every));
        phrase.push(Role::Muted, format!(", {least} samples at least, one every {every}"));
        if watch.is_breaching() {
            let (broken, lasts) = (length(watch.broken), length(rule.lasts));
            let text = format!("  broken for {broken} of {lasts}, {} samples", watch.breaches);
            phrase.push(Role::Bad, text);
        }
        if watch.unknown > 0 {
            phrase.push(Role::Warn, format!("  not known {} times in a row", watch.unknown));
        }
        fact(rule.signal.word(), phrase)
    };
    post.guard.watches.iter().map(one).collect()
}

fn questions(model: &Model, post: &Post) -> Vec<Fact> {
    use crate::app::guard::looks::looks;
    let arming = &post.guard.arming;
    let Some(subject) = model.metrics.subject(&arming.workload) else { return Vec::new() };
    let looks = looks(subject, post.subject(), &arming.terms);
    looks
        .iter()
        .map(|look| {
            let asked: Vec<&str> = look.formula.questions().iter().map(|q| &*q.expr).collect();
            plain(look.signal.word(), asked.join("  /  "))
        })
        .collect()
}

fn notes(model: &Model, post: &Post) -> Vec<Fact> {
    let newest = post.notes.iter().rev();
    newest
        .map(|note| {
            let text =
                Phrase::new().text(format!("{}  ", note.word)).muted(note.detail.to_string());
            fact(time_of_day(model, note.at), text)
        })
        .collect()
}
