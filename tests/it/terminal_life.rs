//! The terminal's ways in and out, in a process of their own.
//!
//! The process is this very test binary, started again for the one test [`pilot`], which is a small
//! program over `waveoff::terminal` when a variable says so. The same stories on the built cockpit
//! are in `pty`.

use std::io::Write;
use std::process::exit;
use std::time::{Duration, Instant};

use crossterm::queue;
use crossterm::style::{Attribute, Color, Print, SetAttribute, SetForegroundColor};
use rustix::process::Signal as Raw;
use waveoff::app::key::Key;
use waveoff::terminal::{Capabilities, Console, Input, Inputs, Screen, Signal, Signals};
use waveoff::terminal::{Surroundings, TerminalError};

use crate::pty_rig::{Rig, Setup};

const PILOT: &str = "WAVEOFF_TEST_PILOT";

/// The small program: shows the size and the last key, obeys a few.
#[test]
fn pilot() {
    if std::env::var_os(PILOT).is_some() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        exit(runtime.block_on(fly()).unwrap());
    }
}

async fn fly() -> Result<i32, TerminalError> {
    let console = Console::enter()?;
    console.restore_on_panic(Some("/var/log/pilot".into()));
    let screen = console.screen(&Capabilities::read(&Surroundings::default()))?;
    let mut inputs = console.inputs()?;
    let mut signals = Signals::listen()?;
    let mut said = "ready".to_owned();
    loop {
        screen.idle().await;
        let (columns, rows) = console.size();
        write!(screen.writer(), "\x1b[2J\x1b[H{columns}x{rows} {said}").unwrap();
        screen.present();
        said = tokio::select! {
            signal = signals.next() => match signal {
                Signal::Stop => suspend(&console, &mut signals).await?,
                Signal::Continue => match console.reenter() {
                    Ok(true) => "continued".to_owned(),
                    Ok(false) => suspend(&console, &mut signals).await?,
                    // It came along with a SIGHUP.
                    Err(_) => return Ok(129),
                },
                last => {
                    console.leave();
                    return Ok(last.exit_code().unwrap().into());
                }
            },
            input = inputs.next() => match input {
                Input::Gone => return Ok(129),
                Input::Key { key: Key::Char('q'), .. } => return Ok(0),
                Input::Key { key: Key::Ctrl('z'), .. } => suspend(&console, &mut signals).await?,
                Input::Key { key, .. } => obey(key, &console, &screen, &mut inputs).await,
                other => format!("{other:?}"),
            },
        };
    }
}

async fn obey(key: Key, console: &Console, screen: &Screen, inputs: &mut Inputs) -> String {
    match key {
        Key::Char('p') => {
            let _ = std::thread::spawn(|| panic!("a thread fell")).join();
            // A frame of a program that has not noticed yet must not reach the shell.
            write!(screen.writer(), "LATE").unwrap();
            screen.present();
            screen.idle().await;
            exit(101);
        }
        Key::Char('t') => {
            let _ = tokio::spawn(async { panic!("a task fell") }).await;
            exit(101);
        }
        Key::Char('f') => {
            // More than any terminal buffers, while nobody reads.
            write!(screen.writer(), "{}", "x".repeat(1 << 20)).unwrap();
            screen.present();
            assert!(!screen.is_idle());
            let key = inputs.next().await;
            console.leave();
            exit(if matches!(key, Input::Key { key: Key::Char('q'), .. }) { 42 } else { 1 });
        }
        Key::Char('b') => {
            let colour = SetForegroundColor(Color::Reset);
            queue!(screen.writer(), SetAttribute(Attribute::Bold), colour, Print("bold")).unwrap();
            screen.present();
            screen.idle().await;
            exit(0);
        }
        _ => format!("key {key}"),
    }
}

async fn suspend(console: &Console, signals: &mut Signals) -> Result<String, TerminalError> {
    match console.suspend(signals).await {
        Ok(None) => Ok("back".to_owned()),
        Ok(Some(deadly)) => exit(deadly.exit_code().unwrap().into()),
        Err(error @ TerminalError::NoJobControl) => Ok(error.to_string()),
        Err(error) => Err(error),
    }
}

fn this_binary() -> String {
    std::env::current_exe().unwrap().to_str().unwrap().to_owned()
}

const ARGS: [&str; 3] = ["--exact", "terminal_life::pilot", "--nocapture"];

