//! The Pods pane: a glyph per pod, and a list that begins with the sick ones.
//!
//! Called by `layout`; the glyph grid also by `revisions` and `bars`.

use ratatui::text::Line;

use crate::app::read::Doubt;
use crate::app::read::phrase::Phrase;
use crate::app::read::pods::{PodMark, PodRow, role_of, rows, summary};
use crate::app::screen::Pane;
use crate::app::theme::Role;
use crate::domain::id::ResourceKind;
use crate::view::look::Look;
use crate::view::pane::Title;
use crate::view::strip::Strip;
use crate::view::text::{width, wrap};

use super::Scene;
use super::block::Block;

/// The pane's content.
pub(super) fn block(look: &Look, scene: &Scene<'_>, room: usize) -> Block {
    let model = scene.model;
    let rows = rows(model, scene.release);
    let focused = scene.has_keys(Pane::Pods);
    let selected = model.rollout_view.row(Pane::Pods).min(rows.len().saturating_sub(1));
    let doubt = crate::app::read::doubt(model, ResourceKind::Pods, &scene.id.namespace);
    let items = rows
        .iter()
        .enumerate()
        .map(|(at, row)| item(look, row, room, focused && at == selected, at == 0))
        .collect();
    let mut title = Title::new("Pods");
    let mut head = Vec::new();
    if let Doubt::Blind(why) = &doubt {
        let text = format!("not known: {why}");
        head.push(Strip::new(look).gap(2).say_to(room, Role::Warn, &text).line());
    } else {
        title = title.and(&summary(scene.release, model.now)).right(doubt_phrase(&doubt));
    }
    Block {
        title: title.focused(focused),
        head,
        items,
        selected: focused.then_some(selected),
        is_old: matches!(doubt, Doubt::Old(_)),
    }
}

/// How old a pane is, for its title.
pub(super) fn doubt_phrase(doubt: &Doubt) -> Phrase {
    match doubt {
        Doubt::None => Phrase::new(),
        Doubt::Old(age) => Phrase::of(Role::Bad, format!("{age} ?")),
        Doubt::Blind(why) => Phrase::of(Role::Warn, format!("? {why}")),
    }
}

/// A glyph per pod, as many as fit, then how many more.
pub(super) fn grid<'l>(
    mut strip: Strip<'l>,
    look: &Look,
    pods: &[PodMark],
    room: usize,
) -> Strip<'l> {
    let free = room.saturating_sub(strip.used());
    let shown = if pods.len() <= free { pods.len() } else { free.saturating_sub(5) };
    for pod in pods.iter().take(shown) {
        let role = if pod.restarted { Role::Warn } else { role_of(pod.state) };
        strip = strip.say(role, look.pod(*pod));
    }
    if shown < pods.len() && free >= 5 {
        strip = strip.say(Role::Muted, format!("+{}", pods.len() - shown));
    }
    strip
}

/// A pod in one line. The reason of the first sick one and of the selected one is never cut: it
/// goes below where it does not fit.
fn item(look: &Look, row: &PodRow, room: usize, selected: bool, first: bool) -> Vec<Line<'static>> {
    let strip = strip(look, row, room, selected);
    if row.trouble.is_empty() || row.trouble == row.status {
        return vec![strip.line()];
    }
    let role = role_of(row.mark.state);
    if strip.used() + width(&row.trouble) <= room || !(selected || first) {
        return vec![strip.say_to(room, role, &row.trouble).line()];
    }
    let mut lines = vec![strip.line()];
    for part in wrap(&row.trouble, room.saturating_sub(4)).iter().take(2) {
        lines.push(Strip::new(look).gap(4).say(role, part.clone()).line());
    }
    lines
}

fn strip<'l>(look: &'l Look, row: &PodRow, room: usize, selected: bool) -> Strip<'l> {
    let role = role_of(row.mark.state);
    let restarts = match row.restarts {
        0 => (Role::Muted, String::new()),
        n => (Role::Warn, format!("{n}x")),
    };
    let node = match room {
        0..64 => 0,
        64..90 => 12,
        _ => 18,
    };
    Strip::new(look)
        .caret(selected)
        .gap(1)
        .say(role, look.pod(row.mark))
        .gap(1)
        .cell(5, row.revision_role, &row.revision)
        .cell(7, Role::Text, &row.short)
        .cell(17, role, &row.status)
        .number(4, role, &row.ready)
        .number(4, restarts.0, &restarts.1)
        .number(4, Role::Muted, &row.age)
        .gap(1)
        .cell(node, Role::Muted, &row.node)
}
