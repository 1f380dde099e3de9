//! What bytes mean, and above all what they do not.

use proptest::prelude::*;

use super::*;

/// The keys of these bytes in one read, with the end of patience after them.
fn keys(bytes: &[u8]) -> Vec<Key> {
    let mut decoder = Decoder::default();
    let mut tokens = decoder.feed(bytes);
    tokens.extend(decoder.expire());
    tokens
        .into_iter()
        .map(|token| match token {
            Token::Key { key, .. } => key,
            Token::Paste(text) => panic!("pasted {text:?}"),
        })
        .collect()
}

#[test]
fn one_key_each() {
    for (bytes, key) in [
        ("a", Key::Char('a')),
        ("A", Key::Char('A')),
        ("?", Key::Char('?')),
        (" ", Key::Char(' ')),
        ("é", Key::Char('é')),
        ("日", Key::Char('日')),
        ("🙂", Key::Char('🙂')),
        ("\x01", Key::Ctrl('a')),
        ("\x03", Key::Ctrl('c')),
        ("\x1a", Key::Ctrl('z')),
        ("\n", Key::Ctrl('j')),
        ("\r", Key::Enter),
        ("\t", Key::Tab),
        ("\x7f", Key::Backspace),
        ("\x08", Key::Backspace),
        ("\x1b", Key::Esc),
        ("\x1b[A", Key::Up),
        ("\x1bOA", Key::Up),
        ("\x1b[B", Key::Down),
        ("\x1b[C", Key::Right),
        ("\x1b[D", Key::Left),
        ("\x1b[1;5A", Key::Up),
        ("\x1b[H", Key::Home),
        ("\x1b[1~", Key::Home),
        ("\x1b[7~", Key::Home),
        ("\x1b[F", Key::End),
        ("\x1b[4~", Key::End),
        ("\x1b[3~", Key::Delete),
        ("\x1b[5~", Key::PageUp),
        ("\x1b[6~", Key::PageDown),
        ("\x1b[Z", Key::BackTab),
        ("\x1bOM", Key::Enter),
        // The kitty protocol, which some terminals and tmux speak unasked.
        ("\x1b[97u", Key::Char('a')),
        ("\x1b[97;2u", Key::Char('A')),
        ("\x1b[97;5u", Key::Ctrl('a')),
        ("\x1b[27u", Key::Esc),
        ("\x1b[13u", Key::Enter),
        ("\x1b[9;2u", Key::BackTab),
        ("\x1b[27;5;99~", Key::Ctrl('c')),
        ("\x1b[97;129u", Key::Char('a')),
    ] {
        assert_eq!(keys(bytes.as_bytes()), [key], "{bytes:?}");
    }
}

#[test]
fn what_is_no_key_of_ours_is_nothing_at_all() {
    for bytes in [
        // Alt and a capital letter, which must not become the order that the letter is.
        b"\x1bA".as_slice(),
        b"\x1b\xc3\x84",
        b"\x1b[65;3u",
        // F1 and F5 in their dialects; the one of the Linux console ends in capital letters.
        b"\x1bOP",
        b"\x1b[15~",
        b"\x1b[[A",
        b"\x1b[[E",
        // Insert, focus, mouse, an answer to a question nobody asked.
        b"\x1b[2~",
        b"\x1b[I",
        b"\x1b[<0;10;10M",
        b"\x1b[?2026;2$y",
        b"\x1b[?64;1;2c",
        b"\x1b]11;rgb:0000/0000/0000\x07",
        b"\x1b]11;rgb:0000/0000/0000\x1b\\",
        b"\x1bP1$r0m\x1b\\",
        // Releases, private keys, impossible numbers.
        b"\x1b[97;1:3u",
        b"\x1b[57399u",
        b"\x1b[99999999999u",
        b"\x1b[4294967295u",
        // Torn or foreign bytes.
        b"\x00",
        b"\x1c",
        b"\xff\xfe",
        b"\xc3",
        b"\xe6\x97",
        b"\xc2\x85",
        b"\x1b[",
        b"\x1b[1;",
        b"\x1bO",
        b"\x1b]0;title",
    ] {
        assert_eq!(keys(bytes), [], "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_sequence_may_arrive_in_pieces() {
    for whole in ["\x1b[A", "\x1b[5~", "\x1bOB", "日", "\x1b[97;5u"] {
        let mut decoder = Decoder::default();
        let mut tokens = Vec::new();
        for byte in whole.bytes() {
            tokens.extend(decoder.feed(&[byte]));
        }
        assert_eq!(tokens.len(), 1, "{whole:?}");
        assert_eq!(decoder.patience(), None);
    }
}

#[test]
fn the_tail_of_a_torn_arrow_is_no_order() {
    let mut decoder = Decoder::default();
    decoder.feed(b"\x1b");
    assert_eq!(decoder.expire(), [pressed(Key::Esc)]);
    assert_eq!(decoder.feed(b"[A"), [pressed(Key::Up)]);
    // A person who types these does so one at a time, and means them.
    decoder.feed(b"\x1b");
    decoder.expire();
    assert_eq!(decoder.feed(b"["), [pressed(Key::Char('['))]);
    assert_eq!(decoder.feed(b"A"), [pressed(Key::Char('A'))]);
}

#[test]
fn patience_is_short_after_escape_and_none_on_the_ground() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.patience(), None);
    decoder.feed(b"\x1b");
    assert_eq!(decoder.patience(), Some(ESCAPE_PATIENCE));
    decoder.feed(b"[");
    assert_eq!(decoder.patience(), Some(REST_PATIENCE));
    assert_eq!(decoder.expire(), []);
    assert_eq!(decoder.feed(b"q"), [pressed(Key::Char('q'))]);
}

