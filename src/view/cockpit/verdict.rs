//! The top of a workload: what it is, where it stands, why, its steps and its traffic.
//!
//! Called by `layout` and by the screens opened from it.

use ratatui::text::Line;

use crate::app::read::cockpit::{Verdict, guard, steps, verdict, way_back};
use crate::app::read::phrase::Phrase;
use crate::app::read::traffic;
use crate::app::theme::Role;
use crate::view::look::Look;
use crate::view::strip::Strip;
use crate::view::text::wrap;

use super::{Scene, bars, rail};

/// Where texts begin behind their labels.
const INDENT: usize = 10;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// A line each.
    Terse,
    /// With room between the parts.
    Full,
}

/// Name and phase in one line, as the head of every screen about a workload.
pub(in crate::view) fn top(look: &Look, scene: &Scene<'_>, room: usize) -> Line<'static> {
    head(look, &verdict(scene.model, scene.release), room)
}

fn head(look: &Look, verdict: &Verdict, room: usize) -> Line<'static> {
    let mut phase = Phrase::new();
    if !verdict.beside.is_empty() {
        phrase_beside(&mut phase, verdict);
    }
    phase.push(verdict.role, verdict.phase.clone());
    let mut strip = Strip::new(look)
        .say_to(room * 2 / 5, Role::Title, &verdict.name)
        .gap(2)
        .say(Role::Muted, verdict.strategy)
        .gap(2);
    let left = room.saturating_sub(crate::view::text::width(&phase.plain()) + 2);
    if left > strip.used() + 8 {
        strip = strip.phrase_to(left, &verdict.versions);
    }
    strip.right(room, &phase).line()
}

fn phrase_beside(phase: &mut Phrase, verdict: &Verdict) {
    phase.push(Role::Muted, format!("{}  ", verdict.beside));
}

/// The whole top.
pub(super) fn lines(
    look: &Look,
    scene: &Scene<'_>,
    room: usize,
    detail: Detail,
) -> Vec<Line<'static>> {
    let verdict = verdict(scene.model, scene.release);
    let mut lines = vec![head(look, &verdict, room)];
    let full = detail == Detail::Full;
    let blank = |lines: &mut Vec<Line<'static>>| {
        if full {
            lines.push(Line::default());
        }
    };
    blank(&mut lines);
    labelled(look, &mut lines, "why", verdict.role, &verdict.why, (room, 2));
    if !verdict.next.is_empty() {
        labelled(
            look,
            &mut lines,
            "next",
            Role::Text,
            &verdict.next,
            (room, if full { 2 } else { 1 }),
        );
    }
    let back = Strip::new(look).say(Role::Muted, "back").to(INDENT);
    lines.push(back.phrase_to(room, &way_back::line(scene.model, scene.release)).line());
    if let Some(guard) = guard::line(scene.model, scene.release) {
        let label = Strip::new(look).say(Role::Muted, "guard").to(INDENT);
        lines.push(label.phrase_to(room, &guard).line());
    }
    blank(&mut lines);
    if let Some(rail) = steps::of(scene.model, scene.release) {
        let title = Strip::new(look)
            .say(Role::Muted, "steps")
            .to(INDENT)
            .say(Role::Title, rail.title.clone())
            .gap(2)
            .phrase_to(room, &rail.outlook)
            .line();
        lines.push(title);
        lines.extend(rail::lines(look, &rail, room, INDENT));
        blank(&mut lines);
    }
    let picture = traffic::of(scene.model, scene.release);
    lines.extend(bars::lines(look, &picture, room, !full));
    lines
}

/// A label and a text of at most so many lines.
fn labelled(
    look: &Look,
    lines: &mut Vec<Line<'static>>,
    label: &str,
    role: Role,
    text: &str,
    (room, most): (usize, usize),
) {
    let inside = room.saturating_sub(INDENT);
    let wrapped = wrap(text, inside);
    let count = wrapped.len();
    for (at, part) in wrapped.iter().take(most).enumerate() {
        let label = if at == 0 { label } else { "" };
        let mut strip = Strip::new(look).say(Role::Muted, label).to(INDENT);
        strip = if at + 1 == most && count > most {
            let rest = wrapped.get(at..).map(|rest| rest.join(" ")).unwrap_or_default();
            strip.say_to(room, role, &rest)
        } else {
            strip.say(role, part.clone())
        };
        lines.push(strip.line());
    }
}
