//! Terminals that can little: complete at 80x24, and nothing but ASCII leaves the program where
//! there is no UTF-8.

use super::{Flight, PLAIN, Situation, Start};
use crate::pty_rig::Rig;

const MODEST: [&[(&str, &str)]; 5] = [
    &[("TERM", "dumb")],
    &[("LANG", "C")],
    &[("LC_ALL", "POSIX")],
    &[("LANG", ""), ("TERM", "vt100")],
    &[("TERM", "linux"), ("NO_COLOR", "1")],
];

/// Every screen there is, its key, and what tells that it is there.
const SCREENS: [(&str, &str); 12] = [
    ("\r", " Revisions "),
    ("x", " Why "),
    ("i", " Info "),
    ("t", " Timeline "),
    ("m", " Metrics "),
    // With their number: before they are listed there is nothing to compare.
    ("2", " Revisions 4 "),
    ("d", " Diff "),
    ("?", " Help "),
    ("!", " Errors "),
    ("b", "what counts"),
    ("1", " Fleet "),
    ("2", " Revisions "),
];

/// What is not ASCII in what was written so far, with its surroundings.
fn beyond_ascii(rig: &Rig) -> Option<String> {
    let bytes = rig.bytes();
    let at = bytes.iter().position(|byte| !byte.is_ascii())?;
    let end = bytes.len().min(at + 20);
    Some(String::from_utf8_lossy(&bytes[at.saturating_sub(40)..end]).into_owned())
}

#[test]
fn every_screen_can_be_reached_and_is_ascii() {
    for env in MODEST {
        let mut flight = Flight::open(Situation::Drill, Start { env, ..PLAIN });
        for (key, title) in SCREENS {
            flight.rig.send(key);
            flight.rig.wait_for_text(title);
        }
        flight.rig.send("A");
        flight.rig.wait_for_text("ABORT");
        flight.rig.send("\u{3}");
        flight.rig.wait_for_text("nothing was sent");
        flight.rig.send("q");
        assert_eq!(flight.rig.wait_for_code(), 0);
        flight.assert_nothing_left(true);
        assert!(flight.rig.contents().contains("points"), "{}", flight.rig.contents());
        assert_eq!(beyond_ascii(&flight.rig), None, "{env:?}");
    }
}

#[test]
fn with_utf8_it_is_not_ascii() {
    let flight = Flight::open(Situation::Drill, PLAIN);
    assert!(beyond_ascii(&flight.rig).is_some(), "the test above could not fail");
}

#[test]
fn a_terminal_of_one_cell_is_left_as_it_was_found() {
    let mut flight = Flight::start(Situation::Fleet, Start { size: (1, 1), ..PLAIN });
    flight.rig.wait_until("a screen", vt100::Screen::alternate_screen);
    flight.rig.send("?");
    flight.rig.resize(80, 24);
    flight.rig.wait_for_text("UPPER CASE acts");
    flight.rig.resize(1, 1);
    flight.rig.send("q");
    assert_eq!(flight.rig.wait_for_code(), 0);
    flight.assert_nothing_left(true);
}
