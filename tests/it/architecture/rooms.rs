//! Which room may import which, and which crates it may name.
//!
//! The table is the rule; `ARCHITECTURE.md` says why. Adapters never meet, nobody knows `runtime`.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, Tree, closing, root};

/// A row of the table.
struct Room {
    name: &'static str,
    /// Rooms of ours; with `::`, only that part of the room.
    ours: &'static [&'static str],
    /// Crates.
    theirs: &'static [&'static str],
}

const ADAPTER: &[&str] = &["tokio", "futures", "tracing", "thiserror"];

const TABLE: &[Room] = &[
    Room {
        name: "domain",
        ours: &[],
        theirs: &[
            "chrono",
            "libm",
            "thiserror",
            "unicode_script",
            "unicode_security",
            "unicode_width",
        ],
    },
    Room {
        name: "app",
        ours: &["domain"],
        theirs: &["chrono", "serde_json", "thiserror", "tui_input", "unicode_width"],
    },
    Room {
        name: "view",
        ours: &["app", "domain"],
        theirs: &["ratatui", "tui_input", "unicode_segmentation", "unicode_width"],
    },
    Room {
        name: "cluster",
        ours: &["domain", "manifest::bundle", "manifest::tree"],
        theirs: &[
            "base64",
            "chrono",
            "http",
            "http_body_util",
            "hyper",
            "hyper_timeout",
            "hyper_util",
            "k8s_openapi",
            "kube",
            "percent_encoding",
            "rustls",
            "serde",
            "serde_json",
            "strsim",
            "tower",
            "tower_http",
        ],
    },
    Room { name: "terminal", ours: &["app::key", "app::theme"], theirs: &["crossterm", "rustix"] },
    Room {
        name: "config",
        ours: &["app", "domain", "manifest::read", "manifest::tree"],
        theirs: &["clap", "serde", "serde_json", "strsim", "thiserror", "toml"],
    },
    Room {
        name: "telemetry",
        ours: &["config"],
        theirs: &["rustix", "tracing", "tracing_appender", "tracing_subscriber"],
    },
    // What every room that speaks HTTP by itself stands on.
    Room { name: "web", ours: &[], theirs: &["reqwest", "rustls"] },
    Room {
        name: "prom",
        ours: &["domain", "web"],
        // The last two are named by tests alone.
        theirs: &[
            "http",
            "prometheus_http_query",
            "reqwest",
            "rustls",
            "serde",
            "serde_json",
            "rcgen",
            "tokio_rustls",
        ],
    },
    Room { name: "notify", ours: &["domain", "web"], theirs: &["http", "reqwest", "serde_json"] },
    Room { name: "probe", ours: &["domain", "web"], theirs: &["reqwest"] },
    Room { name: "gitops", ours: &["domain"], theirs: &["granit_parser"] },
    // Text and trees: pure, whatever reads or writes the files.
    Room {
        name: "manifest",
        ours: &["domain"],
        theirs: &[
            "base64",
            "granit_parser",
            "libm",
            "promql_parser",
            "serde_json",
            "thiserror",
            "unicode_width",
        ],
    },
    Room { name: "error", ours: &[], theirs: &[] },
    // A second reading of the same API: it shares nothing with the first.
    Room {
        name: "sim",
        ours: &[],
        theirs: &[
            "base64",
            "bytes",
            "chrono",
            "expr",
            "futures",
            "http",
            "http_body_util",
            "hyper",
            "hyper_util",
            "json_patch",
            "promql_parser",
            "rcgen",
            "ring",
            "rustls",
            "serde",
            "serde_json",
            "serde_saphyr",
            "thiserror",
            "tokio",
            "tokio_rustls",
            "toml",
            "tracing",
        ],
    },
    Room {
        name: "runtime",
        ours: &[
            "app",
            "cluster",
            "config",
            "domain",
            "error",
            "gitops",
            "manifest",
            "notify",
            "probe",
            "prom",
            "sim",
            "telemetry",
            "terminal",
            "view",
            "web",
        ],
        theirs: &[
            "anyhow",
            "chrono",
            "futures",
            "ring",
            "rustix",
            "serde_json",
            "tokio",
            "tracing",
        ],
    },
    Room { name: "main", ours: &["config", "error", "runtime"], theirs: &["clap", "mimalloc"] },
    // Only names the rooms.
    Room { name: "lib", ours: &[], theirs: &[] },
];

