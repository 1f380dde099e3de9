//! A revert in Git before it is pushed: where, which commit, which lines.
//!
//! Called by `overlay`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::dialog::Trigger;
use crate::app::model::Model;
use crate::app::revert::{Reverting, Stage};
use crate::app::theme::Role;
use crate::domain::gitops::{Culprit, Mark, MarkedLine, Proposal};
use crate::view::canvas::Canvas;
use crate::view::look::Look;
use crate::view::pane::Title;
use crate::view::strip::Strip;
use crate::view::text::wrap;

/// Where texts begin behind their labels.
const INDENT: usize = 9;

/// Draws the question.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, trigger: &Trigger) {
    let Some(reverting) = model.revert.as_deref() else { return };
    let look = canvas.look;
    let room = usize::from(area.width.clamp(80, 110)) - 4;
    let mut lines = body(look, reverting, room);
    // The buttons are always in view; a long change is cut.
    let most = usize::from(area.height).saturating_sub(4).max(4);
    if lines.len() > most {
        lines.truncate(most - 1);
        lines.push(Strip::new(look).say(Role::Muted, "(more lines)").line());
    }
    lines.push(Line::default());
    lines.push(foot(look, model, reverting, trigger));
    let name = &reverting.wanted.revert.workload.name;
    let title = Title::new(format!("COMMIT THE WAY BACK OF {name}")).focused(true);
    let inner = super::open(canvas, area, lines.len(), &title);
    canvas.lines(inner, &lines);
}

fn body(look: &Look, reverting: &Reverting, room: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut say = |label: &str, role: Role, text: &str| {
        for (at, part) in wrap(text, room.saturating_sub(INDENT)).iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            let strip = Strip::new(look).say(Role::Muted, label).to(INDENT);
            lines.push(strip.say(role, part.clone()).line());
        }
    };
    let revert = &reverting.wanted.revert;
    say("image", Role::Text, &format!("{}  ->  {}", revert.from.as_str(), revert.to.as_str()));
    match &reverting.stage {
        Stage::Asked => say("git", Role::Muted, "the repository is being asked"),
        Stage::Over(text, good) => {
            say("git", if *good { Role::Ok } else { Role::Bad }, text);
        }
        Stage::Pushing(_) => say("git", Role::Moving, "on its way"),
        Stage::Offered(proposal) => {
            offered(proposal, &mut say);
            lines.extend(diff(look, proposal, room));
        }
    }
    lines
}

fn offered(proposal: &Proposal, say: &mut impl FnMut(&str, Role, &str)) {
    let way = proposal.way();
    say("to", Role::Text, &format!("{}  {way} {}", proposal.remote, proposal.branch));
    match &proposal.culprit {
        Culprit::Known { commit, .. } => {
            let id: String = commit.id.chars().take(10).collect();
            let text = format!("{id} {}  ({}, {})", commit.subject, commit.author, commit.date);
            say("reverts", Role::Text, &text);
        }
        Culprit::Unknown(why) => say("reverts", Role::Muted, why),
    }
    let signed = if proposal.signed { ", signed" } else { "" };
    say("as", Role::Muted, &format!("{}{signed}", proposal.identity));
    for remark in &proposal.remarks {
        say("note", Role::Warn, &format!("! {remark}"));
    }
    say("file", Role::Text, &proposal.change.file);
}

fn diff(look: &Look, proposal: &Proposal, room: usize) -> Vec<Line<'static>> {
    let line = |marked: &MarkedLine| {
        let role = match marked.mark {
            Mark::In => Role::Ok,
            Mark::Out => Role::Bad,
            Mark::Same => Role::Muted,
        };
        let text = format!("{} {}", marked.mark.sign(), marked.text);
        Strip::new(look).to(INDENT).say_to(room, role, &text).line()
    };
    proposal.diff.iter().map(line).collect()
}

fn foot(look: &Look, model: &Model, reverting: &Reverting, trigger: &Trigger) -> Line<'static> {
    let strip = Strip::new(look).say(Role::Key, "[ Esc ").say(Role::Text, "leave ]");
    if !matches!(reverting.stage, Stage::Offered(_)) {
        return strip.line();
    }
    let hindrance = trigger.hindrance(model.now);
    let strip = strip
        .gap(4)
        .say(Role::Key, "[ Enter ")
        .say(if hindrance.is_some() { Role::Muted } else { Role::Text }, "commit and push ]");
    match hindrance {
        Some(why) => strip.gap(2).say(Role::Warn, why).line(),
        None => strip.line(),
    }
}
