//! A chart: courses as braille or letters, limits as dashes, marks under the axis.
//!
//! Several instants that fall into one cell keep their peaks. A gap stays a gap: points are joined
//! only when they are neighbours. Called by the Metrics screen.

use ratatui::text::Line;

use crate::app::read::metrics::chart::{Chart, Course};
use crate::app::theme::Role;
use crate::domain::time::{Span, Timestamp, length};

use super::look::Look;
use super::strip::Strip;
use super::text::{cut, width};

/// Cells for the numbers of the axis.
const AXIS: usize = 9;

/// Dots of a braille cell.
const ACROSS: usize = 2;
const DOWN: usize = 4;

/// One cell of the plot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    glyph: char,
    role: Role,
    dots: u8,
}

/// The plot while it is drawn.
struct Plot {
    columns: usize,
    rows: usize,
    cells: Vec<Option<Cell>>,
}

impl Plot {
    fn new(columns: usize, rows: usize) -> Self {
        Self { columns, rows, cells: vec![None; columns * rows] }
    }

    fn at(&mut self, column: usize, row: usize) -> Option<&mut Option<Cell>> {
        if column >= self.columns {
            return None;
        }
        self.cells.get_mut(row * self.columns + column)
    }

    /// Puts a glyph; what is there gives way.
    fn put(&mut self, column: usize, row: usize, glyph: char, role: Role) {
        if let Some(cell) = self.at(column, row) {
            *cell = Some(Cell { glyph, role, dots: 0 });
        }
    }

    /// Puts a dot, counted in dots from the upper left.
    fn dot(&mut self, x: usize, y: usize, role: Role) {
        let bit = match (x % ACROSS, y % DOWN) {
            (0, 3) => 6,
            (_, 3) => 7,
            (column, row) => column * 3 + row,
        };
        if let Some(cell) = self.at(x / ACROSS, y / DOWN) {
            let dots = cell.filter(|cell| cell.role == role).map_or(0, |cell| cell.dots) | 1 << bit;
            let glyph = char::from_u32(0x2800 + u32::from(dots)).unwrap_or('.');
            *cell = Some(Cell { glyph, role, dots });
        }
    }
}

/// The range of the values that are shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    low: f64,
    high: f64,
}

impl Range {
    /// From zero, where that does not press everything against the upper edge; always with the
    /// limits in it.
    pub(super) fn of(chart: &Chart) -> Self {
        let values =
            chart.courses.iter().flat_map(|course| &course.points).map(|(_, value)| *value);
        let all: Vec<f64> = values.chain(chart.limits.iter().copied()).collect();
        let low = all.iter().copied().fold(f64::INFINITY, f64::min);
        let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !low.is_finite() || !high.is_finite() {
            return Self { low: 0.0, high: 1.0 };
        }
        let near_the_top = low > 0.0 && low > high * 0.6 && low < high;
        let room = (high - low).max(high.abs() * 0.02).max(f64::MIN_POSITIVE) * 0.1;
        let (low, high) = match (low, near_the_top) {
            (..0.0, _) | (_, true) => (low - room, high + room),
            _ => (0.0, high + high * 0.1),
        };
        if high > low { Self { low, high } } else { Self { low, high: low + 1.0 } }
    }

    /// The place of a value among `steps`, from the top.
    fn place(self, value: f64, steps: usize) -> usize {
        let part = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        let last = steps.saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "rows of a screen"
        )]
        let from_below = (part * last as f64).round() as usize;
        last - from_below.min(last)
    }

    fn value(self, row: usize, rows: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "rows of a screen")]
        let part = row as f64 / rows.saturating_sub(1).max(1) as f64;
        self.high - (self.high - self.low) * part
    }
}

/// A chart of `room` cells and `height` lines: title, plot, axis. Without room for a plot, the
/// title alone.
pub(super) fn lines(look: &Look, chart: &Chart, room: usize, height: usize) -> Vec<Line<'static>> {
    let mut lines = vec![title(look, chart, room)];
    let rows = height.saturating_sub(2);
    if rows < 2 || room < AXIS + 10 {
        return lines;
    }
    if !chart.empty.is_empty() {
        let text = cut(&chart.empty, room.saturating_sub(AXIS + 1), look.ellipsis());
        lines.push(Strip::new(look).gap(AXIS + 1).say(Role::Muted, text).line());
        lines.resize(rows + 2, Line::default());
        return lines;
    }
    let columns = room - AXIS - 1;
    let range = Range::of(chart);
    let plot = draw(look, chart, range, columns, rows);
    for row in 0..rows {
        let label = axis_label(chart, range, row, rows);
        let mut strip = Strip::new(look).number(AXIS - 1, Role::Muted, &label);
        strip = strip.say(Role::Frame, look.edges(false, false).vertical);
        let cells = plot.cells.get(row * columns..(row + 1) * columns).unwrap_or_default();
        lines.push(runs(strip, cells).line());
    }
    lines.push(foot(look, chart, columns));
    lines
}