fn start() -> Rig {
    let rig = Rig::spawn(&Setup {
        program: &this_binary(),
        args: &ARGS,
        env: &[("TERM", "xterm"), ("NO_COLOR", "1"), (PILOT, "1")],
        size: (60, 10),
    });
    rig.wait_for_text("60x10 ready");
    assert!(rig.is_raw());
    rig
}

#[test]
fn quitting_restores_and_keys_and_sizes_arrive() {
    let mut rig = start();
    rig.send("A");
    rig.wait_for_text("key A");
    rig.send("\x1b[A");
    rig.wait_for_text("key up");
    rig.resize(70, 12);
    rig.wait_for_text("70x12 Resize(70, 12)");
    rig.send("\x1b[200~PPP\x1b[201~");
    rig.wait_for_text(r#"Paste("PPP")"#);
    rig.send("q");
    assert_eq!(rig.wait_for_exit().exit_code(), 0);
    rig.assert_restored();
}

#[test]
fn no_color_leaves_bold_alone() {
    let mut rig = start();
    rig.send("b");
    rig.wait_for_exit();
    let bytes = String::from_utf8(rig.bytes()).unwrap();
    assert!(bytes.contains("\x1b[1m\x1b[39mbold"), "{bytes:?}");
}

#[test]
fn signals_restore_and_end_with_their_code() {
    for (signal, code) in [(Raw::TERM, 143), (Raw::INT, 130), (Raw::HUP, 129), (Raw::QUIT, 131)] {
        let mut rig = start();
        let started = Instant::now();
        rig.signal(signal);
        assert_eq!(rig.wait_for_exit().exit_code(), code, "{signal:?}");
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        rig.assert_restored();
    }
}

#[test]
fn a_panic_anywhere_restores_first_and_speaks_then() {
    for (key, message) in [("p", "a thread fell"), ("t", "a task fell")] {
        let mut rig = start();
        rig.send(key);
        assert_eq!(rig.wait_for_exit().exit_code(), 101);
        rig.assert_restored();
        let screen = rig.contents();
        assert!(screen.contains(message), "{screen}");
        assert!(screen.contains("what led to it is in /var/log/pilot"), "{screen}");
        assert!(!screen.contains("LATE"), "{screen}");
    }
}

#[test]
fn a_dropped_connection_is_noticed_within_a_second() {
    let mut rig = start();
    let started = Instant::now();
    rig.hang_up();
    assert_eq!(rig.wait_for_exit().exit_code(), 129);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[test]
fn a_stalled_terminal_stops_neither_keys_nor_the_way_out() {
    let mut rig = start();
    rig.stall(true);
    rig.send("f");
    std::thread::sleep(Duration::from_millis(200));
    rig.send("q");
    assert_eq!(rig.wait_for_exit().exit_code(), 42);
    rig.assert_restored();
}

#[test]
fn without_a_shell_above_it_does_not_stop() {
    let mut rig = start();
    rig.send("\x1a");
    rig.wait_for_text("cannot suspend");
    rig.send("q");
    assert_eq!(rig.wait_for_exit().exit_code(), 0);
}

#[test]
fn to_the_shell_and_back_many_times() {
    let mut rig = Rig::spawn(&Setup {
        program: "/bin/bash",
        args: &["--norc", "--noprofile", "--noediting", "-i"],
        env: &[("TERM", "xterm"), ("PATH", "/bin:/usr/bin"), ("PS1", "shell$ "), (PILOT, "1")],
        size: (150, 10),
    });
    rig.wait_for_text("shell$");
    rig.send(&format!("{} {}\r", this_binary(), ARGS.join(" ")));
    rig.wait_for_text("150x10 ready");
    for _ in 0..20 {
        rig.send("k");
        rig.wait_for_text("key k");
        rig.send("\x1a");
        rig.wait_until("the shell's screen", |screen| !screen.alternate_screen());
        rig.wait_for("a shell that listens", || !rig.is_raw());
        rig.assert_screen_left();
        rig.send("fg\r");
        rig.wait_until("our screen again", |screen| {
            let contents = screen.contents();
            let back = contents.contains("back") || contents.contains("continued");
            screen.alternate_screen() && screen.hide_cursor() && back
        });
        rig.wait_for("raw mode again", || rig.is_raw());
    }
    rig.send("q");
    rig.wait_until("the shell's screen", |screen| !screen.alternate_screen());
    rig.send("exit\r");
    rig.wait_for_exit();
    rig.assert_restored();
}
