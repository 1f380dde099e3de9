//! Against a real pseudo-terminal: in, out, stalled, gone.

#![expect(clippy::disallowed_methods, reason = "tests measure time")]

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Instant;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::LocalModes;

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
