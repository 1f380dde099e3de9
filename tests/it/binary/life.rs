//! Coming and going: every way out leaves the terminal as it was found.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;

use super::{Shop, canary, ordinary};
use crate::wire::stub::{Ending, Reply};

#[test]
fn the_fleet_is_on_the_screen_and_q_leaves_it() {
    let shop = Shop::open(canary());
    let mut rig = shop.fly((80, 24));
    rig.wait_for_text("checkout");
    assert!(rig.is_raw());
    rig.send("q");
    assert_eq!(rig.wait_for_exit().exit_code(), 0);
    rig.assert_restored();
}

#[test]
fn signals_and_ctrl_c_restore_it_too() {
    let shop = Shop::open(canary());
    let cases = [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)];
    for (signal, code) in cases {
        let mut rig = shop.fly((80, 24));
        rig.wait_for_text("checkout");
        rig.signal(signal);
        assert_eq!(rig.wait_for_exit().exit_code(), code, "{signal:?}");
        rig.assert_restored();
    }
    let mut rig = shop.fly((80, 24));
    rig.wait_for_text("checkout");
    rig.send("\u{3}");
    assert_eq!(rig.wait_for_exit().exit_code(), 0);
    rig.assert_restored();
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    let shop = Shop::open(canary());
    let mut rig = shop.fly((80, 24));
    rig.wait_for_text("checkout");
    rig.hang_up();
    assert_eq!(rig.wait_for_exit().exit_code(), 129);
}

#[test]
fn any_size_at_any_time() {
    let shop = Shop::open(canary());
    let mut rig = shop.fly((80, 24));
    rig.wait_for_text("checkout");
    for (columns, rows) in [(200, 60), (40, 10), (1, 1), (300, 100), (80, 24)] {
        rig.resize(columns, rows);
    }
    rig.wait_until("the fleet at 80x24 again", |screen| {
        screen.size().0.get() == 24 && screen.contents().contains("checkout")
    });
    rig.resize(40, 10);
    rig.wait_for_text("80x24");
    rig.send("q");
    assert_eq!(rig.wait_for_exit().exit_code(), 0);
    rig.assert_restored();
}

#[test]
fn the_next_start_shows_the_fleet_as_it_was_until_the_server_answers() {
    let silent = Arc::new(AtomicBool::new(false));
    let shop = {
        let silent = Arc::clone(&silent);
        Shop::scripted(move |asked| {
            if silent.load(Ordering::SeqCst) {
                return Reply::Stream(Vec::new(), Ending::Open);
            }
            ordinary(asked, &canary())
        })
    };
    let mut rig = shop.fly((80, 24));
    rig.wait_for_text("checkout");
    assert!(!rig.contents().contains("as it was"), "{}", rig.contents());
    rig.send("q");
    rig.wait_for_exit();
    silent.store(true, Ordering::SeqCst);
    let mut rig = shop.fly((80, 24));
    rig.wait_for_text("as it was");
    rig.wait_for_text("checkout");
    // Nothing of it can be acted upon.
    rig.send("A");
    rig.send("\r");
    rig.wait_for_text("connecting for 2");
    assert!(shop.patches().is_empty());
    rig.send("q");
    assert_eq!(rig.wait_for_exit().exit_code(), 0);
    rig.assert_restored();
}

#[test]
fn nothing_is_sent_to_a_screen_that_does_not_change() {
    let shop = Shop::open(canary());
    let rig = shop.fly((80, 24));
    rig.wait_for_text("checkout");
    rig.send("?");
    rig.wait_for_text("UPPER CASE acts");
    let before = rig.bytes().len();
    // Frames may come once a second for the clock and the heartbeat: a few cells each.
    rig.wait_for("the clock to move twice", || {
        let grown = rig.bytes().len() - before;
        assert!(grown < 4096, "{grown} bytes for a clock");
        grown > 20
    });
}

