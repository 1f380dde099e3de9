//! A program in a pseudo-terminal: keys in, screen out, modes before and after.
//!
//! Never sleeps for a guess: every wait is for a condition, and one that does not come prints the
//! screen as it is. Used by the tests of the built binary.

use std::io;
use std::num::NonZeroU16;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, PtySize, native_pty_system};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::ptsname;
use rustix::termios::{LocalModes, OutputModes, Termios, Winsize, tcgetattr, tcsetwinsize};
use vt100::{Parser, Screen};

/// Longest wait for anything. Generous, as the machine may be busy; a test that passes waits for
/// the condition only.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// How to start a program.
pub(crate) struct Setup<'a> {
    /// Path of the program.
    pub(crate) program: &'a str,
    /// Its arguments.
    pub(crate) args: &'a [&'a str],
    /// The whole of its environment; nothing is inherited.
    pub(crate) env: &'a [(&'a str, &'a str)],
    /// Columns and rows.
    pub(crate) size: (u16, u16),
}

/// What the terminal has seen.
struct Seen {
    parser: Parser,
    bytes: Vec<u8>,
}

/// A running program and its terminal.
pub(crate) struct Rig {
    master: Option<Arc<OwnedFd>>,
    seen: Arc<Mutex<Seen>>,
    stalled: Arc<AtomicBool>,
    closing: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    child: Box<dyn Child + Send + Sync>,
    before: Termios,
}

