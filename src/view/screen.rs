//! The layout: header, body, foot; and which shape the body has at which size.
//!
//! Called by `draw`.

use ratatui::layout::Rect;

use crate::app::model::Model;
use crate::app::read::cockpit::{one_line, receipt};
use crate::app::read::drill;
use crate::app::read::header::banner;
use crate::app::screen::Screen;
use crate::app::theme::Role;

use super::canvas::Canvas;
use super::pane::Set;
use super::strip::Strip;
use super::{cockpit, detail, fleet, footer, header, overlay};

/// The least that the screens are made for.
pub(super) const LEAST: (u16, u16) = (80, 24);

/// The shape of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One column, rules instead of frames.
    Compact,
    /// One column, but tall: everything below each other.
    Tall,
    /// Two columns.
    Medium,
    /// Three columns.
    Wide,
}

impl Shape {
    /// The shape for this many columns and rows.
    pub(super) fn of(area: Rect) -> Self {
        match (area.width, area.height) {
            (160.., 40..) => Self::Wide,
            (110.., 26..) => Self::Medium,
            (_, 45..) => Self::Tall,
            _ => Self::Compact,
        }
    }

    /// How panes are set off in it.
    pub(super) fn set(self) -> Set {
        match self {
            Self::Compact => Set::Rule,
            Self::Tall | Self::Medium | Self::Wide => Set::Boxed,
        }
    }
}

/// Draws everything.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(canvas, area, model);
        return;
    }
    let shape = Shape::of(area);
    let mut rest = area;
    header::draw(canvas, take_top(&mut rest, 1), model);
    if banner(model).is_some() {
        header::draw_banner(canvas, take_top(&mut rest, 1), model);
    }
    if drill::banner(model).is_some() {
        header::draw_drill(canvas, take_top(&mut rest, 1), model);
    }
    let foot = if area.height >= 30 { 2 } else { 1 };
    footer::draw(canvas, take_bottom(&mut rest, foot), model);
    if let Some(phrase) = model.meant().and_then(|id| receipt(model, id)) {
        let row = take_bottom(&mut rest, 1);
        let line = Strip::new(canvas.look).gap(1).phrase_to(usize::from(row.width), &phrase).line();
        canvas.line(row, &line);
    }
    match model.screen() {
        Screen::Fleet => fleet::draw(canvas, rest, model, shape),
        Screen::Rollout(id) => cockpit::draw(canvas, rest, model, id, shape),
        screen => detail::draw(canvas, rest, model, screen),
    }
    overlay::draw(canvas, rest, model);
}

/// Cuts rows off the top.
pub(super) fn take_top(area: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    let taken = Rect { height: rows, ..*area };
    area.y += rows;
    area.height -= rows;
    taken
}

/// Cuts rows off the bottom.
pub(super) fn take_bottom(area: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    area.height -= rows;
    Rect { y: area.bottom(), height: rows, ..*area }
}

/// Cuts columns off the left, and a blank one behind them.
pub(super) fn take_left(area: &mut Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    let taken = Rect { width: columns, ..*area };
    let gap = (columns + 1).min(area.width);
    area.x += gap;
    area.width -= gap;
    taken
}

/// What is needed, and one line of what matters.
fn too_small(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let total = usize::from(area.width);
    let look = canvas.look;
    let (columns, rows) = LEAST;
    let needed = format!("too small: {}x{}, needs {columns}x{rows}", area.width, area.height);
    let lines = [
        Strip::new(look).say_to(total, Role::Title, &one_line(model)).line(),
        Strip::new(look).say_to(total, Role::Muted, &needed).line(),
    ];
    canvas.lines(area, &lines);
}
