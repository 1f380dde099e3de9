//! Reverts in Git: asks what would be committed, shows it, has it pushed, tells what came of it.
//!
//! Nothing here touches the cluster. What is pushed is what was shown; the journal has it before it
//! leaves and after.

use crate::app::dialog::{Dialog, Trigger};
use crate::app::effect::Effect;
use crate::app::journal::Note;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::revert::{News, Reverting, Stage, Wanted, wanted};
use crate::domain::gitops::Proposal;
use crate::domain::id::WorkloadId;
use crate::domain::text::SafeText;
use crate::domain::timeline::{self, Tone, Topic};

use super::toast;

/// `C` on what is meant.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.meant().cloned() else {
        toast(model, false, "nothing is selected");
        return Vec::new();
    };
    if matches!(&model.revert, Some(r) if matches!(r.stage, Stage::Pushing(_))) {
        toast(model, false, "a revert is on its way already");
        return Vec::new();
    }
    match begin_revert(model, &id, None) {
        Ok(effects) => {
            let level = model.session.environment(&id.namespace).level;
            model.dialog = Some(Dialog::Revert(Trigger::new(level, model.now)));
            effects
        }
        Err(why) => {
            toast(model, false, format!("git revert {}: {why}", id.name));
            Vec::new()
        }
    }
}

/// Has a revert worked out, for a reason that its message names.
///
/// # Errors
/// Why there is nothing to be taken back.
pub fn begin_revert(
    model: &mut Model,
    id: &WorkloadId,
    reason: Option<SafeText>,
) -> Result<Vec<Effect>, SafeText> {
    if model.session.read_only {
        return Err("this session is read-only".into());
    }
    let release = model.fleet.release(id).ok_or("it is gone")?;
    let way = model.way_back(&release);
    let target = way.way().map(|way| way.target.hash.to_string());
    let environment = model.session.environment(&id.namespace).name;
    let mut wanted = wanted(&release, target.as_deref(), &environment)?;
    wanted.revert.reason = reason;
    let number = model.take_number();
    let asked = Effect::ProposeRevert(number, Box::new(wanted.clone()));
    model.revert = Some(Box::new(Reverting { number, wanted, stage: Stage::Asked }));
    Ok(vec![asked])
}

/// Has what is offered pushed; nothing where nothing is.
pub fn push_revert(model: &mut Model) -> Vec<Effect> {
    let Some(reverting) = model.revert.as_mut() else { return Vec::new() };
    let Stage::Offered(proposal) = reverting.stage.clone() else { return Vec::new() };
    reverting.stage = Stage::Pushing(proposal.clone());
    let (number, wanted) = (reverting.number, reverting.wanted.clone());
    let words = words(&proposal);
    vec![note(model, &wanted, "begun", words.into()), Effect::PushRevert(number, proposal)]
}

fn words(proposal: &Proposal) -> String {
    let revert = &proposal.revert;
    format!(
        "{} {} from {} to {} on branch {}",
        proposal.remote,
        proposal.change.file,
        revert.from.version(),
        revert.to.version(),
        proposal.branch
    )
}

fn note(model: &Model, wanted: &Wanted, word: &'static str, detail: SafeText) -> Effect {
    Effect::JournalNote(Box::new(Note {
        at: model.now,
        what: "git revert",
        word,
        detail,
        workload: wanted.revert.workload.clone(),
        uid: wanted.uid.clone(),
        hash: wanted.revert.to.version().into(),
        session: model.stamp.clone(),
    }))
}

/// Takes a report in. One of a revert that is over, or not the newest, changes nothing.
pub(super) fn news(model: &mut Model, number: u64, news: News) -> Vec<Effect> {
    let Some(reverting) = model.revert.as_mut().filter(|r| r.number == number) else {
        return Vec::new();
    };
    let wanted = reverting.wanted.clone();
    let pushing = matches!(reverting.stage, Stage::Pushing(_));
    let (word, text, good) = match news {
        News::Offered(proposal) => {
            if reverting.stage == Stage::Asked {
                reverting.stage = Stage::Offered(proposal);
                if let Some(Dialog::Revert(trigger)) = &mut model.dialog {
                    trigger.rearm(model.now);
                }
            }
            return Vec::new();
        }
        News::Pushed(pushed) => {
            let commit: String = pushed.commit.chars().take(10).collect();
            let text =
                format!("{commit} on {} of {}; {}", pushed.branch, pushed.remote, pushed.next);
            ("pushed", text.into(), true)
        }
        News::Already(why) => ("needless", why, true),
        News::Failed(why) => ("failed", why, false),
    };
    reverting.stage = Stage::Over(text.clone(), good);
    let line = timeline::Entry {
        at: model.now,
        topic: Topic::People,
        tone: if good { Tone::Good } else { Tone::Bad },
        text: format!("git revert {word}: {text}").into(),
    };
    let id = wanted.revert.workload.clone();
    model.tell(&id, line);
    if pushing {
        toast(model, good, format!("git revert {word}: {text}"));
        return vec![note(model, &wanted, word, text)];
    }
    Vec::new()
}

/// A key while it is asked whether to push.
pub(super) fn key(model: &mut Model, mut trigger: Trigger, key: Key) -> Vec<Effect> {
    let stage = model.revert.as_ref().map(|reverting| &reverting.stage);
    match (key, stage) {
        (Key::Esc | Key::Ctrl('c') | Key::Char('q'), _) => {
            toast(model, true, "git revert left: nothing was pushed");
            return Vec::new();
        }
        // Nothing is left to be pushed: Enter closes what was read.
        (Key::Enter, Some(Stage::Over(..))) => return Vec::new(),
        (Key::Enter, Some(Stage::Offered(_))) if trigger.hindrance(model.now).is_none() => {
            toast(model, true, "the revert is on its way to Git");
            return push_revert(model);
        }
        (Key::Enter, Some(Stage::Offered(_))) => trigger.calm(model.now),
        _ => {}
    }
    model.dialog = Some(Dialog::Revert(trigger));
    Vec::new()
}
