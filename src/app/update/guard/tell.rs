//! What a guard tells: its story, the journal, and people who are not at the screen.

use super::super::toast;
use crate::app::effect::Effect;
use crate::app::guard::{Lease, Note, value_words};
use crate::app::journal::GuardNote;
use crate::app::model::Model;
use crate::domain::alert::{Alert, Occasion};
use crate::domain::guard::reason;
use crate::domain::guard::watch::Watch;
use crate::domain::id::Uid;
use crate::domain::text::SafeText;
use crate::domain::timeline::{self, Tone, Topic};

/// Says which rules began to be broken, and which are good again.
pub(super) fn breaches(model: &mut Model, uid: &Uid, before: &[bool]) -> Vec<Effect> {
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    let changed =
        post.guard.watches.iter().zip(before).filter(|(w, was)| w.is_breaching() != **was);
    let told: Vec<(bool, SafeText)> = changed
        .map(|(watch, _)| {
            let breaching = watch.is_breaching();
            let text = if breaching {
                reason(watch)
            } else {
                format!("{} good again", watch.rule.signal.word()).into()
            };
            (breaching, text)
        })
        .collect();
    let mut effects = Vec::new();
    for (breaching, text) in told {
        let (word, tone) = if breaching { ("broken", Tone::Warn) } else { ("good", Tone::Good) };
        effects.extend(note(model, uid, word, text, tone));
    }
    effects
}

/// Notes what happened: story, journal, and a line at the foot when it is elsewhere on the screen.
pub(in crate::app::update) fn note(
    model: &mut Model,
    uid: &Uid,
    word: &'static str,
    detail: SafeText,
    tone: Tone,
) -> Vec<Effect> {
    let at = model.now;
    let Some(post) = model.posts.get_mut(uid) else { return Vec::new() };
    post.note(Note { at, word: word.into(), detail: detail.clone() });
    let arming = post.guard.arming.clone();
    let text = format!("guard {word} {detail}");
    let entry = timeline::Entry { at, topic: Topic::Guard, tone, text: text.trim().into() };
    model.tell(&arming.workload, entry);
    if tone == Tone::Bad && model.meant() != Some(&arming.workload) {
        toast(model, false, format!("guard of {}: {word} {detail}", arming.workload.name));
    }
    let session = model.stamp.clone();
    let ring = (tone == Tone::Bad).then(|| {
        let text = format!("guard of {}: {word} {detail}", arming.workload.name);
        Effect::Ring(text.into())
    });
    let note = GuardNote { at, word, detail, arming, session };
    std::iter::once(Effect::JournalGuard(Box::new(note))).chain(ring).collect()
}

/// Tells people who are not at the screen. Episodes of blindness are incidents of their own.
pub(super) fn alert(
    model: &Model,
    uid: &Uid,
    occasion: Occasion,
    summary: SafeText,
    facts: Option<Vec<(SafeText, SafeText)>>,
) -> Vec<Effect> {
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    if matches!(post.lease, Lease::Others(_)) && occasion != Occasion::Failed {
        // The guard that holds the lease tells; that nobody went back is for everybody.
        return Vec::new();
    }
    let arming = &post.guard.arming;
    let incident = match occasion {
        Occasion::Blind | Occasion::Seeing => format!("{}-blind-{}", arming.id, post.blind_times),
        _ => arming.id.to_string(),
    };
    let environment = model.session.environment(&arming.workload.namespace);
    let mut all = vec![("version".into(), arming.hash.clone())];
    all.extend(facts.unwrap_or_default());
    vec![Effect::Alert(Box::new(Alert {
        at: model.now,
        incident: incident.into(),
        occasion,
        workload: arming.workload.clone(),
        environment: format!("{} ({})", model.session.context, environment.name).into(),
        summary,
        facts: all,
    }))]
}

/// What was seen of each rule, for who is woken up.
pub(super) fn facts(model: &Model, uid: &Uid) -> Vec<(SafeText, SafeText)> {
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    let seen = |watch: &Watch| {
        let rule = &watch.rule;
        let value = watch.last.as_ref().map_or_else(
            || "not seen".to_owned(),
            |(sample, _)| value_words(rule.signal.unit(), &sample.reading, model.now),
        );
        (SafeText::from(rule.signal.word()), SafeText::from(format!("{value} ({})", rule.words())))
    };
    post.guard.watches.iter().map(seen).collect()
}

/// Closes the incident of its blindness, if one is open: nobody waits for it to see any more.
pub(super) fn close_blind(model: &Model, uid: &Uid) -> Vec<Effect> {
    let is_open = model.posts.get(uid).is_some_and(|post| post.guard.said_blind);
    if !is_open {
        return Vec::new();
    }
    alert(model, uid, Occasion::Seeing, "it is over, and blind no more".into(), None)
}