/// Rooms that repeat somebody else's manual may name what every adapter needs.
const ADAPTERS: &[&str] = &["cluster", "gitops", "notify", "probe", "prom", "terminal", "web"];

/// What a room that is true on paper never does.
const PURE: &[&str] = &["domain", "app", "manifest", "view"];

fn row(name: &str) -> Option<&'static Room> {
    TABLE.iter().find(|room| room.name == name)
}

/// Imports of ours that the table does not have.
pub(super) fn forbidden_imports(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in &tree.files {
        let Some(room) = row(file.room()) else {
            complaints.push(format!("{}: room {} is not in the table", file.path, file.room()));
            continue;
        };
        for path in imports(file) {
            let joined = path.join("::");
            let allowed =
                |rule: &&str| joined == **rule || joined.starts_with(&format!("{rule}::"));
            if path[0] != room.name && !room.ours.iter().any(allowed) {
                complaints.push(format!("{}: {} may not import {joined}", file.path, room.name));
            }
        }
    }
    complaints
}

/// Crates that the table does not have.
pub(super) fn forbidden_crates(tree: &Tree) -> Vec<String> {
    let known = dependencies("dependencies");
    let mut complaints = Vec::new();
    for file in &tree.files {
        let Some(room) = row(file.room()) else { continue };
        for name in crates(file, &known) {
            let adapter = ADAPTERS.contains(&room.name) && ADAPTER.contains(&name.as_str());
            if !room.theirs.contains(&name.as_str()) && !adapter {
                complaints.push(format!("{}: {} may not name {name}", file.path, room.name));
            }
        }
    }
    complaints
}

/// Rooms that import each other, over however many corners.
pub(super) fn circles(tree: &Tree) -> Vec<String> {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in &tree.files {
        for path in imports(file) {
            if path[0] != file.room() {
                edges.entry(file.room().into()).or_default().insert(path[0].clone());
            }
        }
    }
    let mut complaints = Vec::new();
    for room in edges.keys() {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&String> = edges[room].iter().collect();
        while let Some(next) = open.pop() {
            if reached.insert(next) {
                open.extend(edges.get(next).into_iter().flatten());
            }
        }
        if reached.contains(room) {
            complaints.push(format!("{room} imports itself over {reached:?}"));
        }
    }
    complaints
}

/// Files, the network, the environment, waiting: not in rooms that are true on paper.
pub(super) fn smells(tree: &Tree) -> Vec<String> {
    let words = [
        "std::fs",
        "std::net",
        "std::process",
        "std::env",
        "std::thread",
        "async fn",
        "async move",
        ".await",
        "unsafe ",
        "println!",
        "eprintln!",
    ];
    let pure = tree.files.iter().filter(|f| PURE.contains(&f.room()));
    pure.flat_map(|file| {
        let code = file.shipped();
        let hits = words.into_iter().filter(move |word| code.contains(word));
        hits.map(|word| format!("{}: {word} in a pure room", file.path))
    })
    .collect()
}

/// Clocks and tasks outside `runtime`. Timers on tokio's own clock are an adapter's business: it
/// can be stopped in tests.
pub(super) fn clocks_and_tasks(tree: &Tree) -> Vec<String> {
    let words = [
        "Utc::now",
        "Local::now",
        "SystemTime::now",
        "Instant::now",
        "tokio::spawn",
        "task::spawn(",
        "JoinSet",
        "spawn_local",
        "Timestamp::now",
        "Zoned::now",
    ];
    let mut complaints = Vec::new();
    for file in tree.files.iter().filter(|f| f.room() != "runtime") {
        let code = file.shipped();
        let virtual_clock = imported(&code, "tokio::time", "Instant");
        for word in words {
            let allowed = word == "Instant::now"
                && virtual_clock
                && matches!(file.room(), "cluster" | "prom");
            if code.contains(word) && !allowed {
                complaints.push(format!("{}: {word} outside runtime", file.path));
            }
        }
        if file.code.contains("disallowed_methods") && !file.is_test() {
            complaints.push(format!("{}: the lint on clocks is silenced", file.path));
        }
    }
    complaints
}

