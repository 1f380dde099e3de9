//! The matrix: every end in every situation, after everything that may have happened before, in
//! every look of the terminal.
//!
//! All of it are 1400 runs. The usual ones have each pair of situation and end once;
//! `WAVEOFF_MATRIX=1400` runs everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{Flight, KEY_PAUSE, PLAIN, SITUATIONS, Situation, Start, all, percentiles, runs};
use crate::pty_rig::Rig;
use crate::report::report;

/// What ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Key,
    CtrlC,
    Term,
    Int,
    Quit,
    Hup,
    /// The terminal goes away; the kernel says so by SIGHUP.
    Dead,
    /// The same, and SIGHUP never arrives.
    DeadUnheard,
}

const ENDS: [End; 8] =
    [End::Key, End::CtrlC, End::Term, End::Int, End::Quit, End::Hup, End::Dead, End::DeadUnheard];

/// What happened before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// Stopped and continued by somebody with `kill`.
    StoppedAndContinued,
    /// SIGCONT to a program that runs.
    Continued,
    /// SIGTSTP where no shell would bring it back.
    AskedToStop,
    Resized,
    /// 1x1.
    Tiny,
    /// Nobody reads what it writes, and much is written.
    Blocked,
}

const BEFORE: [Before; 7] = [
    Before::Nothing,
    Before::StoppedAndContinued,
    Before::Continued,
    Before::AskedToStop,
    Before::Resized,
    Before::Tiny,
    Before::Blocked,
];

const LOOKS: [&[(&str, &str)]; 5] = [
    &[],
    &[("TERM", "dumb")],
    &[("LC_ALL", "POSIX")],
    &[("NO_COLOR", "1")],
    &[("LANG", "C"), ("TERM", "vt100")],
];

#[derive(Debug, Clone, Copy)]
struct Case {
    situation: Situation,
    end: End,
    before: Before,
    look: usize,
}

/// A step that has no divisor in common with the number of cases visits each of them.
const STEP: usize = 613;

/// The cases in an order in which any forty neighbours have every pair of situation and end.
fn cases(from: usize, count: usize) -> Vec<Case> {
    let pairs = SITUATIONS.len() * ENDS.len();
    let all = pairs * BEFORE.len() * LOOKS.len();
    let case = |number: usize| {
        let at = number * STEP % all;
        let (pair, rest) = (at % pairs, at / pairs);
        Case {
            situation: SITUATIONS[pair / ENDS.len()],
            end: ENDS[pair % ENDS.len()],
            before: BEFORE[rest % BEFORE.len()],
            look: rest / BEFORE.len(),
        }
    };
    (from..from + count).map(case).collect()
}

impl Case {
    fn code(self) -> u32 {
        match self.end {
            End::Key | End::CtrlC => 0,
            End::Term => 143,
            End::Int => 130,
            End::Quit => 131,
            End::Hup | End::Dead | End::DeadUnheard => 129,
        }
    }

    /// How long it took to end.
    fn run(self) -> Duration {
        let unheard: &[&str] = match self.end {
            End::DeadUnheard => &["/usr/bin/env", "--block-signal=HUP"],
            _ => &[],
        };
        let size = if self.before == Before::Blocked { (200, 60) } else { PLAIN.size };
        let how = Start { env: LOOKS[self.look], before: unheard, size };
        let mut flight = Flight::open(self.situation, how);
        self.prepare(&flight);
        let began = self.finish(&mut flight);
        assert_eq!(flight.rig.wait_for_code(), self.code());
        let took = began.elapsed();
        // The machine may be busy; the figures are printed.
        assert!(took < Duration::from_secs(4), "{took:?} to end");
        flight.assert_nothing_left(!matches!(self.end, End::Dead | End::DeadUnheard));
        took
    }

