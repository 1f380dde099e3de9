//! Dead files: sources that no `mod` leads to.

use std::collections::BTreeSet;

use super::source::{Source, Tree};

/// Where the compiler begins.
const ROOTS: [&str; 3] = ["src/lib.rs", "src/main.rs", "tests/it/main.rs"];

pub(super) fn dead_files(tree: &Tree) -> Vec<String> {
    let mut alive: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&Source> =
        tree.files.iter().filter(|f| ROOTS.contains(&f.path.as_str())).collect();
    while let Some(file) = open.pop() {
        if !alive.insert(&file.path) {
            continue;
        }
        for path in named(file) {
            open.extend(tree.files.iter().filter(|f| f.path == path));
        }
    }
    let dead = tree.files.iter().filter(|f| !alive.contains(f.path.as_str()));
    dead.map(|f| format!("{}: no mod leads here", f.path)).collect()
}

/// The files that the `mod name;` of a file can mean.
fn named(file: &Source) -> Vec<String> {
    let (folder, stem) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let stem = stem.trim_end_matches(".rs");
    let folder = match stem {
        "lib" | "main" | "mod" => folder.to_owned(),
        stem => format!("{folder}/{stem}"),
    };
    let lines = file.code.lines().filter_map(|line| line.trim().strip_suffix(';'));
    let names = lines.filter_map(|line| {
        let (before, name) = line.rsplit_once("mod ")?;
        let visible = before.is_empty() || before.trim_end().starts_with("pub");
        visible.then(|| name.trim().to_owned())
    });
    names
        .flat_map(|name| [format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")])
        .collect()
}
