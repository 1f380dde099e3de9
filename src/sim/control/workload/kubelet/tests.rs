//! Pods from their first sight to their end, by their images and by their marks.

use serde_json::{Value, json};

use crate::sim::control::workload::stage::Stage;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::Kind;
use crate::sim::time::{Span, parse};
use crate::sim::world::{Behaviour, Ending, Pull};

fn pod(image: &str, more: &Value) -> Value {
    let mut pod = json!({
        "metadata": {"name": "shop"},
        "spec": {"containers": [{"name": "app", "image": image}]},
    });
    json_patch::merge(&mut pod, more);
    pod
}

fn marked(fault: &str) -> Stage {
    let mut stage = Stage::new();
    let labels = json!({"metadata": {"labels": {"waveoff.demo/fault": fault}}});
    stage.apply(Kind::Pod, pod("shop:1", &labels));
    stage
}

fn described(behaviour: Behaviour, more: &Value) -> Stage {
    let mut stage = Stage::new();
    stage.world.ground_mut().images.describe("shop:1", behaviour);
    stage.apply(Kind::Pod, pod("shop:1", more));
    stage
}

/// Each state of the container, with its restarts and whether it is ready.
fn states(stage: &Stage) -> Vec<String> {
    let read = |pod: &Value| {
        let Some(status) = pod.at("/status/containerStatuses/0") else {
            return format!("{} -", pod.text("/status/phase"));
        };
        let state = status["state"].as_object().unwrap();
        let (kind, state) = state.iter().next().unwrap();
        let word = if kind == "running" { "running" } else { state.text("/reason") };
        let ready = if status.flag("/ready") { " ready" } else { "" };
        let phase = pod.text("/status/phase");
        format!("{phase} {word} {}{ready}", status.int("/restartCount"))
    };
    stage.states(Kind::Pod, "shop", read)
}

/// The whole seconds after the beginning at which the container was in such a state first.
fn seconds(stage: &Stage, is: impl Fn(&Value) -> bool) -> i64 {
    let changes = stage.changes();
    let mut pods = changes.iter().filter(|change| change.key.kind == Kind::Pod);
    let first = pods.clone().next().unwrap().at;
    (pods.find(|change| is(&change.object)).unwrap().at - first).num_seconds()
}

#[test]
fn a_normal_pod_is_ready_after_a_second_and_a_quarter() {
    let mut stage = Stage::new();
    stage.apply(Kind::Pod, pod("shop:1", &json!({})));
    stage.wait(1.19);
    assert!(!stage.get(Kind::Pod, "shop").holds("Ready"));
    stage.wait(0.15);
    let pod = stage.get(Kind::Pod, "shop");
    assert!(pod.holds("Ready"), "{pod}");
    assert_eq!(
        states(&stage),
        ["Pending -", "Pending ContainerCreating 0", "Running running 0 ready"]
    );
    let order: Vec<&str> =
        pod.items("/status/conditions").iter().map(|c| c.text("/type")).collect();
    let wanted =
        ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];
    assert_eq!(order, wanted);
    assert!(order.iter().all(|condition| pod.holds(condition)));
    assert_eq!(pod.text("/status/qosClass"), "BestEffort");
    assert!(pod.text("/status/podIP").starts_with("10.244."), "{pod}");
    assert!(pod.text("/status/hostIP").starts_with("192.168.0."), "{pod}");
    let status = pod.at("/status/containerStatuses/0").unwrap();
    assert!(status.text("/imageID").starts_with("docker.io/library/shop@sha256:"), "{status}");
    assert_eq!(status.text("/containerID").len(), "containerd://".len() + 64);
    let reasons: Vec<String> = stage
        .events("Pod", "shop")
        .iter()
        .map(|event| event.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(reasons, ["Scheduled", "Pulling", "Pulled", "Created", "Started"]);
    let events = stage.all(Kind::Event);
    let started = events.iter().find(|event| event.text("/reason") == "Started").unwrap();
    assert_eq!(started.text("/involvedObject/fieldPath"), "spec.containers{app}");
    assert_eq!(started.text("/source/component"), "kubelet");
    assert_eq!(started.text("/source/host"), pod.text("/spec/nodeName"));
}

