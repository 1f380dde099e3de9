//! The header line and the banner of old data.
//!
//! What is dangerous or wrong is never left out; names and addresses are shortened first. Called by
//! `screen`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::model::Model;
use crate::app::read::drill;
use crate::app::read::header::{Header, Link, banner, of};
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;

use super::canvas::Canvas;
use super::look::Look;
use super::strip::Strip;
use super::text::{cut, width};

/// Draws the header.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let line = line(canvas.look, usize::from(area.width), &of(model));
    canvas.line(area, &line);
}

/// Draws the banner, when there is something to say.
pub(super) fn draw_banner(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let Some(text) = banner(model) else { return };
    let total = usize::from(area.width);
    let line = Strip::new(canvas.look)
        .say(Role::ToastBad, " STALE ")
        .gap(1)
        .say_to(total, Role::Warn, &text)
        .line();
    canvas.line(area, &line);
}

/// Draws the line of a drill: that it is one comes first, and never goes away.
pub(super) fn draw_drill(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let Some(banner) = drill::banner(model) else { return };
    let total = usize::from(area.width);
    let right = width(&banner.score.plain());
    let line = Strip::new(canvas.look)
        .say(Role::Lab, format!(" DRILL {} ", banner.clock))
        .gap(1)
        .phrase_to(total.saturating_sub(right + 2), &banner.text)
        .right(total, &banner.score)
        .line();
    canvas.line(area, &line);
}

/// The right end grows with the width; the left end takes what is left.
fn line(look: &Look, total: usize, header: &Header) -> Line<'static> {
    let right = right_end(header, total);
    let right_room = width(&right.plain());
    let room = total.saturating_sub(right_room + 2);
    let mut strip = badges(look, header);
    let left = room.saturating_sub(strip.used());
    // The context leaves room for the scope behind it.
    let context = cut(&header.context, left * 2 / 3, look.ellipsis());
    strip = strip.say(Role::Title, context).gap(2);
    let left = room.saturating_sub(strip.used());
    strip = strip.say(Role::Text, cut(&header.scope, left, look.ellipsis())).gap(2);
    let cluster = header.cluster.as_ref().map(|c| format!("cluster {c}"));
    for text in std::iter::once(header.user.clone()).chain(cluster) {
        if strip.used() + width(&text) <= room {
            strip = strip.say(Role::Muted, text).gap(2);
        }
    }
    strip.right(total, &right).line()
}

fn badges<'l>(look: &'l Look, header: &Header) -> Strip<'l> {
    let (role, text) = if header.is_production {
        (Role::Prod, format!(" !{} ", header.badge))
    } else {
        (Role::Lab, format!(" {} ", header.badge))
    };
    let mut strip = Strip::new(look).say(role, cut(&text, 14, look.ellipsis())).gap(1);
    if header.insecure {
        strip = strip.say(Role::Prod, " INSECURE TLS ").gap(1);
    }
    if header.read_only {
        strip = strip.say(Role::Accent, "RO").gap(2);
    }
    strip
}

fn right_end(header: &Header, total: usize) -> Phrase {
    let mut phrase = Phrase::new();
    match &header.link {
        Link::Connecting(age) => phrase.push(Role::Moving, format!("connecting {age}")),
        Link::Live(rtt) if rtt.is_empty() => phrase.push(Role::Ok, header.mode),
        Link::Live(rtt) => {
            phrase.push(Role::Ok, header.mode);
            phrase.push(Role::Muted, format!(" api {rtt}"));
        }
        Link::Stale(age) => phrase.push(Role::ToastBad, format!(" STALE {age} ")),
    }
    if header.errors > 0 {
        phrase.push(Role::Text, "  ");
        phrase.push(Role::Bad, format!("!{}", header.errors));
    }
    let clock = if total < 70 {
        header.clock.split(' ').next().unwrap_or_default().to_owned()
    } else {
        header.clock.clone()
    };
    phrase.push(Role::Muted, format!("  {clock}"));
    phrase
}
