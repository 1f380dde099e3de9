//! Measuring: what is asked and when, what an answer changes, and what comes late.

use super::*;
use crate::app::metrics::asks::Ask;
use crate::app::metrics::{Candidate, Finding, NOBODY, Search, Settings};
use crate::app::msg::{Elements, Explored, Measured};
use crate::domain::analysis::template::{
    AnalysisTemplate, Arg, ArgValue, RolloutAnalysis, TemplateName,
};
use crate::domain::id::WorkloadId;
use crate::domain::measure::address::Address;
use crate::domain::measure::query::{Answer as Given, Sample as Slot};
use crate::domain::measure::scheme::Labels;
use crate::domain::measure::share::Truth;
use crate::domain::sample::a_metric;
use crate::domain::strategy::Step;
use crate::domain::time::Timestamp;

fn id() -> WorkloadId {
    a_gate().id()
}

/// A program that measures, on the Rollout screen of a canary at 25 %.
fn rig() -> Rig {
    // Without an analysis no template has to be read first.
    let plain = a_canary().canary(|c| c.steps.retain(|step| !matches!(step, Step::Analysis(_))));
    measuring(&plain.at_step(3).weight(25))
}

fn measuring(sample: &Sample) -> Rig {
    let mut rig = Rig::at(sample);
    rig.model.metrics.settings = Settings { on: true, ..Settings::default() };
    rig
}

fn named(url: &str) -> Candidate {
    Candidate {
        address: Address::parse(url, None).unwrap(),
        said_by: "test".into(),
        is_order: true,
    }
}

fn searched(effects: &[Effect]) -> Option<(u64, &[Candidate])> {
    effects.iter().find_map(|effect| match effect {
        Effect::FindPrometheus(number, _, candidates) => Some((*number, candidates.as_slice())),
        _ => None,
    })
}

fn explored(effects: &[Effect], search: Search) -> Option<String> {
    effects.iter().find_map(|effect| match effect {
        Effect::Explore(_, _, what, queries) if *what == search => Some(queries.join("\n")),
        _ => None,
    })
}

fn asked(effects: &[Effect]) -> Option<&[Ask]> {
    effects.iter().find_map(|effect| match effect {
        Effect::Measure(asks) => Some(asks.as_slice()),
        _ => None,
    })
}

fn nginx() -> Elements {
    let labels: Labels = vec![("waveoff".into(), "0.0".into()), ("status".into(), "200".into())];
    vec![(labels, 4.0)]
}

/// So many times a minute.
fn scraped(count: f64) -> Elements {
    vec![(vec![("waveoff".into(), "60".into())], count)]
}

impl Rig {
    fn open(&mut self) -> Vec<Effect> {
        self.press(Key::Char('2'))
    }

    fn found(&mut self, effects: &[Effect], url: &str) -> Vec<Effect> {
        let (number, _) = searched(effects).expect("a server is looked for");
        self.send(Msg::Prometheus(id(), number, Ok(named(url))))
    }

    fn has(&mut self, what: Search, elements: Elements) -> Vec<Effect> {
        self.send(Msg::Explored(id(), Explored { what, elements: Ok(elements) }))
    }

    /// As far as the questions; what is asked then.
    fn asking(&mut self) -> Vec<Ask> {
        let effects = self.open();
        self.asking_after(&effects)
    }

    fn asking_after(&mut self, effects: &[Effect]) -> Vec<Ask> {
        self.found(effects, "http://p.m.svc:9090");
        self.has(Search::Schemes, nginx());
        let effects = self.has(Search::Scrapes, scraped(4.0));
        asked(&effects).expect("it asks").to_vec()
    }

    fn give(&mut self, ask: &Ask, at: Timestamp, sample: Slot) -> Vec<Effect> {
        let given = Given { samples: vec![(at, sample)], warnings: Vec::new() };
        self.send(Msg::Measured(Measured { id: ask.id, answer: Ok(given) }))
    }

