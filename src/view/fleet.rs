//! The Fleet screen: groups by risk, one row each, and a preview of the selected one.
//!
//! Only rows in sight are put into words. Called by `screen`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::fleet_view::last::{LastRow, LastView};
use crate::app::model::Model;
use crate::app::read::fleet::{
    Entry, Roster, Row, emptiness, has_several_namespaces, is_whole, last, last_remark, list,
    remarks, row,
};
use crate::app::read::metrics::glance::Short;
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::domain::attention::Attention;
use crate::domain::text::several;

use super::canvas::Canvas;
use super::cockpit;
use super::look::Look;
use super::pane::{Title, first_row, pane};
use super::screen::{Shape, take_bottom, take_left, take_top};
use super::strip::Strip;

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, shape: Shape) {
    let list = list(model);
    let mut rest = area;
    if is_filter_shown(model) {
        filter_line(canvas, take_top(&mut rest, 1), model, &list);
    }
    let has_selection = model.fleet_view.selected.is_some() && !list.rows().is_empty();
    let (list_area, preview) = match shape {
        _ if !has_selection => (rest, Rect::default()),
        Shape::Wide => {
            let left = take_left(&mut rest, area.width * 2 / 3);
            (left, rest)
        }
        Shape::Compact => {
            let preview = take_bottom(&mut rest, 4);
            (rest, preview)
        }
        Shape::Medium | Shape::Tall => {
            let preview = take_bottom(&mut rest, (area.height / 3).clamp(8, 18));
            (rest, preview)
        }
    };
    let inner = pane(canvas, list_area, shape.set(), &title(canvas.look, model, &list));
    rows(canvas, inner, model, &list);
    if let Some(id) = model.fleet_view.selected.as_ref().filter(|_| has_selection) {
        cockpit::preview(canvas, preview, model, id, shape);
    }
}

fn is_filter_shown(model: &Model) -> bool {
    model.fleet_view.typing || !model.fleet_view.filter.value().is_empty()
}

/// The filter as it is typed, and what it hides.
fn filter_line(canvas: &mut Canvas<'_>, area: Rect, model: &Model, list: &Roster) {
    let view = &model.fleet_view;
    let total = usize::from(area.width);
    let strip = Strip::new(canvas.look).gap(1).say(Role::Key, "/").say_to(
        total / 2,
        Role::Text,
        view.filter.value(),
    );
    let hidden = match (list.hidden(), view.typing) {
        (0, _) => Phrase::new(),
        (hidden, true) => Phrase::new().muted(format!("hides {hidden}")),
        (hidden, false) => Phrase::new()
            .muted(format!("filter hides {hidden}: "))
            .say(Role::Key, "esc")
            .muted(" clears it "),
    };
    canvas.line(area, &strip.right(total, &hidden).line());
    if view.typing {
        let before = u16::try_from(view.filter.visual_cursor()).unwrap_or(u16::MAX);
        let most = area.width / 2;
        canvas.cursor_at(area.x + 2 + before.min(most), area.y);
    }
}

fn title(look: &Look, model: &Model, list: &Roster) -> Title {
    let [needs, moving, unknown, quiet] = list.counts();
    let mut counts = Phrase::new();
    let groups = [
        (needs, "needs a person", "need a person", Role::Warn),
        (moving, "moving", "moving", Role::Moving),
        (unknown, "unknown", "unknown", Role::Stale),
        (quiet, "quiet", "quiet", Role::Muted),
    ];
    for (count, one, many, role) in groups.into_iter().filter(|(count, ..)| *count > 0) {
        if !counts.is_empty() {
            counts.push(Role::Muted, format!(" {} ", look.dot()));
        }
        counts.push(role, several(count, one, many));
    }
    let total = match list.total() {
        0 if !is_whole(model) => "?".to_owned(),
        total => total.to_string(),
    };
    Title::new(format!("Fleet {total}"))
        .and(&counts)
        .right(Phrase::new().muted(format!("by {}", model.fleet_view.sort.word())))
        .focused(true)
}

/// One line of the pane: a heading or a row.
#[derive(Debug, Clone, Copy)]
enum Shown<'e> {
    Heading(Attention, usize),
    Row(&'e Entry),
}

/// The fleet as it was: faded, and without a selection.
fn last_rows(canvas: &mut Canvas<'_>, area: Rect, model: &Model, view: &LastView) {
    let mut rest = area;
    let note = take_bottom(&mut rest, 1);
    let total = usize::from(note.width);
    let line = Strip::new(canvas.look).phrase_to(total, &last_remark(model, view)).line();
    canvas.line(note, &line);
    let longest = |at: usize| {
        view.rows
            .iter()
            .filter_map(|row| row.words.get(at))
            .map(|word| word.len())
            .max()
            .unwrap_or(0)
    };
    let several = has_several_namespaces(model);
    let columns = Columns::fit(rest.width, (longest(0), longest(1)), several, false);
    let head = columns.head(canvas.look);
    canvas.line(take_top(&mut rest, 1), &head);
    for (row, area) in view.rows.iter().zip(rest.rows()) {
        let line = columns.last_line(canvas.look, row);
        canvas.line(area, &line);
        canvas.fade(area, Role::Stale);
    }
}

