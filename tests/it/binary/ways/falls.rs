//! Panics, in each thread and each task: the terminal is given back, the reason can be read, the
//! code is 101.
//!
//! `WAVEOFF_FALL` names what falls, and the file that says when; only debug builds listen to it.

use std::fs;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::ends::block;
use super::{Flight, KEY_PAUSE, PLAIN, Situation, Start, all, percentiles};
use crate::report::report;

/// What falls, where, and the key that makes it run if nothing else does.
struct Fall {
    place: &'static str,
    situation: Situation,
    nudge: &'static str,
    blocked: bool,
}

fn cases() -> Vec<Fall> {
    use Situation::{Dialog, Drill, Fleet, Silence, Underway};
    let mut cases = Vec::new();
    for situation in [Silence, Fleet, Dialog, Underway, Drill] {
        for place in ["loop", "watch", "heartbeat", "screen", "keys"] {
            let nudge = if place == "keys" { "j" } else { "" };
            cases.push(Fall { place, situation, nudge, blocked: false });
        }
    }
    for (place, situation, nudge) in [
        ("who", Silence, ""),
        ("access", Fleet, ""),
        ("around", Dialog, ""),
        ("act", Underway, ""),
        ("journal", Dialog, "\r"),
        ("measure", Drill, ""),
        ("search", Drill, ""),
        ("world", Drill, ""),
    ] {
        cases.push(Fall { place, situation, nudge, blocked: false });
    }
    for place in ["loop", "watch", "keys", "world"] {
        cases.push(Fall { place, situation: Drill, nudge: "j", blocked: true });
    }
    cases
}

impl Fall {
    fn run(&self) -> Duration {
        let sign = tempfile::tempdir().unwrap();
        let file = sign.path().join("now");
        let wanted = format!("{}:{}", self.place, file.display());
        let size = if self.blocked { (200, 60) } else { PLAIN.size };
        let how = Start { env: &[("WAVEOFF_FALL", &wanted)], size, before: &[] };
        // These are over within moments: they fall at once.
        let brief = matches!(self.place, "who" | "access" | "search");
        if brief {
            fs::write(&file, "").unwrap();
        }
        let mut flight = if brief {
            Flight::start(self.situation, how)
        } else {
            Flight::open(self.situation, how)
        };
        if self.blocked {
            block(&flight.rig);
        }
        fs::write(&file, "").unwrap();
        let began = Instant::now();
        if !self.nudge.is_empty() {
            thread::sleep(KEY_PAUSE);
            // One after the other, as a finger presses them.
            for key in self.nudge.chars() {
                flight.rig.send(key.encode_utf8(&mut [0; 4]));
                thread::sleep(KEY_PAUSE);
            }
        }
        assert_eq!(flight.rig.wait_for_code(), 101);
        let took = began.elapsed();
        flight.assert_nothing_left(true);
        let screen = flight.rig.contents();
        let why = format!("{} fell on purpose", self.place);
        assert!(screen.contains(&why), "{screen}");
        assert!(screen.contains("this is a fault of waveoff itself"), "{screen}");
        took
    }
}

#[test]
fn whatever_falls_the_terminal_is_given_back_and_the_reason_is_said() {
    if !cfg!(debug_assertions) {
        return;
    }
    let times = Mutex::new(Vec::new());
    let cases = cases();
    all(
        &cases,
        |case| format!("{} in {:?}, blocked: {}", case.place, case.situation, case.blocked),
        |case| {
            let took = case.run();
            times.lock().unwrap().push(took);
        },
    );
    let times = times.into_inner().unwrap();
    report(&format!("from a panic to the exit: {} ({} places)", percentiles(times), cases.len()));
}
