//! A terminal that does not read: nothing waits for it but frames, and the newest of them wins.
//!
//! `WAVEOFF_STALL=180` blocks the long run for so many seconds.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use rustix::termios::{Action, InputModes, OptionalActions, tcflow, tcgetattr, tcsetattr};
use serde_json::json;

use super::ends::block;
use super::{Flight, KEY_PAUSE, PLAIN, Situation, Start, chain, runs, spawn};
use crate::binary::{Shop, canary, ordinary};
use crate::pty_rig::Rig;
use crate::report::report;
use crate::wire::stub::{Asked, Ending, Reply};

const LARGE: Start<'static> = Start { size: (200, 60), ..PLAIN };

/// What a terminal may hold that nobody empties.
const KERNEL: usize = 32 * 1024;

/// Changes of one watch, a few milliseconds apart.
const BATCH: usize = 300;

/// A shop whose rollout never stands still, and the number of the first change of the batch that
/// is on its way.
fn busy() -> (Shop, Arc<AtomicUsize>) {
    let base = canary();
    let begun = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&begun);
    let mut next = 0;
    let shop = Shop::scripted(move |asked: &Asked| {
        if asked.is_watch() && asked.target.contains("/rollouts?") {
            counter.store(next, Ordering::SeqCst);
            let changes = (next..next + BATCH).map(|number| change(&base, number)).collect();
            next += BATCH;
            return Reply::Stream(changes, Ending::Closed);
        }
        ordinary(asked, &base)
    });
    (shop, begun)
}

fn change(base: &serde_json::Value, number: usize) -> String {
    let mut rollout = base.clone();
    rollout["metadata"]["resourceVersion"] = (100 + number).to_string().into();
    rollout["status"]["phase"] = "Degraded".into();
    rollout["status"]["message"] = format!("change {number:06}").into();
    format!("{}\n", json!({"type": "MODIFIED", "object": rollout}))
}

/// The number of the change that is on the screen.
fn shown(contents: &str) -> Option<usize> {
    let (_, rest) = contents.split_once("change ")?;
    rest.get(..6)?.parse().ok()
}

