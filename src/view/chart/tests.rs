//! Charts as text: peaks, gaps, limits, marks, the cursor; in braille and in ASCII.

use super::*;
use crate::app::read::phrase::Phrase;
use crate::app::theme::{ColorDepth, Rgb, Theme};
use crate::domain::measure::panel::Unit;
use crate::domain::time::parse_rfc3339;
use crate::view::Glyphs;

fn look(glyphs: Glyphs) -> Look {
    Look::new(Theme::new("t", Rgb(0, 0, 0), []), glyphs, ColorDepth::None)
}

fn at(seconds: i64) -> Timestamp {
    parse_rfc3339("2026-11-28T12:00:00Z").unwrap() + Span::seconds(seconds)
}

/// A chart of ten minutes in steps of ten seconds.
fn chart(courses: Vec<Course>) -> Chart {
    Chart {
        title: Phrase::new().text("errors  canary 1%"),
        right: Phrase::new().text("must be <= 2%"),
        courses,
        limits: Vec::new(),
        unit: Unit::Plain,
        from: at(0),
        to: at(600),
        step: Span::seconds(10),
        marks: Vec::new(),
        cursor: None,
        empty: String::new(),
    }
}

fn course(letter: char, role: Role, value: impl Fn(i64) -> Option<f64>) -> Course {
    let points = (0..=60).filter_map(|n| Some((at(n * 10), value(n)?))).collect();
    Course { letter, role, points }
}

fn drawn(chart: &Chart, glyphs: Glyphs, room: usize, height: usize) -> Vec<String> {
    let lines = lines(&look(glyphs), chart, room, height);
    lines
        .iter()
        .map(|line| {
            let text: String = line.spans.iter().map(|span| span.content.as_ref()).collect();
            text.trim_end().to_owned()
        })
        .collect()
}

#[test]
fn a_peak_of_one_instant_survives_a_narrow_plot() {
    let peak = course('c', Role::Canary, |n| Some(if n == 31 { 100.0 } else { 1.0 }));
    for glyphs in [Glyphs::Ascii, Glyphs::Unicode] {
        let lines = drawn(&chart(vec![peak.clone()]), glyphs, 30, 8);
        let top: String =
            lines[1..3].iter().map(|l| l.split(['|', '│']).next_back().unwrap()).collect();
        assert!(!top.trim().is_empty(), "{glyphs:?}: {lines:#?}");
    }
}

#[test]
fn a_gap_is_a_gap() {
    let gap = course('c', Role::Canary, |n| (!(20..=40).contains(&n)).then_some(5.0));
    for glyphs in [Glyphs::Ascii, Glyphs::Unicode] {
        let lines = drawn(&chart(vec![gap.clone()]), glyphs, 70, 6);
        let row = lines
            .iter()
            .find(|l| {
                l.contains('c') && l.contains('|')
                    || l.contains('⠉')
                    || l.contains('⠒')
                    || l.contains('⠤')
                    || l.contains('⣀')
            })
            .unwrap();
        let plot = row.split(['|', '│']).next_back().unwrap();
        let middle: String = plot.chars().skip(23).take(14).collect();
        assert_eq!(middle.trim(), "", "{glyphs:?}: {lines:#?}");
    }
}

#[test]
fn the_limit_is_drawn_and_told_and_always_in_sight() {
    let mut low = chart(vec![course('c', Role::Canary, |_| Some(1.0))]);
    low.limits = vec![50.0];
    for glyphs in [Glyphs::Ascii, Glyphs::Unicode] {
        let lines = drawn(&low, glyphs, 60, 9);
        let limit = lines.iter().find(|l| l.trim_start().starts_with("50.0")).unwrap();
        let dashes = limit.chars().filter(|c| matches!(c, '-' | '╌')).count();
        assert!(dashes > 10, "{lines:#?}");
    }
}

