//! What holds for every series, whatever happens.

use proptest::prelude::*;

use super::*;

/// A world in which much happens, by numbers.
fn busy(seed: u64, events: &[(u8, u8)], step: Span) -> Shop {
    let mut shop = Shop::with_canary(seed, 10);
    for (number, (what, how)) in events.iter().enumerate() {
        let share = f64::from(*how) / 255.0;
        let now = shop.world.now();
        match what % 8 {
            0 => shop.weigh(i64::from(*how) % 101),
            1 => {
                let fault = shop.traffic().begin(Harm::Errors(share), Place::image(CANARY), now);
                shop.traffic().end(fault, now + Span::seconds(i64::from(*how)));
            }
            2 => {
                let ready = if how % 2 == 0 { "True" } else { "False" };
                shop.change(Kind::Pod, "stable-b", "/status/conditions/0/status", ready);
            }
            3 => {
                let restarts = "/status/containerStatuses/0/restartCount";
                shop.change(Kind::Pod, "stable-c", restarts, number);
            }
            4 => {
                let slow = Harm::Latency(Latency::new(0.01 + share * 20.0, 0.5));
                shop.traffic().begin(slow, Place::node("n2"), now);
            }
            5 => {
                let leak = Harm::Leak { slower: share, bytes: 1e6 };
                shop.traffic().begin(leak, Place::everywhere(), now);
            }
            6 => {
                let surge = Harm::Surge(share * 3.0);
                shop.traffic().begin(surge, Place::service("shop", "checkout"), now);
            }
            _ => {
                let handling = Handling {
                    errors: share,
                    client_errors: 0.1,
                    capacity: Some(100.0),
                    ..Handling::default()
                };
                shop.traffic().describe_image(STABLE, handling);
            }
        }
        let until = now + Span::seconds(40 + i64::from(*how));
        while shop.world.now() < until {
            let next = (shop.world.now() + step).min(until);
            shop.world.advance(next);
        }
    }
    shop
}

fn everything(shop: &Shop) -> Vec<Series> {
    let all = [Matcher::other(NAME, Box::new(|_| true))];
    let now = shop.world.now().timestamp_millis();
    shop.world.ground().traffic.select(&all, now - 1_200_000, now, &[]).unwrap()
}

