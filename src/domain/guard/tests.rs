//! Guards by the numbers of the rule document, and by histories drawn at random.

use proptest::prelude::*;

use super::rule::{Judgement, Rule, Sample, Signal, Terms};
use super::*;
use crate::domain::id::WorkloadKind;
use crate::domain::measure::Reading;
use crate::domain::sample::at;

/// An instant so many seconds after the first one.
fn second(n: i64) -> Timestamp {
    at(n)
}

fn arming() -> Arming {
    Arming {
        id: "g1".into(),
        workload: WorkloadId::new("shop", WorkloadKind::Rollout, "checkout"),
        uid: Uid::new("u"),
        hash: PodHash::new("bad"),
        target: Some(PodHash::new("good")),
        by: "ana".into(),
        at: second(0),
        until: second(3600),
        shadow: false,
        terms: Terms::default(),
    }
}

fn guard() -> Guard {
    let terms = Terms::default();
    Guard::new(arming(), terms.rules())
}

fn look(guard: &mut Guard, signal: Signal, seconds: i64, reading: Reading) -> Vec<Order> {
    let sample = Sample { at: second(seconds), reading };
    guard.step(Event::Looked(signal, sample), second(seconds))
}

/// Feeds readings in the rule's own interval from the first instant on; the second in which it
/// fired.
fn fired_at(signal: Signal, readings: impl IntoIterator<Item = Reading>) -> Option<i64> {
    let mut guard = guard();
    let every = guard.watches.iter().find(|w| w.rule.signal == signal).unwrap().rule.every;
    for (n, reading) in (0..).zip(readings) {
        let seconds = every.num_seconds() * n;
        let orders = look(&mut guard, signal, seconds, reading);
        if orders.iter().any(|order| matches!(order, Order::Fire(_))) {
            return Some(seconds);
        }
    }
    None
}

fn times(reading: Reading, count: usize) -> Vec<Reading> {
    vec![reading; count]
}

#[test]
fn the_numbers_of_the_rule_document() {
    let errors = |share| Reading::Value(share);
    assert_eq!(fired_at(Signal::Errors, times(errors(0.02), 40)), Some(300));
    assert_eq!(fired_at(Signal::Errors, times(errors(0.01), 40)), None, "the limit itself is good");
    assert_eq!(fired_at(Signal::Latency, times(Reading::Value(2.5), 40)), Some(180));
    assert_eq!(fired_at(Signal::Latency, times(Reading::AtLeast(2.0), 40)), Some(180));
    assert_eq!(fired_at(Signal::Latency, times(Reading::AtLeast(1.0), 40)), None);
    assert_eq!(fired_at(Signal::Pods, times(Reading::Value(0.5), 40)), Some(45));
    assert_eq!(fired_at(Signal::Pods, times(Reading::Value(0.0), 40)), Some(45));
    assert_eq!(fired_at(Signal::Pods, times(Reading::Value(0.8), 40)), None);
}

#[test]
fn one_good_sample_begins_the_window_anew() {
    let bad = || times(Reading::Value(0.02), 9);
    let good = times(Reading::Value(0.001), 1);
    // Four minutes, one good sample, four minutes.
    let readings = [bad(), good.clone(), bad(), good.clone(), bad()].concat();
    assert_eq!(fired_at(Signal::Errors, readings), None);
    // And five after it do fire.
    let readings = [bad(), good, times(Reading::Value(0.02), 11)].concat();
    assert_eq!(fired_at(Signal::Errors, readings), Some(600));
}

#[test]
fn what_cannot_be_told_neither_counts_nor_resets() {
    let bad = |count| times(Reading::Value(0.02), count);
    for unknown in [
        Reading::NoSeries,
        Reading::Undefined,
        Reading::LowTraffic { requests: 3.0 },
        Reading::Stale { value: 0.5, at: second(-600) },
        Reading::Failed("503".into()),
        Reading::Value(f64::NAN),
        Reading::Value(f64::INFINITY),
    ] {
        let gap = |count| times(unknown.clone(), count);
        assert_eq!(fired_at(Signal::Errors, gap(100)), None, "{unknown:?}");
        // 270 s of errors, ten minutes of nothing: two more samples, not one, make five minutes.
        let readings = [bad(10), gap(20), bad(2)].concat();
        assert_eq!(fired_at(Signal::Errors, readings), Some(31 * 30), "{unknown:?}");
        let readings = [bad(10), gap(20), bad(1), times(Reading::Value(0.0), 1), bad(5)].concat();
        assert_eq!(fired_at(Signal::Errors, readings), None, "{unknown:?}");
    }
}

