//! Values, places, documents, limits.

use super::*;
use crate::manifest::tree::Spot;

#[test]
fn values_keys_and_places() {
    let node = one("spec:\n  replicas: 3\n  paused: no\n  labels: {a: \"yes\", 'b': 1.5}\n");
    let root = Spot::root(&node);
    assert_eq!(root.keys(&["spec", "replicas"]).int(), Some(3));
    assert_eq!(root.keys(&["spec", "replicas"]).place(), Some(at(2, 3)));
    assert_eq!(root.keys(&["spec", "paused"]).bool(), Some(false));
    assert_eq!(root.keys(&["spec", "labels", "a"]).text(), Some("yes"));
    assert_eq!(root.keys(&["spec", "labels", "b"]).place(), Some(at(4, 22)));
    let names = plain(&one("on: 1\n1: a\n1.5: b\n"));
    assert_eq!(names, serde_json::json!({"true": 1, "1": "a", "1.5": "b"}));
}

/// Line breaks of Windows, a byte-order mark, and characters of several bytes before a key.
#[test]
fn places_survive_windows_and_other_alphabets() {
    let text = "\u{feff}# Überschrift\r\nname: grün\r\nдом: {й: 1, last: 2}\r\n---\r\nnext: 1\r\n";
    let found = all(text);
    let first = found[0].as_ref().unwrap();
    assert_eq!(first.entries()[0].at, Some(at(2, 1)));
    assert_eq!(first.get("name").unwrap().text(), Some("grün"));
    let inner = first.get("дом").unwrap().entries();
    assert_eq!((inner[0].at, inner[1].at), (Some(at(3, 7)), Some(at(3, 13))));
    assert_eq!(found[1].as_ref().unwrap().entries()[0].at, Some(at(5, 1)));
    assert_eq!(one("\u{feff}a: 1").entries()[0].at, Some(at(1, 1)));
}

#[test]
fn elements_know_their_places() {
    let node = one("list:\n- name: a\n  image: b\n-\n  name: c\n");
    let elements = Spot::root(&node).key("list").elements();
    assert_eq!(elements[0].place(), Some(at(2, 3)));
    assert_eq!(elements[0].key("image").place(), Some(at(3, 3)));
    assert_eq!(elements[1].key("none").place(), Some(at(5, 3)));
}

#[test]
fn documents_without_anything_are_left_out() {
    for nothing in ["", "\n\n", "# only this\n", "---\n---\n", "---\n# x\n...\n", "\u{feff}", "~"] {
        assert_eq!(all(nothing), Vec::new(), "{nothing:?}");
    }
    let found = all("# head\n---\n# first\na: 1\n---\n\n---\n---\n# more\nb: 2\n...\n---\nc: 3");
    let keys = found.iter().map(|node| node.as_ref().unwrap().entries()[0].key.as_str());
    assert_eq!(keys.collect::<Vec<_>>(), ["a", "b", "c"]);
}

/// Each broken document is told with its place; the ones around it are read.
#[test]
fn a_broken_document_costs_only_itself() {
    let broken = [
        "a: [1, 2",
        "a: \"never ends",
        "a: 'never ends",
        "a: {b: c",
        "\ta: 1",
        "a:\n\tb: 1",
        "a: b: c",
        "a: @x",
        "- a\nb: 1",
        "a: *nobody",
        "a: 1\na: 2",
        "? [x]\n: 1",
        "a: !!int x",
        "a: .inf",
        "a: \"\\q\"",
        "%BAD %",
        "a: |2\n x",
        "a: &x [*x]",
        "<<: 5",
    ];
    for bad in broken {
        for end in ["", "\n", "\r\n"] {
            let text = format!("good: 1\n---\n{bad}{end}\n---\ngood: 2\n--- {{good: 3}}\n");
            let found = all(&text);
            assert_eq!(found.len(), 4, "{bad:?}: {found:#?}");
            let good = |index: usize| found[index].as_ref().map(|node| plain(node)["good"].clone());
            assert_eq!(good(0), Ok(1.into()), "{bad:?}");
            assert_eq!(good(2), Ok(2.into()), "{bad:?}");
            assert_eq!(good(3), Ok(3.into()), "{bad:?}");
            let fault = found[1].as_ref().unwrap_err();
            assert!((3..=6).contains(&fault.at.line), "{bad:?}: {fault}");
            let lines = u32::try_from(bad.lines().count() + end.matches('\n').count()).unwrap();
            let place = found[2].as_ref().unwrap().entries()[0].at;
            assert_eq!(place, Some(at(lines + 4, 1)), "{bad:?}");
        }
    }
}

