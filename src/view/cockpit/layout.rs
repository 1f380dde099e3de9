//! Where the parts of the cockpit go at which size.
//!
//! Called by the Rollout screen and the preview of the fleet.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::read::info;
use crate::app::screen::Pane;
use crate::app::theme::Role;
use crate::view::canvas::Canvas;
use crate::view::pane::{Set, Title, pane};
use crate::view::screen::{Shape, take_bottom, take_left, take_top};

use super::block::{Block, stack};
use super::verdict::{self, Detail};
use super::{Scene, analysis, beside, metrics, pods, revisions, story};

/// Draws the whole screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, shape: Shape) {
    if scene.model.rollout_view.zoomed {
        zoomed(canvas, area, scene, shape);
        return;
    }
    match shape {
        Shape::Compact => compact(canvas, area, scene),
        Shape::Tall => tall(canvas, area, scene),
        Shape::Medium => medium(canvas, area, scene),
        Shape::Wide => wide(canvas, area, scene),
    }
}

fn rows_of(lines: &[Line<'_>]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}

/// Cells inside a pane of this width.
fn inside(set: Set, width: u16) -> usize {
    match set {
        Set::Rule => usize::from(width),
        Set::Boxed => usize::from(width.saturating_sub(4)),
    }
}

/// Takes what the top needs, without a frame.
fn bare_top(canvas: &mut Canvas<'_>, rest: &mut Rect, scene: &Scene<'_>, detail: Detail) {
    let lines = verdict::lines(canvas.look, scene, usize::from(rest.width), detail);
    let area = take_top(rest, rows_of(&lines));
    canvas.lines(area, &lines);
    fade_if_old(canvas, area, scene);
}

/// Takes what the top needs, in a frame.
fn framed_top(canvas: &mut Canvas<'_>, rest: &mut Rect, scene: &Scene<'_>) {
    let room = inside(Set::Boxed, rest.width);
    let mut lines = verdict::lines(canvas.look, scene, room, Detail::Full);
    if rows_of(&lines) + 2 > rest.height * 2 / 5 {
        lines = verdict::lines(canvas.look, scene, room, Detail::Terse);
    }
    let area = take_top(rest, rows_of(&lines) + 2);
    let title = Title::new(format!("{} in {}", scene.id.kind.as_str(), scene.id.namespace));
    let inner = pane(canvas, area, Set::Boxed, &title);
    canvas.lines(inner, &lines);
    fade_if_old(canvas, inner, scene);
}

/// What is old is drawn without its colours.
fn fade_if_old(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let kind = crate::app::read::fleet::kind_of(scene.id);
    if crate::app::read::doubt(scene.model, kind, &scene.id.namespace).is_doubtful() {
        canvas.fade(area, Role::Stale);
    }
}

fn block(canvas: &Canvas<'_>, scene: &Scene<'_>, which: Pane, room: usize) -> Block {
    match which {
        Pane::Revisions => revisions::block(canvas.look, scene, room),
        Pane::Pods => pods::block(canvas.look, scene, room),
        Pane::Metrics => metrics::block(canvas.look, scene, room),
        Pane::Analysis => analysis::block(canvas.look, scene, room),
        Pane::Timeline => story::block(canvas.look, scene, room),
    }
}

fn blocks(canvas: &Canvas<'_>, scene: &Scene<'_>, which: &[Pane], room: usize) -> Vec<Block> {
    let shown = which.iter().filter(|pane| scene.model.has_pane(**pane));
    shown.map(|pane| block(canvas, scene, *pane, room)).collect()
}

fn zoomed(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, shape: Shape) {
    let mut rest = area;
    let line = verdict::top(canvas.look, scene, usize::from(area.width));
    let head = take_top(&mut rest, 1);
    canvas.line(head, &line);
    let set = shape.set();
    let block = block(canvas, scene, scene.model.rollout_view.pane, inside(set, rest.width));
    block.draw(canvas, rest, set);
}

fn compact(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let mut rest = area;
    bare_top(canvas, &mut rest, scene, Detail::Terse);
    let blocks = blocks(canvas, scene, &Pane::ALL, usize::from(rest.width));
    stack(canvas, rest, Set::Rule, &blocks);
}

fn tall(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let mut rest = area;
    framed_top(canvas, &mut rest, scene);
    let blocks = blocks(canvas, scene, &Pane::ALL, inside(Set::Boxed, rest.width));
    stack(canvas, rest, Set::Boxed, &blocks);
}

fn medium(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let mut rest = area;
    framed_top(canvas, &mut rest, scene);
    let left = take_left(&mut rest, area.width * 11 / 20);
    let room = inside(Set::Boxed, left.width);
    let left_blocks = blocks(canvas, scene, &[Pane::Revisions, Pane::Pods], room);
    stack(canvas, left, Set::Boxed, &left_blocks);
    let room = inside(Set::Boxed, rest.width);
    let right_blocks =
        blocks(canvas, scene, &[Pane::Metrics, Pane::Analysis, Pane::Timeline], room);
    stack(canvas, rest, Set::Boxed, &right_blocks);
}

fn wide(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let mut rest = area;
    let mut bottom = take_bottom(&mut rest, area.height * 3 / 10);
    let side = (area.width / 5).clamp(36, 52);
    let left = take_left(&mut rest, side);
    let middle = take_left(&mut rest, (area.width - side) * 3 / 5);
    fleet_column(canvas, left, scene);

    let mut middle_rest = middle;
    framed_top(canvas, &mut middle_rest, scene);
    let room = inside(Set::Boxed, middle.width);
    let evidence = blocks(canvas, scene, &[Pane::Revisions, Pane::Metrics, Pane::Pods], room);
    stack(canvas, middle_rest, Set::Boxed, &evidence);

    let room = inside(Set::Boxed, rest.width);
    let conditions = info::conditions(scene.model, scene.release);
    let right = [
        beside::fact_block(canvas.look, "Conditions", &conditions, room),
        block(canvas, scene, Pane::Analysis, room),
    ];
    let wanted: u16 = right.iter().map(|block| block.wants() + 2).sum();
    if scene.model.has_pane(Pane::Metrics) {
        // What the facts leave over shows how it went.
        let left = rest.height.saturating_sub(wanted.min(rest.height / 2));
        metrics::charts(canvas, take_bottom(&mut rest, left), scene);
    }
    stack(canvas, rest, Set::Boxed, &right);

    let story_area = take_left(&mut bottom, area.width * 11 / 20);
    let story = block(canvas, scene, Pane::Timeline, inside(Set::Boxed, story_area.width));
    story.draw(canvas, story_area, Set::Boxed);
    let presses = beside::presses(canvas.look, scene, inside(Set::Boxed, bottom.width));
    presses.draw(canvas, bottom, Set::Boxed);
}

fn fleet_column(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let room = inside(Set::Boxed, area.width);
    let around = info::around(scene.model, scene.release);
    let facts = beside::fact_block(canvas.look, "Around it", &around, room);
    let mut rest = area;
    let wanted = (facts.wants() + 2).clamp(3, area.height / 2);
    let below = take_bottom(&mut rest, wanted);
    let rows = usize::from(rest.height.saturating_sub(2));
    beside::fleet(canvas.look, scene, room, rows).draw(canvas, rest, Set::Boxed);
    facts.draw(canvas, below, Set::Boxed);
}

/// Draws what fits of the cockpit beside the fleet.
pub(super) fn preview(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, shape: Shape) {
    let mut rest = area;
    let detail = if shape == Shape::Wide { Detail::Full } else { Detail::Terse };
    bare_top(canvas, &mut rest, scene, detail);
    if rest.height < 4 {
        return;
    }
    let all = blocks(canvas, scene, &Pane::ALL, usize::from(rest.width));
    stack(canvas, rest, Set::Rule, &all);
}