#[test]
fn a_guard_that_cannot_see_says_so_once_and_when_it_sees_again() {
    let mut guard = guard();
    let gone = || Reading::Failed("connection refused".into());
    assert!(look(&mut guard, Signal::Errors, 0, Reading::Value(0.0)).is_empty());
    assert!(look(&mut guard, Signal::Errors, 30, gone()).is_empty());
    assert!(look(&mut guard, Signal::Errors, 60, gone()).is_empty());
    let told = look(&mut guard, Signal::Errors, 90, gone());
    assert_eq!(told, [Order::Blind("errors: failed: connection refused".into())]);
    for n in 4..30 {
        assert!(look(&mut guard, Signal::Errors, n * 30, gone()).is_empty());
    }
    assert_eq!(guard.blind().map(|(since, _)| since), Some(second(90)));
    look(&mut guard, Signal::Latency, 900, Reading::Value(0.1));
    look(&mut guard, Signal::Pods, 900, Reading::Value(1.0));
    let told = look(&mut guard, Signal::Errors, 900, Reading::Value(0.0));
    assert_eq!(told, [Order::Sees]);
    assert_eq!(guard.blind(), None);
}

#[test]
fn a_rule_that_is_seen_every_other_time_is_blind_until_lost_looks_are_rare() {
    let mut guard = guard();
    let mut told = Vec::new();
    for n in 0..20 {
        let reading = if n % 2 == 0 { Reading::Value(0.02) } else { Reading::NoSeries };
        told.extend(look(&mut guard, Signal::Errors, n * 30, reading));
    }
    let [Order::Blind(why)] = told.as_slice() else { panic!("{told:?}") };
    assert!(why.contains("3 of the last 6 not known"), "{why}");
    look(&mut guard, Signal::Latency, 590, Reading::Value(0.1));
    look(&mut guard, Signal::Pods, 590, Reading::Value(1.0));
    let mut told = Vec::new();
    for n in 20..24 {
        told.extend(look(&mut guard, Signal::Errors, n * 30, Reading::Value(0.02)));
    }
    assert_eq!(told, [Order::Sees]);
    // Every third one may be lost.
    let mut guard = self::guard();
    for n in 0..20 {
        let reading = if n % 3 == 0 { Reading::NoSeries } else { Reading::Value(0.0) };
        assert!(look(&mut guard, Signal::Errors, n * 30, reading).is_empty());
    }
}

#[test]
fn who_slept_begins_anew() {
    let mut guard = guard();
    for n in 0..9 {
        look(&mut guard, Signal::Errors, n * 30, Reading::Value(0.02));
    }
    let told = guard.step(Event::Slept(Span::minutes(8)), second(720));
    assert_eq!(told, [Order::Blind("nobody looked for 8m".into())]);
    for n in 0..10 {
        assert!(look(&mut guard, Signal::Errors, 720 + n * 30, Reading::Value(0.02)).is_empty());
    }
    let told = look(&mut guard, Signal::Errors, 1020, Reading::Value(0.02));
    assert!(matches!(told.as_slice(), [Order::Fire(_)]), "{told:?}");
    // The same when nobody noticed that it slept.
    let mut watch = Watch::new(guard.watches[0].rule);
    for n in 0..9 {
        let sample = Sample { at: second(n * 30), reading: Reading::Value(0.02) };
        watch.take(sample, second(n * 30));
    }
    let late = Sample { at: second(9999), reading: Reading::Value(0.02) };
    watch.take(late, second(9999));
    assert_eq!((watch.breaches, watch.broken), (1, Span::zero()));
}