impl Rig {
    /// Starts a program in a terminal of its own, as session leader.
    pub(crate) fn spawn(setup: &Setup<'_>) -> Self {
        let (columns, rows) = setup.size;
        let pair = native_pty_system()
            .openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 })
            .unwrap();
        let master = Arc::new(own(pair.master.as_raw_fd().unwrap()));
        let before = tcgetattr(&master).unwrap();
        let mut command = CommandBuilder::new(setup.program);
        command.args(setup.args);
        command.env_clear();
        for (name, value) in setup.env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        // Our copy of the slave would keep the terminal from ever looking closed.
        drop(pair);

        let seen = Arc::new(Mutex::new(Seen {
            parser: Parser::new(nonzero(rows), nonzero(columns), 0),
            bytes: Vec::new(),
        }));
        let stalled = Arc::new(AtomicBool::new(false));
        let closing = Arc::new(AtomicBool::new(false));
        let reader = {
            let (master, seen) = (Arc::clone(&master), Arc::clone(&seen));
            let (stalled, closing) = (Arc::clone(&stalled), Arc::clone(&closing));
            thread::spawn(move || watch(&master, &seen, &stalled, &closing))
        };
        Self { master: Some(master), seen, stalled, closing, reader: Some(reader), child, before }
    }

    /// Types these bytes in one go. One call is one read of the program, if it is waiting.
    pub(crate) fn send(&self, bytes: &str) {
        // A finger lets the line be quiet before it presses a key; what comes closer is noise.
        thread::sleep(Duration::from_millis(30));
        let mut rest = bytes.as_bytes();
        while !rest.is_empty() {
            let taken = rustix::io::write(self.master(), rest).unwrap();
            rest = &rest[taken..];
        }
    }

    /// Waits until the screen satisfies a claim; panics with the screen when it does not in time.
    pub(crate) fn wait_until(&self, what: &str, claim: impl Fn(&Screen) -> bool) {
        self.wait_for(what, || claim(self.seen.lock().unwrap().parser.screen()));
    }

    /// Waits until the screen shows a text.
    pub(crate) fn wait_for_text(&self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }

    /// Waits until a claim about anything holds.
    pub(crate) fn wait_for(&self, what: &str, claim: impl Fn() -> bool) {
        let started = Instant::now();
        while !claim() {
            assert!(
                started.elapsed() < DEADLINE,
                "waited {DEADLINE:?} for: {what}\n{}",
                self.picture()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The text on the screen.
    pub(crate) fn contents(&self) -> String {
        self.seen.lock().unwrap().parser.screen().contents()
    }

    /// How many bytes the program has written.
    pub(crate) fn written(&self) -> usize {
        self.seen.lock().unwrap().bytes.len()
    }

    /// Every byte the program has written.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().bytes.clone()
    }

    /// Changes the size; the program gets SIGWINCH.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let mut seen = self.seen.lock().unwrap();
        seen.parser.set_size(nonzero(rows), nonzero(columns));
        self.claim_size(columns, rows);
    }

    /// The same without a screen of that size: for many, and for sizes that no screen has.
    pub(crate) fn claim_size(&self, columns: u16, rows: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(self.master(), size).unwrap();
    }

    /// The program's side of the terminal, opened once more.
    pub(crate) fn other_side(&self) -> OwnedFd {
        let name = ptsname(self.master(), Vec::new()).unwrap();
        open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap()
    }

    /// The number of the program.
    pub(crate) fn id(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap().cast_signed()).unwrap()
    }

    /// Sends a signal to the program; one that has ended already does not hear it.
    pub(crate) fn signal(&self, signal: Signal) {
        let sent = kill_process(self.id(), signal);
        assert!(matches!(sent, Ok(()) | Err(Errno::SRCH)), "{sent:?}");
    }

    /// Stops or goes on reading what the program writes: a stalled connection.
    pub(crate) fn stall(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::SeqCst);
    }

    /// Closes the terminal under the program: a dropped connection.
    pub(crate) fn hang_up(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.master = None;
    }

    /// Waits for the end of the program; everything it wrote has been seen then.
    pub(crate) fn wait_for_exit(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                if let Some(reader) = self.reader.take_if(|_| self.master.is_some()) {
                    self.stall(false);
                    reader.join().unwrap();
                }
                return status;
            }
            assert!(
                started.elapsed() < DEADLINE,
                "still running after {DEADLINE:?}\n{}",
                self.picture()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The same as a shell says it: 128 and the number of the signal that killed it.
    pub(crate) fn wait_for_code(&mut self) -> u32 {
        let status = self.wait_for_exit();
        // The names are those of the C library.
        match status.signal() {
            None => status.exit_code(),
            Some("Hangup") => 129,
            Some("Interrupt") => 130,
            Some("Quit") => 131,
            Some("Terminated") => 143,
            Some(other) => panic!("killed by {other}"),
        }
    }

    /// Whether the terminal is in raw mode: no echo, no lines, no signals from keys.
    pub(crate) fn is_raw(&self) -> bool {
        let cooked = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        !self.modes().local_modes.intersects(cooked)
    }

    /// Panics unless the terminal is as it was found: modes, screen, cursor, paste, mouse.
    pub(crate) fn assert_restored(&self) {
        let modes = self.modes();
        assert_eq!(modes.input_modes, self.before.input_modes, "input modes");
        assert_eq!(modes.output_modes, self.before.output_modes, "output modes");
        assert_eq!(modes.local_modes, self.before.local_modes, "local modes");
        assert_eq!(format!("{modes:?}"), format!("{:?}", self.before), "everything else");
        assert!(modes.output_modes.contains(OutputModes::OPOST));
        self.assert_screen_left();
    }

    /// Panics unless the screen is the shell's again: no alternate screen, cursor, no modes.
    pub(crate) fn assert_screen_left(&self) {
        let seen = self.seen.lock().unwrap();
        let screen = seen.parser.screen();
        assert!(!screen.alternate_screen(), "alternate screen");
        assert!(!screen.hide_cursor(), "cursor");
        assert!(!screen.bracketed_paste(), "bracketed paste");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert!(!screen.bold() && !screen.inverse(), "attributes");
    }

    fn modes(&self) -> Termios {
        tcgetattr(self.master()).unwrap()
    }

    fn master(&self) -> BorrowedFd<'_> {
        self.master.as_ref().expect("not hung up").as_fd()
    }

    fn picture(&self) -> String {
        let seen = self.seen.lock().unwrap();
        let screen = seen.parser.screen();
        let (rows, columns) = screen.size();
        let lines: Vec<String> = screen.rows(0, columns.get()).collect();
        format!("{columns}x{rows}, {} bytes so far:\n|{}", seen.bytes.len(), lines.join("\n|"))
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _ = self.child.kill();
        self.closing.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        let _ = self.child.wait();
    }
}

