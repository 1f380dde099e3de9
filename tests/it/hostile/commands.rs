//! Commands without the screen: what they print is text, whatever the world says.

use std::process::Output;
use std::thread;

use serde_json::{Value, json};
use waveoff::domain::id::ResourceKind;

use super::dice::Dice;
use super::house::{House, serving};
use super::lexer;
use super::poison::{attack, objects, poison};
use crate::report::report;
use crate::wire::stub::{Asked, Reply};

/// Lines of text and nothing else, on both outputs.
fn examine(what: &str, output: &Output) {
    for bytes in [&output.stdout, &output.stderr] {
        for line in bytes.split(|b| *b == b'\n') {
            let seen = lexer::read(line).unwrap_or_else(|why| panic!("{what}: {why}"));
            assert!(seen.keys().all(|kind| *kind == "text"), "{what}: {seen:?}");
        }
    }
    assert_ne!(output.status.code(), Some(101), "{what}: {output:?}");
    assert!(output.status.code().is_some(), "{what}: {output:?}");
}

/// Poisoned objects that still have the names they are asked by.
fn poisoned(rollout: usize, dice: &mut Dice) -> Vec<(ResourceKind, Value)> {
    let mut all = objects(rollout);
    for (_, object) in &mut all {
        let meta = object["metadata"].clone();
        poison(object, "", dice);
        for key in ["name", "uid", "namespace"] {
            if object["metadata"].is_object() {
                object["metadata"][key] = meta[key].clone();
            }
        }
    }
    all
}

const COMMANDS: [&[&str]; 8] = [
    &["list", "-A", "--no-metrics"],
    &["list", "-A", "--no-metrics", "-o", "json"],
    &["status", "checkout", "--no-metrics"],
    &["status", "checkout", "--no-metrics", "-o", "json"],
    &["why", "checkout"],
    &["promote", "checkout", "--dry-run"],
    &["abort", "checkout", "--dry-run", "-o", "json"],
    &["doctor"],
];

#[test]
fn every_command_over_a_hostile_cluster() {
    let mut runs = 0;
    for seed in 0..2 {
        let mut dice = Dice::new(seed);
        let rollout = usize::try_from(seed).unwrap();
        let house = House::open(serving(poisoned(rollout, &mut dice)));
        house.kubeconfig("    token: t\n", "");
        for args in COMMANDS {
            let output = house.run(args);
            examine(&format!("seed {seed}: {args:?}"), &output);
            if args.contains(&"json") && output.status.success() {
                serde_json::from_slice::<Value>(&output.stdout).unwrap();
            }
            runs += 1;
        }
        // What was kept for later is text as well.
        let log = std::fs::read_dir(house.home().join(".local/state/waveoff/log")).unwrap();
        for file in log.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            let text = std::fs::read(&file).unwrap();
            assert!(!text.contains(&0x1b), "{} has an escape byte", file.display());
        }
    }
    report(&format!("hostile cluster: {runs} commands, nothing but text"));
}

/// A server that refuses in words of its own.
#[test]
fn every_refusal_in_hostile_words() {
    const CODES: [u16; 10] = [400, 401, 403, 404, 409, 410, 422, 429, 500, 503];
    // Some of them are tried again for a while: all at once.
    thread::scope(|scope| {
        for code in CODES {
            scope.spawn(move || {
                let mut dice = Dice::new(code.into());
                let house = House::open(move |_: &Asked| refusal(code, &mut dice));
                house.kubeconfig("    token: t\n", "");
                for args in [&["why", "checkout"][..], &["doctor", "--no-metrics"]] {
                    examine(&format!("{code}: {args:?}"), &house.run(args));
                }
            });
        }
    });
}

fn refusal(code: u16, dice: &mut Dice) -> Reply {
    let status = json!({"kind": "Status", "code": code, "reason": attack(dice),
        "message": attack(dice), "details": {"name": attack(dice),
        "causes": [{"message": attack(dice), "field": attack(dice)}]}});
    Reply::Json(code, if dice.one_in(4) { attack(dice) } else { status.to_string() })
}

/// YAML in which a text may hold anything.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Names of a kubeconfig, files and themes, and what stands in files.
#[test]
fn every_hostile_name_and_file() {
    thread::scope(|scope| {
        for seed in 0..4 {
            scope.spawn(move || {
                let mut dice = Dice::new(seed);
                let mut house = House::open(serving(objects(0)));
                hostile_names(&house, &mut dice);
                hostile_files(&mut house, &mut dice);
            });
        }
    });
}

fn hostile_names(house: &House, dice: &mut Dice) {
    let [context, cluster, user, namespace] = [0; 4].map(|_| quoted(&attack(dice)));
    let config = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {context}\n\
         clusters: [{{name: {cluster}, cluster: {{server: '{}'}}}}]\n\
         contexts:\n- name: {context}\n  context: {{cluster: {cluster}, user: {user},\n\
         \x20   namespace: {namespace}}}\n\
         users: [{{name: {user}, user: {{token: t}}}}]\n",
        house.url
    );
    std::fs::write(house.key("config"), &config).unwrap();
    let other = attack(dice).replace('\0', "");
    let file = house.key(HOSTILE_FILE).display().to_string();
    for args in [
        &["list", "--no-metrics"][..],
        &["doctor", "--no-metrics"],
        &["config"],
        &["config", "-o", "json"],
        &["why", &other],
        &["list", "--context", &other],
        &["list", "-n", &other],
        &["list", "--kubeconfig", &file],
        &["list", "--config", &file],
        &["drill", &file],
        &["config", "--theme", &other],
    ] {
        examine(&format!("{args:?} with {config:?}"), &house.run(args));
    }
}

/// A name that is an order to a terminal.
const HOSTILE_FILE: &str = "evil\x1b[31m\u{202e}.toml";

fn hostile_files(house: &mut House, dice: &mut Dice) {
    let file = house.key(HOSTILE_FILE).display().to_string();
    house.set("WAVEOFF_CONFIG", &file);
    let evil = attack(dice);
    let quoted = quoted_toml(&evil);
    for text in [
        format!("{quoted} = 1\n"),
        format!("theme = {quoted}\n"),
        format!("theme = \"x\n{evil}"),
        format!("[keys]\nabort = {quoted}\n"),
        format!("[[environment]]\nname = {quoted}\n"),
        format!("[prometheus]\nurl = {quoted}\n"),
        format!("title = {quoted}\nstory = {quoted}\n"),
        evil,
    ] {
        std::fs::write(&file, &text).unwrap();
        for args in [&["config"][..], &["doctor", "--no-metrics"], &["drill", &file, "--headless"]]
        {
            examine(&format!("{args:?} with {text:?}"), &house.run(args));
        }
    }
}

fn quoted_toml(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_ascii_graphic() || c == ' ' => c.to_string(),
            c => format!("\\U{:08X}", u32::from(c)),
        })
        .collect();
    format!("\"{escaped}\"")
}
