//! Arming a guard: what it would watch, with the values of this moment, and what it would do.
//!
//! Called by `overlay`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::dialog::ArmDialog;
use crate::app::guard::{Offer, Proposal, value_words};
use crate::app::model::Model;
use crate::app::read::header::badge;
use crate::app::read::phrase::Phrase;
use crate::app::session::Level;
use crate::app::theme::Role;
use crate::domain::guard::rule::Judgement;
use crate::domain::id::Uid;
use crate::domain::time::length;
use crate::view::canvas::Canvas;
use crate::view::look::Look;
use crate::view::pane::Title;
use crate::view::strip::Strip;
use crate::view::text::wrap;

/// Where texts begin behind their labels.
const INDENT: usize = 8;

/// Draws the question.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, dialog: &ArmDialog) {
    let Some(proposal) = model.proposals.get(&dialog.uid) else { return };
    let arming = &proposal.arming;
    let look = canvas.look;
    let room = usize::from(area.width.clamp(80, 110)) - 4;
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut say = |label: &str, role: Role, text: &str| {
        for (at, part) in wrap(text, room.saturating_sub(INDENT)).iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            let strip = Strip::new(look).say(Role::Muted, label).to(INDENT);
            lines.push(strip.say(role, part.clone()).line());
        }
    };
    let until = length(arming.terms.expires);
    say(
        "guards",
        Role::Text,
        &format!("version {} for {until}, and no other version", arming.hash),
    );
    let act = if arming.shadow {
        "as a shadow: it only says what it would do".to_owned()
    } else {
        format!("when a rule is broken for good it goes back by itself: {}", proposal.way)
    };
    say("then", Role::Text, &act);
    for warning in &proposal.warnings {
        say("note", Role::Warn, &format!("! {warning}"));
    }
    for (at, offer) in proposal.offers.iter().enumerate() {
        lines.push(row(look, model, offer, at == dialog.selected, room));
    }
    lines.push(Line::default());
    lines.push(foot(look, model, proposal, dialog, room));
    let environment = model.session.environment(&arming.workload.namespace);
    let role = match environment.level {
        Level::Production => Role::Prod,
        Level::Lab => Role::Lab,
    };
    let place = Phrase::of(Role::Title, arming.workload.name.to_string())
        .text("  ")
        .say(role, format!(" {} ", badge(&environment)))
        .text(format!("  {}/{}", model.session.context, arming.workload.namespace));
    let title = Title::new("ARM A GUARD").and(&place).focused(true);
    let inner = super::open(canvas, area, lines.len(), &title);
    canvas.lines(inner, &lines);
}

fn row(look: &Look, model: &Model, offer: &Offer, selected: bool, room: usize) -> Line<'static> {
    let rule = &offer.watch.rule;
    let (mark, role) = if offer.on { ("[x]", Role::Text) } else { ("[ ]", Role::Muted) };
    let now = match (&offer.hindrance, &offer.watch.last) {
        (Some(why), _) if offer.on => Phrase::of(Role::Bad, why.to_string()),
        (Some(why), _) => Phrase::new().muted(why.to_string()),
        (None, None) => Phrase::new().muted("being asked"),
        (None, Some((sample, judgement))) => {
            let value = value_words(rule.signal.unit(), &sample.reading, model.now);
            match judgement {
                Judgement::Good => Phrase::of(Role::Ok, format!("now {value}")),
                Judgement::Breach => Phrase::of(Role::Bad, format!("now {value}")),
                Judgement::Unknown(why) => Phrase::of(Role::Warn, why.to_string()),
                Judgement::NotYet => Phrase::new().muted("pods are still starting"),
            }
        }
    };
    Strip::new(look)
        .caret(selected)
        .gap(1)
        .cell(4, role, mark)
        .cell(26, role, &rule.words())
        .phrase_to(room, &now)
        .line()
}

fn foot(
    look: &Look,
    model: &Model,
    proposal: &Proposal,
    dialog: &ArmDialog,
    room: usize,
) -> Line<'static> {
    let hindrance = proposal
        .hindrance()
        .map(|why| why.to_string())
        .or_else(|| dialog.trigger.hindrance(model.now).map(str::to_owned));
    let strip = Strip::new(look)
        .say(Role::Key, "[ Esc ")
        .say(Role::Text, "leave it ]")
        .gap(2)
        .say(Role::Key, "[ Enter ")
        .say(if hindrance.is_some() { Role::Muted } else { Role::Text }, "arm ]")
        .gap(2)
        .say(Role::Muted, "space: rule on or off, s: shadow");
    match hindrance {
        Some(why) => strip.gap(2).say_to(room, Role::Warn, &why).line(),
        None => strip.line(),
    }
}

/// Draws the question whether to disarm.
pub(super) fn draw_disarm(canvas: &mut Canvas<'_>, area: Rect, model: &Model, uid: &Uid) {
    let Some(post) = model.posts.get(uid) else { return };
    let look = canvas.look;
    let arming = &post.guard.arming;
    let lines = vec![
        Strip::new(look)
            .say(Role::Text, "nobody will go back by itself when this release goes wrong")
            .line(),
        Line::default(),
        Strip::new(look)
            .say(Role::Key, "[ Esc ")
            .say(Role::Text, "leave it armed ]")
            .gap(4)
            .say(Role::Key, "[ Enter ")
            .say(Role::Text, "disarm ]")
            .line(),
    ];
    let title = Title::new(format!("DISARM THE GUARD OF {}", arming.workload.name)).focused(true);
    let inner = super::open(canvas, area, lines.len(), &title);
    canvas.lines(inner, &lines);
}