fn imported(code: &str, module: &str, name: &str) -> bool {
    let uses = code.split(';').filter(|part| part.contains(&format!("use {module}")));
    uses.into_iter().any(|part| part.contains(name))
}

/// Paths into the crate from its root, first two segments: `crate::`, `waveoff::`, and `super::`
/// far enough up to leave the room.
fn imports(file: &Source) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for prefix in ["crate::", "waveoff::"] {
        for at in words(&file.code, prefix) {
            found.extend(paths(&file.code[at + prefix.len()..]));
        }
    }
    for at in words(&file.code, "super::") {
        let ups = file.code[at..].split("super::").take_while(|part| part.is_empty()).count();
        // A chain is counted once, at its first `super`.
        if file.code[..at].ends_with("::") {
            continue;
        }
        if ups >= depth(file, at) {
            found.extend(paths(&file.code[at + ups * "super::".len()..]));
        }
    }
    found.retain(|path| !path.is_empty());
    found
        .into_iter()
        .map(|mut path| {
            path.truncate(2);
            path
        })
        .collect()
}

/// How many `super` lead from this place to the root of the crate.
fn depth(file: &Source, at: usize) -> usize {
    let inside = file.path.strip_prefix("src/").unwrap_or(&file.path).trim_end_matches(".rs");
    let modules = inside.split('/').filter(|part| *part != "mod" && *part != "lib").count();
    let nested = words(&file.code[..at], "mod ").into_iter().filter(|start| {
        let head = &file.code[*start..];
        let (brace, semicolon) = (head.find('{'), head.find(';').unwrap_or(usize::MAX));
        brace.is_some_and(|brace| {
            brace < semicolon
                && closing(&file.code, start + brace).is_some_and(|end| *start < at && at < end)
        })
    });
    modules + nested.count()
}

/// Where `word` begins, not inside a longer word or path.
fn words(code: &str, word: &str) -> Vec<usize> {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    let free = |at: &usize| !code[..*at].chars().next_back().is_some_and(joins);
    code.match_indices(word).map(|(at, _)| at).filter(free).collect()
}

/// The paths of a `use` tree or of a path in code: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let code = code.trim_start();
    if let Some(group) = code.strip_prefix('{') {
        let end = closing(code, 0).map_or(group.len(), |end| end - 2);
        return parts(&group[..end]).into_iter().flat_map(paths).collect();
    }
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len());
    let (name, rest) = code.split_at(end);
    if name.is_empty() {
        return vec![Vec::new()];
    }
    let Some(rest) = rest.strip_prefix("::") else { return vec![vec![name.into()]] };
    let tails = paths(rest);
    let join = |tail: Vec<String>| std::iter::once(name.to_owned()).chain(tail).collect();
    tails.into_iter().map(join).collect()
}

/// The parts of a group, by the commas of its own level.
fn parts(group: &str) -> Vec<&str> {
    let mut depth = 0i32;
    let split = group.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    split.map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Dependencies that are named at the head of a path.
fn crates(file: &Source, known: &BTreeSet<String>) -> BTreeSet<String> {
    // Tests of a room may use the tools of tests.
    let tools = dependencies("dev-dependencies");
    let shipped = file.shipped();
    let named = |name: &&String| {
        let code = if tools.contains(*name) { &shipped } else { &file.code };
        names(code, name)
    };
    known.iter().filter(named).cloned().collect()
}

/// Whether the code names this crate.
fn names(code: &str, name: &str) -> bool {
    let head = |at: usize| !code[..at].ends_with("::") && !code[..at].ends_with('.');
    words(code, &format!("{name}::")).into_iter().any(head)
        || [";", " as "].iter().any(|end| code.contains(&format!("use {name}{end}")))
}

/// Names of a section of Cargo.toml, as code writes them.
fn dependencies(section: &str) -> BTreeSet<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let names = manifest[section].as_table().unwrap().keys();
    names.map(|name| name.replace('-', "_")).collect()
}
