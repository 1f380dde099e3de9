//! The Rollout screen: verdict on top, evidence in the middle, the story at the bottom.
//!
//! Panes give way by priority; verdict and traffic never do. Called by `screen` and, for the
//! preview of a selection, by `fleet`.

mod analysis;
mod bars;
mod beside;
mod block;
mod layout;
mod metrics;
mod pods;
mod rail;
mod revisions;
mod story;
mod verdict;

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::model::Model;
use crate::app::screen::{Pane, Screen};
use crate::app::theme::Role;
use crate::domain::id::WorkloadId;
use crate::domain::release::Release;

use super::canvas::Canvas;
use super::pane::{Title, pane};
use super::screen::Shape;
use super::strip::Strip;

pub(super) use beside::facts;
pub(super) use story::line as story_line;
pub(super) use verdict::top;

/// What a screen about one workload is drawn from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'m> {
    /// Everything.
    pub(super) model: &'m Model,
    /// The workload.
    pub(super) id: &'m WorkloadId,
    /// The same with what belongs to it.
    pub(super) release: &'m Release<'m>,
}

impl Scene<'_> {
    /// Whether this pane has the keys: only on the Rollout screen, never in a preview.
    fn has_keys(&self, pane: Pane) -> bool {
        matches!(self.model.screen(), Screen::Rollout(_)) && self.model.rollout_view.pane == pane
    }
}

/// Draws the screen.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    id: &WorkloadId,
    shape: Shape,
) {
    let Some(release) = model.fleet.release(id) else {
        gone(canvas, area, id);
        return;
    };
    let scene = Scene { model, id, release: &release };
    layout::draw(canvas, area, &scene, shape);
}

/// What is said of a workload that is not there.
pub(super) fn gone(canvas: &mut Canvas<'_>, area: Rect, id: &WorkloadId) {
    let look = canvas.look;
    let lines = [
        Line::default(),
        Strip::new(look).gap(2).say(Role::Warn, format!("{id} is not there")).line(),
        Strip::new(look)
            .gap(2)
            .say(Role::Muted, "deleted, or not listed yet; esc goes back")
            .line(),
    ];
    canvas.lines(area, &lines);
}

/// Draws what fits of a workload beside the fleet.
pub(super) fn preview(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    id: &WorkloadId,
    shape: Shape,
) {
    let Some(release) = model.fleet.release(id) else {
        return;
    };
    let scene = Scene { model, id, release: &release };
    let set = shape.set();
    let title = Title::new(format!("{} in {}", id.kind.as_str(), id.namespace));
    let inner = pane(canvas, area, set, &title);
    layout::preview(canvas, inner, &scene, shape);
}