fn events() -> impl Strategy<Value = Vec<(u8, u8)>> {
    proptest::collection::vec((any::<u8>(), any::<u8>()), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn counters_never_fall_but_when_a_program_starts_anew(
        seed in any::<u64>(),
        events in events(),
    ) {
        let shop = busy(seed, &events, Span::hours(1));
        let mut counters = 0;
        for series in everything(&shop) {
            let name = series.tags.get(NAME);
            let counts = ["_total", "_bucket", "_count", "_requests"];
            if !counts.iter().any(|end| name.ends_with(end)) || name.starts_with("kube") {
                continue;
            }
            counters += 1;
            let alive = series.points.iter().filter(|point| !is_stale(point.value));
            let values: Vec<f64> = alive.map(|point| point.value).collect();
            prop_assert!(values.iter().all(|value| value.fract() == 0.0));
            let may_fall = series.tags.get("pod") == "stable-c";
            let falls = values.windows(2).filter(|pair| pair[1] < pair[0]).count();
            prop_assert!(falls == 0 || (may_fall && falls <= events.len()), "{}", series.tags);
        }
        prop_assert!(counters > 50);
    }

    #[test]
    fn buckets_hold_what_smaller_ones_hold_and_the_last_holds_all(
        seed in any::<u64>(),
        events in events(),
    ) {
        let shop = busy(seed, &events, Span::hours(1));
        let mut histograms: BTreeMap<(Tags, i64), BTreeMap<u64, f64>> = BTreeMap::new();
        let mut counts: BTreeMap<(Tags, i64), (f64, f64)> = BTreeMap::new();
        for series in everything(&shop) {
            let name = series.tags.get(NAME).to_owned();
            let key = series.tags.filtered(|name| name != NAME && name != "le");
            for point in series.points.iter().filter(|point| !is_stale(point.value)) {
                let key = (key.clone(), point.at);
                if name == "http_request_duration_seconds_bucket" {
                    let bound: f64 = series.tags.get("le").parse().unwrap();
                    histograms.entry(key).or_default().insert(bound.to_bits(), point.value);
                } else if name == "http_request_duration_seconds_count" {
                    counts.entry(key).or_default().0 = point.value;
                } else if name == "http_request_duration_seconds_sum" {
                    counts.entry(key).or_default().1 = point.value;
                }
            }
        }
        prop_assert!(!histograms.is_empty());
        prop_assert_eq!(histograms.len(), counts.len());
        for (key, buckets) in histograms {
            let values: Vec<f64> = buckets.values().copied().collect();
            prop_assert!(values.windows(2).all(|pair| pair[0] <= pair[1]), "{:?}", buckets);
            let (count, sum) = counts[&key];
            prop_assert_eq!(values.last().copied(), Some(count));
            // The sum is between what the buckets' lower and upper bounds would give.
            let bounds: Vec<f64> = buckets.keys().map(|bits| f64::from_bits(*bits)).collect();
            let (mut least, mut low, mut before) = (0.0, 0.0, 0.0);
            for (bound, value) in bounds.iter().zip(&values) {
                least += (value - before) * low;
                (low, before) = (*bound, *value);
            }
            prop_assert!(sum >= least * 0.999_999, "{sum} {least}");
        }
    }

    #[test]
    fn one_leap_sees_what_many_steps_see_and_a_seed_gives_one_world(
        seed in any::<u64>(),
        events in events(),
        step in 1i64..40,
    ) {
        let leap = everything(&busy(seed, &events, Span::hours(1)));
        let steps = everything(&busy(seed, &events, Span::seconds(step)));
        prop_assert_eq!(leap.len(), steps.len());
        for (one, other) in leap.iter().zip(&steps) {
            prop_assert_eq!(&one.tags, &other.tags);
            let bits = |series: &Series| -> Vec<(i64, u64)> {
                series.points.iter().map(|point| (point.at, point.value.to_bits())).collect()
            };
            prop_assert_eq!(bits(one), bits(other), "{}", one.tags);
        }
    }

    #[test]
    fn the_share_is_the_weight_within_what_chance_allows(
        seed in any::<u64>(),
        weight in 1i64..100,
    ) {
        let mut shop = Shop::with_canary(seed, weight);
        shop.advance(Span::minutes(1));
        let canary = shop.value(r#"sum(increase(http_requests_total{pod="canary-a"}[30m]))"#);
        let all = shop.value("sum(increase(http_requests_total[30m]))");
        #[expect(clippy::cast_precision_loss, reason = "a percentage")]
        let wanted = weight as f64 / 100.0;
        let deviation = (wanted * (1.0 - wanted) / all).sqrt();
        prop_assert!((canary / all - wanted).abs() < 6.0 * deviation, "{} {wanted}", canary / all);
    }
}

#[test]
fn what_is_older_than_two_hours_is_forgotten_and_memory_follows_changes() {
    let mut shop = Shop::with_canary(1, 10);
    shop.advance(Span::minutes(1));
    shop.near("count_over_time(up{pod=\"canary-a\"}[2h])", 480.0, 0.01);
    for hour in 0..6 {
        shop.weigh(10 + hour);
        shop.advance(Span::hours(1));
    }
    let service = Key::new(Kind::Service, "shop", "checkout");
    let changes = |shop: &Shop| -> usize {
        let service = &shop.world.ground().traffic.services[&service];
        service.apps["canary-a"].codes["200"].changes()
    };
    assert!(changes(&shop) <= 4, "{}", changes(&shop));
    shop.remove(Kind::Pod, "stable-a");
    shop.advance(Span::hours(2));
    assert!(shop.world.ground().traffic.pods.len() == 4, "still there to be asked for");
    shop.advance(Span::hours(1));
    assert_eq!(shop.world.ground().traffic.pods.len(), 3);
    assert_eq!(shop.world.ground().traffic.services[&service].apps.len(), 3);
}