fn rows(canvas: &mut Canvas<'_>, area: Rect, model: &Model, list: &Roster) {
    if let Some(view) = last(model) {
        return last_rows(canvas, area, model, view);
    }
    let reasons = emptiness(model, list);
    if !reasons.is_empty() {
        let lines: Vec<Line<'_>> = std::iter::once(Line::default())
            .chain(reasons.iter().map(|r| Strip::new(canvas.look).gap(2).phrase(r).line()))
            .collect();
        canvas.lines(area, &lines);
        return;
    }
    let mut rest = area;
    let notes = remarks(model);
    let note_rows = u16::try_from(notes.len()).unwrap_or(u16::MAX).min(3);
    let note_area = take_bottom(&mut rest, note_rows);
    for (phrase, row) in notes.iter().zip(note_area.rows()) {
        let total = usize::from(row.width);
        let line = Strip::new(canvas.look).phrase_to(total, phrase).line();
        canvas.line(row, &line);
    }
    let columns = Columns::fit(
        rest.width,
        list.longest(),
        has_several_namespaces(model),
        model.metrics.settings.on,
    );
    let head = columns.head(canvas.look);
    canvas.line(take_top(&mut rest, 1), &head);
    let grouped = model.fleet_view.sort == crate::app::fleet_view::Sort::Risk;
    let plan = Plan::of(list, grouped);
    let selected = model.fleet_view.selected.as_ref();
    let at = selected.and_then(|id| list.position(id)).map(|row| plan.line_of(row));
    let first = first_row(at.unwrap_or(0), plan.lines(), usize::from(rest.height));
    for (index, area) in (first..plan.lines()).zip(rest.rows()) {
        match plan.line(list, index) {
            Some(Shown::Heading(attention, count)) => {
                let line = heading(canvas.look, attention, count);
                canvas.line(area, &line);
            }
            Some(Shown::Row(entry)) => {
                let Some(row) = row(model, entry) else {
                    continue;
                };
                let is_selected = at == Some(index);
                let line = columns.line(canvas.look, &row, is_selected);
                canvas.line(area, &line);
                if row.is_old {
                    canvas.fade(area, Role::Stale);
                }
                if is_selected {
                    canvas.tint(area, Role::Selection);
                }
            }
            None => {}
        }
    }
}

/// Which lines the list has: rows, and a heading above each group. Only those in sight are looked
/// at, however many there are.
#[derive(Debug)]
struct Plan {
    /// Groups that have rows, in order; one without a heading when rows are not grouped.
    groups: Vec<(Option<Attention>, usize)>,
}

impl Plan {
    fn of(list: &Roster, grouped: bool) -> Self {
        let groups = if grouped {
            let all =
                [Attention::NeedsPerson, Attention::Moving, Attention::Unknown, Attention::Quiet];
            let counted = all.into_iter().zip(list.counts());
            counted.filter(|(_, count)| *count > 0).map(|(a, count)| (Some(a), count)).collect()
        } else {
            vec![(None, list.rows().len())]
        };
        Self { groups }
    }

    fn lines(&self) -> usize {
        self.groups.iter().map(|(heading, count)| usize::from(heading.is_some()) + count).sum()
    }

    /// The line of the nth row.
    fn line_of(&self, row: usize) -> usize {
        let mut above = 0;
        let mut headings = 0;
        for (heading, count) in &self.groups {
            headings += usize::from(heading.is_some());
            above += count;
            if row < above {
                break;
            }
        }
        row + headings
    }

    fn line<'l>(&self, list: &'l Roster, line: usize) -> Option<Shown<'l>> {
        let mut rest = line;
        let mut rows = 0;
        for (heading, count) in &self.groups {
            if let Some(attention) = heading {
                if rest == 0 {
                    return Some(Shown::Heading(*attention, *count));
                }
                rest -= 1;
            }
            if rest < *count {
                return list.rows().get(rows + rest).map(Shown::Row);
            }
            rest -= count;
            rows += count;
        }
        None
    }
}

fn heading(look: &Look, attention: Attention, count: usize) -> Line<'static> {
    let role = match attention {
        Attention::NeedsPerson => Role::Warn,
        Attention::Moving => Role::Moving,
        Attention::Unknown => Role::Stale,
        Attention::Quiet => Role::Muted,
    };
    Strip::new(look).say(role, attention.word()).say(Role::Muted, format!(" {count}")).line()
}