/// Everything the program wrote, read as a terminal does: text, or a sequence on the list.
fn foreign_sequences(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => {
                let sequence = sequence(&mut rest);
                if !is_ours(&sequence) {
                    found.push(sequence);
                }
            }
            '\r' | '\n' => {}
            c if c.is_control() => found.push(format!("{c:?}")),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}' => {
                found.push(format!("{c:?}"));
            }
            _ => {}
        }
    }
    found
}

fn sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut text = String::new();
    let Some(kind) = rest.next() else { return text };
    text.push(kind);
    if kind != '[' {
        return text;
    }
    for c in rest.by_ref() {
        text.push(c);
        if ('@'..='~').contains(&c) {
            break;
        }
    }
    text
}

/// The sequences this program sends: styles, cursor, erasing, and six modes.
fn is_ours(sequence: &str) -> bool {
    let modes = ["25", "1049", "2004", "2026", "7"];
    let Some(body) = sequence.strip_prefix('[') else { return false };
    if let Some(mode) = body.strip_prefix('?') {
        let number = mode.trim_end_matches(['h', 'l']);
        return modes.contains(&number);
    }
    let (parameters, last) = body.split_at(body.len() - 1);
    matches!(last, "m" | "H" | "J" | "K" | "A" | "B" | "C" | "D" | "G" | "q")
        && parameters.chars().all(|c| c.is_ascii_digit() || matches!(c, ';' | ':' | ' '))
}

#[test]
fn a_foreign_sequence_would_be_found() {
    for bad in ["\u{1b}]0;x\u{7}", "\u{1b}[?1000h", "\u{1b}c", "\u{9b}31m", "\u{202e}", "\u{7}"] {
        assert!(!foreign_sequences(bad.as_bytes()).is_empty(), "{bad:?}");
    }
    assert!(foreign_sequences(b"\x1b[1;38;5;3mtext\x1b[?25l\r\n").is_empty());
}

#[test]
fn hostile_text_never_reaches_the_terminal() {
    let mut rollout = canary();
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}exe\u{200b}\r\nline";
    rollout["status"]["message"] = evil.into();
    rollout["status"]["phase"] = "Degraded".into();
    rollout["spec"]["template"]["spec"]["containers"][0]["image"] = format!("evil:{evil}").into();
    rollout["status"]["conditions"] = serde_json::json!([
        {"type": "InvalidSpec", "status": "True", "reason": evil, "message": evil}
    ]);
    let shop = Shop::open(rollout);
    let mut rig = shop.fly((120, 30));
    rig.wait_for_text("owned");
    // By number back to the cockpit: an Esc and a letter right behind it are one sequence.
    let walk = [("\r", "Revisions"), ("i", "resource version"), ("2", "Revisions")];
    let more = [("x", "Why"), ("2", "Revisions"), ("t", "Timeline"), ("1", "Fleet")];
    for (key, seen) in walk.into_iter().chain(more) {
        rig.send(key);
        rig.wait_for_text(seen);
    }
    rig.send("q");
    rig.wait_for_exit();
    assert_eq!(foreign_sequences(&rig.bytes()), Vec::<String>::new());
}

#[test]
fn without_colour_there_is_no_colour() {
    let shop = Shop::open(canary());
    let mut rig = shop.fly_with((80, 24), &[("NO_COLOR", "1")]);
    rig.wait_for_text("checkout");
    rig.send("q");
    rig.wait_for_exit();
    let text = String::from_utf8_lossy(&rig.bytes()).into_owned();
    for sequence in text.split('\u{1b}').filter(|s| s.starts_with('[')) {
        let Some((parameters, _)) = sequence[1..].split_once('m') else { continue };
        for number in parameters.split(';') {
            let colour = matches!(number.parse::<u16>(), Ok(30..=38 | 40..=48 | 90..=107));
            assert!(!colour, "colour in {sequence:?}");
        }
    }
    assert!(text.contains("\u{1b}[1m") || text.contains("\u{1b}[7m"), "emphasis is left");
}
