//! The Revisions pane: versions with their roles, pods and images.
//!
//! Called by `layout`.

use ratatui::text::Line;

use crate::app::read::Doubt;
use crate::app::read::phrase::Phrase;
use crate::app::read::revisions::{RevisionRow, rows};
use crate::app::screen::Pane;
use crate::app::theme::Role;
use crate::domain::id::ResourceKind;
use crate::view::look::Look;
use crate::view::pane::Title;
use crate::view::strip::Strip;

use super::Scene;
use super::block::Block;
use super::pods::{doubt_phrase, grid};

/// The pane's content.
pub(super) fn block(look: &Look, scene: &Scene<'_>, room: usize) -> Block {
    let rows = rows(scene.model, scene.release);
    let view = &scene.model.rollout_view;
    let focused = scene.has_keys(Pane::Revisions);
    let selected = view.row(Pane::Revisions).min(rows.len().saturating_sub(1));
    let items = rows
        .iter()
        .enumerate()
        .map(|(at, row)| vec![line(look, row, room, focused && at == selected)])
        .collect();
    let doubt =
        crate::app::read::doubt(scene.model, ResourceKind::ReplicaSets, &scene.id.namespace);
    let title = Title::new(format!("Revisions {}", rows.len()))
        .right(doubt_phrase(&doubt))
        .focused(focused);
    let is_old = matches!(doubt, Doubt::Old(_));
    Block { title, head: Vec::new(), items, selected: focused.then_some(selected), is_old }
}

fn line(look: &Look, row: &RevisionRow, room: usize, selected: bool) -> Line<'static> {
    let ready = match (row.is_up, row.is_complete) {
        (false, _) => Role::Muted,
        (true, true) => Role::Ok,
        (true, false) => Role::Warn,
    };
    let images = if room >= 90 { 26 } else { 18 };
    let mut strip = Strip::new(look)
        .caret(selected)
        .gap(1)
        .cell(5, row.role, &row.number)
        .cell(10, row.role, &row.hash)
        .cell(13, row.role, &row.roles)
        .number(6, ready, &row.ready)
        .number(4, Role::Muted, &row.age)
        .gap(1)
        .cell(images, Role::Text, &row.images);
    if let Some(left) = &row.scale_down {
        let note = Phrase::new().muted("pods go in ").say(Role::Paused, left.clone()).muted("  ");
        strip = strip.phrase_to(room, &note);
    }
    if row.is_failing {
        return strip.say_to(room, Role::Bad, &row.note).line();
    }
    strip = grid(strip, look, &row.pods, room);
    if !row.note.is_empty() && strip.used() + 12 < room {
        strip = strip.gap(2).say_to(room, Role::Muted, &row.note);
    }
    strip.line()
}
