//! The Timeline pane.
//!
//! Called by `layout` and by the timeline screen.

use ratatui::text::Line;

use crate::app::read::Doubt;
use crate::app::read::phrase::Phrase;
use crate::app::read::timeline::{TimelineRow, rows};
use crate::app::screen::Pane;
use crate::app::theme::Role;
use crate::domain::id::ResourceKind;
use crate::view::look::Look;
use crate::view::pane::Title;
use crate::view::strip::Strip;

use super::Scene;
use super::block::Block;
use super::pods::doubt_phrase;

/// The pane's content.
pub(super) fn block(look: &Look, scene: &Scene<'_>, room: usize) -> Block {
    let model = scene.model;
    let rows = rows(model, scene.id);
    let focused = scene.has_keys(Pane::Timeline);
    let selected = model.rollout_view.row(Pane::Timeline).min(rows.len().saturating_sub(1));
    let items: Vec<Vec<Line<'static>>> = rows
        .iter()
        .enumerate()
        .map(|(at, row)| vec![line(look, row, room, focused && at == selected)])
        .collect();
    let doubt = crate::app::read::doubt(model, ResourceKind::Events, &scene.id.namespace);
    let mut title = Title::new("Timeline");
    if items.is_empty() {
        title = title.and(&Phrase::new().muted("nothing seen yet"));
    }
    Block {
        title: title.right(doubt_phrase(&doubt)).focused(focused),
        head: Vec::new(),
        items,
        selected: focused.then_some(selected),
        is_old: matches!(doubt, Doubt::Old(_)),
    }
}

/// A line of the story.
pub(in crate::view) fn line(
    look: &Look,
    row: &TimelineRow,
    room: usize,
    selected: bool,
) -> Line<'static> {
    let mark = match row.role {
        Role::Bad => "x",
        Role::Warn => "!",
        _ => " ",
    };
    Strip::new(look)
        .caret(selected)
        .gap(1)
        .cell(8, Role::Muted, &row.time)
        .say(row.role, mark)
        .gap(1)
        .cell(8, Role::Muted, row.topic)
        .say_to(room, row.role, &row.text)
        .line()
}
