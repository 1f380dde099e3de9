//! The screens opened from the cockpit: documents that scroll, under the verdict of their workload.
//!
//! Called by `screen`.

mod analysis;
mod briefing;
mod diff;
mod document;
mod help;
mod info;
mod logbook;
mod logs;
mod metrics;
mod pod;
mod safety;
mod timeline;
mod troubles;
mod why;

use ratatui::layout::Rect;

use crate::app::model::Model;
use crate::app::screen::Screen;
use crate::domain::id::WorkloadId;

use super::canvas::Canvas;
use super::cockpit::{Scene, gone, top};
use super::pane::Set;
use super::screen::{Shape, take_top};

/// Draws a screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, screen: &Screen) {
    let set = Shape::of(area).set();
    match screen {
        Screen::Help => help::draw(canvas, area, model, set),
        Screen::Troubles => troubles::draw(canvas, area, model, set),
        Screen::Briefing => briefing::draw(canvas, area, model, set),
        Screen::Journal(of) => logbook::draw(canvas, area, model, of.as_ref(), set),
        Screen::Deed(session, ticket) => {
            logbook::deed(canvas, area, model, (session, *ticket), set);
        }
        screen => {
            let Some(id) = screen.workload() else { return };
            of_workload(canvas, area, model, screen, id, set);
        }
    }
}

fn of_workload(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    screen: &Screen,
    id: &WorkloadId,
    set: Set,
) {
    let Some(release) = model.fleet.release(id) else {
        gone(canvas, area, id);
        return;
    };
    let scene = Scene { model, id, release: &release };
    let mut rest = area;
    let line = top(canvas.look, &scene, usize::from(area.width));
    canvas.line(take_top(&mut rest, 1), &line);
    match screen {
        Screen::Pod(_, uid) => pod::draw(canvas, rest, &scene, uid, set),
        Screen::Analysis(_, uid) => analysis::draw(canvas, rest, &scene, uid, set),
        Screen::Diff(_) => diff::draw(canvas, rest, &scene, set),
        Screen::Logs(_) => logs::draw(canvas, rest, &scene, set),
        Screen::Timeline(_) => timeline::draw(canvas, rest, &scene, set),
        Screen::Why(_) => why::draw(canvas, rest, &scene, set),
        Screen::Info(_) => info::draw(canvas, rest, &scene, set),
        Screen::Guard(_) => safety::guard::draw(canvas, rest, &scene, set),
        Screen::Metrics(_) => metrics::draw(canvas, rest, &scene, set),
        Screen::Gate(_) => safety::gate::draw(canvas, rest, &scene, set),
        Screen::Readiness(_) => safety::readiness::draw(canvas, rest, &scene, set),
        // Drawn elsewhere.
        Screen::Fleet
        | Screen::Rollout(_)
        | Screen::Help
        | Screen::Troubles
        | Screen::Briefing
        | Screen::Journal(_)
        | Screen::Deed(..) => {}
    }
}
