//! Where one is in the charts: the span, the panel, the cursor.

use crate::domain::time::Span;

/// Spans that can be chosen, in minutes.
const MINUTES: [i64; 5] = [5, 15, 60, 180, 720];

/// Instants of a chart, about.
const POINTS: i64 = 180;

/// The charts' own state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChartView {
    span: usize,
    /// The panel that has the keys.
    pub panel: usize,
    /// How many instants before the last one the cursor is; nothing while there is none.
    pub cursor: Option<usize>,
    /// Whether numbers are shown instead of a plot.
    pub raw: bool,
}

impl Default for ChartView {
    fn default() -> Self {
        Self { span: 1, panel: 0, cursor: None, raw: false }
    }
}

impl ChartView {
    /// The span that is shown.
    pub fn span(&self) -> Span {
        Span::minutes(MINUTES.get(self.span).copied().unwrap_or(15))
    }

    /// The next span; after the longest the shortest.
    pub fn next_span(&mut self) {
        self.span = (self.span + 1) % MINUTES.len();
        self.cursor = self.cursor.map(|_| 0);
    }

    /// Moves the cursor by instants, to the left when negative, within the span in steps of so many
    /// seconds; it comes up at the last one.
    pub fn move_cursor(&mut self, by: isize, step: i64) {
        let instants = usize::try_from(self.span().num_seconds() / step.max(1));
        self.cursor = Some(match self.cursor {
            None => 0,
            Some(at) => at.saturating_add_signed(-by).min(instants.unwrap_or(usize::MAX)),
        });
    }
}

/// The step of a span: not finer than the scrapes, and not more instants than are drawn.
pub fn step_of(span: Span, scrape: Span) -> Span {
    let seconds = ((span.num_seconds() + POINTS - 1) / POINTS).max(scrape.num_seconds()).max(1);
    // Round steps, so that charts of the same span share their grid.
    let round = [1, 2, 5, 10, 15, 30, 60, 120, 240, 300, 600];
    Span::seconds(round.into_iter().find(|step| *step >= seconds).unwrap_or(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_the_span_and_the_scrapes() {
        let cases =
            [(5, 1, 2), (5, 15, 15), (15, 1, 5), (15, 15, 15), (60, 15, 30), (720, 15, 240)];
        for (minutes, scrape, wanted) in cases {
            let step = step_of(Span::minutes(minutes), Span::seconds(scrape));
            assert_eq!(step.num_seconds(), wanted, "{minutes} minutes, scraped every {scrape} s");
        }
    }

    #[test]
    fn the_cursor_comes_up_at_the_end_and_stays_in() {
        let mut view = ChartView::default();
        view.move_cursor(-1, 15);
        assert_eq!(view.cursor, Some(0));
        view.move_cursor(-3, 15);
        assert_eq!(view.cursor, Some(3));
        view.move_cursor(5, 15);
        assert_eq!(view.cursor, Some(0));
        view.move_cursor(-1000, 15);
        assert_eq!(view.cursor, Some(60), "the first instant of fifteen minutes");
        view.move_cursor(1, 15);
        assert_eq!(view.cursor, Some(59), "and back at once");
        view.next_span();
        assert_eq!(view.span(), Span::minutes(60));
    }
}