    fn prepare(self, flight: &Flight) {
        let rig = &flight.rig;
        match self.before {
            Before::Nothing => {}
            Before::StoppedAndContinued => {
                rig.signal(Signal::STOP);
                thread::sleep(Duration::from_millis(30));
                rig.signal(Signal::CONT);
            }
            Before::Continued => rig.signal(Signal::CONT),
            Before::AskedToStop => {
                rig.signal(Signal::TSTP);
                rig.wait_for("raw mode", || rig.is_raw());
            }
            Before::Resized => {
                for step in 0..20u16 {
                    rig.resize(20 + 9 * step, 5 + 3 * step);
                }
            }
            Before::Tiny => rig.resize(1, 1),
            Before::Blocked => block(rig),
        }
    }

    /// Does what ends it; gives the moment.
    fn finish(self, flight: &mut Flight) -> Instant {
        let rig = &mut flight.rig;
        let keys: &[&str] = match (self.end, flight.situation) {
            (End::Key, Situation::Dialog) => &["\u{1b}", "q"],
            (End::Key, Situation::Underway) => &["q", "q"],
            (End::Key, _) => &["q"],
            // The first closes the dialog, or opens the one that asks whether to leave.
            (End::CtrlC, Situation::Dialog | Situation::Underway) => &["\u{3}", "\u{3}"],
            (End::CtrlC, _) => &["\u{3}"],
            _ => &[],
        };
        for (number, key) in keys.iter().enumerate() {
            if number > 0 {
                thread::sleep(KEY_PAUSE);
            }
            rig.send(key);
        }
        let began = Instant::now();
        match self.end {
            End::Key | End::CtrlC => {}
            End::Term => rig.signal(Signal::TERM),
            End::Int => rig.signal(Signal::INT),
            End::Quit => rig.signal(Signal::QUIT),
            End::Hup => rig.signal(Signal::HUP),
            End::Dead | End::DeadUnheard => rig.hang_up(),
        }
        began
    }
}

/// Makes it write whole frames that nobody reads, more than the terminal takes.
pub(super) fn block(rig: &Rig) {
    rig.stall(true);
    for step in 0..8 {
        rig.claim_size(199 + step % 2, 60);
        thread::sleep(Duration::from_millis(60));
    }
}

fn fly(from: usize, count: usize) {
    let times: Mutex<BTreeMap<&str, Vec<Duration>>> = Mutex::default();
    let slowest = Mutex::new((Duration::ZERO, String::new()));
    let cases = cases(from, count);
    all(
        &cases,
        |case| format!("{case:?}"),
        |case| {
            let took = case.run();
            let group = match case {
                Case { situation: Situation::Underway, .. } => "an action under way",
                Case { before: Before::Blocked, .. } => "blocked",
                Case { end: End::Dead | End::DeadUnheard, .. } => "dead terminal",
                _ => "all others",
            };
            times.lock().unwrap().entry(group).or_default().push(took);
            let mut slowest = slowest.lock().unwrap();
            if took > slowest.0 {
                *slowest = (took, format!("{case:?}"));
            }
        },
    );
    for (group, times) in times.into_inner().unwrap() {
        let runs = times.len();
        report(&format!("to the exit, {group}: {} ({runs} runs)", percentiles(times)));
    }
    report(&format!("slowest: {:?}", slowest.into_inner().unwrap()));
}

#[test]
fn the_cases_are_all_there_and_forty_have_every_pair() {
    let count = |cases: Vec<Case>, pairs_only: bool| {
        let name = |case: Case| {
            if pairs_only {
                format!("{:?} {:?}", case.situation, case.end)
            } else {
                format!("{case:?}")
            }
        };
        cases.into_iter().map(name).collect::<BTreeSet<_>>().len()
    };
    assert_eq!(count(cases(0, 1400), false), 1400);
    assert_eq!(count(cases(7, 40), true), 40);
}

#[test]
fn every_end_in_every_situation() {
    fly(0, SITUATIONS.len() * ENDS.len());
}

#[test]
#[ignore = "long: WAVEOFF_MATRIX says how many runs, WAVEOFF_SEED from where"]
fn the_matrix() {
    fly(runs("WAVEOFF_SEED", 40), runs("WAVEOFF_MATRIX", 1400));
}