    fn subject(&self) -> &crate::app::metrics::Subject {
        self.model.metrics.subject(&id()).expect("it is measured")
    }
}

/// The two questions for the share: of the canary, of stable.
fn of_share(asks: &[Ask]) -> (&Ask, &Ask) {
    let instant = |canary: bool| {
        let own =
            |ask: &&Ask| ask.span.is_zero() && ask.question.expr.contains("canary=~") == canary;
        asks.iter().find(own).expect("the share is asked")
    };
    (instant(true), instant(false))
}

#[test]
fn nothing_is_asked_where_nothing_is_measured() {
    let mut rig = Rig::at(&a_canary());
    let effects = [rig.open(), rig.wait(2000)].concat();
    assert_eq!(searched(&effects), None);
    assert_eq!(asked(&effects), None);
    rig.press(Key::Char('m'));
    assert_eq!(rig.toast(), "nothing is measured in this session");
}

#[test]
fn first_the_server_then_what_it_has_then_the_questions() {
    let mut rig = rig();
    let effects = rig.open();
    assert_eq!(searched(&effects).unwrap().1, [], "nothing names one: the cluster is searched");
    assert_eq!(asked(&effects), None, "nobody to ask yet");
    let effects = rig.found(&effects, "http://p.m.svc:9090");
    assert!(explored(&effects, Search::Schemes).unwrap().contains("http_requests_total"));
    let effects = rig.has(Search::Schemes, nginx());
    assert!(explored(&effects, Search::Scrapes).unwrap().contains("count_over_time"));
    assert_eq!(asked(&effects), None, "steps follow the scrapes");
    let effects = rig.has(Search::Scrapes, scraped(60.0));
    let asks = asked(&effects).expect("it asks").to_vec();
    assert_eq!(
        asks.iter().map(|ask| ask.every).min(),
        Some(Span::seconds(1)),
        "scraped each second"
    );
    let of = |part: &str| asks.iter().filter(|ask| ask.question.expr.contains(part)).count();
    assert_eq!(of("[1m]"), 0, "windows are in seconds");
    assert_eq!((of("5.."), of("_bucket")), (2, 2), "failures and durations of both versions");
    let ids: std::collections::BTreeSet<u64> = asks.iter().map(|ask| ask.id).collect();
    assert_eq!(ids.len(), asks.len(), "each has its number");
    of_share(&asks);
    assert_eq!(asked(&rig.wait(1000)), None, "nothing new: nothing is asked anew");
}

#[test]
fn who_names_a_server_is_asked_in_order() {
    let mut with = a_canary().with(|w| w.prometheus = Some("http://near:9090".into()));
    let mut metric = a_metric(crate::domain::analysis::Verdict::Pending, &[]);
    metric.provider = "prometheus".into();
    metric.query = Some("sum(x{hash=\"{{args.hash}}\"})".into());
    metric.address = Some("http://prometheus.monitoring.svc:9090".into());
    let analysis = RolloutAnalysis {
        templates: vec![TemplateName::local("errors")],
        args: vec![Arg { name: "hash".into(), value: Some(ArgValue::LatestHash) }],
    };
    with = with.canary(|canary| canary.background = analysis);
    let mut rig = measuring(&with);
    let effects = rig.open();
    let read = effects.iter().any(|e| matches!(e, Effect::ReadAnalysisTemplates(..)));
    assert!(read, "{effects:?}");
    let (_, first) = searched(&effects).unwrap();
    assert_eq!(first[0].said_by, "annotation waveoff/prometheus");
    // Nowhere; and the template comes: it names another one.
    let (number, _) = searched(&effects).unwrap();
    rig.send(Msg::Prometheus(id(), number, Err("refused".into())));
    assert_eq!(rig.model.troubles.len(), 1);
    let template = AnalysisTemplate {
        name: TemplateName::local("errors"),
        args: Vec::new(),
        metrics: vec![metric],
        templates: Vec::new(),
    };
    let name = TemplateName::local("errors");
    rig.send(Msg::AnalysisTemplates(id(), vec![(name, Ok(Box::new(template)))]));
    let effects = rig.wait(31_000);
    let (_, again) = searched(&effects).unwrap();
    assert_eq!(again.len(), 2);
    assert_eq!(again[1].said_by, "template errors");
    let effects = rig.found(&effects, "http://prometheus.monitoring.svc:9090");
    let asks = asked(&effects).expect("its query is asked before any scheme is found");
    let exprs: Vec<&str> = asks.iter().map(|ask| &*ask.question.expr).collect();
    assert!(exprs.contains(&"sum(x{hash=\"77bb002c42\"})"), "{exprs:?}");
    assert!(exprs.contains(&"sum(x{hash=\"55aa001c41\"})"), "{exprs:?}");
}