/// A number of kilobytes out of what the kernel says about a process.
fn resident(rig: &Rig) -> usize {
    let id = rig.id().as_raw_nonzero();
    let text = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Time of the processors that a process has used.
fn used(rig: &Rig) -> Duration {
    let id = rig.id().as_raw_nonzero();
    let text = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let (_, rest) = text.rsplit_once(')').unwrap();
    let ticks = rest.split_whitespace().skip(11).take(2).map(|n| n.parse::<u64>().unwrap());
    Duration::from_millis(10 * ticks.sum::<u64>())
}

fn lists_of_rollouts(shop: &Shop) -> usize {
    let asked = shop.stub.asked();
    asked.iter().filter(|a| a.is_list() && a.target.contains("/rollouts?")).count()
}

/// Bytes of a frame that is drawn whole.
fn whole_frame(rig: &Rig) -> usize {
    let before = rig.written();
    rig.send("\u{c}");
    rig.wait_for("a whole frame", || rig.written() > before + 2000);
    thread::sleep(KEY_PAUSE);
    rig.written() - before
}

fn blocked_for(time: Duration) {
    let (shop, begun) = busy();
    let mut rig = spawn(&shop, Situation::Fleet, LARGE);
    rig.wait_until("a change", |screen| shown(&screen.contents()).is_some());
    let whole = whole_frame(&rig);
    let (at_first, listed) = (resident(&rig), lists_of_rollouts(&shop));
    let began = begun.load(Ordering::SeqCst);
    block(&rig);
    thread::sleep(time);
    let at_last = resident(&rig);
    let newest = begun.load(Ordering::SeqCst);
    let before = rig.written();
    rig.stall(false);
    let released = Instant::now();
    rig.wait_until("the newest state", |screen| {
        shown(&screen.contents()).is_some_and(|number| number >= newest)
    });
    let (caught_up, bytes) = (released.elapsed(), rig.written() - before);
    report(&format!(
        "blocked for {time:?}: {} changes, resident {at_first} kB before, {at_last} kB after; \
         newest state {caught_up:?} and {bytes} bytes after the release (a whole frame: {whole})",
        newest - began
    ));
    assert!(newest > began, "the watches went on");
    assert!(bytes > whole, "{bytes} bytes: the terminal was never full");
    assert_eq!(lists_of_rollouts(&shop), listed, "nothing had to be listed again");
    assert!(at_last < at_first + 8 * 1024, "{at_first} kB grew to {at_last} kB");
    assert!(bytes <= 2 * whole + KERNEL, "{bytes} bytes until the newest state");
    rig.send("q");
    assert_eq!(rig.wait_for_code(), 0);
    rig.assert_restored();
}

#[test]
fn the_watches_go_on_and_the_newest_state_is_shown_at_once_afterwards() {
    blocked_for(Duration::from_secs(4));
}

#[test]
#[ignore = "long: WAVEOFF_STALL says how many seconds"]
fn blocked_for_minutes() {
    blocked_for(Duration::from_secs(runs("WAVEOFF_STALL", 180) as u64));
}

#[test]
fn what_was_stuck_for_long_is_drawn_whole_afterwards() {
    let flight = Flight::open(Situation::Fleet, LARGE);
    let rig = &flight.rig;
    clog(rig);
    // The clock's frame is stuck; the pen looks eight times in vain, four times a second.
    thread::sleep(Duration::from_secs(4));
    let before = rig.written();
    rig.stall(false);
    rig.wait_for("a screen that is cleared after the frame that was stuck", || {
        let bytes = &rig.bytes()[before..];
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.rsplit_once("\u{1b}[J").is_some_and(|(_, after)| after.contains("checkout"))
    });
}

#[test]
fn a_key_that_is_pressed_meanwhile_still_sends_its_request() {
    let mut flight = Flight::open(Situation::Dialog, LARGE);
    block(&flight.rig);
    let pressed = Instant::now();
    flight.rig.send("\r");
    flight.rig.wait_for("the patch", || !flight.shop.patches().is_empty());
    let sent = pressed.elapsed();
    let journal = flight.state().join("journal");
    flight.rig.wait_for("the answer in the journal", || chain(&journal).len() == 2);
    report(&format!("key to patch while nobody reads: {sent:?}"));
    let lines = chain(&journal);
    assert_eq!((&lines[0]["report"], &lines[1]["word"]), (&"intent".into(), &"accepted".into()));
    assert_eq!(flight.shop.patches().len(), 1);
    flight.rig.signal(Signal::TERM);
    assert_eq!(flight.rig.wait_for_code(), 143);
    flight.assert_nothing_left(true);
}

#[test]
fn waiting_for_a_terminal_costs_nothing() {
    let flight = Flight::open(Situation::Fleet, LARGE);
    block(&flight.rig);
    let before = used(&flight.rig);
    thread::sleep(Duration::from_secs(3));
    let used = used(&flight.rig).saturating_sub(before);
    report(&format!("processor while blocked: {used:?} in 3 s"));
    assert!(used < Duration::from_millis(900), "{used:?} in 3 s: it spins");
}

#[test]
fn ctrl_s_is_a_key_like_others() {
    let mut flight = Flight::open(Situation::Fleet, PLAIN);
    flight.rig.send("\u{13}");
    thread::sleep(KEY_PAUSE);
    flight.rig.send("?");
    flight.rig.wait_for_text("UPPER CASE acts");
    flight.rig.send("q");
    assert_eq!(flight.rig.wait_for_code(), 0);
    flight.assert_nothing_left(true);
}

/// Output that is stopped by the terminal's own means.
#[derive(Clone, Copy, Debug)]
enum Stop {
    /// By Ctrl-S, after somebody switched that key on again.
    Key,
    /// By `tcflow`.
    Call,
}

impl Stop {
    fn stop(self, rig: &Rig) {
        let side = rig.other_side();
        match self {
            Self::Key => {
                let mut modes = tcgetattr(&side).unwrap();
                modes.input_modes |= InputModes::IXON;
                tcsetattr(&side, OptionalActions::Now, &modes).unwrap();
                rig.send("\u{13}");
            }
            Self::Call => tcflow(&side, Action::OOff).unwrap(),
        }
        // What was on its way has arrived; then nothing comes any more, not even the clock.
        thread::sleep(KEY_PAUSE);
        let before = rig.written();
        thread::sleep(Duration::from_millis(1500));
        assert_eq!(rig.written(), before, "{self:?} stops the output");
    }
}

#[test]
fn output_that_was_stopped_holds_up_no_way_out() {
    for (stop, end, code) in [
        (Stop::Key, None, 0),
        (Stop::Key, Some(Signal::TERM), 143),
        (Stop::Call, None, 0),
        (Stop::Call, Some(Signal::HUP), 129),
    ] {
        let mut flight = Flight::open(Situation::Fleet, PLAIN);
        stop.stop(&flight.rig);
        let began = Instant::now();
        match end {
            Some(signal) => flight.rig.signal(signal),
            None => flight.rig.send("q"),
        }
        assert_eq!(flight.rig.wait_for_code(), code, "{stop:?}");
        assert!(began.elapsed() < Duration::from_secs(3), "{stop:?}: {:?}", began.elapsed());
        flight.assert_nothing_left(true);
    }
}

#[test]
fn it_starts_and_comes_back_into_a_terminal_that_does_not_read() {
    // It waits at the door until the terminal is full.
    let door = ["/bin/sh", "-c", "printf door; read x; exec \"$0\" \"$@\""];
    let Flight { mut rig, shop, .. } =
        Flight::start(Situation::Fleet, Start { before: &door, ..LARGE });
    rig.wait_for_text("door");
    clog(&rig);
    rig.send("\r");
    rig.wait_for("the first list", || shop.stub.lists() > 0);
    thread::sleep(Duration::from_millis(300));
    rig.signal(Signal::STOP);
    rig.signal(Signal::CONT);
    thread::sleep(Duration::from_millis(300));
    rig.stall(false);
    rig.wait_until("the fleet", |screen| {
        screen.alternate_screen() && screen.contents().contains("checkout")
    });
    rig.send("q");
    assert_eq!(rig.wait_for_code(), 0);
    rig.assert_restored();
}

/// Nobody reads any more, and the terminal is full.
fn clog(rig: &Rig) {
    rig.stall(true);
    // Longer than the reader looks away from the switch.
    thread::sleep(Duration::from_millis(50));
    let side = rig.other_side();
    rustix::fs::fcntl_setfl(&side, rustix::fs::OFlags::NONBLOCK).unwrap();
    // The kernel moves what it got to where it is read, and has room again.
    for _ in 0..5 {
        while rustix::io::write(&side, &[b'.'; 16]).is_ok() {}
        thread::sleep(Duration::from_millis(20));
    }
}
