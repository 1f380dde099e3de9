//! W04 to W12: probes, stopping, waiting.

use serde_json::json;

use crate::domain::readiness::Severity::{Error, Note, Warning};
use crate::manifest::profile::Profile;

use super::{Remove, Set, blue_green, canary, play, play_with, rolling, row};

const READY: &str = "0/spec/template/spec/containers/0/readinessProbe";
const LIVE: &str = "0/spec/template/spec/containers/0/livenessProbe";
const READY_PATH: &str = "spec.template.spec.containers[0].readinessProbe";
const LIVE_PATH: &str = "spec.template.spec.containers[0].livenessProbe";
const GRACE: &str = "0/spec/template/spec/terminationGracePeriodSeconds";
const GRACE_PATH: &str = "spec.template.spec.terminationGracePeriodSeconds";
const STOP: &str = "0/spec/template/spec/containers/0/lifecycle/preStop";
const STOP_PATH: &str = "spec.template.spec.containers[0].lifecycle.preStop";
const COMMAND_PATH: &str = "spec.template.spec.containers[0].lifecycle.preStop.exec.command";
const ENV: &str = "0/spec/template/spec/containers/0/env";
const INIT: &str = "0/spec/template/spec/initContainers";

#[test]
fn w04_w05_probes_that_are_missing() {
    let tcp = || json!({"tcpSocket": {"port": 8080}});
    let sidecar = |more| {
        let mut sidecar = json!({
            "name": "proxy", "image": format!("proxy:1@{}", super::DIGEST),
            "restartPolicy": "Always", "livenessProbe": {"exec": {"command": ["true"]}},
            "resources": {"limits": {"cpu": 1, "memory": "1Gi"}},
        });
        sidecar["ports"] = more;
        json!([sidecar])
    };
    let sidecar_path = "spec.template.spec.initContainers[0].readinessProbe";
    play(vec![
        row(
            rolling,
            vec![Remove(READY)],
            vec![("W04", Error, READY_PATH, "none")],
            vec![Set(READY, tcp())],
        ),
        row(
            canary,
            vec![Set(READY, json!({"periodSeconds": 5}))],
            vec![("W04", Error, READY_PATH, "a probe that asks nothing")],
            vec![Set(READY, json!({"grpc": {"port": 8080}}))],
        ),
        row(
            blue_green,
            vec![Remove(LIVE)],
            vec![("W05", Warning, LIVE_PATH, "none")],
            vec![Set(LIVE, tcp())],
        ),
        // A native sidecar serves if it says so; one without ports is worth a note.
        row(
            rolling,
            vec![Set(INIT, sidecar(json!([{"containerPort": 9090}])))],
            vec![("W04", Error, sidecar_path, "none")],
            vec![Remove("0/spec/template/spec/initContainers/0/restartPolicy")],
        ),
        row(
            rolling,
            vec![Set(INIT, sidecar(json!([])))],
            vec![("W04", Note, sidecar_path, "none")],
            vec![Set("0/spec/template/spec/initContainers/0/readinessProbe", tcp())],
        ),
    ]);
}

#[test]
fn w06_a_liveness_probe_that_is_the_readiness_probe() {
    // The same port once by name and once by number, the same path once by default.
    let ready = json!({"httpGet": {"port": "http"}, "periodSeconds": 5});
    let same = json!({"httpGet": {"path": "/", "port": 8080, "scheme": "HTTP"}});
    let patient = |failures| {
        let mut probe = same.clone();
        probe["failureThreshold"] = json!(failures);
        probe["periodSeconds"] = json!(5);
        probe
    };
    let exec = || json!({"exec": {"command": ["/app/check"]}});
    play(vec![
        row(
            rolling,
            vec![Set(READY, ready.clone()), Set(LIVE, patient(3))],
            vec![("W06", Warning, LIVE_PATH, "the same question; killed after 15s, unready 15s")],
            vec![Set(LIVE, patient(4))],
        ),
        row(
            blue_green,
            vec![Set(READY, ready), Set(LIVE, patient(1))],
            vec![("W06", Warning, LIVE_PATH, "the same question; killed after 5s, unready 15s")],
            vec![Set(LIVE, json!({"httpGet": {"path": "/live", "port": 8080}}))],
        ),
        row(
            canary,
            vec![Set(READY, exec()), Set(LIVE, exec())],
            vec![("W06", Warning, LIVE_PATH, "the same question; killed after 30s, unready 30s")],
            vec![Set(LIVE, json!({"exec": {"command": ["/app/check", "--live"]}}))],
        ),
    ]);
}

