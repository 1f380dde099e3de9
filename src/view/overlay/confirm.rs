//! The confirmation: what would happen, to what, where, by what right; and what is still missing.
//!
//! Nothing is hidden: when the room is short, the equivalent command goes first. Called by
//! `overlay`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::access::Access;
use crate::app::availability::{Freshness, freshness};
use crate::app::dialog::{Confirmation, Field};
use crate::app::model::Model;
use crate::app::read::header::badge;
use crate::app::read::phrase::Phrase;
use crate::app::session::Level;
use crate::app::text_field::visible;
use crate::app::theme::Role;
use crate::domain::time::length;
use crate::view::canvas::Canvas;
use crate::view::look::Look;
use crate::view::pane::Title;
use crate::view::strip::Strip;
use crate::view::text::{cut, width, wrap};

/// Where texts begin behind their labels.
const INDENT: usize = 8;

/// Cells of the field for the token.
const TOKEN: usize = 24;

/// Lines, and where a field begins among them.
struct Page<'l> {
    look: &'l Look,
    lines: Vec<Line<'static>>,
    /// Row, column and room of the field that has the keys.
    field: Option<(usize, usize)>,
}

/// Draws the confirmation.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    confirmation: &Confirmation,
) {
    let room = usize::from(area.width.clamp(80, 110)) - 4;
    let mut page = Page { look: canvas.look, lines: Vec::new(), field: None };
    page.notes(confirmation, room);
    page.rights(model, confirmation, room);
    page.fields(confirmation, room);
    page.changes(confirmation, room);
    page.lines.push(Line::default());
    page.buttons(model, confirmation, room);
    let free = usize::from(area.height).saturating_sub(page.lines.len() + 2);
    if free >= 2 {
        page.lines.push(Line::default());
    }
    if free >= 1 {
        page.labelled("same as", Role::Muted, &confirmation.plan.command, room);
    }
    let title = title(model, confirmation);
    let inner = super::open(canvas, area, page.lines.len(), &title);
    canvas.lines(inner, &page.lines);
    if let Some((row, column)) = page.field {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        let column = u16::try_from(column).unwrap_or(u16::MAX);
        if row < inner.height {
            canvas.cursor_at(inner.x.saturating_add(column), inner.y.saturating_add(row));
        }
    }
}

/// `ABORT checkout  PROD  eks-eu/shop`.
fn title(model: &Model, confirmation: &Confirmation) -> Title {
    let plan = &confirmation.plan;
    let environment = model.session.environment(&plan.id.namespace);
    let role = match environment.level {
        Level::Production => Role::Prod,
        Level::Lab => Role::Lab,
    };
    let place = Phrase::of(Role::Title, plan.id.name.to_string())
        .text("  ")
        .say(role, format!(" {} ", badge(&environment)))
        .text(format!("  {}/{}", model.session.context, plan.id.namespace));
    Title::new(plan.action.verb.name().to_uppercase()).and(&place).focused(true)
}