#[test]
fn two_escapes_are_two() {
    assert_eq!(keys(b"\x1b\x1b"), [Key::Esc, Key::Esc]);
    assert_eq!(keys(b"\x1b\x1b[A"), [Key::Esc, Key::Up]);
}

#[test]
fn a_key_held_down_says_so() {
    let held = Token::Key { key: Key::Char('P'), repeat: true };
    assert_eq!(Decoder::default().feed(b"\x1b[112;2:2u"), [held]);
}

#[test]
fn pastes_are_text_whatever_is_in_them() {
    for (bytes, text) in [
        (b"\x1b[200~AAA\r\x1b[201~".as_slice(), "AAA\n"),
        (b"\x1b[200~one\r\ntwo\x1b[201~", "one\ntwo"),
        (b"\x1b[200~\x1b[A\x1b\x1b[201~", "\x1b[A\x1b"),
        (b"\x1b[200~\x1b[20\x1b[201~", "\x1b[20"),
        (b"\x1b[200~\x1b[201~", ""),
        ("\x1b[200~日本\x1b[201~".as_bytes(), "日本"),
    ] {
        let tokens = Decoder::default().feed(bytes);
        assert_eq!(tokens, [Token::Paste(text.to_owned())], "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_paste_without_end_ends_and_a_huge_one_is_cut() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.feed(b"\x1b[200~AP"), []);
    assert_eq!(decoder.expire(), [Token::Paste("AP".to_owned())]);

    let mut huge = b"\x1b[200~".to_vec();
    huge.extend(vec![b'P'; 3 * MAX_PASTE]);
    huge.extend(b"\x1b[201~q");
    let tokens = decoder.feed(&huge);
    let [Token::Paste(text), after] = tokens.as_slice() else {
        panic!("{} tokens", tokens.len());
    };
    assert_eq!(text.len(), MAX_PASTE);
    assert_eq!(*after, pressed(Key::Char('q')));
}

proptest! {
    /// However the bytes are cut, the meaning is the same.
    #[test]
    fn cuts_do_not_matter(bytes in prop::collection::vec(prop::sample::select(
        b"\x1b[O]P_200~201;:?AuM\x07\\\xc3\xa9\r\x7f".to_vec()), 0..40), cut in 0_usize..40) {
        let whole = Decoder::default().feed(&bytes);
        let (head, tail) = bytes.split_at(cut.min(bytes.len()));
        let mut decoder = Decoder::default();
        let mut parts = decoder.feed(head);
        parts.extend(decoder.feed(tail));
        prop_assert_eq!(whole, parts);
    }

    /// Noise never panics, never grows without bound, and is over when patience is.
    #[test]
    fn noise_ends(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut decoder = Decoder::default();
        decoder.feed(&bytes);
        decoder.expire();
        prop_assert_eq!(decoder.patience(), None);
        prop_assert_eq!(decoder.feed(b"q"), [pressed(Key::Char('q'))]);
    }
}
