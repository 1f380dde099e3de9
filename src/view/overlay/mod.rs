//! What lies over a screen: the dialogs.
//!
//! Called by `screen`, last.

mod arm;
mod confirm;
mod picker;
mod revert;

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::dialog::Dialog;
use crate::app::model::Model;
use crate::app::theme::Role;

use super::canvas::Canvas;
use super::pane::{Set, Title, pane};
use super::strip::Strip;

/// Draws the open dialog.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    if model.dialog.is_some() {
        canvas.fade(area, Role::Muted);
    }
    match &model.dialog {
        None => {}
        Some(Dialog::Confirm(confirmation)) => confirm::draw(canvas, area, model, confirmation),
        Some(Dialog::PickRevision(picker)) => picker::draw(canvas, area, model, picker),
        Some(Dialog::Arm(dialog)) => arm::draw(canvas, area, model, dialog),
        Some(Dialog::Disarm(uid)) => arm::draw_disarm(canvas, area, model, uid),
        Some(Dialog::Revert(trigger)) => revert::draw(canvas, area, model, trigger),
        Some(Dialog::Quit) => quit(canvas, area, model),
    }
}

/// Opens a frame of this many lines in the middle of the area; returns the room inside.
fn open(canvas: &mut Canvas<'_>, area: Rect, lines: usize, title: &Title) -> Rect {
    let width = area.width.min(110).max(area.width.min(80));
    let height = u16::try_from(lines + 2).unwrap_or(u16::MAX).min(area.height);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 3,
        width,
        height,
    };
    canvas.clear(place);
    pane(canvas, place, Set::Boxed, title)
}

fn quit(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let look = canvas.look;
    let under_way: Vec<Line<'static>> = model
        .flights
        .iter()
        .filter(|f| !f.stage.is_over())
        .map(|f| {
            let text = format!("{} of {}", f.plan.action.verb.name(), f.plan.id.name);
            Strip::new(look)
                .gap(2)
                .say(Role::Warn, text)
                .say(Role::Muted, format!("  {}", f.stage.word()))
                .line()
        })
        .collect();
    let guarded: Vec<Line<'static>> = model
        .posts
        .values()
        .filter(|post| post.guard.is_on())
        .map(|post| {
            let text = post.guard.arming.workload.name.to_string();
            Strip::new(look).gap(2).say(Role::Bad, text).line()
        })
        .collect();
    let say = |text: &str| Strip::new(look).say(Role::Text, text).line();
    let mut lines = Vec::new();
    if !under_way.is_empty() {
        lines.push(say("still under way, and it goes on without this program:"));
        lines.extend(under_way);
    }
    if !guarded.is_empty() {
        lines.push(say("guarded by this program, and by nobody when it is left:"));
        lines.extend(guarded);
    }
    lines.push(Line::default());
    lines.push(
        Strip::new(look)
            .say(Role::Key, "[ Esc ")
            .say(Role::Text, "stay and watch ]")
            .gap(4)
            .say(Role::Key, "[ Enter ")
            .say(Role::Text, "leave ]")
            .line(),
    );
    let inner = open(canvas, area, lines.len(), &Title::new("LEAVE?").focused(true));
    canvas.lines(inner, &lines);
}
