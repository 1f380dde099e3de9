//! Stories of people who may not do everything: the viewer, the narrow user.

use serde_json::{Value, json};

use super::audit;
use super::cockpit::Cockpit;
use super::grounds::shared;
use super::manifests::{canary, deployment};
use super::stage::Stage;

fn at_its_gate(name: &str) -> Stage {
    let steps = json!({ "steps": [{ "setWeight": 50 }, { "pause": {} }] });
    let mut objects = canary("web", 2, &steps);
    objects.push(deployment("api", 1, &json!({})));
    let stage = Stage::new(shared(), name, &objects);
    stage.until_healthy("web");
    stage.release("rollout", "web", "2", None);
    stage.until_at("web", 1, "Paused");
    stage
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn the_viewer_sees_everything_and_every_verb_is_locked() {
    let stage = at_its_gate("viewer").flown_by("viewer");
    let status = stage.status("web");
    assert_eq!(status["phase"], "Paused");
    assert_eq!(status["traffic"]["router"], 50);
    assert_eq!(status["pods"].as_array().unwrap().len(), 3);
    let namespace = &stage.namespace;
    let on_status = format!("not permitted: patch rollouts/status in {namespace}");
    let on_spec = format!("not permitted: patch rollouts in {namespace}");
    for (verb, missing) in [
        (&["promote"][..], &on_status),
        (&["promote", "--full"], &on_status),
        (&["abort"], &on_status),
        (&["pause"], &on_spec),
        (&["undo"], &on_spec),
        (&["restart"], &on_spec),
    ] {
        let flown = stage.act(verb, "web").expect(3);
        assert!(flown.err.contains(missing.as_str()), "{verb:?}: {}", flown.err);
    }
    for (verb, row) in status["legal"].as_object().unwrap() {
        assert_eq!(row["allowed"], false, "{verb}");
        assert!(row["reason"].is_string(), "{verb}");
        assert_eq!(row["access"], "denied", "{verb}");
    }
    let flown = stage.act(&["restart"], "api").expect(3);
    let missing = format!("not permitted: patch deployments in {namespace}");
    assert!(flown.err.contains(&missing), "{}", flown.err);

    let cockpit = Cockpit::over(&stage, "web");
    cockpit.sees("waits for a person");
    for key in ["P", "F", "H", "A", "U", "S"] {
        cockpit.key(key);
        cockpit.sees("not permitted: patch rollouts");
    }
    assert!(!cockpit.rig.contents().contains("Esc leave it"), "{}", cockpit.rig.contents());
    cockpit.leave();
    let writes = audit::writes(stage.plane, "viewer", namespace);
    assert!(writes.is_empty(), "{writes:?}");
    assert_eq!(stage.close(), 0);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn the_narrow_user_is_told_what_cannot_be_read_and_the_rest_works() {
    let stage = at_its_gate("narrow").flown_by("narrow");
    // The rights of the plane's `narrow`, in this namespace; and promoting, which is not reading.
    let rule = |group: &str, resources: &[&str], verbs: &[&str]| json!({ "apiGroups": [group], "resources": resources, "verbs": verbs });
    let look = ["get", "list", "watch"];
    stage.apply(&[
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": { "name": "narrow" },
            "rules": [
                rule("argoproj.io", &["rollouts"], &look),
                rule("argoproj.io", &["rollouts/status"], &["patch"]),
                rule("apps", &["deployments", "replicasets"], &look),
                rule("", &["services"], &look),
            ],
        }),
        binding("narrow", "narrow"),
    ]);
    let flown = stage.fly(&["status", "web", "-o", "json"]).expect(0);
    for kind in ["pods", "analysisruns"] {
        assert!(flown.err.contains(&format!("{kind}: not permitted: ")), "{}", flown.err);
    }
    assert_eq!(flown.json["phase"], "Paused");
    assert_eq!(flown.json["legal"]["undo"]["allowed"], false);
    let listed = stage.fly(&["list"]).expect(0);
    assert!(listed.out.contains("web") && listed.out.contains("api"), "{}", listed.out);
    assert!(listed.err.contains("pods: not permitted: list pods"), "{}", listed.err);
    stage.works(&["promote"], "web");
    stage.until_healthy("web");

    let cockpit = Cockpit::over(&stage, "web");
    cockpit.sees("not permitted");
    cockpit.leave();
    // All namespaces at once is more than this person may see.
    let flown = stage.run(&["list", "-A"]).expect(3);
    assert!(flown.err.contains("not permitted: list rollouts"), "{}", flown.err);
    assert_eq!(stage.close(), 1);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_right_to_the_spec_alone_is_no_right_to_the_status() {
    let stage = at_its_gate("specs").flown_by("blind");
    let rules = json!([
        { "apiGroups": ["argoproj.io"], "resources": ["rollouts"], "verbs": ["get", "list", "watch", "patch"] },
        { "apiGroups": ["apps", ""], "resources": ["*"], "verbs": ["get", "list", "watch"] },
    ]);
    stage.apply(&[
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": { "name": "specs" },
            "rules": rules,
        }),
        binding("specs", "blind"),
    ]);
    stage.works(&["pause"], "web");
    stage.works(&["resume"], "web");
    let flown = stage.act(&["promote"], "web").expect(3);
    assert!(flown.err.contains("not permitted: patch rollouts/status"), "{}", flown.err);
    assert_eq!(stage.close(), 2);
}

/// Gives one user one role of the namespace.
fn binding(role: &str, user: &str) -> Value {
    let group = "rbac.authorization.k8s.io";
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": { "name": role },
        "roleRef": { "apiGroup": group, "kind": "Role", "name": role },
        "subjects": [{ "apiGroup": group, "kind": "User", "name": user }],
    })
}