#[test]
fn marks_have_the_times_of_the_real_stages() {
    let crashed = |pod: &Value| {
        pod.text("/status/containerStatuses/0/state/waiting/reason") == "CrashLoopBackOff"
    };
    let restarted = |pod: &Value| pod.int("/status/containerStatuses/0/restartCount") == 1;
    let ready = |pod: &Value| pod.holds("Ready");
    let mut slow = marked("slow");
    slow.wait(20.0);
    assert!((15..=16).contains(&seconds(&slow, ready)));
    let mut never = marked("never-ready");
    never.wait(35.0);
    assert!(!never.get(Kind::Pod, "shop").holds("Ready"));
    let unhealthy = "Unhealthy Readiness probe failed: HTTP probe failed with statuscode: 503 x3";
    assert!(never.events("Pod", "shop").contains(&unhealthy.to_owned()));
    for (fault, crash, code) in [("crash-loop", 3, 1), ("oom", 5, 137), ("late-crash", 21, 1)] {
        let mut stage = marked(fault);
        stage.wait(40.0);
        assert_eq!(seconds(&stage, crashed), crash, "{fault}");
        let again = seconds(&stage, restarted);
        assert!((crash + 8..=crash + 9).contains(&again), "{fault}: {again}");
        let pod = stage.get(Kind::Pod, "shop");
        let last = "/status/containerStatuses/0/lastState/terminated/exitCode";
        assert_eq!(pod.int(last), code, "{fault}");
        assert!(!pod.holds("Ready"), "{fault}");
    }
    let mut pull = marked("image-pull");
    pull.wait(60.0);
    let wanted = [
        "Pending -",
        "Pending ContainerCreating 0",
        "Pending ErrImagePull 0",
        "Pending ImagePullBackOff 0",
    ];
    assert_eq!(states(&pull), wanted);
}

#[test]
fn a_crash_is_restarted_at_once_and_then_later_and_later() {
    let ends = Some(Ending::Exit { after: Span::seconds(2), code: 3 });
    let mut stage = described(Behaviour { ends, ..Behaviour::default() }, &json!({}));
    stage.wait(240.0);
    let states = states(&stage);
    assert_eq!(
        states[2..9],
        [
            "Running running 0 ready",
            "Running Error 0",
            "Running running 1 ready",
            "Running Error 1",
            "Running CrashLoopBackOff 1",
            "Running running 2 ready",
            "Running Error 2",
        ]
    );
    let waits: Vec<String> = stage.states(Kind::Pod, "shop", |pod| {
        let place = "/status/containerStatuses/0/state/waiting/message";
        pod.text(place).split(" restarting").next().unwrap().to_owned()
    });
    let waits: Vec<&String> = waits.iter().filter(|wait| wait.starts_with("back-off")).collect();
    let wanted = ["10s", "20s", "40s", "1m20s", "2m40s"].map(|wait| format!("back-off {wait}"));
    assert!(waits.into_iter().eq(wanted.iter()));
    let pod = stage.get(Kind::Pod, "shop");
    let told = format!(
        "BackOff Back-off restarting failed container app in pod shop_shop({}) x",
        pod.uid()
    );
    assert!(stage.events("Pod", "shop").iter().any(|event| event.starts_with(&told)));
}

#[test]
fn an_image_that_is_missing_is_asked_for_again_until_it_is_there() {
    let missing = Behaviour { pull: Pull::Missing, ..Behaviour::default() };
    let mut stage = described(missing, &json!({}));
    stage.wait(2.0);
    let error = "rpc error: code = NotFound desc = failed to pull and unpack image \
                 \"docker.io/library/shop:1\": failed to resolve reference \
                 \"docker.io/library/shop:1\": docker.io/library/shop:1: not found";
    let message = |stage: &Stage| {
        let pod = stage.get(Kind::Pod, "shop");
        pod.text("/status/containerStatuses/0/state/waiting/message").to_owned()
    };
    assert_eq!(message(&stage), error);
    stage.wait(4.0);
    let held = format!("Back-off pulling image \"shop:1\": ErrImagePull: {error}");
    assert_eq!(message(&stage), held);
    let events = stage.events("Pod", "shop");
    for told in [
        "Pulling Pulling image \"shop:1\"",
        &format!("Failed Failed to pull image \"shop:1\": {error}"),
        "Failed Error: ErrImagePull",
        "BackOff Back-off pulling image \"shop:1\"",
        "Failed Error: ImagePullBackOff",
    ] {
        assert!(events.iter().any(|event| event == told), "{told}: {events:?}");
    }
    stage.world.ground_mut().images.describe("shop:1", Behaviour::default());
    stage.wait(12.0);
    assert!(stage.get(Kind::Pod, "shop").holds("Ready"));
}

#[test]
fn an_image_is_pulled_once_by_each_node() {
    let pull = Pull::After(Span::seconds(20));
    let mut stage = Stage::with_nodes(1);
    let behaviour = Behaviour { pull, ..Behaviour::default() };
    stage.world.ground_mut().images.describe("shop:1", behaviour);
    stage.apply(Kind::Pod, pod("shop:1", &json!({})));
    stage.wait(20.0);
    assert!(!stage.get(Kind::Pod, "shop").holds("Ready"));
    stage.wait(1.0);
    assert!(stage.get(Kind::Pod, "shop").holds("Ready"));
    stage.apply(Kind::Pod, pod("shop:1", &json!({"metadata": {"name": "other"}})));
    stage.wait(1.5);
    assert!(stage.get(Kind::Pod, "other").holds("Ready"));
}