/// Reads until the program has closed its side, or we close ours.
fn watch(master: &OwnedFd, seen: &Mutex<Seen>, stalled: &AtomicBool, closing: &AtomicBool) {
    let mut bytes = vec![0; 65536];
    let look = Timespec::try_from(Duration::from_millis(10)).unwrap();
    while !closing.load(Ordering::SeqCst) {
        if stalled.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
            continue;
        }
        let mut fds = [PollFd::new(master, PollFlags::IN)];
        if !poll(&mut fds, Some(&look)).is_ok_and(|ready| ready > 0) {
            continue;
        }
        match rustix::io::read(master, &mut bytes) {
            Ok(count) if count > 0 => {
                let mut seen = seen.lock().unwrap();
                seen.bytes.extend_from_slice(&bytes[..count]);
                seen.parser.process(&bytes[..count]);
            }
            // EIO: nobody has the other side open any more.
            _ => break,
        }
    }
}

/// A descriptor of our own for the master, closed when we want it to be.
fn own(raw: i32) -> OwnedFd {
    let borrowed: io::Result<OwnedFd> = {
        #[expect(
            unsafe_code,
            reason = "portable-pty lends the master as a number only; it is open while `pair` lives"
        )]
        // SAFETY: the caller holds the master that this number belongs to.
        let master = unsafe { BorrowedFd::borrow_raw(raw) };
        master.try_clone_to_owned()
    };
    borrowed.unwrap()
}

fn nonzero(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap_or(NonZeroU16::MIN)
}

mod tests {
    //! The rig itself, on a shell.

    use super::*;

    fn shell(script: &str) -> Rig {
        Rig::spawn(&Setup {
            program: "/bin/sh",
            args: &["-c", script],
            env: &[("PATH", "/bin:/usr/bin"), ("TERM", "xterm")],
            size: (40, 6),
        })
    }

    #[test]
    fn keys_go_in_and_the_screen_comes_out() {
        let mut rig = shell("printf 'ready '; read line; printf 'got %s' \"$line\"; exit 7");
        rig.wait_for_text("ready");
        rig.send("hello\r");
        rig.wait_for_text("got hello");
        let status = rig.wait_for_exit();
        assert_eq!(status.exit_code(), 7);
        rig.assert_restored();
    }

    #[test]
    fn modes_and_screens_are_noticed() {
        let mut rig = shell(
            "stty raw -echo; printf '\\033[?1049h\\033[?25l\\033[?2004hin'; \
             dd bs=1 count=1 2>/dev/null >&2; \
             stty sane; printf '\\033[?2004l\\033[?25h\\033[?1049l'",
        );
        rig.wait_until("alternate screen", |screen| {
            screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste()
        });
        rig.wait_for("raw mode", || rig.is_raw());
        rig.send("q");
        assert!(rig.wait_for_exit().success());
        assert!(!rig.is_raw());
        assert!(rig.bytes().starts_with(b"\x1b[?1049h"));
    }

    #[test]
    #[should_panic(expected = "alternate screen")]
    fn a_screen_left_behind_is_noticed() {
        let mut rig = shell("printf '\\033[?1049h'");
        rig.wait_for_exit();
        rig.assert_restored();
    }

    #[test]
    fn sizes_and_signals_arrive() {
        let mut rig = shell(
            "trap 'stty size' WINCH; trap 'echo bye; exit 3' TERM; stty size; \
             while :; do sleep 0.05; done",
        );
        rig.wait_for_text("6 40");
        rig.resize(33, 9);
        rig.wait_for_text("9 33");
        rig.signal(Signal::TERM);
        assert_eq!(rig.wait_for_exit().exit_code(), 3);
        assert!(rig.contents().contains("bye"));
    }

    #[test]
    fn a_stalled_terminal_blocks_the_writer_and_goes_on() {
        let mut rig = shell(
            "printf go; read x; i=0; while [ $i -lt 3000 ]; do printf '%040d' $i; i=$((i+1)); done",
        );
        rig.wait_for_text("go");
        rig.stall(true);
        rig.send("\r");
        thread::sleep(Duration::from_millis(200));
        assert!(rig.child.try_wait().unwrap().is_none(), "it finished although nobody read");
        rig.stall(false);
        assert!(rig.wait_for_exit().success());
        assert!(rig.contents().contains("2999"));
    }

    #[test]
    fn a_dropped_connection_ends_the_program() {
        let mut rig = shell("printf up; sleep 60");
        rig.wait_for_text("up");
        rig.hang_up();
        let status = rig.wait_for_exit();
        assert!(!status.success(), "{status:?}");
    }
}