#[test]
fn it_fires_once_and_ends_with_what_came_of_it() {
    let fired = || {
        let mut guard = guard();
        for n in 0..11 {
            look(&mut guard, Signal::Errors, n * 30, Reading::Value(0.021));
        }
        assert!(matches!(guard.state, State::Fired(Signal::Errors, _)));
        guard
    };
    let mut guard = fired();
    for n in 11..40 {
        assert!(look(&mut guard, Signal::Errors, n * 30, Reading::Value(0.9)).is_empty());
    }
    let told = guard.step(Event::CouldNot("refused".into()), second(1300));
    assert_eq!(told, [Order::Ended(End::Failed("refused".into()))]);
    assert!(look(&mut guard, Signal::Errors, 1330, Reading::Value(0.9)).is_empty());

    let mut guard = fired();
    assert!(guard.step(Event::WentBack("weight 0".into()), second(310)).is_empty());
    let mut told = Vec::new();
    for n in 0..3 {
        for signal in [Signal::Errors, Signal::Latency] {
            told.extend(look(&mut guard, signal, 330 + n * 30, Reading::Value(0.0)));
        }
        told.extend(look(&mut guard, Signal::Pods, 330 + n * 30, Reading::Value(1.0)));
    }
    assert_eq!(told, [Order::Ended(End::Restored("its signals are good".into()))]);

    let mut guard = fired();
    guard.step(Event::WentBack("weight 0".into()), second(310));
    look(&mut guard, Signal::Errors, 330, Reading::Value(0.03));
    let told = guard.step(Event::Time, second(310 + 301));
    let [Order::Ended(End::Failed(why))] = told.as_slice() else { panic!("{told:?}") };
    assert!(why.contains("still errors 3.00% > 1.00%") || why.contains("still errors"), "{why}");

    // Nothing was bad, and not enough was seen to be good.
    let mut guard = fired();
    guard.step(Event::WentBack("weight 0".into()), second(310));
    look(&mut guard, Signal::Pods, 330, Reading::Value(1.0));
    let told = guard.step(Event::Time, second(310 + 301));
    let [Order::Ended(End::Unseen(why))] = told.as_slice() else { panic!("{told:?}") };
    assert!(why.contains("errors, p99, pods"), "{why}");
}

#[test]
fn its_time_is_up_and_it_never_fires_after_that() {
    let mut guard = guard();
    for n in 0..10 {
        look(&mut guard, Signal::Errors, 3400 + n * 30, Reading::Value(0.02));
    }
    assert!(look(&mut guard, Signal::Errors, 3700, Reading::Value(0.02)).is_empty());
    assert_eq!(guard.step(Event::Time, second(3700)), [Order::Ended(End::Expired)]);
    assert!(!guard.is_on());
}

#[test]
fn a_reason_names_value_limit_time_and_count() {
    let mut guard = guard();
    let mut told = Vec::new();
    for n in 0..11 {
        told = look(&mut guard, Signal::Errors, n * 30, Reading::Value(0.021));
    }
    let [Order::Fire(why)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(why.as_str(), "errors 2.10% > 1.00% for 5m (11 samples)");
}

/// What a sample may be to the rule, and how long after the one before.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Look {
    Good,
    Bad,
    Unknown,
    Sleep,
}

/// The same rule, written down in another way: over the whole history each time.
fn oracle(history: &[(i64, Look)], rule: &Rule) -> bool {
    let gap = rule.longest_gap_seconds();
    let mut from = 0;
    for (n, pair) in history.windows(2).enumerate() {
        let [(before, _), (after, _)] = pair else { continue };
        if after - before > gap {
            from = n + 1;
        }
    }
    let since = history.get(from..).unwrap_or_default();
    let good = since.iter().rposition(|(_, look)| *look == Look::Good).map_or(0, |n| n + 1);
    let streak = &since[good..];
    let is_bad = |look: &(i64, Look)| look.1 == Look::Bad;
    let bad = streak.iter().filter(|look| is_bad(look)).count();
    let broken: i64 = streak
        .windows(2)
        .filter(|pair| pair.iter().all(is_bad))
        .map(|pair| pair[1].0 - pair[0].0)
        .sum();
    streak.last().is_some_and(is_bad)
        && bad >= rule.least as usize
        && broken >= rule.lasts.num_seconds()
}

