//! What is shown instead, where a text is cut, what marks may sit on.

use super::*;
use crate::domain::text::SafeText;
use proptest::prelude::*;

const ACUTE: &str = "\u{301}";

#[test]
fn huge_text_is_cut_and_says_so() {
    let text = sanitize(&"x".repeat(1_000_000));
    assert_eq!(text.len(), MAX_BYTES + "… (995904 more bytes)".len());
    assert!(text.ends_with("x… (995904 more bytes)"));
    // A character is shown whole or not at all.
    let wide = sanitize(&"漢".repeat(MAX_BYTES));
    assert!(wide.ends_with(&format!("漢… ({} more bytes)", 3 * MAX_BYTES - MAX_BYTES / 3 * 3)));
    assert_eq!(sanitize(&"x".repeat(MAX_BYTES)), "x".repeat(MAX_BYTES));
}

#[test]
fn what_was_cut_before_keeps_its_count() {
    let once = SafeText::new(&"x".repeat(1_000_000));
    assert_eq!(SafeText::new(&once), once);
    let told = SafeText::from(format!("checkout: {once}"));
    assert!(told.ends_with("x… (995914 more bytes)"), "{}", &told[MAX_BYTES..]);
    // A note that somebody else wrote is text, unless it is at the end of what is cut anyway.
    assert_eq!(sanitize("… (7 more bytes)"), "… (7 more bytes)");
    let forged = format!("{}… (9999999999999999999 more bytes)", "x".repeat(5000));
    assert!(sanitize(&forged).ends_with("x… (940 more bytes)"), "{}", sanitize(&forged));
}

#[test]
fn marks_cannot_pile_up() {
    for (count, note) in [(4, ""), (5, "<+1 mark>"), (10_000, "<+9996 marks>")] {
        let pile = format!("a{}b", ACUTE.repeat(count));
        assert_eq!(sanitize(&pile), format!("a{}{note}b", ACUTE.repeat(count.min(MAX_MARKS))));
    }
}

#[test]
fn a_mark_without_a_letter_sits_on_nothing_of_ours() {
    let cases = [
        ("\u{301}a", "<0301>a"),
        ("a \u{301}b", "a <0301>b"),
        ("a\t\u{301}", "a <0301>"),
        ("\u{200b}\u{301}", "<200B><0301>"),
        ("\u{7}\u{301}", "␇<0301>"),
        ("\u{1161}", "<1161>"),
        ("e\u{301}", "e\u{301}"),
    ];
    for (raw, shown) in cases {
        assert_eq!(sanitize(raw), shown, "{raw:?}");
    }
}

#[test]
fn syllables_are_joined_once() {
    assert_eq!(sanitize("\u{1112}\u{1161}\u{11ab}"), "\u{1112}\u{1161}\u{11ab}");
    assert_eq!(sanitize("\u{1100}\u{1100}\u{1100}"), "\u{1100}<1100>\u{1100}");
}

#[test]
fn number_signs_and_blanks_that_pass_for_nothing_are_shown() {
    for c in ['\u{600}', '\u{6dd}', '\u{110bd}', '\u{13430}', '\u{1d159}', '\u{e0041}', '\u{4ffff}']
    {
        assert_eq!(sanitize(&format!("a{c}b")), format!("a<{:04X}>b", u32::from(c)));
    }
}

proptest! {
    #[test]
    fn nothing_a_terminal_obeys_survives(raw in any::<String>()) {
        let safe = sanitize(&raw);
        for c in safe.chars() {
            prop_assert!(!c.is_control(), "{c:?}");
            prop_assert!(!is_hidden(c), "{c:?}");
        }
        prop_assert!(safe.len() <= MAX_BYTES + 64);
    }

    #[test]
    fn it_is_idempotent(raw in "\\PC{0,20}\\pM{0,20}[\u{0}-\u{a0}]{0,200}", times in 1usize..60) {
        let once = sanitize(&raw.repeat(times));
        prop_assert_eq!(sanitize(&once), once);
    }
}