/// Widths of the columns; zero leaves one out.
#[derive(Debug, Clone, Copy)]
struct Columns {
    total: usize,
    namespace: usize,
    name: usize,
    strategy: usize,
    phase: usize,
    step: usize,
    share: usize,
    measured: usize,
    errors: usize,
    p99: usize,
    pods: usize,
    version: usize,
    age: usize,
}

impl Columns {
    /// Columns no wider than what stands in them: what is left belongs to the reason.
    fn fit(
        total: u16,
        (longest_namespace, longest_name): (usize, usize),
        several: bool,
        measures: bool,
    ) -> Self {
        let total = usize::from(total);
        let roomy = total >= 100;
        let most = match total {
            0..100 => 14,
            100..140 => 20,
            _ => 28,
        };
        // Names are ASCII almost always: then their length is their width.
        let name = longest_name.clamp("name    ".len(), most);
        let namespace = longest_namespace.clamp("namespace".len(), most);
        let namespace = if several { namespace } else { 0 };
        Self {
            total,
            namespace,
            name,
            strategy: if roomy { 10 } else { 0 },
            phase: 11,
            step: 7,
            share: 8,
            measured: if measures { 5 } else { 0 },
            errors: if measures && roomy { 6 } else { 0 },
            p99: if measures && roomy { 6 } else { 0 },
            pods: 6,
            version: if roomy { 10 } else { 0 },
            age: if roomy { 4 } else { 0 },
        }
    }

    fn head(&self, look: &Look) -> Line<'static> {
        let role = Role::Muted;
        Strip::new(look)
            .gap(4)
            .cell(self.namespace, role, "namespace")
            .cell(self.name, role, "name")
            .cell(self.strategy, role, "strategy")
            .cell(self.phase, role, "phase")
            .cell(self.step, role, "step")
            .number(self.share, role, &format!("want{}got", look.arrow()))
            .number(self.measured, role, "is")
            .number(self.errors, role, "errors")
            .number(self.p99, role, "p99")
            .number(self.pods, role, "pods")
            .gap(1)
            .cell(self.version, role, "version")
            .number(self.age, role, "age")
            .gap(usize::from(self.age > 0))
            .say_to(self.total, role, "why")
            .line()
    }

    fn last_line(&self, look: &Look, row: &LastRow) -> Line<'static> {
        let [namespace, name, strategy, phase, step, pods, version, why] = &row.words;
        Strip::new(look)
            .gap(2)
            .say(Role::Stale, look.mark(row.mark))
            .gap(1)
            .cell(self.namespace, Role::Muted, namespace)
            .cell(self.name, Role::Title, name)
            .cell(self.strategy, Role::Muted, strategy)
            .cell(self.phase, Role::Stale, phase)
            .cell(self.step, Role::Text, step)
            .number(self.share, Role::Text, "")
            .number(self.pods, Role::Text, pods)
            .gap(1)
            .cell(self.version, Role::Text, version)
            .number(self.age, Role::Muted, "")
            .gap(usize::from(self.age > 0))
            .say_to(self.total, Role::Text, why)
            .line()
    }

    fn line(&self, look: &Look, row: &Row, selected: bool) -> Line<'static> {
        let pods = if row.is_complete { Role::Text } else { Role::Warn };
        let share = if row.share.agrees { Role::Text } else { Role::Bad };
        let step = if row.held { Role::Warn } else { Role::Text };
        Strip::new(look)
            .caret(selected)
            .gap(1)
            .say(row.role, look.mark(row.mark))
            .gap(1)
            .cell(self.namespace, Role::Muted, &row.namespace)
            .cell(self.name, Role::Title, &row.name)
            .cell(self.strategy, Role::Muted, row.strategy)
            .cell(self.phase, row.role, row.phase)
            .cell(self.step, step, &row.step)
            .number(self.share, share, &share_text(look, row))
            .number(self.measured, look_of(&row.glance.share), &row.glance.share.text)
            .number(self.errors, look_of(&row.glance.errors), &row.glance.errors.text)
            .number(self.p99, look_of(&row.glance.p99), &row.glance.p99.text)
            .number(self.pods, pods, &row.pods)
            .gap(1)
            .cell(self.version, Role::Text, &row.version)
            .number(self.age, Role::Muted, &row.age)
            .gap(usize::from(self.age > 0))
            .say_to(self.total, Role::Text, &row.why)
            .line()
    }
}

fn look_of(short: &Short) -> Role {
    short.role.unwrap_or(Role::Text)
}

fn share_text(look: &Look, row: &Row) -> String {
    let differ = if row.share.agrees { "" } else { "!" };
    match row.share.wanted {
        Some(wanted) => format!("{wanted}{}{}{differ}", look.arrow(), row.share.router),
        None => row.share.router.clone(),
    }
}
