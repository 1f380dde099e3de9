//! Texts and names at their door; patterns.

use super::*;

#[test]
fn controls_become_visible() {
    let cases = [
        ("plain name", "plain name"),
        ("\u{1b}[31mred", "␛[31mred"),
        ("bell\u{7}", "bell␇"),
        ("a\r\nb", "a b"),
        ("over\rwrite", "over␍write"),
        ("c1 \u{9b}31m", "c1 <009B>31m"),
        ("rtl \u{202e}gpj.exe", "rtl <202E>gpj.exe"),
        ("zero\u{200b}width", "zero<200B>width"),
        ("del\u{7f}", "del␡"),
        ("größe 漢字", "größe 漢字"),
    ];
    for (raw, shown) in cases {
        assert_eq!(SafeText::new(raw).as_str(), shown, "{raw:?}");
    }
}

#[test]
fn no_text_is_longer_than_it_may_be() {
    assert_eq!(SafeText::new(&"x".repeat(MAX_BYTES)).len(), MAX_BYTES);
    for long in ["x".repeat(MAX_BYTES + 1), "漢".repeat(MAX_BYTES)] {
        assert!(SafeText::new(&long).ends_with(" more bytes)"));
        assert!(SafeText::name(&long).len() <= MAX_BYTES + 64);
    }
}

#[test]
fn patterns() {
    let cases = [
        ("prod-*", "prod-eu", true),
        ("prod-*", "preprod-eu", false),
        ("*", "", true),
        ("*lab*", "a-lab-1", true),
        ("a*b*c", "aXXbYYc", true),
        ("a*b*c", "aXXbYY", false),
        ("exact", "exact", true),
        ("exact", "exactly", false),
    ];
    for (pattern, text, hit) in cases {
        assert_eq!(matches_pattern(pattern, text), hit, "{pattern} {text}");
    }
}

#[test]
fn a_name_is_marked_and_prose_is_not() {
    let passes = "pr\u{43e}d";
    assert_eq!(SafeText::name(passes), "pr<043E>d");
    assert_eq!(SafeText::new(passes), passes);
    assert_eq!(SafeText::name("größe-漢字"), "größe-漢字");
}
