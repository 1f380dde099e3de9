//! W01, W02, W03, W44, W45: what a template says of images, resources and configuration.

use serde_json::json;

use crate::domain::readiness::Severity::{Error, Note, Warning};

use super::Add;
use super::{DIGEST, Remove, Row, Set, blue_green, canary, play, rolling, row};

const IMAGE: &str = "0/spec/template/spec/containers/0/image";
const IMAGE_PATH: &str = "spec.template.spec.containers[0].image";

#[test]
fn w01_templates_that_nobody_filled_in() {
    let digest = || json!(format!("web:v1.2.0@{DIGEST}"));
    let image = |text: &'static str| {
        let broken = vec![Set(IMAGE, json!(text))];
        row(rolling, broken, vec![("W01", Error, IMAGE_PATH, text)], vec![Set(IMAGE, digest())])
    };
    let command = "0/spec/template/spec/containers/0/command";
    let env = "0/spec/template/spec/containers/0/env/0/value";
    let label = "0/spec/template/metadata/labels/team";
    let note = "0/spec/template/metadata/annotations";
    play(vec![
        image("web:{{.Values.image.tag}}"),
        image("web:${TAG}"),
        image("web:$(TAG)"),
        image("web:$TAG"),
        image("${{ env.IMAGE }}:v1"),
        // A label can never have braces; a command may have those of its shell.
        row(
            canary,
            vec![
                Set(label, json!("{{ $team }}")),
                Set(command, json!(["sh", "-c", "run ${PORT}"])),
            ],
            vec![("W01", Error, "spec.template.metadata.labels.team", "{{ $team }}")],
            vec![Set(label, json!("shop"))],
        ),
        row(
            rolling,
            vec![Set(env, json!("{{ .Values.drain }}"))],
            vec![
                (
                    "W01",
                    Error,
                    "spec.template.spec.containers[0].env[0].value",
                    "{{ .Values.drain }}",
                ),
                (
                    "W09",
                    Warning,
                    "spec.template.spec.terminationGracePeriodSeconds",
                    "? the time that it takes to stop cannot be told: GRACEFUL_SHUTDOWN_TIMEOUT is \
                     \"{{ .Values.drain }}\"",
                ),
            ],
            vec![Set(env, json!("50s"))],
        ),
        // Templates that an agent fills in in the pod are meant as they stand.
        row(
            rolling,
            vec![Set(note, json!({"agent/template": "{{ with secret \"a\" }}{{ end }}"}))],
            vec![],
            vec![],
        ),
        row(
            blue_green,
            vec![Set(note, json!({"checksum": "{{ include \"sum\" . }}"}))],
            vec![(
                "W01",
                Error,
                "spec.template.metadata.annotations.checksum",
                "{{ include \"sum\" . }}",
            )],
            vec![Set(note, json!({"checksum": "3f9a"}))],
        ),
    ]);
}

#[test]
fn w02_images_without_a_digest() {
    let image = |text: &'static str, severity| {
        let good = json!(format!("registry:5000/web:v1.2.0@{DIGEST}"));
        let found = vec![("W02", severity, IMAGE_PATH, text)];
        row(rolling, vec![Set(IMAGE, json!(text))], found, vec![Set(IMAGE, good)])
    };
    let init = json!([{"name": "migrate", "image": "migrate:v1"}]);
    let inits = "0/spec/template/spec/initContainers";
    let init_path = "spec.template.spec.initContainers[0].image";
    play(vec![
        image("registry:5000/web:v1.2.0", Warning),
        image("registry:5000/web", Error),
        row(
            blue_green,
            vec![
                Set(IMAGE, json!("web:latest")),
                Remove("0/spec/template/metadata/labels/version"),
            ],
            vec![("W02", Error, IMAGE_PATH, "web:latest")],
            vec![Set(IMAGE, json!(format!("web:latest@{DIGEST}")))],
        ),
        image("web:v1.2.0@sha256:abc", Error),
        row(
            rolling,
            vec![Remove(IMAGE)],
            vec![("W02", Error, IMAGE_PATH, "none")],
            vec![Set(IMAGE, json!(format!("web@{DIGEST}")))],
        ),
        row(
            canary,
            vec![Set(inits, init)],
            vec![("W02", Warning, init_path, "migrate:v1")],
            vec![Remove(inits)],
        ),
    ]);
}

