//! Against a real pseudo-terminal: whole frames, one at a time, never in the way.

#![expect(clippy::disallowed_methods, reason = "tests measure time")]

use std::time::{Duration, Instant};

use super::*;
use crate::terminal::Surroundings;
use crate::terminal::tty::tests::{pair, received};

/// The screen of a terminal with this `TERM`.
fn screen(term: &str) -> (std::os::fd::OwnedFd, Arc<Tty>, Screen) {
    let (master, tty) = pair();
    tty.enter().unwrap();
    received(&master);
    let tty = Arc::new(tty);
    let surroundings = Surroundings { term: Some(term.to_owned()), ..Surroundings::default() };
    let screen = Screen::start(Arc::clone(&tty), Capabilities::read(&surroundings)).unwrap();
    (master, tty, screen)
}

#[tokio::test]
async fn a_frame_goes_out_whole_and_in_brackets() {
    let (master, _tty, screen) = screen("xterm");
    let mut writer = screen.writer();
    write!(writer, "one ").unwrap();
    writer.flush().unwrap();
    assert_eq!(received(&master), "", "a flush within a frame sends nothing");
    write!(writer, "two").unwrap();
    screen.present();
    screen.idle().await;
    assert_eq!(received(&master), "\x1b[?2026hone two\x1b[?2026l");
    screen.present();
    assert!(screen.is_idle(), "nothing staged, nothing sent");
}

#[tokio::test]
async fn a_stalled_terminal_holds_up_nobody_and_loses_nothing() {
    let (master, _tty, screen) = screen("vt100");
    let mut writer = screen.writer();
    let big = "x".repeat(300_000);
    write!(writer, "{big}").unwrap();
    let started = Instant::now();
    screen.present();
    assert!(!screen.is_idle());
    write!(writer, "next").unwrap();
    screen.present();
    assert!(started.elapsed() < Duration::from_millis(100));
    let waited = tokio::time::timeout(Duration::from_millis(50), screen.idle()).await;
    assert!(waited.is_err(), "idle although nobody reads");

    let reader = thread::spawn(move || {
        let mut all = String::new();
        while !all.ends_with("next") {
            all.push_str(&received(&master));
        }
        all
    });
    screen.idle().await;
    screen.present();
    screen.idle().await;
    assert_eq!(reader.join().unwrap(), format!("{big}next"));
}

#[tokio::test]
async fn the_clipboard_gets_what_fits() {
    let (master, _tty, screen) = screen("vt100");
    screen.copy("hi\x07").unwrap();
    screen.present();
    screen.idle().await;
    assert_eq!(received(&master), "\x1b]52;c;aGkH\x1b\\");
    let refusal = screen.copy(&"x".repeat(CLIPBOARD_LIMIT + 1)).unwrap_err();
    assert!(matches!(refusal, TerminalError::ClipboardTooLarge { .. }));
}

#[tokio::test]
async fn of_many_copies_the_newest_waits() {
    let (master, _tty, screen) = screen("vt100");
    write!(screen.writer(), "{}", "x".repeat(300_000)).unwrap();
    screen.present();
    for text in ["one", "two", "hi\x07"] {
        screen.copy(text).unwrap();
        screen.present();
    }
    assert!(!screen.is_idle());
    let reader = thread::spawn(move || {
        let mut all = String::new();
        while !all.contains('\\') {
            all.push_str(&received(&master));
        }
        all
    });
    screen.idle().await;
    screen.present();
    let all = reader.join().unwrap();
    assert!(all.ends_with("xxx\x1b]52;c;aGkH\x1b\\"), "{:?}", &all[all.len() - 60..]);
}

#[tokio::test]
async fn a_terminal_that_is_gone_stops_the_screen_quietly() {
    let (master, _tty, screen) = screen("vt100");
    drop(master);
    write!(screen.writer(), "frame").unwrap();
    screen.present();
    let waited = tokio::time::timeout(Duration::from_millis(100), screen.idle()).await;
    assert!(waited.is_err());
    assert!(screen.is_gone());
    screen.present();
}

#[tokio::test]
async fn a_ring_has_no_orders_in_it_and_goes_out_once() {
    let (master, _tty, screen) = screen("xterm");
    screen.ring("checkout; fired\u{1b}]0;x\u{7}\u{9b}2J \u{202e}größe…");
    screen.present();
    screen.idle().await;
    let words = "checkout, fired]0,x2J ?gr??e?";
    let expected = format!("\x07\x1b]9;waveoff: {words}\x07\x1b]777;notify;waveoff;{words}\x07");
    assert_eq!(received(&master), expected);
    screen.present();
    assert!(screen.is_idle(), "once");
    screen.ring(&"x".repeat(10_000));
    screen.present();
    screen.idle().await;
    assert!(received(&master).len() < 500);
}

#[tokio::test]
async fn a_ring_is_no_more_than_a_terminal_can_take() {
    for (term, sent) in [("linux", "\x07"), ("vt100", "\x07"), ("dumb", "")] {
        let (master, _tty, screen) = screen(term);
        screen.ring("checkout: fired");
        screen.present();
        screen.idle().await;
        assert_eq!(received(&master), sent, "{term}");
    }
}