#[test]
fn both_versions_have_their_letters_and_the_new_one_is_on_top() {
    let courses = vec![
        course('s', Role::Stable, |_| Some(4.0)),
        course('c', Role::Canary, |n| Some(if n < 30 { 4.0 } else { 9.0 })),
    ];
    let lines = drawn(&chart(courses), Glyphs::Ascii, 70, 8);
    let all = lines.join("\n");
    assert!(all.contains("cccc") && all.contains("ssss"), "{all}");
    assert!(lines[0].ends_with("must be <= 2%"), "{all}");
}

#[test]
fn marks_and_the_cursor_stand_under_the_axis() {
    let mut with =
        chart(vec![course('c', Role::Canary, |n| Some(f64::from(i32::try_from(n).unwrap())))]);
    with.marks =
        vec![(at(200), "25%".to_owned()), (at(205), "30%".to_owned()), (at(400), "50%".to_owned())];
    let lines = drawn(&with, Glyphs::Ascii, 80, 8);
    let foot = lines.last().unwrap();
    assert!(foot.contains("-10m") && foot.ends_with("now"), "{foot}");
    assert!(foot.contains("^25%") && foot.contains("^50%"), "{foot}");
    assert!(!foot.contains("30%"), "one that would cover another is left out: {foot}");
    with.cursor = Some(at(300));
    let lines = drawn(&with, Glyphs::Ascii, 80, 8);
    assert!(lines.last().unwrap().contains("-5m"), "{lines:#?}");
    assert!(lines[2].contains(':'), "{lines:#?}");
}

#[test]
fn what_is_not_there_is_said_and_not_drawn() {
    let mut nothing = chart(vec![course('c', Role::Canary, |_| None)]);
    nothing.empty = "canary: no series".to_owned();
    let lines = drawn(&nothing, Glyphs::Unicode, 60, 8);
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[1].trim(), "canary: no series");
    assert!(lines[2..].iter().all(String::is_empty), "{lines:#?}");
}

#[test]
fn the_range_begins_at_zero_unless_that_would_hide_the_course() {
    let of =
        |value: fn(i64) -> Option<f64>| Range::of(&chart(vec![course('c', Role::Canary, value)]));
    let small = of(|_| Some(0.01));
    assert!(small.low.abs() < f64::EPSILON && small.high > 0.01, "{small:?}");
    let near_one = of(|n| Some(if n % 2 == 0 { 0.99 } else { 0.999 }));
    assert!(near_one.low > 0.9, "{near_one:?}");
    let zero = of(|_| Some(0.0));
    assert!(zero.high > zero.low, "{zero:?}");
    let below = of(|n| Some(f64::from(i32::try_from(n).unwrap()) - 30.0));
    assert!(below.low < -30.0, "{below:?}");
    let huge = of(|_| Some(f64::MAX));
    assert!(huge.high > huge.low, "{huge:?}");
}

#[test]
fn a_course_in_one_line() {
    let points: Vec<(Timestamp, Option<f64>)> = [Some(0.0), Some(5.0), None, Some(10.0)]
        .into_iter()
        .enumerate()
        .map(|(n, value)| (at(i64::try_from(n).unwrap()), value))
        .collect();
    assert_eq!(spark(&look(Glyphs::Unicode), &points, 8), "▁▅ █");
    assert_eq!(spark(&look(Glyphs::Ascii), &points, 2), " #", "the newest have the room");
}

proptest::proptest! {
    #[test]
    fn any_numbers_are_drawn_without_harm(
        values in proptest::collection::vec(
            proptest::num::f64::NORMAL | proptest::num::f64::ZERO,
            0..80,
        ),
        (room, height) in (0usize..120, 0usize..20),
    ) {
        let point = |(n, value): (usize, &f64)| (at(i64::try_from(n).unwrap() * 7), *value);
        let points = values.iter().enumerate().map(point).collect();
        let mut all = chart(vec![Course { letter: 'c', role: Role::Canary, points }]);
        all.limits = values.iter().take(1).copied().collect();
        for glyphs in [Glyphs::Ascii, Glyphs::Unicode] {
            let lines = drawn(&all, glyphs, room, height);
            proptest::prop_assert!(lines.len() <= height.max(1));
            for line in lines {
                proptest::prop_assert!(crate::view::text::width(&line) <= room.max(60), "{line}");
            }
        }
    }
}
