//! Bad samples: every rule must complain of what it forbids, and of nothing else beside it.

use super::source::{Source, Tree};
use super::{documents, habits, reach, rooms};

type Rule = fn(&Tree) -> Vec<String>;

/// Complaints about one file.
fn about(rule: Rule, path: &str, text: &str) -> Vec<String> {
    rule(&Tree::of(&[(path, text)]))
}

fn complains(rule: Rule, samples: &[(&str, &str)]) {
    for (path, text) in samples {
        assert_eq!(about(rule, path, text).len(), 1, "{path}: {text}");
    }
}

fn is_content(rule: Rule, samples: &[(&str, &str)]) {
    for (path, text) in samples {
        assert_eq!(about(rule, path, text), [""; 0], "{path}: {text}");
    }
}

#[test]
fn imports() {
    complains(
        rooms::forbidden_imports,
        &[
            ("src/domain/a.rs", "use crate::app::model::Model;"),
            ("src/domain/a.rs", "fn f() { crate::app::update::update(); }"),
            ("src/domain/a.rs", "use super::super::app::key::Key;"),
            ("src/domain/mod.rs", "use super::app;"),
            ("src/domain/a.rs", "mod tests { use super::super::super::app::key; }"),
            ("src/app/a.rs", "use crate::{domain::plan, view::Look};"),
            ("src/app/a.rs", "use crate::{domain::{plan, id}, cluster};"),
            ("src/view/a.rs", "use crate::cluster::Connection;"),
            ("src/cluster/a.rs", "use crate::app::key;"),
            ("src/terminal/a.rs", "use crate::app::model::Model;"),
            ("src/terminal/a.rs", "use crate::app::{key::Key, model};"),
            ("src/terminal/a.rs", "use crate::app::*;"),
            ("src/config/a.rs", "use crate::runtime::run;"),
            ("src/main.rs", "use waveoff::domain::id;"),
            ("src/attic/a.rs", "fn f() {}"),
        ],
    );
    is_content(
        rooms::forbidden_imports,
        &[
            ("src/domain/a.rs", "use super::plan::Plan;\nuse crate::domain::id;"),
            ("src/domain/a/b.rs", "use super::super::plan::Plan;"),
            ("src/domain/a.rs", "mod tests { use super::super::plan; }"),
            ("src/domain/a.rs", "// use crate::app;\n/* crate::view::x /* nested */ */"),
            (
                "src/domain/a.rs",
                "const T: &str = \"crate::app::x\"; const R: &str = r#\"crate::app\"#;",
            ),
            ("src/terminal/a.rs", "use crate::app::{key::Key, theme::{Depth, Role}};"),
            ("src/main.rs", "use waveoff::config::args::Args;"),
        ],
    );
}

#[test]
fn crates() {
    complains(
        rooms::forbidden_crates,
        &[
            ("src/app/a.rs", "use ratatui::text::Line;"),
            ("src/runtime/a.rs", "fn f(a: ratatui::layout::Rect) {}"),
            ("src/runtime/a.rs", "use kube::Client;"),
            ("src/domain/a.rs", "use serde_json::Value;"),
            ("src/domain/a.rs", "#[derive(serde::Serialize)] struct A;"),
            ("src/view/a.rs", "use tokio as t;"),
            ("src/cluster/a.rs", "use crossterm::event;"),
        ],
    );
    is_content(
        rooms::forbidden_crates,
        &[
            ("src/view/a.rs", "use ratatui::text::Line;"),
            ("src/cluster/a.rs", "use kube::Client;\nuse crate::domain::id;"),
            ("src/domain/a.rs", "//! Not kube::Client.\nuse self::kube::x;"),
            ("src/domain/a/tests.rs", "use proptest::prelude::*;"),
        ],
    );
}

#[test]
fn circles() {
    let tree = Tree::of(&[
        ("src/app/a.rs", "use crate::view::x;"),
        ("src/view/a.rs", "use crate::config::x;"),
        ("src/config/a.rs", "use crate::app::x;"),
        ("src/runtime/a.rs", "use crate::app::x;"),
    ]);
    assert_eq!(rooms::circles(&tree).len(), 3, "{:?}", rooms::circles(&tree));
}

#[test]
fn clocks_tasks_and_smells() {
    complains(
        rooms::clocks_and_tasks,
        &[
            ("src/app/a.rs", "fn f() { chrono::Utc::now(); }"),
            ("src/cluster/a.rs", "use std::time::Instant;\nfn f() { Instant::now(); }"),
            ("src/terminal/a.rs", "fn f() { tokio::spawn(async {}); }"),
            ("src/view/a.rs", "#![expect(clippy::disallowed_methods, reason = \"x\")]"),
        ],
    );
    is_content(
        rooms::clocks_and_tasks,
        &[
            ("src/runtime/a.rs", "fn f() { Utc::now(); tokio::spawn(g()); }"),
            (
                "src/cluster/a.rs",
                "use tokio::time::{Duration, Instant};\nfn f() { Instant::now(); }",
            ),
            ("src/app/a.rs", "#[cfg(test)]\nmod tests { fn f() { Utc::now(); } }"),
            ("src/app/a.rs", "/// Never `Utc::now()`.\nfn f() {}"),
        ],
    );
    complains(
        rooms::smells,
        &[
            ("src/domain/a.rs", "use std::fs::File;"),
            ("src/app/a.rs", "async fn f() {}"),
            ("src/view/a.rs", "fn f() { println!(\"x\"); }"),
        ],
    );
    is_content(rooms::smells, &[("src/cluster/a.rs", "async fn f() { x.await }")]);
}