#[test]
fn w07_probes_of_ports_that_nobody_declared() {
    let number = |port: i64| json!({"httpGet": {"path": "/health/ready", "port": port}});
    let path = "spec.template.spec.containers[0].readinessProbe.httpGet.port";
    let start = "0/spec/template/spec/containers/0/startupProbe";
    let ports = "0/spec/template/spec/containers/0/ports/-";
    play(vec![
        row(
            rolling,
            vec![Set(READY, number(8081))],
            vec![("W07", Warning, path, "8081")],
            vec![Set(ports, json!({"containerPort": 8081}))],
        ),
        row(
            canary,
            vec![Set(READY, json!({"httpGet": {"path": "/ready", "port": "admin"}}))],
            vec![("W07", Error, path, "admin")],
            vec![Set(ports, json!({"name": "admin", "containerPort": 8081}))],
        ),
        row(
            blue_green,
            vec![Set(start, json!({"grpc": {"port": 1}}))],
            vec![("W07", Warning, "spec.template.spec.containers[0].startupProbe.grpc.port", "1")],
            vec![Set(start, json!({"tcpSocket": {"port": 1, "host": "db"}}))],
        ),
    ]);
}

#[test]
fn w08_pods_that_are_told_to_stop_while_requests_come() {
    play(vec![
        row(
            rolling,
            vec![Remove("0/spec/template/spec/containers/0/lifecycle")],
            vec![("W08", Warning, STOP_PATH, "none")],
            vec![Set(STOP, json!({"sleep": {"seconds": 5}}))],
        ),
        row(
            canary,
            vec![Set(STOP, json!({}))],
            vec![("W08", Warning, STOP_PATH, "none")],
            vec![Set(STOP, json!({"sleep": {"seconds": 10}}))],
        ),
    ]);
}

#[test]
fn w09_the_time_to_stop() {
    let ms = json!([{"name": "DRAIN_TIMEOUT_MS", "value": "80000"}]);
    let from = json!([{"name": "SHUTDOWN_TIMEOUT", "valueFrom": {"configMapKeyRef": {
        "name": "web", "key": "drain"}}}]);
    let map = |drain: &str| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"},
            "data": {"drain": drain},
        })
    };
    play(vec![
        // 10 + 50 + 5.
        row(
            rolling,
            vec![Set(GRACE, json!(64))],
            vec![("W09", Warning, GRACE_PATH, "64s")],
            vec![Set(GRACE, json!(65))],
        ),
        // Nothing is written: 30 s, and the profile's 30 s for open requests.
        row(
            blue_green,
            vec![Remove(GRACE), Remove(ENV)],
            vec![("W09", Warning, GRACE_PATH, "30s (default)")],
            vec![Set(GRACE, json!(45))],
        ),
        row(
            canary,
            vec![Set(ENV, ms)],
            vec![("W09", Warning, GRACE_PATH, "65s")],
            vec![Set(GRACE, json!(95))],
        ),
        row(
            rolling,
            vec![Set(ENV, from.clone()), super::Add(map("70s"))],
            vec![("W09", Warning, GRACE_PATH, "65s")],
            vec![Set("2/data/drain", json!("50"))],
        ),
        row(
            rolling,
            vec![Set(ENV, from)],
            vec![(
                "W09",
                Warning,
                GRACE_PATH,
                "? the time that it takes to stop cannot be told: SHUTDOWN_TIMEOUT comes from \
                 elsewhere",
            )],
            vec![super::Add(map("50s"))],
        ),
        row(
            canary,
            vec![Set(STOP, json!({"exec": {"command": ["/app/stop"]}}))],
            vec![(
                "W09",
                Warning,
                GRACE_PATH,
                "? the time that it takes to stop cannot be told: preStop of web does more than \
                 wait",
            )],
            vec![Set(STOP, json!({"sleep": {"seconds": 3}}))],
        ),
    ]);
}