#[test]
fn a_cluster_without_prometheus_is_no_trouble() {
    let mut rig = rig();
    let effects = rig.open();
    let (number, candidates) = searched(&effects).unwrap();
    assert!(candidates.is_empty());
    rig.send(Msg::Prometheus(id(), number, Err(NOBODY.into())));
    assert_eq!(rig.model.troubles.len(), 0);
    assert!(matches!(rig.subject().finding, Finding::Nowhere(..)));
}

#[test]
fn a_server_that_was_named_is_the_only_one() {
    let mut rig = rig();
    rig.model.metrics.settings.named = Some(named("https://prom.example.com"));
    let effects = rig.open();
    let (_, candidates) = searched(&effects).unwrap();
    assert_eq!(candidates, [named("https://prom.example.com")]);
}

#[test]
fn a_late_answer_of_another_search_changes_nothing() {
    let mut rig = rig();
    let effects = rig.open();
    let (number, _) = searched(&effects).unwrap();
    rig.send(Msg::Prometheus(id(), number + 7, Ok(named("http://other:9090"))));
    assert_eq!(rig.subject().finding, Finding::Trying(number));
    rig.send(Msg::Measured(Measured { id: 4711, answer: Err("late".into()) }));
    assert_eq!(rig.model.troubles.len(), 0);
}

#[test]
fn what_is_out_of_sight_is_not_asked_any_more() {
    let mut rig = rig();
    let asks = rig.asking();
    let effects = rig.press(Key::Char('?'));
    assert_eq!(asked(&effects).map(<[Ask]>::len), Some(0), "nothing is in sight behind the help");
    let effects = rig.press(Key::Esc);
    let again = asked(&effects).expect("and back");
    let ids = |asks: &[Ask]| asks.iter().map(|ask| ask.id).collect::<Vec<_>>();
    assert_eq!(ids(again), ids(&asks), "the same questions go on");
    let effects = rig.press(Key::Char('1'));
    let beside = asked(&effects).expect("the fleet asks less");
    assert!(beside.len() <= asks.len());
    assert!(beside.iter().filter(|a| !a.span.is_zero()).all(|a| a.every >= Span::seconds(30)));
}

#[test]
fn a_new_look_at_the_scrapes_interrupts_nothing() {
    let mut rig = rig();
    rig.asking();
    let effects = rig.wait(61_000);
    assert!(explored(&effects, Search::Scrapes).is_some(), "it is asked again after a minute");
    assert!(asked(&effects).is_none_or(|asks| !asks.is_empty()), "the questions go on");
}

#[test]
fn another_span_is_asked_anew() {
    let mut rig = rig();
    let before = rig.asking();
    rig.press(Key::Char('m'));
    let effects = rig.press(Key::Char('c'));
    let after = asked(&effects).expect("another span");
    let longest = |asks: &[Ask]| asks.iter().map(|ask| ask.span).max();
    assert_eq!((longest(&before), longest(after)), (Some(Span::minutes(15)), Some(Span::hours(1))));
}

