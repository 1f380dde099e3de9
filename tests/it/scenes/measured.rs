//! Screens with measured values: good and bad, and each word for a value that is not there.

use waveoff::app::key::Key;
use waveoff::app::model::Model;
use waveoff::app::msg::Msg;
use waveoff::app::screen::{Pane, Screen};
use waveoff::app::update::update;
use waveoff::domain::measure::query::{Question, Sample};
use waveoff::domain::time::Span;

use super::{Scene, a_cockpit};
use crate::fixture::meter::{Meter, again, buckets, ingress_nginx, measured};
use crate::fixture::{Craft, a_canary_at_its_gate};

/// What is asked of whom: by what the query counts.
pub(super) struct Asked<'q>(&'q Question);

impl Asked<'_> {
    fn is_canary(&self) -> bool {
        self.0.expr.contains("canary=~")
    }

    /// The share of good requests, as the analysis asks for it.
    fn of_template(&self, ago: i64) -> Option<Sample> {
        let is_new = self.0.expr.contains("9f3c1a2");
        let share = if is_new && ago <= 120 { 0.8 } else { 0.998 };
        self.0.expr.contains("code!~").then_some(Sample::Number(share))
    }

    fn is_failed(&self) -> bool {
        self.0.expr.contains("5..")
    }

    fn is_buckets(&self) -> bool {
        self.0.expr.contains("_bucket")
    }
}

type Answered = Result<Sample, &'static str>;

/// A shop at 25 % where the new version is bad since two minutes.
fn bad(question: &Question, ago: i64) -> Sample {
    let asked = Asked(question);
    let (canary, is_new) = (asked.is_canary(), ago <= 316);
    if let Some(share) = asked.of_template(ago) {
        return share;
    }
    if asked.is_buckets() {
        return match (canary, is_new, ago <= 120) {
            (true, false, _) => Sample::Nothing,
            (true, true, true) => buckets([100.0, 190.0, 296.0, 300.0]),
            (true, true, false) => buckets([250.0, 299.0, 300.0, 300.0]),
            (false, ..) => buckets([770.0, 897.0, 900.0, 900.0]),
        };
    }
    let wave = |n: i64| f64::from(i32::try_from((n / 15) % 5).unwrap());
    match (canary, asked.is_failed()) {
        (true, _) if !is_new => Sample::Nothing,
        (true, true) if ago > 120 => Sample::Nothing,
        (true, true) => Sample::Number(60.0 + wave(ago)),
        (true, false) => Sample::Number(300.0 + wave(ago)),
        (false, true) => Sample::Number(2.0 + wave(ago)),
        (false, false) => Sample::Number(900.0 - wave(ago)),
    }
}

fn of(craft: Craft, answers: &dyn Fn(&Question, i64) -> Answered) -> Model {
    measured(a_cockpit(craft), &Meter { has: ingress_nginx(), answers })
}

fn later(mut model: Model, seconds: i64) -> Model {
    let now = model.now + Span::seconds(seconds);
    update(&mut model, now, Msg::Tick);
    model
}

fn press(mut model: Model, keys: &[Key]) -> Model {
    for key in keys {
        let now = model.now;
        update(&mut model, now, Msg::Key { key: *key, burst: false });
    }
    model
}

/// All of them.
pub(super) fn scenes() -> Vec<Scene> {
    let bad_canary = || of(a_canary_at_its_gate(), &|question, ago| Ok(bad(question, ago)));
    let charts = press(bad_canary(), &[Key::Char('m')]);
    let cursor = press(charts.clone(), &[Key::Char('j'), Key::Char('v'), Key::Left, Key::Left]);
    let numbers = press(charts.clone(), &[Key::Char('#')]);
    let in_pane = |mut model: Model| {
        model.rollout_view.pane = Pane::Metrics;
        model
    };
    let pane = in_pane(bad_canary());
    let quiet = of(a_canary_at_its_gate(), &|question, ago| {
        let asked = Asked(question);
        match (asked.is_canary(), asked.is_buckets()) {
            (true, true) => Ok(buckets([0.0; 4])),
            (true, false) => Ok(Sample::Number(0.0)),
            (false, _) => Ok(bad(question, ago)),
        }
    });
    let top_bucket = of(a_canary_at_its_gate(), &|question, ago| {
        let asked = Asked(question);
        if asked.is_canary() && asked.is_buckets() {
            return Ok(buckets([10.0, 20.0, 200.0, 300.0]));
        }
        Ok(bad(question, ago))
    });
    let top_bucket = press(top_bucket, &[Key::Char('m'), Key::Char('G')]);
    let gone = of(a_canary_at_its_gate(), &|question, ago| {
        if ago < 45 { Ok(Sample::Nothing) } else { Ok(bad(question, ago)) }
    });
    let silent = later(of(a_canary_at_its_gate(), &|_, _| Err("no answer within 10.0 s")), 30);
    let nothing = measured(
        a_cockpit(a_canary_at_its_gate()),
        &Meter { has: Vec::new(), answers: &|_, _| Ok(Sample::Nothing) },
    );
    let lying = lying_router();
    let mut empty = nothing.clone();
    let id = empty.screen().workload().cloned().unwrap();
    empty.screens.push(Screen::Metrics(id));
    vec![
        ("measured-pane", pane),
        ("measured-quiet", in_pane(quiet)),
        ("measured-top-bucket", top_bucket),
        ("measured-gone", in_pane(gone)),
        ("measured-silent", in_pane(silent)),
        ("measured-nothing", in_pane(nothing)),
        ("measured-lying-router", in_pane(lying)),
        ("charts", charts),
        ("charts-cursor", cursor),
        ("charts-numbers", numbers),
        ("charts-empty", empty),
    ]
}

/// The router says 25 %, and four of a hundred requests arrive, for minutes.
fn lying_router() -> Model {
    let answers: &dyn Fn(&Question, i64) -> Answered = &|question, ago| {
        let asked = Asked(question);
        match (asked.is_canary(), asked.is_failed() || asked.is_buckets()) {
            (true, false) => Ok(Sample::Number(48.0)),
            _ => Ok(bad(question, ago)),
        }
    };
    let mut model = of(a_canary_at_its_gate(), answers);
    let meter = Meter { has: ingress_nginx(), answers };
    for _ in 0..20 {
        model = again(model, &meter, 15);
    }
    model
}
