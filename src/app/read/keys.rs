//! The keys: verbs with whether they may be used, hints for the foot of the screen, and help.
//!
//! Everything comes from the key table and from availability; nothing is said twice. Called by
//! `view`.

use crate::app::availability::{self, Availability};
use crate::app::command::Command;
use crate::app::guard;
use crate::app::keymap::{self, Binding, Group, Place, TABLE};
use crate::app::model::Model;
use crate::app::screen::Screen;
use crate::domain::action::Verb;
use crate::domain::id::WorkloadId;
use crate::domain::plan;

/// A verb at the foot of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerbCell {
    /// Key.
    pub key: String,
    /// Word.
    pub label: &'static str,
    /// Whether it may be used now.
    pub is_ready: bool,
    /// Why it may not, or that it asks for more than usual.
    pub reason: String,
    /// What it would do.
    pub effect: String,
}

/// The verbs in their fixed order; `H` is whichever of pause and resume applies. Without a
/// workload there are none.
pub fn verbs(model: &Model) -> Vec<VerbCell> {
    let Some(id) = model.meant() else {
        return Vec::new();
    };
    keymap::on(model.screen())
        .filter(|b| b.group == Group::Change)
        .filter_map(|binding| cell(model, id, binding))
        .collect()
}

fn cell(model: &Model, id: &WorkloadId, binding: &Binding) -> Option<VerbCell> {
    let (verb, label) = match binding.command {
        Command::Act(verb) => (verb, binding.label),
        Command::Hold if is_held(model, id) => (Verb::Resume, "resume"),
        Command::Hold => (Verb::Pause, binding.label),
        Command::Guard => return guard_cell(model, id, binding),
        Command::Revert => return revert_cell(model, id, binding),
        _ => return None,
    };
    let availability = availability::of(model, id, verb);
    let reason = match &availability {
        Availability::Ready => String::new(),
        Availability::Blind => "data is old: asks to type blind".to_owned(),
        Availability::Disabled(reason) => reason.to_string(),
    };
    Some(VerbCell {
        key: hint(model, binding),
        label,
        is_ready: !matches!(availability, Availability::Disabled(_)),
        effect: effect(model, id, verb).unwrap_or_default(),
        reason,
    })
}

/// Arming, or disarming what is armed.
fn guard_cell(model: &Model, id: &WorkloadId, binding: &Binding) -> Option<VerbCell> {
    let armed = model.post(id).is_some_and(|post| post.guard.is_on());
    let release = model.fleet.release(id)?;
    let refusal = guard::refusal(model, &release, false).filter(|_| !armed);
    Some(VerbCell {
        key: hint(model, binding),
        label: if armed { "disarm" } else { binding.label },
        is_ready: refusal.is_none(),
        reason: refusal.map(|why| why.to_string()).unwrap_or_default(),
        effect: String::new(),
    })
}

/// Committing the way back, where a repository would take it away.
fn revert_cell(model: &Model, id: &WorkloadId, binding: &Binding) -> Option<VerbCell> {
    model.fleet.workload(id)?.gitops.as_ref()?;
    let locked = model.session.read_only;
    Some(VerbCell {
        key: hint(model, binding),
        label: binding.label,
        is_ready: !locked,
        reason: if locked { "this session is read-only".to_owned() } else { String::new() },
        effect: String::new(),
    })
}

fn is_held(model: &Model, id: &WorkloadId) -> bool {
    model.fleet.workload(id).is_some_and(|w| w.paused)
}

/// What the plan of a verb says it would do then.
fn effect(model: &Model, id: &WorkloadId, verb: Verb) -> Option<String> {
    let release = model.fleet.release(id)?;
    let plan = plan::make(&release, &model.action(&release, verb), model.now).ok()?;
    let note = plan.notes.iter().find(|n| n.label == "then")?;
    Some(note.text.to_string())
}

fn hint(model: &Model, binding: &Binding) -> String {
    model.overrides.hint(binding).map_or_else(String::new, |key| key.to_string())
}

/// A hint: key and word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Key.
    pub key: String,
    /// Word.
    pub label: &'static str,
}

/// Hints that look and move, the most useful ones of this screen first.
pub fn hints(model: &Model) -> Vec<Hint> {
    let away = model.drill.is_some() && *model.screen() != Screen::Briefing;
    let briefing = away.then_some(&Command::Briefing);
    briefing
        .into_iter()
        .chain(useful(model.screen()))
        .filter_map(|command| keymap::binding(*command))
        .filter(|binding| binding.place.covers(model.screen()))
        .map(|binding| Hint { key: hint(model, binding), label: binding.label })
        .collect()
}

