//! Against a real pseudo-terminal: keys, pastes, bursts, the end.

#![expect(clippy::disallowed_methods, reason = "tests measure time")]

use std::time::Instant;

use rustix::process::{Signal as Raw, getpid, kill_process};

use super::*;
use crate::terminal::tty::tests::pair;

fn key(key: Key) -> Input {
    Input::Key { key, burst: false }
}

#[tokio::test]
async fn keys_pastes_and_bursts() {
    let (master, tty) = pair();
    tty.enter().unwrap();
    let mut inputs = Inputs::start(Arc::new(tty)).unwrap();
    let send = |bytes: &[u8]| {
        rustix::io::write(&master, bytes).unwrap();
    };

    send(b"A");
    assert_eq!(inputs.next().await, key(Key::Char('A')));
    send(b"\x1b");
    assert_eq!(inputs.next().await, key(Key::Esc));
    send(b"\x1b[200~P\r\x1b[201~");
    assert_eq!(inputs.next().await, Input::Paste("P\n".to_owned()));
    // Not marked as a paste by the terminal, but nobody types that fast.
    send(b"P\r");
    for expected in [Key::Char('P'), Key::Enter] {
        assert_eq!(inputs.next().await, Input::Key { key: expected, burst: true });
    }
}

/// What the reader makes of these reads, one right after the other.
fn at_once(reads: &[&[u8]]) -> Vec<Input> {
    let mut reader = Reader::default();
    reads.iter().flat_map(|bytes| reader.feed(bytes)).collect()
}

/// The same with a pause after each.
fn in_peace(reads: &[&[u8]]) -> Vec<Input> {
    let mut reader = Reader::default();
    let mut inputs = Vec::new();
    for bytes in reads {
        inputs.extend(reader.feed(bytes));
        while reader.patience().is_some() {
            inputs.extend(reader.expire());
        }
    }
    inputs
}

fn hurried(key: Key) -> Input {
    Input::Key { key, burst: true }
}

#[test]
fn only_a_key_by_itself_is_an_order() {
    let a = Key::Char('A');
    assert_eq!(in_peace(&[b"A", b"\r"]), [key(a), key(Key::Enter)]);
    assert_eq!(at_once(&[b"A", b"\r"]), [key(a), hurried(Key::Enter)]);
    // With something beside it in the same read, whatever that is.
    for read in [b"A\x80".as_slice(), b"\x80A", b"A\x1b[", b"A\xc3", b"\xc3A", b"A\x1b[99x"] {
        assert_eq!(in_peace(&[read]).first(), Some(&hurried(a)), "{read:?}");
    }
    // A sequence that a slow line has torn is one key, and as quick as its beginning.
    assert_eq!(at_once(&[b"\x1b[", b"A"]), [key(Key::Up)]);
    assert_eq!(at_once(&[b"\x1b[65", b"u"]), [key(a)]);
    assert_eq!(at_once(&[b"x", b"\x1b[65", b"u"]), [key(Key::Char('x')), hurried(a)]);
}

#[test]
fn bytes_that_mean_nothing_are_told_and_a_released_key_is_not() {
    for read in [b"\x80".as_slice(), b"\x1b[99x", b"\x1b[I", b"\xc3", b"\x1b[6"] {
        assert_eq!(in_peace(&[read]), [Input::Noise], "{read:?}");
    }
    assert_eq!(in_peace(&[b"\x1b[97;1:3u"]), []);
}

#[test]
fn a_lone_escape_is_the_key_after_its_patience() {
    let mut reader = Reader::default();
    assert_eq!(reader.feed(b"\x1b"), []);
    assert_eq!(reader.patience(), Some(QUIET));
    assert_eq!(reader.expire(), []);
    assert_eq!(reader.patience(), Some(Duration::from_millis(30)));
    assert_eq!(reader.expire(), [key(Key::Esc)]);
    assert_eq!(reader.patience(), None);
}

#[tokio::test]
async fn a_terminal_that_hangs_up_is_gone_at_once() {
    let (master, tty) = pair();
    tty.enter().unwrap();
    let mut inputs = Inputs::start(Arc::new(tty)).unwrap();
    rustix::io::write(&master, b"q").unwrap();
    assert_eq!(inputs.next().await, key(Key::Char('q')));
    let started = Instant::now();
    drop(master);
    assert_eq!(inputs.next().await, Input::Gone);
    assert_eq!(inputs.next().await, Input::Gone);
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_new_size_is_an_input() {
    let (_master, tty) = pair();
    let mut inputs = Inputs::start(Arc::new(tty)).unwrap();
    kill_process(getpid(), Raw::WINCH).unwrap();
    assert_eq!(inputs.next().await, Input::Resize(80, 24));
}

#[tokio::test]
async fn what_is_typed_while_the_terminal_is_lent_is_not_ours() {
    let (master, tty) = pair();
    tty.enter().unwrap();
    let tty = Arc::new(tty);
    let mut inputs = Inputs::start(Arc::clone(&tty)).unwrap();
    tty.leave();
    rustix::io::write(&master, b"fg\r").unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(100), inputs.next()).await;
    assert!(waited.is_err(), "{waited:?}");
    let mut bytes = [0; 8];
    assert_eq!(rustix::io::read(&tty.input, &mut bytes).unwrap(), 3);
    tty.enter().unwrap();
    rustix::io::write(&master, b"q").unwrap();
    assert_eq!(inputs.next().await, key(Key::Char('q')));
}

#[tokio::test]
async fn dropping_gives_the_keyboard_away() {
    let (master, tty) = pair();
    tty.enter().unwrap();
    let tty = Arc::new(tty);
    let inputs = Inputs::start(Arc::clone(&tty)).unwrap();
    drop(inputs);
    // The thread holds the device as long as it runs.
    let started = Instant::now();
    while Arc::strong_count(&tty) > 1 {
        assert!(started.elapsed() < Duration::from_secs(5), "the thread goes on reading");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    rustix::io::write(&master, b"mine").unwrap();
    let mut bytes = [0; 8];
    assert_eq!(rustix::io::read(&tty.input, &mut bytes).unwrap(), 4);
}
