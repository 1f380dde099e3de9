//! Things that are too large: cut, with a note of what is missing, and no slower for it.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use waveoff::app::log_view::LogLine;
use waveoff::app::model::Model;
use waveoff::app::msg::Msg;
use waveoff::app::screen::Screen;
use waveoff::app::update::update;
use waveoff::cluster::wire::decode;
use waveoff::domain::id::{ResourceKind, WorkloadId};
use waveoff::domain::observation::{Observation, Record};
use waveoff::domain::text::{MAX_BYTES, SafeText};
use waveoff::view::Glyphs;

use super::poison::objects;
use super::screens::painted;
use crate::fixture::{a_fresh_model, now};
use crate::report::report;

const MIB: usize = 1024 * 1024;

/// Memory of this process that is in use, in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * rustix::param::page_size()
}

/// Processor time of this thread so far: whatever else the machine does is not in it.
fn worked() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

/// The processor time of a frame: the least of a few, so that cold caches do not count.
fn frame(model: &Model) -> Duration {
    let best = (0..3).map(|_| {
        let began = worked();
        painted(model, Glyphs::Unicode, (200, 60));
        worked().saturating_sub(began)
    });
    best.min().unwrap()
}

fn workload(record: &Record) -> Option<WorkloadId> {
    match record {
        Record::Workload(workload) => Some(workload.id.clone()),
        _ => None,
    }
}

/// A model that has seen these objects, on this screen.
fn model(objects: &[(ResourceKind, Value)], screen: fn(WorkloadId) -> Screen) -> Model {
    let records: Vec<Record> =
        objects.iter().filter_map(|(kind, object)| decode(*kind, object).record).collect();
    let id = records.iter().find_map(workload).unwrap();
    let mut model = a_fresh_model();
    let seen = records.into_iter().map(Observation::Seen).collect();
    update(&mut model, now(), Msg::Observed(seen));
    model.fleet_view.selected = Some(id.clone());
    model.screens.push(screen(id));
    model
}