/// Commands that are of use on the screen of a rollout, the most useful first.
const ON_ROLLOUT: &[Command] = &[
    Command::Help,
    Command::Back,
    Command::NextPane,
    Command::Open,
    Command::Logs,
    Command::Metrics,
    Command::Why,
    Command::Watch,
    Command::Zoom,
    Command::Timeline,
    Command::Diff,
    Command::Info,
    Command::Copy,
    Command::Quit,
];

/// Commands that are of use on a screen, the most useful first.
fn useful(screen: &Screen) -> &'static [Command] {
    match screen {
        Screen::Fleet => &[
            Command::Help,
            Command::Quit,
            Command::Open,
            Command::Filter,
            Command::Why,
            Command::Logs,
            Command::Sort,
            Command::Timeline,
            Command::Diff,
            Command::Info,
            Command::Copy,
        ],
        Screen::Rollout(_) => ON_ROLLOUT,
        Screen::Logs(_) => {
            &[Command::Help, Command::Back, Command::Follow, Command::Filter, Command::PreviousLogs]
        }
        Screen::Metrics(_) => &[
            Command::Help,
            Command::Back,
            Command::Span,
            Command::Cursor,
            Command::Raw,
            Command::Copy,
        ],
        Screen::Gate(_) => &[Command::Help, Command::Back, Command::Open, Command::Why],
        Screen::Readiness(_) => &[Command::Help, Command::Back, Command::Refresh, Command::Info],
        Screen::Journal(_) => {
            &[Command::Help, Command::Back, Command::Open, Command::Journal, Command::Refresh]
        }
        Screen::Help | Screen::Troubles | Screen::Briefing | Screen::Deed(..) => {
            &[Command::Back, Command::Down, Command::Up]
        }
        _ => &[
            Command::Help,
            Command::Back,
            Command::Logs,
            Command::Why,
            Command::Timeline,
            Command::Diff,
            Command::Info,
        ],
    }
}

/// A line of help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpRow {
    /// Keys that do it.
    pub keys: String,
    /// What it does.
    pub help: &'static str,
    /// Whether the configuration changed the key.
    pub is_overridden: bool,
}

/// A chapter of help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpChapter {
    /// Heading.
    pub title: String,
    /// Lines.
    pub rows: Vec<HelpRow>,
}

/// Help: the keys of the screen from which it was asked come first.
pub fn help(model: &Model) -> Vec<HelpChapter> {
    let below = model.screens.iter().rev().nth(1);
    let from = below.unwrap_or(&Screen::Fleet);
    let is_special = |b: &Binding| b.place.covers(from) && is_of_one_screen(b.place);
    let mut chapters = vec![HelpChapter {
        title: format!("only here: {}", screen_word(from)),
        rows: rows(model, is_special),
    }];
    for group in [Group::Change, Group::Look, Group::Move, Group::Session] {
        chapters.push(HelpChapter {
            title: group.word().to_owned(),
            rows: rows(model, |b| b.group == group && !is_special(b)),
        });
    }
    chapters.retain(|chapter| !chapter.rows.is_empty());
    chapters
}

fn is_of_one_screen(place: Place) -> bool {
    matches!(place, Place::Fleet | Place::Logs | Place::Metrics)
}

fn rows(model: &Model, wanted: impl Fn(&Binding) -> bool) -> Vec<HelpRow> {
    TABLE
        .iter()
        .filter(|b| wanted(b))
        .map(|binding| {
            let keys = model.overrides.keys(binding);
            let texts: Vec<String> = keys.iter().map(ToString::to_string).collect();
            HelpRow {
                keys: texts.join(" "),
                help: binding.help,
                is_overridden: keys != binding.keys,
            }
        })
        .collect()
}

/// The name of a screen.
pub fn screen_word(screen: &Screen) -> &'static str {
    match screen {
        Screen::Fleet => "fleet",
        Screen::Rollout(_) => "rollout",
        Screen::Pod(..) => "pod",
        Screen::Analysis(..) => "analysis",
        Screen::Diff(_) => "diff",
        Screen::Logs(_) => "logs",
        Screen::Timeline(_) => "timeline",
        Screen::Why(_) => "why",
        Screen::Info(_) => "info",
        Screen::Metrics(_) => "metrics",
        Screen::Guard(_) => "guard",
        Screen::Gate(_) => "gate",
        Screen::Readiness(_) => "check",
        Screen::Help => "help",
        Screen::Troubles => "errors",
        Screen::Briefing => "briefing",
        Screen::Journal(_) => "journal",
        Screen::Deed(..) => "action",
    }
}
