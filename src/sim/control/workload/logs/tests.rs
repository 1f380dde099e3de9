//! What containers wrote, and why nothing can be shown.

use serde_json::{Value, json};

use super::{LogRequest, log};
use crate::sim::control::workload::stage::{PLACE, Stage};
use crate::sim::store::{Key, Kind};
use crate::sim::time::Span;
use crate::sim::world::{Behaviour, Ending};

fn stage(behaviour: Behaviour, more: &Value) -> Stage {
    let mut stage = Stage::new();
    stage.world.ground_mut().images.describe("shop:1", behaviour);
    let mut pod = json!({
        "metadata": {"name": "shop"},
        "spec": {"containers": [{"name": "app", "image": "shop:1"}]},
    });
    json_patch::merge(&mut pod, more);
    stage.apply(Kind::Pod, pod);
    stage
}

fn read(stage: &Stage, request: LogRequest) -> Result<Vec<String>, String> {
    let world = &stage.world;
    let key = Key::new(Kind::Pod, PLACE, "shop");
    let request = LogRequest { until: world.now(), ..request };
    let lines = log(world.store(), world.ground(), world.dice(), &key, &request);
    match lines {
        Ok(lines) => {
            assert!(lines.is_sorted_by_key(|(at, _)| *at), "{lines:?}");
            Ok(lines.into_iter().map(|(_, line)| line).collect())
        }
        Err(refusal) => Err(format!("{} {}", refusal.code, refusal.message)),
    }
}

fn all() -> LogRequest {
    LogRequest::default()
}

#[test]
fn lines_come_with_time_and_stay_the_same() {
    let log = vec!["request {n} served".to_owned(), "request {n} refused".to_owned()];
    let mut stage = stage(Behaviour { log, ..Behaviour::default() }, &json!({}));
    stage.wait(12.0);
    let first = read(&stage, all()).unwrap();
    assert_eq!(first[0], "level=info msg=\"listening\" service=app image=shop:1 port=8080");
    assert_eq!(first[1..3], ["request 1 served", "request 2 refused"]);
    stage.wait(20.0);
    let later = read(&stage, all()).unwrap();
    assert!(later.len() > first.len() + 8);
    assert_eq!(later[..first.len()], first);
    let tail = read(&stage, LogRequest { tail: Some(2), ..all() }).unwrap();
    assert_eq!(tail, later[later.len() - 2..]);
    let since = Some(stage.now() - Span::seconds(5));
    let recent = read(&stage, LogRequest { since, ..all() }).unwrap();
    assert!((1..=4).contains(&recent.len()), "{recent:?}");
    assert!(later.ends_with(&recent));
}

#[test]
fn a_crash_says_why_and_the_run_before_is_kept() {
    let ends = Some(Ending::Exit { after: Span::seconds(5), code: 3 });
    let last_words = vec!["panic: no schema".to_owned(), "goroutine 1 [running]:".to_owned()];
    let behaviour = Behaviour { ends, last_words: last_words.clone(), ..Behaviour::default() };
    let mut stage = stage(behaviour, &json!({}));
    stage.wait(4.0);
    let none = "400 previous terminated container \"app\" in pod \"shop\" not found";
    let previous = || LogRequest { previous: true, ..all() };
    assert_eq!(read(&stage, previous()).unwrap_err(), none);
    stage.wait(5.0);
    assert!(read(&stage, previous()).unwrap().ends_with(&last_words));
    assert!(!read(&stage, all()).unwrap().ends_with(&last_words));
}

#[test]
fn why_there_is_nothing_to_be_shown() {
    let slow = json!({"metadata": {"annotations": {"waveoff.demo/ready-after": "30s"}}});
    let mut starting = stage(Behaviour::default(), &slow);
    starting.wait(5.0);
    let waits = "400 container \"app\" in pod \"shop\" is waiting to start: ";
    assert_eq!(read(&starting, all()).unwrap_err(), format!("{waits}ContainerCreating"));
    let unknown = LogRequest { container: "other".into(), ..all() };
    assert_eq!(
        read(&starting, unknown).unwrap_err(),
        "400 container other is not valid for pod shop"
    );

    let fault = json!({"metadata": {"labels": {"waveoff.demo/fault": "image-pull"}}});
    let mut pulling = stage(Behaviour::default(), &fault);
    pulling.wait(2.0);
    assert_eq!(read(&pulling, all()).unwrap_err(), format!("{waits}image can't be pulled"));
    pulling.wait(4.0);
    let refused = format!("{waits}trying and failing to pull image");
    assert_eq!(read(&pulling, all()).unwrap_err(), refused);

    let two = json!([{"name": "app", "image": "a:1"}, {"name": "proxy", "image": "b:1"}]);
    let nowhere = json!({"spec": {"containers": two, "nodeSelector": {"disk": "ssd"}}});
    let mut unplaced = stage(Behaviour::default(), &nowhere);
    unplaced.wait(2.0);
    assert_eq!(
        read(&unplaced, all()).unwrap_err(),
        "400 a container name must be specified for pod shop, choose one of: [app proxy]"
    );
    let named = LogRequest { container: "proxy".into(), ..all() };
    assert_eq!(read(&unplaced, named), Ok(Vec::new()));

    let gone = Stage::new();
    assert_eq!(read(&gone, all()).unwrap_err(), "404 pods \"shop\" not found");
}