type Bomb = (&'static str, Box<dyn Fn(&mut [(ResourceKind, Value)])>);

fn bomb(name: &'static str, explode: impl Fn(&mut [(ResourceKind, Value)]) + 'static) -> Bomb {
    (name, Box::new(explode))
}

/// What is done to a workload's objects.
fn bombs() -> Vec<Bomb> {
    long_texts().into_iter().chain(long_lists()).collect()
}

fn long_texts() -> Vec<Bomb> {
    let words = |size: usize| "word ".repeat(size / 5);
    vec![
        bomb("an object of 1.5 MiB", move |all| {
            for number in 0..1500 {
                let key = format!("note-{number}");
                all[0].1["metadata"]["annotations"][key] = words(1024).into();
            }
        }),
        bomb("annotations of 256 KiB", move |all| {
            let text = words(256 * 1024);
            for (_, object) in all {
                object["metadata"]["annotations"] = json!({
                    "argocd.argoproj.io/tracking-id": text,
                    "kubernetes.io/change-cause": text,
                    "waveoff/prometheus": text,
                });
            }
        }),
        bomb("a message of a million characters", move |all| {
            all[0].1["status"]["message"] = "x".repeat(1_000_000).into();
            for path in ["/status/conditions/0/message", "/message", "/status/message"] {
                for (_, object) in all.iter_mut() {
                    if let Some(text) = object.pointer_mut(path) {
                        *text = "漢".repeat(1_000_000).into();
                    }
                }
            }
        }),
        bomb("names of 100,000 marks", |all| {
            all[0].1["status"]["message"] = format!("e{}", "\u{301}".repeat(100_000)).into();
            let image = "/spec/template/spec/containers/0/image";
            if let Some(image) = all[0].1.pointer_mut(image) {
                *image = format!("shop/e{}:1", "\u{301}".repeat(100_000)).into();
            }
        }),
    ]
}

fn long_lists() -> Vec<Bomb> {
    vec![
        bomb("100,000 conditions", |all| {
            let one = json!({"type": "Odd", "status": "False", "reason": "Many",
                    "message": "one of many"});
            all[0].1["status"]["conditions"] = vec![one; 100_000].into();
        }),
        bomb("100,000 containers", |all| {
            let one = json!({"name": "app", "image": "shop/app:1"});
            let state = json!({"name": "app", "ready": false, "restartCount": 3, "image": "x",
                    "state": {"waiting": {"reason": "CrashLoopBackOff"}}});
            for (kind, object) in all {
                match kind {
                    ResourceKind::Pods => {
                        object["spec"]["containers"] = vec![one.clone(); 100_000].into();
                        object["status"]["containerStatuses"] = vec![state.clone(); 100_000].into();
                    }
                    ResourceKind::Rollouts => {
                        object["spec"]["template"]["spec"]["containers"] =
                            vec![one.clone(); 100_000].into();
                    }
                    _ => {}
                }
            }
        }),
        bomb("100,000 steps and measurements", |all| {
            all[0].1["spec"]["strategy"]["canary"]["steps"] =
                vec![json!({"setWeight": 5}); 100_000].into();
            for (kind, object) in all {
                if *kind == ResourceKind::AnalysisRuns {
                    let one = json!({"phase": "Failed", "value": "[0.1]"});
                    let metric = json!({"name": "m", "phase": "Failed",
                            "measurements": vec![one; 50_000]});
                    object["status"]["metricResults"] = vec![metric; 2].into();
                }
            }
        }),
    ]
}

/// A screen and its name.
type Named = (&'static str, fn(WorkloadId) -> Screen);

#[test]
#[expect(clippy::cast_precision_loss, reason = "megabytes")]
fn objects_that_are_too_large_are_cut_and_cost_little() {
    let screens: [Named; 4] = [
        ("rollout", Screen::Rollout),
        ("why", Screen::Why),
        ("info", Screen::Info),
        ("fleet", |_| Screen::Fleet),
    ];
    let ordinary = screens.map(|(_, screen)| frame(&model(&objects(0), screen)));
    let mut lines = Vec::new();
    for (name, explode) in bombs() {
        let mut all = objects(0);
        explode(&mut all);
        let size: usize = all.iter().map(|(_, object)| object.to_string().len()).sum();
        let before = resident();
        let began = worked();
        let kept = model(&all, Screen::Rollout);
        let took = worked().saturating_sub(began);
        let grown = resident().saturating_sub(before);
        let mut worst = (0.0_f64, "", Duration::ZERO);
        for ((screen, open), usual) in screens.iter().zip(ordinary) {
            let time = frame(&model(&all, *open));
            let ratio = time.as_secs_f64() / usual.as_secs_f64();
            if ratio > worst.0 {
                worst = (ratio, *screen, time);
            }
        }
        lines.push(format!(
            "  {name}: {:.1} MiB of JSON read and taken in within {:.1} ms, {:.1} MiB more memory; \
             slowest frame {:.1} ms ({}, {:.1} times an ordinary one)",
            size as f64 / MIB as f64,
            took.as_secs_f64() * 1e3,
            grown as f64 / MIB as f64,
            worst.2.as_secs_f64() * 1e3,
            worst.1,
            worst.0
        ));
        drop(kept);
        assert!(worst.0 < 20.0, "{name}: {lines:#?}");
    }
    report(&format!("size bombs at 200x60:\n{}", lines.join("\n")));
}

#[test]
fn what_is_cut_says_how_much_is_missing() {
    let mut all = objects(1);
    all[0].1["status"]["message"] = "x".repeat(1_000_000).into();
    let Some(Record::Workload(workload)) = decode(all[0].0, &all[0].1).record else { panic!() };
    let note = format!("… ({} more bytes)", 1_000_000 - MAX_BYTES);
    assert!(workload.status.message.ends_with(&note), "{}", workload.status.message);

    let conditions = vec![json!({"type": "Odd", "status": "False"}); 100_000];
    all[0].1["status"]["conditions"] = conditions.into();
    let odd = decode(all[0].0, &all[0].1).odd.unwrap();
    assert!(odd.contains("conditions") && odd.contains("99900"), "{odd}");
}

#[test]
fn a_line_of_a_million_characters_in_the_log() {
    let mut model = model(&objects(0), Screen::Logs);
    let usual = frame(&model);
    for number in 0..200 {
        let text = SafeText::from(format!("{number} {}", "x".repeat(1_000_000)));
        assert!(text.ends_with(" more bytes)"));
        model.logs.push(LogLine { pod: "p".into(), text });
    }
    let time = frame(&model);
    let ratio = time.as_secs_f64() / usual.as_secs_f64();
    report(&format!(
        "200 log lines of a million characters: a frame in {:.1} ms, {ratio:.1} times an empty one",
        time.as_secs_f64() * 1e3
    ));
    assert!(ratio < 50.0, "{ratio}");
}