#[test]
fn w03_resources() {
    let at = "0/spec/template/spec/containers/0/resources";
    let path = "spec.template.spec.containers[0].resources";
    let whole = || json!({"limits": {"cpu": 1, "memory": "1Gi"}});
    let lacks = |what, found: &'static str, severity| {
        row(
            rolling,
            vec![Set(at, what)],
            vec![("W03", severity, path, found)],
            vec![
                // Requests that are not written are the limits.
                Set(at, whole()),
            ],
        )
    };
    let all = "missing: requests.cpu, requests.memory, limits.memory, limits.cpu";
    play(vec![
        lacks(json!(null), all, Warning),
        lacks(
            json!({"requests": {"cpu": 1, "memory": "1Gi"}}),
            "missing: limits.memory, limits.cpu",
            Warning,
        ),
        lacks(json!({"limits": {"memory": "1Gi"}}), "missing: requests.cpu, limits.cpu", Warning),
        lacks(
            json!({"requests": {"cpu": 1}, "limits": {"memory": "1Gi"}}),
            "missing: limits.cpu",
            Note,
        ),
        row(
            rolling,
            vec![Remove(at)],
            vec![("W03", Warning, path, all)],
            vec![Set("0/spec/template/spec/resources", whole())],
        ),
    ]);
}

#[test]
fn w44_the_version_that_pods_carry() {
    let label = "0/spec/template/metadata/labels/version";
    let path = "spec.template.metadata.labels.version";
    let own = "0/metadata/labels";
    play(vec![
        row(
            rolling,
            vec![Set(label, json!("v1.1.0"))],
            vec![("W44", Warning, path, "v1.1.0, image tag v1.2.0")],
            vec![Set(label, json!("1.2.0"))],
        ),
        row(
            rolling,
            vec![Set(own, json!({"app.kubernetes.io/version": "1.1.0"}))],
            vec![(
                "W44",
                Warning,
                "metadata.labels[\"app.kubernetes.io/version\"]",
                "1.1.0, image tag v1.2.0",
            )],
            vec![Remove(own)],
        ),
        // Where an image has only a digest, there is nothing to compare.
        row(canary, vec![Set(IMAGE, json!(format!("web@{DIGEST}")))], vec![], vec![]),
    ]);
}

#[test]
fn w45_configuration_that_changes_under_a_version() {
    let name = "0/spec/template/spec/volumes/0/configMap/name";
    let path = "spec.template.spec.volumes[0].configMap.name";
    let map = |immutable: bool| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "web-config", "namespace": "shop"}, "immutable": immutable,
        })
    };
    let volume = "0/spec/template/spec/volumes/0";
    let projected = json!({"name": "config", "projected": {"sources": [
        {"configMap": {"name": "kube-root-ca.crt"}}, {"configMap": {"name": "web-config"}},
    ]}});
    let mounts = "0/spec/template/spec/containers/0/volumeMounts";
    let set = || vec![Set(name, json!("web-config"))];
    let found = || vec![("W45", Warning, path, "web-config")];
    let rows: Vec<Row> = vec![
        row(rolling, set(), found(), vec![Set(name, json!("web-config-3f9a0c1"))]),
        row(blue_green, set(), found(), vec![Add(map(true))]),
        row(canary, set(), found(), vec![Remove(mounts)]),
        row(
            rolling,
            vec![Add(map(false)), Set(name, json!("web-config"))],
            found(),
            vec![Set("2/immutable", json!(true))],
        ),
        row(
            rolling,
            vec![Set(volume, projected)],
            vec![(
                "W45",
                Warning,
                "spec.template.spec.volumes[0].projected.sources[1].configMap.name",
                "web-config",
            )],
            vec![Remove("0/spec/template/spec/volumes/0/projected/sources/1")],
        ),
    ];
    play(rows);
}
