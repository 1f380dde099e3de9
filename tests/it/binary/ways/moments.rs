//! Signals at any moment: before the screen, on it, while it is left.
//!
//! The moments are drawn; `WAVEOFF_MOMENTS=300` draws more.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::{Dice, Flight, PLAIN, Situation, all, runs};
use crate::report::report;

const SIGNALS: [(Signal, u32); 4] =
    [(Signal::TERM, 143), (Signal::INT, 130), (Signal::QUIT, 131), (Signal::HUP, 129)];

/// Longer than a start takes here, mostly.
const LATEST: usize = 600_000;

#[derive(Debug)]
struct Moment {
    situation: Situation,
    after: Duration,
    signal: (Signal, u32),
    /// A key or another signal, and how long before this one.
    first: Option<(First, Duration)>,
}

#[derive(Debug, Clone, Copy)]
enum First {
    Quit,
    Signal(Signal, u32),
    /// To and from the shell that is not there.
    StopAndContinue,
}

fn moments(seed: u64, count: usize) -> Vec<Moment> {
    let mut dice = Dice::new(seed);
    let mut draw = || Moment {
        situation: dice.one(&[Situation::Silence, Situation::Fleet, Situation::Drill]),
        after: Duration::from_micros(dice.below(LATEST) as u64),
        signal: dice.one(&SIGNALS),
        first: match dice.below(6) {
            0 | 1 => None,
            2 | 3 => Some(First::Quit),
            4 => Some(dice.one(&SIGNALS)).map(|(signal, code)| First::Signal(signal, code)),
            _ => Some(First::StopAndContinue),
        }
        .map(|first| (first, Duration::from_micros(dice.below(60_000) as u64))),
    };
    (0..count).map(|_| draw()).collect()
}

impl Moment {
    /// Whether the screen had been opened, and the code.
    fn run(&self) -> (bool, u32) {
        let mut flight = Flight::start(self.situation, PLAIN);
        thread::sleep(self.after);
        let mut right = vec![self.signal.1];
        if let Some((first, pause)) = self.first {
            match first {
                First::Quit => {
                    flight.rig.send("q");
                    right.push(0);
                }
                First::Signal(signal, code) => {
                    flight.rig.signal(signal);
                    right.push(code);
                }
                First::StopAndContinue => {
                    flight.rig.signal(Signal::STOP);
                    flight.rig.signal(Signal::CONT);
                }
            }
            thread::sleep(pause);
        }
        flight.rig.signal(self.signal.0);
        let code = flight.rig.wait_for_code();
        assert!(right.contains(&code), "code {code}, one of {right:?} is right");
        flight.assert_nothing_left(true);
        let opened = String::from_utf8_lossy(&flight.rig.bytes()).contains("\u{1b}[?1049h");
        (opened, code)
    }
}

fn fly(count: usize, seed: u64) {
    let seen: Mutex<BTreeMap<(bool, u32), usize>> = Mutex::default();
    let cases = moments(seed, count);
    all(
        &cases,
        |case| format!("{case:?}"),
        |case| {
            let ended = case.run();
            *seen.lock().unwrap().entry(ended).or_default() += 1;
        },
    );
    let seen = seen.into_inner().unwrap();
    let early: usize = seen.iter().filter(|((opened, _), _)| !opened).map(|(_, n)| n).sum();
    let codes: BTreeMap<u32, usize> = seen.iter().fold(BTreeMap::new(), |mut sums, (key, n)| {
        *sums.entry(key.1).or_default() += n;
        sums
    });
    report(&format!("signals at any moment: {count}, {early} before the screen, codes {codes:?}"));
}

#[test]
fn a_signal_at_any_moment_leaves_the_terminal_as_it_was() {
    fly(40, 6);
}

#[test]
#[ignore = "long: WAVEOFF_MOMENTS says how many, WAVEOFF_SEED which"]
fn many_moments() {
    fly(runs("WAVEOFF_MOMENTS", 300), runs("WAVEOFF_SEED", 1) as u64);
}
