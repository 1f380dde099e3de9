//! What the README promises, against the code that has to keep it.

use std::collections::BTreeSet;
use std::fs;

use clap::CommandFactory;
use waveoff::app::keymap;
use waveoff::config::args::Args;

use super::source::root;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The text between two markers.
fn block<'t>(text: &'t str, name: &str) -> Result<&'t str, String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (_, rest) = text.split_once(&begin).ok_or(format!("no {begin:?}"))?;
    let (block, _) = rest.split_once(&end).ok_or(format!("no {end:?}"))?;
    Ok(block)
}

/// The first cell of each row of a table, without its quotes.
fn first_cells(table: &str) -> BTreeSet<String> {
    let cells = table.lines().filter_map(|line| line.strip_prefix("| `"));
    cells.filter_map(|rest| rest.split(['`', ' ']).next()).map(str::to_owned).collect()
}

fn differences(what: &str, said: &BTreeSet<String>, is: &BTreeSet<String>) -> Vec<String> {
    let missing = is.difference(said).map(|name| format!("{what} {name} is not in the README"));
    let extra = said.difference(is).map(|name| format!("{what} {name} does not exist"));
    missing.chain(extra).collect()
}

pub(super) fn keys(readme: &str) -> Vec<String> {
    match block(readme, "keys: printed by `waveoff keys`") {
        Ok(table) if table == keymap::markdown() => Vec::new(),
        Ok(_) => vec!["the key table is old: paste what `cargo run -- keys` prints".into()],
        Err(error) => vec![error],
    }
}

pub(super) fn commands(readme: &str) -> Vec<String> {
    let is = Args::command().get_subcommands().map(|c| c.get_name().to_owned()).collect();
    match block(readme, "commands") {
        Ok(table) => differences("command", &first_cells(table), &is),
        Err(error) => vec![error],
    }
}

#[test]
fn the_readme_has_the_keys_of_the_program() {
    super::no_complaint(&keys(&read("README.md")));
}

#[test]
fn the_readme_has_the_commands_of_the_program() {
    super::no_complaint(&commands(&read("README.md")));
}

#[test]
fn the_readme_has_the_exit_codes_of_the_program() {
    use waveoff::error::Exit;
    let exits = [
        Exit::Ok,
        Exit::Finding,
        Exit::Usage,
        Exit::Undetermined,
        Exit::Refused,
        Exit::TimedOut,
        Exit::Changed,
        Exit::Panic,
        Exit::Interrupted,
    ];
    let is = exits.iter().map(|exit| exit.code().to_string()).collect();
    let readme = read("README.md");
    let said = first_cells(block(&readme, "exit codes").unwrap());
    super::no_complaint(&differences("exit code", &said, &is));
}

#[test]
fn every_theme_is_embedded() {
    let source = read("src/config/theme.rs");
    let mut themes = 0;
    for entry in fs::read_dir(root().join("themes")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(source.contains(&format!("/themes/{name}\"")), "{name} is not embedded");
        themes += 1;
    }
    assert_eq!(source.matches("/themes/").count(), themes, "a theme is embedded twice or gone");
}

#[test]
fn the_front_page_is_short_and_names_what_exists() {
    let page = read("src/ARCHITECTURE.md");
    assert!(page.lines().count() <= 200, "{} lines", page.lines().count());
    let mut named = 0;
    for word in page.split(['`', '\n']) {
        let file = word.split('.').next_back() == Some("rs") || word.ends_with('/');
        if file && !word.contains([' ', '*', '<']) && word.len() > 1 {
            let places = ["", "src/", "src/app/", "src/domain/", "tests/it/"];
            let there = places.iter().any(|place| root().join(format!("{place}{word}")).exists());
            assert!(there, "the front page names {word}, which is not there");
            named += 1;
        }
    }
    assert!(named > 10, "it names only {named} files");
}

#[test]
fn the_configuration_of_the_readme_is_taken() {
    let readme = read("README.md");
    let blocks: Vec<&str> = readme.split("```toml\n").skip(1).collect();
    assert!(blocks.len() >= 3, "{}", blocks.len());
    for block in blocks {
        let (text, _) = block.split_once("```").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        fs::write(&file, text).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_waveoff"))
            .args(["config", "--config", file.to_str().unwrap()])
            .env_clear()
            .output()
            .unwrap();
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("config.toml:"), "{text}\n{said}");
    }
}

#[test]
fn the_catalogue_of_the_readme_is_taken() {
    let readme = read("README.md");
    let (_, rest) = readme.split_once("```yaml\nservices:").expect("there is one");
    let (text, _) = rest.split_once("```").expect("it ends");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("waveoff.yaml");
    fs::write(&file, format!("services:{text}")).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_waveoff"))
        .args(["plan", "payment", "--catalogue", file.to_str().unwrap()])
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{text}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