impl Rule {
    fn longest_gap_seconds(&self) -> i64 {
        Watch::new(*self).longest_gap().num_seconds()
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_watch_is_what_its_whole_history_says(
        looks in prop::collection::vec(prop::sample::select(vec![
            Look::Bad, Look::Bad, Look::Bad, Look::Bad, Look::Bad, Look::Bad,
            Look::Good, Look::Unknown, Look::Sleep,
        ]), 0..60),
        lasts in 0i64..300, least in 1u32..6, every in 5i64..40,
    ) {
        let rule = Rule {
            signal: Signal::Errors,
            limit: 0.01,
            lasts: Span::seconds(lasts),
            least,
            every: Span::seconds(every),
        };
        let mut watch = Watch::new(rule);
        let mut history: Vec<(i64, Look)> = Vec::new();
        let mut now = 0;
        for look in looks {
            now += if look == Look::Sleep { every * 3 } else { every };
            let reading = match look {
                Look::Good => Reading::Value(0.0),
                Look::Bad | Look::Sleep => Reading::Value(0.5),
                Look::Unknown => Reading::NoSeries,
            };
            watch.take(Sample { at: second(now), reading }, second(now));
            history.push((now, if look == Look::Sleep { Look::Bad } else { look }));
            prop_assert_eq!(watch.is_over(), oracle(&history, &rule), "{:?}", history);
        }
    }

    #[test]
    fn nothing_but_values_over_the_limit_ever_fires_it(
        looks in prop::collection::vec((0usize..5, 0usize..8), 1..200),
    ) {
        let mut guard = guard();
        let signals = [Signal::Errors, Signal::Latency, Signal::Pods, Signal::ErrorsFast];
        for (n, (signal, reading)) in (0..).zip(looks) {
            let reading = match reading {
                0 => Reading::NoSeries,
                1 => Reading::Undefined,
                2 => Reading::Failed("no".into()),
                3 => Reading::Value(f64::NAN),
                4 => Reading::Value(f64::NEG_INFINITY),
                5 => Reading::LowTraffic { requests: 0.0 },
                6 => Reading::Stale { value: 9.0, at: second(0) },
                _ => Reading::Loading,
            };
            let orders = match signals.get(signal) {
                Some(signal) => look(&mut guard, *signal, n * 15, reading),
                None => guard.step(Event::Slept(Span::minutes(3)), second(n * 15)),
            };
            let is_fire = |order: &Order| matches!(order, Order::Fire(_));
            prop_assert!(!orders.iter().any(is_fire), "{:?}", orders);
        }
    }

    #[test]
    fn one_arming_fires_once_and_says_one_end(
        events in prop::collection::vec(0usize..9, 1..300),
    ) {
        let mut guard = guard();
        let (mut fires, mut ends) = (0, 0);
        for (n, event) in (1..).zip(events) {
            let now = second(n * 30);
            let looked = |value| {
                Event::Looked(Signal::Errors, Sample { at: now, reading: Reading::Value(value) })
            };
            let event = match event {
                0 => Event::Time,
                1 => Event::WentBack("x".into()),
                2 => Event::CouldNot("y".into()),
                3 => looked(0.0),
                _ => looked(0.5),
            };
            let was_on = guard.is_on();
            for order in guard.step(event, now) {
                match order {
                    Order::Fire(_) => fires += 1,
                    Order::Ended(_) => ends += 1,
                    Order::Blind(_) | Order::Sees => {}
                }
                prop_assert!(was_on);
            }
        }
        prop_assert!(fires <= 1 && ends <= 1);
        prop_assert_eq!(ends == 1, !guard.is_on());
    }
}

#[test]
fn what_a_reading_is_to_each_rule() {
    let now = second(0);
    let rules =
        Terms { business: Some(("q".into(), 0.98)), fast: true, ..Terms::default() }.rules();
    assert_eq!(rules.len(), 5);
    for rule in &rules {
        let judged = |reading: Reading| rule.judge(&reading, now);
        let floor = rule.signal.is_floor();
        let (low, high) = (judged(Reading::Value(-1.0)), judged(Reading::Value(1e9)));
        let wanted = (Judgement::Good, Judgement::Breach);
        assert_eq!(if floor { (high, low) } else { (low, high) }, wanted, "{rule:?}");
        assert_eq!(judged(Reading::Value(rule.limit)), Judgement::Good, "{rule:?}");
        for reading in [
            Reading::NoSeries,
            Reading::Undefined,
            Reading::Value(f64::NAN),
            Reading::Value(f64::INFINITY),
            Reading::Value(f64::NEG_INFINITY),
            Reading::LowTraffic { requests: 1.0 },
            Reading::Stale { value: 1e9, at: now },
            Reading::Stale { value: -1e9, at: now },
            Reading::Failed("x".into()),
            Reading::AtLeast(f64::MIN),
        ] {
            let judgement = judged(reading.clone());
            assert!(matches!(judgement, Judgement::Unknown(_)), "{rule:?} {reading:?}");
        }
        assert_eq!(judged(Reading::Loading), Judgement::NotYet);
    }
    let words: Vec<String> = rules.iter().map(Rule::words).collect();
    assert_eq!(words.first().map(String::as_str), Some("errors > 1.00% for 5m"));
}