#[test]
fn a_deleted_pod_ends_gracefully_or_is_killed() {
    for (stops_after, grace, code, gone_after) in [(2, 30, 0, 2), (60, 5, 137, 5)] {
        let behaviour =
            Behaviour { stops_after: Span::seconds(stops_after), ..Behaviour::default() };
        let more = json!({"spec": {"terminationGracePeriodSeconds": grace}});
        let mut stage = described(behaviour, &more);
        stage.wait(3.0);
        let begun = stage.now();
        stage.delete(Kind::Pod, "shop");
        stage.wait(1.0);
        let leaving = stage.get(Kind::Pod, "shop");
        assert!(leaving.is_leaving() && leaving.holds("Ready"), "{leaving}");
        assert!(stage.events("Pod", "shop").contains(&"Killing Stopping container app".to_owned()));
        stage.wait(10.0);
        assert!(stage.find(Kind::Pod, "shop").is_none());
        let changes = stage.changes();
        let last = changes.iter().rfind(|change| change.key.kind == Kind::Pod).unwrap();
        assert_eq!((last.at - begun).num_seconds(), gone_after);
        let end = "/status/containerStatuses/0/state/terminated/exitCode";
        assert_eq!(last.object.int(end), code);
        let phase = if code == 0 { "Succeeded" } else { "Failed" };
        assert_eq!(last.object.text("/status/phase"), phase);
    }
}

#[test]
fn a_pod_that_works_once_ends_for_good() {
    for (code, phase, reason) in [(0, "Succeeded", "PodCompleted"), (3, "Failed", "PodFailed")] {
        let ends = Some(Ending::Exit { after: Span::seconds(2), code });
        let more = json!({"spec": {"restartPolicy": "Never"}});
        let mut stage = described(Behaviour { ends, ..Behaviour::default() }, &more);
        stage.wait(30.0);
        let pod = stage.get(Kind::Pod, "shop");
        assert_eq!(pod.text("/status/phase"), phase);
        assert_eq!(pod.condition("Ready").unwrap().text("/reason"), reason);
        assert_eq!(pod.int("/status/containerStatuses/0/restartCount"), 0);
        assert_eq!(stage.world.due(), None);
    }
}

#[test]
fn init_containers_come_one_after_the_other() {
    let mut stage = Stage::new();
    let work = |seconds: i64, code: i64| Behaviour {
        ends: Some(Ending::Exit { after: Span::seconds(seconds), code }),
        ..Behaviour::default()
    };
    stage.world.ground_mut().images.describe("one:1", work(5, 0));
    stage.world.ground_mut().images.describe("two:1", work(3, 0));
    let firsts = json!([{"name": "one", "image": "one:1"}, {"name": "two", "image": "two:1"}]);
    stage.apply(Kind::Pod, pod("shop:1", &json!({"spec": {"initContainers": firsts}})));
    stage.wait(3.0);
    let pod = stage.get(Kind::Pod, "shop");
    let initialized = pod.condition("Initialized").unwrap();
    assert_eq!(initialized.text("/message"), "containers with incomplete status: [one two]");
    let waits = "/status/containerStatuses/0/state/waiting/reason";
    assert_eq!((pod.text("/status/phase"), pod.text(waits)), ("Pending", "PodInitializing"));
    stage.wait(10.0);
    let pod = stage.get(Kind::Pod, "shop");
    assert!(pod.holds("Initialized") && pod.holds("Ready"), "{pod}");
    let started = |name: &str| {
        let wanted = format!("Started Started container {name}");
        stage.events("Pod", "shop").iter().position(|event| *event == wanted).unwrap()
    };
    assert!(started("one") < started("two") && started("two") < started("app"));
}

#[test]
fn a_world_that_is_set_up_goes_on_from_there() {
    let mut stage = Stage::new();
    let ends = Some(Ending::OutOfMemory { after: Span::seconds(60) });
    stage.world.ground_mut().images.describe("shop:1", Behaviour { ends, ..Behaviour::default() });
    let begun = "2026-11-24T09:59:30Z";
    let mut running = pod("shop:1", &json!({"spec": {"nodeName": "node-a"}}));
    running.set("/metadata/namespace", "shop");
    running.set(
        "/status",
        json!({
            "phase": "Running",
            "startTime": begun,
            "podIP": "10.9.9.9",
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": begun}],
            "containerStatuses": [{
                "name": "app",
                "image": "shop:1",
                "ready": true,
                "restartCount": 4,
                "state": {"running": {"startedAt": begun}},
            }],
        }),
    );
    let now = stage.now();
    stage.world.store_mut().insert(Kind::Pod, running, now).unwrap();
    stage.wait(29.0);
    assert_eq!(stage.changes().iter().filter(|c| c.key.kind == Kind::Pod).count(), 1);
    stage.wait(3.0);
    let pod = stage.get(Kind::Pod, "shop");
    assert_eq!(pod.text("/status/podIP"), "10.9.9.9");
    let status = pod.at("/status/containerStatuses/0").unwrap();
    assert_eq!(status.int("/restartCount"), 5);
    assert_eq!(status.text("/lastState/terminated/reason"), "OOMKilled");
    assert_eq!(status.text("/lastState/terminated/startedAt"), begun);
    assert!(parse(status.text("/state/running/startedAt")).is_some());
}
