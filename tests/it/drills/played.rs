//! Every drill, played to its end without a screen.

use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use serde_json::Value;

use super::{Hangar, json, names, words};
use crate::report::report;

/// All drills, the fleet with fewer rollouts: a debug build takes a minute for a thousand.
fn all(hangar: &Hangar) -> Vec<String> {
    let fleet = include_str!("../../../demo/drills/fleet.toml");
    let small = fleet.replace("rollouts = 1000", "rollouts = 20");
    assert_ne!(small, fleet);
    let small = hangar.file("fleet.toml", &small);
    let names = names(hangar).into_iter();
    names.map(|name| if name == "fleet" { small.clone() } else { name }).collect()
}

/// Does `work` for each name, on two threads.
fn for_each(names: &[String], work: impl Fn(&str) + Sync) {
    let left = Mutex::new(names.iter());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(name) = left.lock().unwrap().next() else { return };
                    work(name);
                }
            });
        }
    });
}

#[test]
fn each_is_passed_by_its_own_pilot_and_told_twice_with_the_same_words() {
    let hangar = Hangar::open();
    let (names, began) = (all(&hangar), Instant::now());
    assert!(names.len() >= 12, "{names:?}");
    let lines = Mutex::new(0);
    for_each(&names, |name| {
        let [once, again] = [(); 2].map(|()| hangar.run(&["drill", name, "--headless"]));
        let text = words(&once.stdout);
        assert_eq!(text, words(&again.stdout), "{name} is another drill each time");
        assert_eq!(once.status.code(), Some(0), "{name}: {text}{}", words(&once.stderr));
        assert!(once.stderr.is_empty(), "{name}: {}", words(&once.stderr));
        assert!(text.contains("of 100 points") && text.ends_with(": passed\n"), "{name}: {text}");
        *lines.lock().unwrap() += text.lines().count();
    });
    let (lines, count) = (lines.into_inner().unwrap(), names.len());
    let seconds = began.elapsed().as_secs_f64();
    report(&format!("drills: {count} played twice, {lines} lines the same, {seconds:.0} s"));
}

/// A drill that is passed by looking on teaches nothing.
#[test]
fn who_does_nothing_passes_none() {
    let hangar = Hangar::open();
    let idle = hangar.file("idle.toml", "pilot = []\n");
    for_each(&all(&hangar), |name| {
        let output = hangar.run(&["drill", name, "--headless", "--script", &idle]);
        let text = words(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{name}: {text}{}", words(&output.stderr));
        assert!(text.ends_with(": not passed\n"), "{name}: {text}");
    });
}

#[test]
fn a_script_is_the_pilot_and_the_transcript_says_what_it_did() {
    let hangar = Hangar::open();
    let script = "[[pilot]]\nwhen = { event = 'bad' }\nafter = '5s'\ndo = 'abort'\n\
                  service = 'checkout'\n\
                  [[pilot]]\nwhen = { service = 'checkout', aborted = true }\nafter = '5s'\n\
                  do = 'promote'\nservice = 'checkout'\n";
    let script = hangar.file("mine.toml", script);
    let args = ["drill", "error-ramp", "--headless", "--script", &script, "-o", "json"];
    let played = json(&hangar.run(&args));
    assert_eq!(played["schema"], 1);
    assert_eq!(played["drill"], "error-ramp");
    assert_eq!(played["seed"], 1);
    assert_eq!(played["over"], true);
    let transcript = played["transcript"].as_array().unwrap();
    let told = |who: &str, says: &str| {
        let line = transcript
            .iter()
            .find(|line| line["who"] == who && line["text"].as_str().unwrap().contains(says));
        line.unwrap_or_else(|| panic!("{who} {says}: {transcript:#?}"))["at_ms"].as_i64().unwrap()
    };
    let (aborted, refused) = (told("pilot", "abort"), told("pilot", "cannot promote checkout"));
    assert!(refused >= aborted + 5_000, "{aborted} {refused}");
    let instants: Vec<i64> = transcript.iter().map(|l| l["at_ms"].as_i64().unwrap()).collect();
    assert!(instants.is_sorted(), "{instants:?}");
    let goals = played["goals"].as_array().unwrap();
    let points: i64 = goals.iter().map(|goal| goal["points"].as_i64().unwrap()).sum();
    assert_eq!(played["points"], points);
    let worth: i64 = goals.iter().map(|goal| goal["worth"].as_i64().unwrap()).sum();
    assert_eq!(worth, 100);
}

#[test]
fn another_seed_is_another_play_of_the_same_story() {
    let hangar = Hangar::open();
    let play = |seed: &str| -> Value {
        json(&hangar.run(&["drill", "crash-loop", "--headless", "--seed", seed, "-o", "json"]))
    };
    let (one, two) = (play("1"), play("2"));
    assert_ne!(one["transcript"], two["transcript"]);
    assert_eq!(one["title"], two["title"]);
    assert_eq!(two["passed"], true, "{two:#}");
}