#[test]
fn w09_counts_sidecars_after_the_main_containers() {
    let sidecar = json!([{
        "name": "proxy", "image": format!("proxy:1@{}", super::DIGEST), "restartPolicy": "Always",
        "ports": [{"containerPort": 9090}],
        "readinessProbe": {"tcpSocket": {"port": 9090}},
        "livenessProbe": {"exec": {"command": ["true"]}},
        "resources": {"limits": {"cpu": 1, "memory": "1Gi"}},
        "env": [{"name": "DRAIN_SECONDS", "value": "7"}],
    }]);
    play(vec![row(
        rolling,
        vec![Set(INIT, sidecar)],
        vec![("W09", Warning, GRACE_PATH, "65s")],
        vec![Set(GRACE, json!(72))],
    )]);
}

#[test]
fn w10_a_shell_to_wait_with() {
    let shell = json!({"exec": {"command": ["/bin/sh", "-c", "sleep 10"]}});
    let native = || json!({"sleep": {"seconds": 10}});
    let more = json!({"exec": {"command": ["sh", "-c", "sleep 10; touch /tmp/down"]}});
    let at = |server_minor| Profile { server_minor, ..Profile::default() };
    let rows = || {
        vec![row(
            rolling,
            vec![Set(STOP, shell.clone())],
            vec![("W10", Warning, COMMAND_PATH, "/bin/sh -c sleep 10")],
            vec![Set(STOP, native())],
        )]
    };
    play(rows());
    play_with(&at(Some(30)), rows());
    play_with(&at(Some(34)), rows());
    // There is nothing better on an older server; and what is better later is refused there.
    play_with(
        &at(Some(29)),
        vec![row(
            rolling,
            vec![],
            vec![(
                "W10",
                Error,
                "spec.template.spec.containers[0].lifecycle.preStop.sleep",
                "sleep, server 1.29",
            )],
            vec![Set(STOP, shell.clone())],
        )],
    );
    play(vec![row(
        canary,
        vec![Set(STOP, more)],
        vec![
            (
                "W09",
                Warning,
                GRACE_PATH,
                "? the time that it takes to stop cannot be told: preStop of web does more than \
                 wait",
            ),
            ("W10", Note, COMMAND_PATH, "sh -c sleep 10; touch /tmp/down"),
        ],
        vec![Set(STOP, native())],
    )]);
}

#[test]
fn w10_says_from_which_version_on_where_the_server_is_not_known() {
    let mut objects = rolling();
    let shell = json!({"exec": {"command": ["sleep", "10"]}});
    super::edit(&mut objects, vec![Set(STOP, shell)]);
    let findings = super::judged(&objects, &Profile::default());
    assert_eq!(
        findings[0].wanted,
        "sleep, which servers do themselves from 1.30 on (stable in 1.34)"
    );
    assert_eq!(findings[0].fix, "preStop: {sleep: {seconds: 10}}, if the server is 1.30 or newer");
}

#[test]
fn w11_how_long_a_pod_has_to_be_ready() {
    let at = "0/spec/minReadySeconds";
    let deadline = "0/spec/progressDeadlineSeconds";
    let path = "spec.minReadySeconds";
    play(vec![
        row(
            rolling,
            vec![Remove(at)],
            vec![("W11", Warning, path, "none")],
            vec![Set(at, json!(1))],
        ),
        row(
            canary,
            vec![Set(at, json!(0))],
            vec![("W11", Warning, path, "0")],
            vec![Set(at, json!(10))],
        ),
        row(
            blue_green,
            vec![Set(at, json!(30)), Set(deadline, json!(30))],
            vec![("W11", Error, path, "30, progressDeadlineSeconds 30")],
            vec![Set(deadline, json!(31))],
        ),
        row(
            rolling,
            vec![Set(at, json!(600))],
            vec![("W11", Error, path, "600, progressDeadlineSeconds 600")],
            vec![Set(at, json!(599))],
        ),
    ]);
}

#[test]
fn w12_a_release_that_does_not_get_ready() {
    let at = "0/spec/progressDeadlineAbort";
    let path = "spec.progressDeadlineAbort";
    let yes = || vec![Set(at, json!(true))];
    play(vec![
        row(blue_green, vec![Remove(at)], vec![("W12", Warning, path, "none")], yes()),
        row(canary, vec![Set(at, json!(false))], vec![("W12", Warning, path, "false")], yes()),
        // A Deployment has no such field.
        row(rolling, vec![], vec![], vec![]),
    ]);
}