#[test]
fn a_broken_directive_does_not_read_the_document_before_it_again() {
    let found = all("a: 1\n---\nb: 2\n...\n%YAML x\n---\nc: 3\n---\nd: 4\n");
    let said: Vec<_> = found.iter().map(|node| node.as_ref().map(plain).ok()).collect();
    assert_eq!(said[0].as_ref().unwrap()["a"], 1);
    assert_eq!(said[1].as_ref().unwrap()["b"], 2);
    assert_eq!(said[2], None);
    assert_eq!(said.last().unwrap().as_ref().unwrap()["d"], 4);
}

#[test]
fn a_key_that_is_there_twice_is_told_with_both_places() {
    let said = fault("a:\n  image: x\n  name: y\n  \"image\": z\n");
    assert_eq!(said.at, at(4, 3));
    assert!(said.message.contains("\"image\""), "{said}");
    assert!(said.message.contains("line 2, column 3"), "{said}");
    // After the way to JSON these are one key too.
    assert!(fault("1: a\n\"1\": b\n").message.contains("second time"));
    // Also in maps that are searched by an index.
    let many: Vec<String> = (0..100).map(|index| format!("k{index}: {index}\n")).collect();
    let many = many.concat();
    assert_eq!(one(&many).entries().len(), 100);
    for twice in [0, 23, 24, 25, 99] {
        let said = fault(&format!("{many}k{twice}: again\n"));
        assert_eq!(said.at, at(101, 1));
        assert!(said.message.contains(&format!("line {}", twice + 1)), "{said}");
    }
}

/// As kubectl 1.32 reads it (`kubectl label --local -o json`).
#[test]
fn merge_keys_are_what_kubectl_makes_of_them() {
    let text = "base: &b {k1: base, k2: base}\nafter: {k1: mine, <<: *b, k2: mine}\nblock:\n  k1: \
                mine\n  <<: [*b, {k1: second, k3: second}]\ntwice:\n  <<: {a: 1}\n  a: 2\n  <<: \
                {b: 1}\nquoted: {'<<': 1}\nvalue: <<\n";
    let said = plain(&one(text));
    assert_eq!(said["after"], serde_json::json!({"k1": "base", "k2": "mine"}));
    let block = serde_json::json!({"k1": "base", "k2": "base", "k3": "second"});
    assert_eq!(said["block"], block);
    assert_eq!(said["twice"], serde_json::json!({"a": 2, "b": 1}));
    assert_eq!(said["quoted"], serde_json::json!({"<<": 1}));
    assert_eq!(said["value"], "<<");
}

#[test]
fn aliases_are_copies_with_the_place_of_what_they_copy() {
    let node = one("a: &x\n  b: 1\nc: *x\nd: [*x, &k key]\n*k : v\n");
    let root = Spot::root(&node);
    assert_eq!(root.keys(&["c", "b"]).int(), Some(1));
    assert_eq!(root.keys(&["c", "b"]).place(), Some(at(2, 3)));
    assert_eq!(root.key("c").place(), Some(at(3, 1)));
    assert_eq!(root.key("key").text(), Some("v"));
    assert!(fault("a: &x\n  b: *x\n").message.contains("within"));
}