fn title(look: &Look, chart: &Chart, room: usize) -> Line<'static> {
    let strip = Strip::new(look).phrase_to(room, &chart.title);
    let needs = width(&chart.right.plain());
    if strip.used() + needs + 2 <= room {
        return strip.right(room, &chart.right).line();
    }
    strip.gap(2).phrase_to(room, &chart.right).line()
}

/// Neighbouring cells of one look as one piece.
fn runs<'l>(mut strip: Strip<'l>, cells: &[Option<Cell>]) -> Strip<'l> {
    let mut run = String::new();
    let mut role = Role::Text;
    for cell in cells {
        let (glyph, own) = cell.map_or((' ', Role::Text), |cell| (cell.glyph, cell.role));
        if own != role && !run.is_empty() {
            strip = strip.say(role, std::mem::take(&mut run));
        }
        role = own;
        run.push(glyph);
    }
    strip.say(role, run)
}

/// Numbers at the top, in the middle, at the bottom, and beside the first limit.
fn axis_label(chart: &Chart, range: Range, row: usize, rows: usize) -> String {
    let of_limit = chart.limits.iter().find(|limit| range.place(**limit, rows) == row);
    if let Some(limit) = of_limit {
        return chart.unit.words(*limit);
    }
    let near_limit = chart.limits.iter().any(|limit| range.place(*limit, rows).abs_diff(row) <= 1);
    let is_told = row == 0 || row + 1 == rows || (rows > 6 && row == rows / 2);
    if is_told && !near_limit { chart.unit.words(range.value(row, rows)) } else { String::new() }
}

fn draw(look: &Look, chart: &Chart, range: Range, columns: usize, rows: usize) -> Plot {
    let mut plot = Plot::new(columns, rows);
    for limit in &chart.limits {
        let row = range.place(*limit, rows);
        let glyph = if look.is_ascii() { '-' } else { '╌' };
        for column in (0..columns).step_by(2) {
            plot.put(column, row, glyph, Role::ChartLimit);
        }
    }
    if let Some(column) = chart.cursor.and_then(|at| column_of(chart, at, columns)) {
        let glyph = if look.is_ascii() { ':' } else { '┊' };
        for row in 0..rows {
            plot.put(column, row, glyph, Role::Accent);
        }
    }
    for course in &chart.courses {
        if look.is_ascii() {
            letters(&mut plot, chart, range, course);
        } else {
            dots(&mut plot, chart, range, course);
        }
    }
    plot
}

/// The column of an instant; nothing outside of the chart.
fn column_of(chart: &Chart, at: Timestamp, columns: usize) -> Option<usize> {
    let whole = (chart.to - chart.from).num_milliseconds().max(1);
    let part = (at - chart.from).num_milliseconds();
    if part < 0 || part > whole {
        return None;
    }
    let last = i64::try_from(columns.saturating_sub(1)).ok()?;
    usize::try_from(part * last / whole).ok()
}

/// A letter in each column: where several instants share one, its lowest and its highest, so that
/// no peak is lost; where one instant has several, the same in all of them.
fn letters(plot: &mut Plot, chart: &Chart, range: Range, course: &Course) {
    let (columns, rows) = (plot.columns, plot.rows);
    let mut before: Option<(Timestamp, f64)> = None;
    for (at, value) in &course.points {
        if let Some((last, own)) = before
            && *at - last <= chart.step
            && let (Some(from), Some(to)) =
                (column_of(chart, last, columns), column_of(chart, *at, columns))
        {
            for column in from..to {
                plot.put(column, range.place(own, rows), course.letter, course.role);
            }
        }
        before = Some((*at, *value));
    }
    for (column, value) in peaks(chart, course, columns) {
        plot.put(column, range.place(value, rows), course.letter, course.role);
    }
}

