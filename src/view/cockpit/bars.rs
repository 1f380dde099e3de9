//! Bars of shares, and the two sides of a blue-green.
//!
//! The filled part is never nothing while the share is not, and never all while it is not. Called
//! by `verdict`.

use ratatui::text::Line;

use crate::app::read::phrase::Phrase;
use crate::app::read::traffic::{Bar, Picture, Side};
use crate::app::theme::Role;
use crate::view::look::Look;
use crate::view::strip::Strip;
use crate::view::text::{width, wrap_phrase};

use super::pods::grid;

/// Width of the labels.
const LABEL: usize = 10;

/// The picture as lines of `room` cells. `terse`: remarks share the line of the last bar.
pub(super) fn lines(
    look: &Look,
    picture: &Picture,
    room: usize,
    terse: bool,
) -> Vec<Line<'static>> {
    match picture {
        Picture::Bars(bars, remarks) => bar_lines(look, bars, remarks, room, terse),
        Picture::Sides(sides, remarks) => {
            let mut lines = side_lines(look, sides, room);
            if !terse {
                lines.push(Line::default());
            }
            lines.extend(remark_lines(look, remarks, room, 0));
            lines
        }
    }
}

fn remark_lines(look: &Look, remarks: &[Phrase], room: usize, indent: usize) -> Vec<Line<'static>> {
    remarks
        .iter()
        .flat_map(|remark| wrap_phrase(remark, room.saturating_sub(indent)))
        .map(|part| Strip::new(look).gap(indent).phrase(&part).line())
        .collect()
}

fn bar_lines(
    look: &Look,
    bars: &[Bar],
    remarks: &[Phrase],
    room: usize,
    terse: bool,
) -> Vec<Line<'static>> {
    let cells = if terse { 24 } else { (room / 2).clamp(20, 50) };
    let value = bars.iter().map(|b| width(&b.value)).max().unwrap_or(4).max(4);
    let mut lines = Vec::new();
    let mut told = remarks;
    for (at, bar) in bars.iter().enumerate() {
        let mut strip = Strip::new(look).say(Role::Muted, bar.label).to(LABEL);
        strip = gauge(strip, look, bar, cells).gap(1).number(value, Role::Title, &bar.value).gap(1);
        let mut note = bar.note.clone();
        if terse && at + 1 == bars.len() && remarks.len() == 1 {
            for remark in remarks {
                note = note.muted("  ");
                note.0.extend(remark.0.iter().cloned());
            }
            told = &[];
        }
        lines.push(strip.phrase_to(room, &note).line());
    }
    lines.extend(remark_lines(look, told, room, LABEL));
    lines
}

/// The bar itself; an unknown share is a row of question marks.
fn gauge<'l>(strip: Strip<'l>, look: &Look, bar: &Bar, cells: usize) -> Strip<'l> {
    let (open, close) = if look.is_ascii() { ("[", "]") } else { ("", "") };
    let inside = cells.saturating_sub(width(open) + width(close));
    let Some(share) = bar.share else {
        return strip
            .say(Role::Muted, open)
            .say(Role::Stale, "?".repeat(inside))
            .say(Role::Muted, close);
    };
    let share = usize::try_from(share).unwrap_or(0);
    let full = match share {
        0 => 0,
        1000.. => inside,
        _ => (share * inside / 1000).clamp(1, inside.saturating_sub(1)),
    };
    strip
        .say(Role::Muted, open)
        .say(bar.filled, look.bar_full().repeat(full))
        .say(bar.rest, look.bar_empty().repeat(inside - full))
        .say(Role::Muted, close)
}

fn side_lines(look: &Look, sides: &[Side; 2], room: usize) -> Vec<Line<'static>> {
    let half = room.saturating_sub(3) / 2;
    let [left, right] = sides;
    let columns = [side_strips(look, left, half), side_strips(look, right, half)];
    let [left, right] = columns;
    left.into_iter()
        .zip(right)
        .map(|(left, right)| {
            let mut spans = left
                .to(half)
                .say(Role::Frame, look.edges(false, false).vertical)
                .to(half + 3)
                .line()
                .spans;
            spans.extend(right.line().spans);
            Line::from(spans)
        })
        .collect()
}

fn side_strips<'l>(look: &'l Look, side: &Side, room: usize) -> Vec<Strip<'l>> {
    let head = Strip::new(look).say(side.role, side.word.to_uppercase()).gap(2).say_to(
        room,
        Role::Muted,
        &side.service,
    );
    let note = Strip::new(look).phrase_to(room, &side.note);
    let Some(revision) = &side.revision else {
        return vec![head, Strip::new(look).say(Role::Muted, "-"), Strip::new(look), note];
    };
    let ready = if revision.is_complete { Role::Ok } else { Role::Warn };
    let version = Strip::new(look)
        .say(side.role, format!("{} {}", revision.number, revision.hash))
        .gap(2)
        .say_to(room, Role::Text, &revision.images);
    let label = format!("{} ready ", revision.ready);
    let pods = grid(Strip::new(look).say(ready, label), look, &revision.pods, room);
    vec![head, version, pods, note]
}