#[test]
fn a_share_is_judged_when_both_counts_of_an_instant_are_there() {
    let mut rig = rig();
    let asks = rig.asking();
    let (canary, stable) = of_share(&asks);
    let at = rig.model.now;
    rig.give(canary, at, Slot::Number(150.0));
    assert_eq!(rig.subject().measured, None, "half of it says nothing");
    rig.give(stable, at - Span::seconds(15), Slot::Number(450.0));
    assert_eq!(rig.subject().measured, None, "not of the same instant");
    rig.give(stable, at, Slot::Number(450.0));
    let measured = rig.subject().measured.expect("both are there");
    assert_eq!((measured.canary, measured.all), (150.0, 600.0));
    assert_eq!(rig.subject().truth, Some(Truth::Agrees));
}

#[test]
fn a_version_without_series_beside_one_with_gets_nothing() {
    let mut rig = rig();
    let asks = rig.asking();
    let (canary, stable) = of_share(&asks);
    let at = rig.model.now;
    rig.give(canary, at, Slot::Nothing);
    rig.give(stable, at, Slot::Number(600.0));
    assert_eq!(rig.subject().measured.unwrap().share(), Some(0.0));
    let later = at + Span::seconds(15);
    rig.give(canary, later, Slot::Nothing);
    rig.give(stable, later, Slot::Nothing);
    assert_eq!(rig.subject().measured.unwrap().at, at, "nothing at all is no share");
}

#[test]
fn a_router_that_lies_is_an_alarm_in_the_story_and_a_toast() {
    let mut rig = rig();
    let mut asks = rig.asking();
    for _ in 0..20 {
        let effects = rig.wait(15_000);
        if let Some(anew) = asked(&effects) {
            asks = anew.to_vec();
        }
        let (canary, stable) = of_share(&asks);
        let (canary, stable, at) = (canary.clone(), stable.clone(), rig.model.now);
        rig.give(&canary, at, Slot::Number(20.0));
        rig.give(&stable, at, Slot::Number(580.0));
        if matches!(rig.subject().truth, Some(Truth::Disagrees(_))) {
            break;
        }
    }
    assert!(matches!(rig.subject().truth, Some(Truth::Disagrees(_))), "{:?}", rig.subject().truth);
    let story = rig.model.stories.get(&id()).unwrap();
    let told: Vec<&str> = story.iter().map(|entry| entry.text.as_str()).collect();
    let alarm = "measured 3% where the router says 25%, for ";
    assert_eq!(told.iter().filter(|text| text.starts_with(alarm)).count(), 1, "{told:?}");
    assert!(rig.toast().starts_with("checkout: measured 3%"), "{}", rig.toast());
}

#[test]
fn a_failure_is_told_once_and_forgotten_with_the_next_answer() {
    let mut rig = rig();
    let asks = rig.asking();
    for _ in 0..3 {
        let answer = Err("503 from Prometheus".into());
        rig.send(Msg::Measured(Measured { id: asks[0].id, answer }));
    }
    assert_eq!(rig.model.troubles.iter().next().unwrap().count, 1);
    let at = rig.model.now;
    rig.give(&asks[0], at, Slot::Number(1.0));
    let streams = &rig.model.metrics.streams;
    assert!(streams.values().all(|stream| stream.failing.is_none()));
}

#[test]
fn the_query_at_hand_is_copied() {
    let mut rig = rig();
    let opened = rig.press(Key::Char('2'));
    rig.press(Key::Char('m'));
    rig.press(Key::Char('y'));
    assert_eq!(rig.toast(), "there is no query to copy yet");
    rig.asking_after(&opened);
    let effects = rig.press(Key::Char('y'));
    let copied = effects.iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.as_str()),
        _ => None,
    });
    assert!(copied.unwrap().contains(",status=~\"5..\"}"), "{copied:?}");
}
