//! The Logs screen: lines as they come, each with its pod.
//!
//! Called by `detail`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::log_view::{LogLine, LogState, LogView};
use crate::app::read::phrase::Phrase;
use crate::app::read::pods::short_name;
use crate::app::read::timeline::look as look_of;
use crate::app::theme::Role;
use crate::view::canvas::Canvas;
use crate::view::cockpit::Scene;
use crate::view::look::Look;
use crate::view::pane::{Set, Title, pane};
use crate::view::screen::take_top;
use crate::view::strip::Strip;

/// Looks that tell pods apart; their names do it without colour.
const POD_ROLES: [Role; 4] = [Role::Canary, Role::Stable, Role::Accent, Role::Moving];

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, set: Set) {
    let logs = &scene.model.logs;
    let visible = logs.visible();
    let mut inner = pane(canvas, area, set, &title(logs, visible.len()));
    if logs.typing || !logs.filter.value().is_empty() {
        filter_line(canvas, take_top(&mut inner, 1), logs);
    }
    if visible.is_empty() {
        let line = Strip::new(canvas.look).gap(2).phrase(&emptiness(logs)).line();
        canvas.line(inner, &line);
        return;
    }
    let room = usize::from(inner.height);
    let last = visible.len().saturating_sub(room);
    let first = if logs.following { last } else { logs.top.min(last) };
    let several = logs.pods.len() + logs.jobs.len() > 1;
    let total = usize::from(inner.width);
    let look = canvas.look;
    let lines: Vec<Line<'static>> = visible
        .iter()
        .skip(first)
        .take(room)
        .map(|line| text_line(look, line, several, total))
        .collect();
    canvas.lines(inner, &lines);
}

fn title(logs: &LogView, visible: usize) -> Title {
    let pods = match logs.pods.as_slice() {
        [] => match logs.jobs.as_slice() {
            [] => "no pods".to_owned(),
            [one] => format!("job {}", one.name),
            many => format!("{} jobs", many.len()),
        },
        [one] => one.name.to_string(),
        many => format!("{} pods", many.len()),
    };
    let mut words = Phrase::new().text(pods);
    if logs.previous {
        words.push(Role::Warn, "  before the last restart");
    }
    match &logs.state {
        LogState::Waiting => words.push(Role::Moving, "  waiting"),
        LogState::Following if logs.following => words.push(Role::Ok, "  following"),
        LogState::Following => words.push(Role::Muted, "  standing still, f follows"),
        LogState::Ended(None) => words.push(Role::Muted, "  ended"),
        LogState::Ended(Some(why)) => words.push(Role::Warn, format!("  ended: {why}")),
    }
    let mut right = Phrase::new().muted(format!("{visible} lines"));
    if logs.dropped > 0 {
        right.push(Role::Muted, format!(", {} older dropped", logs.dropped));
    }
    Title::new("Logs").and(&words).right(right).focused(true)
}

fn filter_line(canvas: &mut Canvas<'_>, area: Rect, logs: &LogView) {
    let total = usize::from(area.width);
    let hidden = logs.lines.len().saturating_sub(logs.visible().len());
    let strip = Strip::new(canvas.look)
        .say(Role::Key, "/")
        .say_to(total / 2, Role::Text, logs.filter.value())
        .right(total, &Phrase::new().muted(format!("hides {hidden}")));
    canvas.line(area, &strip.line());
    if logs.typing {
        let before = u16::try_from(logs.filter.visual_cursor()).unwrap_or(u16::MAX);
        canvas.cursor_at(area.x + 1 + before.min(area.width / 2), area.y);
    }
}

fn emptiness(logs: &LogView) -> Phrase {
    if !logs.filter.value().is_empty() && !logs.lines.is_empty() {
        return Phrase::new().text("the filter hides every line");
    }
    match &logs.state {
        _ if logs.pods.is_empty() && logs.jobs.is_empty() => {
            Phrase::of(Role::Warn, "there is no pod to read from")
        }
        LogState::Waiting => Phrase::of(Role::Moving, "waiting for the first line"),
        LogState::Following => Phrase::new().muted("nothing written yet"),
        LogState::Ended(None) => Phrase::new().muted("it ended without a line"),
        LogState::Ended(Some(why)) => Phrase::of(Role::Warn, why.to_string()),
    }
}

fn text_line(look: &Look, line: &LogLine, several: bool, total: usize) -> Line<'static> {
    let mut strip = Strip::new(look);
    if several {
        let short = short_name(&line.pod);
        let sum: usize = short.bytes().map(usize::from).sum();
        let role = POD_ROLES.get(sum % POD_ROLES.len()).copied().unwrap_or(Role::Muted);
        strip = strip.cell(6, role, short);
    }
    strip.say_to(total, look_of(line.tone()), &line.text).line()
}