#[test]
fn sizes() {
    let lines = |n: usize| "fn f();\n".repeat(n);
    complains(habits::long_files, &[("src/app/a.rs", &lines(501))]);
    let tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(400), lines(400));
    is_content(habits::long_files, &[("src/app/a.rs", &lines(500)), ("src/app/b.rs", &tests)]);

    let body = |n: usize| format!("fn long(a: [u8; 2])\nwhere\n{{\n{}}}\n", "x;\n".repeat(n));
    complains(habits::long_functions, &[("src/app/a.rs", &body(57))]);
    let decoys = "fn f(a: fn (u8)) { let b = '{'; let c = b'{'; let d = \"{\"; }\n";
    let many = decoys.repeat(80);
    is_content(habits::long_functions, &[("src/app/a.rs", &body(56)), ("src/app/b.rs", &many)]);

    let comment = format!("// {}", "x".repeat(98));
    let code = format!("let a = {};", "b".repeat(92));
    complains(habits::long_lines, &[("src/app/a.rs", &comment), ("src/app/a.rs", &code)]);
    let text = format!("let a = \"{}\";", "b".repeat(120));
    is_content(habits::long_lines, &[("src/app/a.rs", &comment[1..]), ("src/app/a.rs", &text)]);

    let files: Vec<String> = (0..15).map(|n| format!("src/view/f{n}.rs")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|path| (path.as_str(), "")).collect();
    assert_eq!(habits::full_folders(&Tree::of(&files)).len(), 1);
    assert_eq!(habits::full_folders(&Tree::of(&files[1..])).len(), 0);
    assert!(!habits::idle_waivers(&Tree::of(&files)).is_empty());
}

#[test]
fn headers_names_and_leftovers() {
    let tall = "//! x\n".repeat(13);
    complains(habits::headers, &[("src/app/a.rs", "use x;"), ("src/app/a.rs", &tall)]);
    is_content(habits::headers, &[("src/app/a.rs", "//! What it is.\n")]);
    complains(
        habits::names,
        &[("src/app/utils.rs", ""), ("src/app/helpers/a.rs", ""), ("src/app/log_manager.rs", "")],
    );
    is_content(habits::names, &[("src/app/utility_bill.rs", "")]);
    let note = format!("// {}{}: later", "TO", "DO");
    let known = format!("// {}{}(#12): later", "TO", "DO");
    complains(habits::leftovers, &[("src/app/a.rs", &note), ("src/app/a.rs", "// f(x);")]);
    is_content(habits::leftovers, &[("src/app/a.rs", &known), ("src/app/a.rs", "// It is (so).")]);
    complains(
        habits::silenced_lints,
        &[
            ("src/app/a.rs", "#[expect(dead_code)]\nfn f() {}"),
            ("tests/it/a.rs", "#![allow(dead_code)]"),
            ("src/app/a.rs", "#[allow(dead_code, reason = \"x\")]"),
        ],
    );
    is_content(habits::silenced_lints, &[("src/app/a.rs", "#[expect(dead_code, reason = \"x\")]")]);
}

#[test]
fn dead_files() {
    let tree = Tree::of(&[
        ("src/lib.rs", "pub mod app;"),
        ("src/app/mod.rs", "mod a;\n// mod b;\n#[cfg(test)]\npub(crate) mod c;"),
        ("src/app/a.rs", "mod inner;"),
        ("src/app/a/inner.rs", ""),
        ("src/app/b.rs", ""),
        ("src/app/c/mod.rs", ""),
    ]);
    assert_eq!(reach::dead_files(&tree), ["src/app/b.rs: no mod leads here"]);
}

#[test]
fn documents() {
    assert_eq!(documents::keys("# waveoff\n").len(), 1);
    let old = "<!-- keys: printed by `waveoff keys` -->\n| a |\n<!-- end of keys: printed by `waveoff keys` -->";
    assert!(documents::keys(old)[0].contains("is old"));
    let one = "<!-- commands -->\n| `list` | x |\n| `land` | x |\n<!-- end of commands -->";
    let complaints = documents::commands(one);
    assert!(complaints.contains(&"command land does not exist".into()));
    assert!(complaints.contains(&"command promote is not in the README".into()));
}

#[test]
fn the_lexer_keeps_lines_and_lengths() {
    let text = "a(\"é\\\"x\", 'y', '\\'', b'{', 'life, r\"\\\", br#\"\" \"#); // ü\n/* \n */ end";
    let source = Source::new("src/app/a.rs", text);
    assert_eq!(source.code.len(), text.len());
    assert_eq!(source.code.lines().count(), text.lines().count());
    let kept: String = source.code.split_whitespace().collect();
    assert_eq!(kept, "a(,,,,life,,);end");
}
