//! Sizes by the thousand, possible ones and others.

use std::time::{Duration, Instant};

use super::{Dice, Flight, PLAIN, Situation};
use crate::report::report;

/// The shortest time between two frames of any version of the program.
const FRAME: Duration = Duration::from_millis(16);

const ODD: [(u16, u16); 8] = [
    (1, 1),
    (0, 0),
    (0, 24),
    (80, 0),
    (500, 200),
    (1, 200),
    (10_000, 10_000),
    (u16::MAX, u16::MAX),
];

#[test]
fn ten_thousand_sizes_are_one_redraw_for_each_frame_at_most() {
    let mut flight = Flight::open(Situation::Fleet, PLAIN);
    let rig = &flight.rig;
    let usual = rig.contents();
    let mut dice = Dice::new(6);
    let before = rig.written();
    let began = Instant::now();
    for number in 0..10_000 {
        let (columns, rows) = if number % 4 == 0 {
            dice.one(&ODD)
        } else {
            (1 + size(dice.below(300)), 1 + size(dice.below(100)))
        };
        rig.claim_size(columns, rows);
        // So that there is time for frames between them.
        std::thread::sleep(Duration::from_micros(200));
    }
    let took = began.elapsed();
    rig.resize(40, 10);
    rig.wait_for_text("80x24");
    rig.resize(80, 24);
    rig.wait_until("the fleet as it was", |screen| {
        let lines = |text: &str| text.lines().count();
        screen.contents().contains("checkout") && lines(&screen.contents()) == lines(&usual)
    });
    let bytes = rig.bytes();
    let cleared = String::from_utf8_lossy(&bytes[before..]).matches("\u{1b}[2J").count();
    report(&format!("10,000 sizes in {took:?}: {cleared} redraws"));
    let most = began.elapsed().as_millis() / FRAME.as_millis() + 2;
    assert!(cleared as u128 <= most, "{cleared} redraws, {most} at most");
    assert!(cleared > 2);
    flight.rig.send("q");
    assert_eq!(flight.rig.wait_for_code(), 0);
    flight.assert_nothing_left(true);
}

fn size(number: usize) -> u16 {
    u16::try_from(number).unwrap()
}
