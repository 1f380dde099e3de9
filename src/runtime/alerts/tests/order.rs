//! In order, once, in spite of receivers that are down, busy, or say no.

use std::time::Duration;

use super::*;
use Occasion::{Acting, Blind, Failed, Firing, Restored, Seeing};

const SECOND: Duration = Duration::from_secs(1);

/// From each to the next.
fn gaps(times: &[Duration]) -> Vec<Duration> {
    times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect()
}

#[tokio::test(start_paused = true)]
async fn they_arrive_in_order_and_once() {
    let fake = Fake::new([], Play::Take);
    let stage = Stage::new(Kind::Webhook, &fake, None);
    stage.tell("i", &[Firing, Acting, Firing, Restored]);
    pass(60).await;
    stage.tell("i", &[Firing, Restored]);
    pass(60).await;
    assert_eq!(fake.took(), ["i/firing", "i/acting", "i/restored"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_down_for_two_minutes_is_told_everything_afterwards() {
    let fake = Fake::new([], away());
    let mut stage = Stage::new(Kind::Webhook, &fake, None);
    stage.tell("i", &[Firing, Acting]);
    pass(120).await;
    assert_eq!(fake.took(), [""; 0]);
    let tries = fake.times();
    assert!((6..=12).contains(&tries.len()), "doubling from a second: {tries:?}");
    stage.tell("i", &[Restored]);
    fake.turn(Play::Take);
    pass(240).await;
    assert_eq!(fake.took(), ["i/firing", "i/acting", "i/restored"]);
    let said = stage.troubles();
    let of_it: Vec<_> = said.iter().filter(|text| text.contains("cannot be reached")).collect();
    assert_eq!(of_it.len(), 1, "said once: {said:?}");
    assert!(of_it[0].starts_with("alerts to ops: refused"), "{of_it:?}");
}

#[tokio::test(start_paused = true)]
async fn the_longest_pause_is_a_quarter_of_an_hour() {
    let fake = Fake::new([], away());
    let stage = Stage::new(Kind::Webhook, &fake, None);
    stage.tell("i", &[Firing]);
    pass(5 * 3600).await;
    let times = fake.times();
    let pauses = gaps(&times);
    let doubled = (0..20).map(|n| 2_u32.pow(n)).chain(std::iter::repeat(u32::MAX >> 8));
    for (at, (pause, doubled)) in pauses.iter().zip(doubled).enumerate() {
        let whole = Duration::from_secs(900).min(SECOND * doubled);
        let slack = Duration::from_millis(20);
        assert!(*pause + slack >= whole / 2 && *pause <= whole + slack, "{at}: {pauses:?}");
    }
    assert!(pauses.len() > 25, "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn who_asks_to_be_left_alone_is() {
    let fake = Fake::new([busy(30)], Play::Take);
    let stage = Stage::new(Kind::Webhook, &fake, None);
    stage.tell("i", &[Firing]);
    stage.tell("j", &[Firing]);
    pass(29).await;
    assert_eq!(fake.times().len(), 1, "nothing at all is sent meanwhile");
    pass(3).await;
    assert_eq!(fake.took(), ["i/firing", "j/firing"]);
}

#[tokio::test(start_paused = true)]
async fn slack_is_told_one_a_second() {
    let fake = Fake::new([], Play::Take);
    let stage = Stage::new(Kind::Slack, &fake, None);
    for n in 0..5 {
        stage.tell(&format!("i{n}"), &[Firing]);
    }
    pass(20).await;
    let times = fake.times();
    assert_eq!(times.len(), 5);
    assert!(gaps(&times).iter().all(|gap| *gap >= SECOND), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_said_and_not_tried_again() {
    let fake = Fake::new([refused()], Play::Take);
    let mut stage = Stage::new(Kind::Webhook, &fake, None);
    stage.tell("i", &[Firing, Acting]);
    pass(3600).await;
    assert_eq!(fake.took(), ["i/acting"]);
    assert_eq!(fake.times().len(), 2);
    let said = stage.troubles();
    let wanted = "alerts to ops: i/firing is not delivered: h refused it (404)";
    assert!(said.contains(&wanted.to_owned()), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn an_alert_that_breaks_the_receiver_holds_up_only_its_incident() {
    let fake = Fake::new([down(), Play::Take, down()], Play::Take);
    let stage = Stage::new(Kind::Webhook, &fake, None);
    stage.tell("i", &[Firing, Acting]);
    stage.tell("j", &[Firing]);
    pass(30).await;
    assert_eq!(fake.took(), ["j/firing", "i/firing", "i/acting"]);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_hangs_holds_up_neither_telling_nor_leaving() {
    let fake = Fake::new([], Play::Hang);
    let stage = Stage::new(Kind::Webhook, &fake, None);
    let before = Instant::now();
    stage.tell("i", &[Firing]);
    assert_eq!(before.elapsed(), Duration::ZERO);
    let said = stage.alerts.finish(3 * SECOND).await.unwrap();
    assert!(before.elapsed() < 5 * SECOND);
    assert_eq!(said, "alerts: 1 not delivered yet, LOST: they could not be kept");
}

#[tokio::test(start_paused = true)]
async fn leaving_waits_until_everybody_is_told() {
    let fake = Fake::new([away(), away()], Play::Take);
    let stage = Stage::new(Kind::Webhook, &fake, None);
    stage.tell("i", &[Firing]);
    assert_eq!(stage.alerts.finish(10 * SECOND).await, None);
    assert_eq!(fake.took(), ["i/firing"]);
}

#[tokio::test(start_paused = true)]
async fn alertmanager_is_told_again_until_it_is_over() {
    let fake = Fake::new([], Play::Take);
    let stage = Stage::new(Kind::Alertmanager, &fake, None);
    stage.tell("i", &[Firing, Blind]);
    pass(1).await;
    stage.tell("i", &[Acting]);
    pass(150).await;
    let took = fake.took();
    let again = ["i/acting", "i/blind", "i/acting", "i/blind"];
    assert_eq!(took[..3], ["i/firing", "i/blind", "i/acting"]);
    assert_eq!(took[3..], again, "every minute, each by what it says now");
    stage.tell("i", &[Seeing, Restored]);
    pass(600).await;
    assert_eq!(fake.took()[7..], ["i/seeing", "i/restored"], "then no more");
}

#[tokio::test(start_paused = true)]
async fn repeating_goes_on_after_a_failure() {
    let fake = Fake::new([Play::Take, away(), down()], Play::Take);
    let stage = Stage::new(Kind::Alertmanager, &fake, None);
    stage.tell("i", &[Firing]);
    pass(250).await;
    assert_eq!(fake.took(), ["i/firing", "i/firing", "i/firing"]);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_wait_and_what_is_dropped_is_counted() {
    let fake = Fake::new([], away());
    let mut stage = Stage::new(Kind::Webhook, &fake, None);
    for n in 0..1_003 {
        stage.tell(&format!("i{n}"), &[Firing]);
    }
    let said = stage.troubles();
    let dropped = said.iter().filter(|text| text.contains("1 dropped, oldest first")).count();
    assert_eq!(dropped, 3, "{said:?}");
    fake.turn(Play::Take);
    pass(60).await;
    let took = fake.took();
    assert_eq!((took.len(), took[0].as_str()), (1_000, "i3/firing"));
}

#[tokio::test(start_paused = true)]
async fn who_is_told_of_the_beginning_is_told_of_the_end() {
    let (all, urgent) = (Fake::new([], Play::Take), Fake::new([], Play::Take));
    let way = |name: &str, least, fake: &Arc<Fake>| {
        let post: Arc<dyn Post> = Arc::<Fake>::clone(fake);
        Way { name: name.into(), kind: Kind::Webhook, least, post }
    };
    let ways = vec![way("all", Severity::Info, &all), way("duty", Severity::Critical, &urgent)];
    let plan = Plan { ways, directory: None };
    let (out, inbox) = mpsc::channel(64);
    let stage = Stage { alerts: Alerts::start(plan, Clock::stepped(noon()), out), inbox };
    stage.tell("i", &[Firing, Blind, Failed, Seeing, Restored]);
    pass(10).await;
    assert_eq!(all.took().len(), 5);
    assert_eq!(urgent.took(), ["i/firing", "i/failed", "i/restored"]);
}