/// The lowest and the highest value of each column that has any.
fn peaks(chart: &Chart, course: &Course, columns: usize) -> Vec<(usize, f64)> {
    let mut peaks: Vec<(usize, f64, f64)> = Vec::new();
    for (at, value) in &course.points {
        let Some(column) = column_of(chart, *at, columns) else { continue };
        match peaks.last_mut() {
            Some((last, low, high)) if *last == column => {
                *low = low.min(*value);
                *high = high.max(*value);
            }
            _ => peaks.push((column, *value, *value)),
        }
    }
    let both = |(column, low, high): (usize, f64, f64)| [(column, low), (column, high)];
    peaks.into_iter().flat_map(both).collect()
}

/// Dots, joined where two are neighbours on the grid.
fn dots(plot: &mut Plot, chart: &Chart, range: Range, course: &Course) {
    let (width, height) = (plot.columns * ACROSS, plot.rows * DOWN);
    let mut before: Option<(Timestamp, usize, usize)> = None;
    for (at, value) in &course.points {
        let Some(x) = column_of(chart, *at, width) else { continue };
        let y = range.place(*value, height);
        match before {
            Some((last, from_x, from_y)) if *at - last <= chart.step => {
                join(plot, (from_x, from_y), (x, y), course.role);
            }
            _ => plot.dot(x, y, course.role),
        }
        before = Some((*at, x, y));
    }
}

/// A line of dots between two.
fn join(plot: &mut Plot, from: (usize, usize), to: (usize, usize), role: Role) {
    let (across, down) = (from.0.abs_diff(to.0), from.1.abs_diff(to.1));
    let steps = across.max(down).max(1);
    let between = |from: usize, to: usize, step: usize| {
        if to >= from {
            from + (to - from) * step / steps
        } else {
            from - (from - to) * step / steps
        }
    };
    for step in 0..=steps {
        plot.dot(between(from.0, to.0, step), between(from.1, to.1, step), role);
    }
}

/// The axis: how far back it goes, what happened where, and now or the cursor.
fn foot(look: &Look, chart: &Chart, columns: usize) -> Line<'static> {
    let mut cells: Vec<(char, Role)> = vec![(' ', Role::Muted); columns];
    let mut put = |column: usize, text: &str, role: Role| {
        for (cell, c) in cells.iter_mut().skip(column).zip(text.chars()) {
            *cell = (c, role);
        }
    };
    let ago = |at: Timestamp| {
        let back = chart.to - at;
        if back <= Span::zero() { "now".to_owned() } else { format!("-{}", length(back)) }
    };
    put(0, &ago(chart.from), Role::Muted);
    put(columns.saturating_sub(3), "now", Role::Muted);
    let mut free = width(&ago(chart.from)) + 1;
    for (at, word) in &chart.marks {
        let Some(column) = column_of(chart, *at, columns) else { continue };
        let text = format!("^{word}");
        if column >= free && column + width(&text) + 4 <= columns {
            put(column, &text, Role::Text);
            free = column + width(&text) + 1;
        }
    }
    if let Some((at, column)) =
        chart.cursor.and_then(|at| Some((at, column_of(chart, at, columns)?)))
    {
        let text = ago(at);
        let column = column.min(columns.saturating_sub(width(&text)));
        put(column, &text, Role::Accent);
    }
    let cells: Vec<Option<Cell>> =
        cells.into_iter().map(|(glyph, role)| Some(Cell { glyph, role, dots: 0 })).collect();
    runs(Strip::new(look).gap(AXIS + 1), &cells).line()
}

/// A course in one line of `cells`: blocks of eight heights, or letters of four; gaps are blank.
pub(super) fn spark(look: &Look, points: &[(Timestamp, Option<f64>)], cells: usize) -> String {
    let heights: &[char] = if look.is_ascii() {
        &['.', '-', '=', '#']
    } else {
        &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
    };
    let shown: Vec<Option<f64>> =
        points.iter().rev().take(cells).rev().map(|(_, value)| *value).collect();
    let high = shown.iter().flatten().copied().fold(0.0f64, f64::max);
    let glyph = |value: &Option<f64>| match value {
        None => ' ',
        Some(value) => {
            let range = Range { low: 0.0, high: if high > 0.0 { high } else { 1.0 } };
            let place = range.place(*value, heights.len());
            heights.get(heights.len() - 1 - place).copied().unwrap_or(' ')
        }
    };
    shown.iter().map(glyph).collect()
}

#[cfg(test)]
mod tests;
