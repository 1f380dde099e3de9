//! Against a real pseudo-terminal: in, out, stalled, gone.

#![expect(clippy::disallowed_methods, reason = "tests measure time")]

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Instant;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{InputModes, Winsize, tcsetwinsize};

use super::*;

/// A pseudo-terminal: the side of the terminal, and ours.
pub(in crate::terminal) fn pair() -> (OwnedFd, Tty) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let input = open(&name, flags, Mode::empty()).unwrap();
    let output = open(&name, flags | OFlags::NONBLOCK, Mode::empty()).unwrap();
    (master, Tty::over(input, output))
}

/// What the terminal has been sent so far.
pub(in crate::terminal) fn received(master: &OwnedFd) -> String {
    let mut all = Vec::new();
    let short = Timespec::try_from(Duration::from_millis(50)).unwrap();
    while poll(&mut [PollFd::new(master, PollFlags::IN)], Some(&short)).unwrap() > 0 {
        let mut bytes = [0; 4096];
        match rustix::io::read(master, &mut bytes) {
            Ok(0) | Err(_) => break,
            Ok(count) => all.extend_from_slice(&bytes[..count]),
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

fn is_raw(tty: &Tty) -> bool {
    let modes = tcgetattr(&tty.input).unwrap();
    !modes.local_modes.intersects(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
}

const LEFT: &str = "\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?25h\x1b[?1049l";

#[test]
fn in_and_out_leaves_it_as_it_was() {
    let (master, tty) = pair();
    let before = format!("{:?}", tcgetattr(&tty.input).unwrap());
    for _ in 0..3 {
        tty.enter().unwrap();
        tty.enter().unwrap();
        assert!(is_raw(&tty));
        assert_eq!(received(&master), "\x1b[?1049h\x1b[?25l\x1b[?2004h");
        tty.leave();
        tty.leave();
        assert_eq!(received(&master), LEFT);
        assert_eq!(format!("{:?}", tcgetattr(&tty.input).unwrap()), before);
    }
}

#[test]
fn no_frame_after_the_way_out() {
    let (master, tty) = pair();
    assert_eq!(tty.write_frame(b"early").unwrap(), Fate::Dropped);
    tty.enter().unwrap();
    assert_eq!(tty.write_frame(b"frame").unwrap(), Fate::Written);
    tty.leave();
    assert_eq!(tty.write_frame(b"late").unwrap(), Fate::Dropped);
    let received = received(&master);
    assert!(received.contains("frame") && received.ends_with(LEFT), "{received:?}");
    assert!(!received.contains("early") && !received.contains("late"), "{received:?}");
}

#[test]
fn a_stalled_terminal_is_left_in_time() {
    let (master, tty) = pair();
    tty.enter().unwrap();
    let tty = Arc::new(tty);
    let writer = {
        let tty = Arc::clone(&tty);
        thread::spawn(move || tty.write_frame(&vec![b'x'; 1 << 20]).unwrap())
    };
    // Nobody reads: the frame gets stuck after some kilobytes.
    while !tty.torn.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(Duration::from_millis(50));
    let started = Instant::now();
    tty.leave();
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    assert!(!is_raw(&tty));
    assert_eq!(writer.join().unwrap(), Fate::Dropped);
    let received = received(&master);
    assert!(received.ends_with(&format!("\x18{LEFT}")), "{:?}", &received[received.len() - 60..]);
}

#[test]
fn the_rest_of_a_frame_is_not_written_after_coming_back() {
    let (master, tty) = pair();
    tty.enter().unwrap();
    let tty = Arc::new(tty);
    let writer = {
        let tty = Arc::clone(&tty);
        thread::spawn(move || tty.write_frame(&vec![b'x'; 1 << 20]).unwrap())
    };
    while !tty.torn.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(1));
    }
    tty.leave();
    received(&master);
    tty.enter().unwrap();
    assert_eq!(writer.join().unwrap(), Fate::Dropped);
    assert_eq!(received(&master), "\x1b[?1049h\x1b[?25l\x1b[?2004h");
}

#[test]
fn a_terminal_that_is_gone_neither_hangs_nor_panics() {
    let (master, tty) = pair();
    tty.enter().unwrap();
    drop(master);
    assert!(tty.write_frame(b"frame").is_err());
    tty.leave();
    assert_eq!(tty.size(), USUAL_SIZE);
}

#[test]
fn many_ways_out_at_once_are_one() {
    let (master, tty) = pair();
    tty.enter().unwrap();
    let left = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                tty.leave();
                assert!(!is_raw(&tty), "a second caller returned before the first was done");
                left.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    assert_eq!(left.into_inner(), 8);
    assert_eq!(received(&master).matches("\x1b[?1049l").count(), 1);
}

#[test]
fn a_terminal_that_takes_nothing_is_entered_and_opened_by_the_first_frame() {
    let (master, tty) = pair();
    while tty.write_some(&[b'.'; 64]).unwrap() > 0 {}
    tty.enter().unwrap();
    assert!(is_raw(&tty));
    let writer = thread::spawn(move || tty.write_frame(b"frame").unwrap());
    let received = received(&master);
    assert_eq!(writer.join().unwrap(), Fate::Written);
    assert!(received.ends_with("\x1b[?1049h\x1b[?25l\x1b[?2004hframe"), "{received:?}");
}

#[test]
fn what_was_not_opened_is_not_opened_after_the_way_out() {
    let (master, tty) = pair();
    while tty.write_some(&[b'.'; 64]).unwrap() > 0 {}
    tty.enter().unwrap();
    tty.leave();
    received(&master);
    tty.enter().unwrap();
    assert_eq!(tty.write_frame(b"frame").unwrap(), Fate::Written);
    assert_eq!(received(&master), "\x1b[?1049h\x1b[?25l\x1b[?2004hframe");
}

#[test]
fn output_that_was_stopped_is_started_again_on_the_way_out() {
    let (master, tty) = pair();
    for stop in ["tcflow", "ctrl-s"] {
        tty.enter().unwrap();
        received(&master);
        if stop == "tcflow" {
            tcflow(&tty.output, Action::OOff).unwrap();
        } else {
            let mut modes = tcgetattr(&tty.input).unwrap();
            modes.input_modes |= InputModes::IXON;
            tcsetattr(&tty.input, OptionalActions::Now, &modes).unwrap();
            rustix::io::write(&master, b"\x13").unwrap();
            thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(tty.write_some(b"frame").unwrap(), 0, "{stop}: the output is stopped");
        tty.leave();
        assert!(!is_raw(&tty));
        assert!(received(&master).ends_with(LEFT), "{stop}");
    }
}

#[test]
fn a_frame_that_was_stuck_for_long_is_late() {
    let (master, tty) = pair();
    tty.enter().unwrap();
    let writer = thread::spawn(move || tty.write_frame(&vec![b'x'; 1 << 18]).unwrap());
    thread::sleep(STALL_LOOK * (LATE_LOOKS + 2));
    received(&master);
    assert_eq!(writer.join().unwrap(), Fate::Late);
}

#[test]
fn no_size_is_believed_that_no_screen_has() {
    let (master, tty) = pair();
    for (claimed, believed) in [
        ((80, 24), (80, 24)),
        ((0, 24), USUAL_SIZE),
        ((1, 1), (1, 1)),
        ((u16::MAX, u16::MAX), LARGEST_SIZE),
    ] {
        let (ws_col, ws_row) = claimed;
        let size = Winsize { ws_col, ws_row, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        assert_eq!(tty.size(), believed);
    }
}