#[test]
fn bombs_are_refused() {
    let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..30 {
        let row = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{row}]\n"));
    }
    assert!(fault(&bomb).message.contains("aliases"));
    // One long text, named many times.
    let long = format!("a: &x {}\nb: [{}]\n", "y".repeat(1 << 20), "*x, ".repeat(1000));
    assert!(fault(&long).message.contains("aliases"));
    // Anchors within each other.
    let open: Vec<String> = (0..150).map(|index| format!("&a{index} [")).collect();
    let open = open.concat();
    let text = format!("{open}{}{}", "x, ".repeat(20_000), "]".repeat(150));
    assert!(fault(&text).message.contains("aliases"));
    // Depth that is only there once aliases are followed.
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for level in 1..300 {
        chain.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert!(fault(&chain).message.contains("nested"), "{}", fault(&chain));
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
        let deep = format!("{}x{}", open.repeat(100_000), close.repeat(100_000));
        let said = fault(&deep);
        assert_eq!(said.at.line, 1, "{said}");
    }
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(fault(&nested(201)).message.contains("nested"));
    assert!(all(&nested(200))[0].is_ok());
}

#[test]
fn limits_end_the_reading_and_say_so() {
    let tight = Limits { bytes: 10, ..Limits::default() };
    assert!(documents("a: 1234567", &tight)[0].is_ok());
    let large = Limits { bytes: 1 << 20, ..Limits::default() };
    let found = documents(&"a".repeat((5 << 20) + 1), &large);
    let said = found[0].as_ref().unwrap_err();
    assert!(said.message.contains("5 MiB, and 1 MiB"), "{said}");
    let few = Limits { nodes: 5, ..Limits::default() };
    let found = documents("a: 1\n---\na: [1, 2, 3]\n---\nb: 1\n", &few);
    assert_eq!(found.len(), 2);
    assert!(found[1].as_ref().unwrap_err().message.contains("too many values"));
    let found = documents(&"@\n---\n".repeat(500), &Limits { faults: 20, ..Limits::default() });
    assert_eq!(found.len(), 20);
    assert!(found[19].as_ref().unwrap_err().message.contains("the rest is not read"));
}

#[test]
fn what_is_no_text_is_said_to_be_none() {
    assert_eq!(fault("a: 1\nb: \0\n").at, at(2, 4));
    assert!(fault("\u{1}").message.contains("0x01"));
    let said = |raw: &[u8]| bytes(&"f".into(), raw, &Limits::default()).faults[0].to_string();
    assert_eq!(said(b"a: 1\n\xff"), "f:2:1: this is not UTF-8: save the file as UTF-8");
    assert_eq!(said(b"\xff\xfea\0"), "f:1:1: this is UTF-16: save the file as UTF-8");
    assert!(said(b"\x7fELF\0\xff").contains("this is not text"));
}

#[test]
fn tabs_and_escapes() {
    assert_eq!(plain(&one("a:\t5\nb: \"x\\ty\"\n")), serde_json::json!({"a": 5, "b": "x\ty"}));
    let json = "{\n\t\"a\": \"\\u0000\\/\\ud834\\udd1e\",\n\t\"b\": [1e3, -0.5, 1E-2]\n}";
    let wanted = serde_json::json!({"a": "\0/𝄞", "b": [1000, -0.5, 0.01]});
    assert_eq!(plain(&one(json)), wanted);
    assert_eq!(fault("a:\n\tb: 1\n").at.line, 2);
}

#[test]
fn block_scalars_keep_what_is_in_them() {
    let node = one("a: |\n  x\n  ---\n  {{ y }}\nb: >-\n  1\n  2\n");
    assert_eq!(plain(&node), serde_json::json!({"a": "x\n---\n{{ y }}\n", "b": "1 2"}));
    // Where the file ends without a line break, go-yaml adds none.
    assert_eq!(plain(&one("a: |\n  x")), serde_json::json!({"a": "x"}));
}