impl Page<'_> {
    /// A label and a text of as many lines as it takes.
    fn labelled(&mut self, label: &str, role: Role, text: &str, room: usize) {
        let lines = wrap(text, room.saturating_sub(INDENT));
        for (at, line) in lines.iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            self.lines.push(
                Strip::new(self.look)
                    .say(Role::Muted, label)
                    .to(INDENT)
                    .say(role, line.clone())
                    .line(),
            );
        }
    }

    fn notes(&mut self, confirmation: &Confirmation, room: usize) {
        for note in &confirmation.plan.notes {
            let (role, mark) = if note.warning { (Role::Warn, "! ") } else { (Role::Text, "") };
            self.labelled(note.label, role, &format!("{mark}{}", note.text), room);
        }
    }

    /// What the API server says we may do, and how fresh the state is.
    fn rights(&mut self, model: &Model, confirmation: &Confirmation, room: usize) {
        let mut may = Phrase::new();
        for permission in confirmation.plan.permissions() {
            if !may.is_empty() {
                may.push(Role::Text, ", ");
            }
            match model.access.get(&permission) {
                Some(Access::Allowed) => may.push(Role::Ok, "yes"),
                Some(Access::Denied) => may.push(Role::Bad, "NO"),
                Some(Access::Unknown(why)) => may.push(Role::Warn, format!("not known ({why})")),
                None => may.push(Role::Muted, "being asked"),
            }
            may.push(Role::Muted, format!(" {permission}"));
        }
        let fresh = match freshness(model, &confirmation.plan.id) {
            Freshness::Live => Phrase::of(Role::Ok, "live"),
            Freshness::Old(age) => Phrase::of(Role::Bad, format!("{} old", length(age))),
            Freshness::Unknown(why) => Phrase::of(Role::Bad, why.to_string()),
        };
        let data = Phrase::new()
            .muted("data ")
            .say(fresh.0.first().map_or(Role::Text, |w| w.role), fresh.plain());
        let strip = Strip::new(self.look)
            .say(Role::Muted, "may I")
            .to(INDENT)
            .phrase_to(room.saturating_sub(width(&data.plain()) + 2), &may)
            .right(room, &data);
        self.lines.push(strip.line());
    }

    fn fields(&mut self, confirmation: &Confirmation, room: usize) {
        let wanted = if confirmation.reason_required { "required" } else { "may be empty" };
        let has_keys = confirmation.field == Field::Reason;
        let inside = room.saturating_sub(INDENT + width(wanted) + 3);
        let shown = visible(&confirmation.reason, inside);
        self.field("reason", &shown, has_keys, (inside, wanted));
        if let Some(token) = &confirmation.token {
            let has_keys = confirmation.field == Field::Token;
            let shown = visible(&confirmation.typed, TOKEN);
            self.field("confirm", &shown, has_keys, (TOKEN, &format!("type {token}")));
        }
    }

    /// `reason  [pool waits only on the canary___________] required`.
    fn field(
        &mut self,
        label: &str,
        (text, cursor): &(String, usize),
        has_keys: bool,
        (inside, hint): (usize, &str),
    ) {
        let shown = cut(text, inside, self.look.ellipsis());
        let blank = inside.saturating_sub(width(&shown));
        let edge = if has_keys { Role::Key } else { Role::Muted };
        if has_keys {
            self.field = Some((self.lines.len(), INDENT + 1 + cursor.min(&inside)));
        }
        self.lines.push(
            Strip::new(self.look)
                .say(if has_keys { Role::Title } else { Role::Muted }, label)
                .to(INDENT)
                .say(edge, "[")
                .say(Role::Text, shown)
                .say(Role::Muted, "_".repeat(blank))
                .say(edge, "]")
                .say(Role::Muted, format!(" {hint}"))
                .line(),
        );
    }

    /// What moved while it was open, and why it may be off.
    fn changes(&mut self, confirmation: &Confirmation, room: usize) {
        for change in &confirmation.changed {
            let text = format!("! {change}; the lines above are fresh");
            self.labelled("changed", Role::Warn, &text, room);
        }
    }

    fn buttons(&mut self, model: &Model, confirmation: &Confirmation, room: usize) {
        let verb = confirmation.plan.action.verb.name().to_uppercase();
        let strip =
            Strip::new(self.look).to(INDENT).say(Role::Key, "[ Esc ").say(Role::Text, "leave it ]");
        let strip = match confirmation.hindrance(model.now) {
            None => strip
                .gap(4)
                .say(Role::StepNow, format!("[ Enter  {verb} ]"))
                .say(Role::Ok, "  <- ready"),
            Some(reason) => strip
                .gap(4)
                .say(Role::KeyDisabled, format!("( Enter  {verb} )"))
                .gap(2)
                .say_to(room, Role::Warn, &reason),
        };
        self.lines.push(strip.line());
    }
}
