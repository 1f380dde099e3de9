//! Writes: the exact patch for each change, what each answer means, and that nothing is sent twice.

use serde_json::{Value, json};

use waveoff::cluster::{Accepted, ActError, act};
use waveoff::domain::id::{WorkloadId, WorkloadKind};
use waveoff::domain::plan::{Assert, Change, Write};
use waveoff::domain::time::parse_rfc3339;

use super::connection;
use super::stub::{Asked, Reply, Stub};

fn rollout() -> Value {
    json!({
        "metadata": {"name": "checkout", "namespace": "shop", "uid": "u1", "generation": 4,
            "resourceVersion": "100"},
        "spec": {"paused": false, "template": {"metadata": {"labels": {"app": "checkout"}}}},
        "status": {"currentPodHash": "6f9d", "stableRS": "5c4b", "currentStepIndex": 1,
            "controllerPause": true, "abort": false,
            "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2026-11-23T10:00:00Z"}]},
    })
}

fn write(status: bool, asserts: Vec<Assert>, changes: Vec<Change>) -> Write {
    let object = WorkloadId::new("shop", WorkloadKind::Rollout, "checkout");
    Write { object, status, asserts, changes }
}

fn promote() -> Write {
    let asserts = vec![
        Assert::Uid("u1".into()),
        Assert::Generation(4),
        Assert::CurrentHash(Some("6f9d".into())),
        Assert::StableHash(Some("5c4b".into())),
        Assert::StepIndex(Some(1)),
        Assert::PauseStart(Some("2026-11-23T10:00:00Z".into())),
        Assert::Aborted(false),
    ];
    write(true, asserts, vec![Change::ClearPauses])
}

/// Sends a write to a server whose object is `object` and which answers a PATCH with `reply`;
/// returns the outcome and everything that was asked.
async fn send(
    write: &Write,
    object: Value,
    reply: Reply,
) -> (Result<Accepted, ActError>, Vec<Asked>) {
    let stub = Stub::start(move |asked| match asked.method.as_str() {
        "PATCH" => reply.clone(),
        _ => Reply::Json(200, object.to_string()),
    })
    .await;
    let conn = connection(&stub.url).await;
    let outcome = act(&conn, write, false).await;
    (outcome, stub.asked())
}

fn patches(asked: &[Asked]) -> Vec<&Asked> {
    asked.iter().filter(|a| a.method == "PATCH").collect()
}

async fn patch_of(write: &Write, object: Value) -> Value {
    let answer = Reply::Json(200, object.to_string());
    let (outcome, asked) = send(write, object, answer).await;
    outcome.unwrap();
    serde_json::from_str(&patches(&asked)[0].body).unwrap()
}

fn test(path: &str, value: impl Into<Value>) -> Value {
    let value: Value = value.into();
    json!({"op": "test", "path": path, "value": value})
}

#[tokio::test]
async fn the_witness_leads_the_patch() {
    let (outcome, asked) =
        send(&promote(), rollout(), Reply::Json(200, rollout().to_string())).await;
    let accepted = outcome.unwrap();
    assert_eq!((accepted.resource_version.as_str(), accepted.generation), ("100", 4));
    assert_eq!(accepted.workload.unwrap().status.step_index, Some(1));
    let sent = patches(&asked);
    assert_eq!(sent.len(), 1);
    assert_eq!(
        sent[0].target,
        "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/checkout/status?fieldManager=waveoff"
    );
    let body: Value = serde_json::from_str(&sent[0].body).unwrap();
    let expected = json!([
        test("/metadata/uid", json!("u1")),
        test("/metadata/generation", json!(4)),
        test("/status/currentPodHash", json!("6f9d")),
        test("/status/stableRS", json!("5c4b")),
        test("/status/currentStepIndex", json!(1)),
        test("/status/pauseConditions/0/startTime", json!("2026-11-23T10:00:00Z")),
        // The plugin's `retry` leaves an explicit false behind, which is not absent for `test`.
        test("/status/abort", json!(false)),
        {"op": "remove", "path": "/status/pauseConditions"},
    ]);
    assert_eq!(body, expected);
}

#[tokio::test]
async fn absence_is_asserted_at_the_nearest_parent() {
    let mut bare = rollout();
    bare["status"] = json!({"stableRS": "5c4b"});
    let asserts = vec![
        Assert::CurrentHash(None),
        Assert::StepIndex(None),
        Assert::PauseStart(None),
        Assert::PromoteFull(false),
        Assert::Paused(false),
    ];
    let changes =
        vec![Change::ClearPauses, Change::ClearControllerPause, Change::SetPromoteFull(true)];
    let body = patch_of(&write(true, asserts, changes), bare).await;
    let expected = json!([
        test("/status/currentPodHash", Value::Null),
        test("/status/currentStepIndex", Value::Null),
        test("/status/pauseConditions", Value::Null),
        test("/status/promoteFull", Value::Null),
        test("/spec/paused", json!(false)),
        {"op": "add", "path": "/status/promoteFull", "value": true},
    ]);
    assert_eq!(body, expected);
}

#[tokio::test]
async fn every_change_has_its_operation() {
    let at = parse_rfc3339("2026-11-23T10:00:05Z").unwrap();
    let mut aborted = rollout();
    aborted["status"]["abort"] = json!(true);
    aborted["status"]["promoteFull"] = json!(true);
    let cases = [
        (Change::SetAbort(true), json!({"op": "add", "path": "/status/abort", "value": true})),
        (Change::SetAbort(false), json!({"op": "remove", "path": "/status/abort"})),
        (Change::SetPromoteFull(false), json!({"op": "remove", "path": "/status/promoteFull"})),
        (Change::ClearControllerPause, json!({"op": "remove", "path": "/status/controllerPause"})),
        (
            Change::SetStepIndex(2),
            json!({"op": "add", "path": "/status/currentStepIndex", "value": 2}),
        ),
        (Change::SetPaused(true), json!({"op": "add", "path": "/spec/paused", "value": true})),
        (Change::SetPaused(false), json!({"op": "add", "path": "/spec/paused", "value": false})),
        (
            Change::SetRestartAt(at),
            json!({"op": "add", "path": "/spec/restartAt", "value": "2026-11-23T10:00:05Z"}),
        ),
    ];
    for (change, expected) in cases {
        let body = patch_of(&write(true, Vec::new(), vec![change]), aborted.clone()).await;
        assert_eq!(body, json!([expected]));
    }
    let mut restart = write(false, Vec::new(), vec![Change::SetRestartAt(at)]);
    restart.object.kind = WorkloadKind::Deployment;
    let path = "/spec/template/metadata/annotations";
    let expected = json!([
        {"op": "add", "path": path, "value": {}},
        {"op": "add", "path": format!("{path}/kubectl.kubernetes.io~1restartedAt"),
            "value": "2026-11-23T10:00:05Z"},
    ]);
    assert_eq!(patch_of(&restart, rollout()).await, expected);
}

#[tokio::test]
async fn what_already_moved_is_refused_without_a_write() {
    let mut moved = rollout();
    moved["status"]["currentStepIndex"] = json!(2);
    moved["status"].as_object_mut().unwrap().remove("pauseConditions");
    let (outcome, asked) = send(&promote(), moved, Reply::Slam).await;
    assert!(patches(&asked).is_empty());
    let error = outcome.unwrap_err();
    assert!(error.changed_nothing());
    assert_eq!(
        error.to_string(),
        "refused, it changed meanwhile: step was step 2, is step 3; \
         pause was 2026-11-23T10:00:00Z, is not paused"
    );
}

#[tokio::test]
async fn what_moves_between_reading_and_writing_is_refused_by_the_server() {
    let mut reads = 0;
    let stub = Stub::start(move |asked| {
        if asked.method == "PATCH" {
            let status = r#"{"kind":"Status","code":422,"reason":"Invalid","message":"the server rejected our request"}"#;
            return Reply::Json(422, status.into());
        }
        reads += 1;
        let mut object = rollout();
        if reads > 1 {
            object["status"]["stableRS"] = json!("6f9d");
        }
        Reply::Json(200, object.to_string())
    })
    .await;
    let conn = connection(&stub.url).await;
    let Err(ActError::Changed { differences }) = act(&conn, &promote(), false).await else {
        unreachable!();
    };
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].what.as_str(), "stable version");
    assert_eq!(patches(&stub.asked()).len(), 1);
}

#[tokio::test]
async fn answers_are_told_apart_and_nothing_is_sent_twice() {
    let status = |code: u16, message: &str| {
        let text = json!({"kind": "Status", "code": code, "message": message}).to_string();
        Reply::Json(code, text)
    };
    let cases = [
        (status(401, "Unauthorized"), "the credentials were refused"),
        (
            status(403, r#"User "viewer" cannot patch resource"#),
            "not allowed: patch rollouts/status",
        ),
        (status(403, "denied by policy freeze"), "the server refused it: denied by policy freeze"),
        (status(422, "spec.replicas is wrong"), "the server refused it: spec.replicas is wrong"),
        (status(429, "too many"), "the server did not take it (429)"),
        (status(500, "etcdserver: request timed out"), "sent, but the outcome is not known"),
        (status(504, "timeout"), "sent, but the outcome is not known"),
        (Reply::Slam, "sent, but the outcome is not known"),
        (Reply::Json(200, "{not json".into()), "sent, but the outcome is not known"),
    ];
    for (reply, text) in cases {
        let (outcome, asked) = send(&promote(), rollout(), reply.clone()).await;
        let error = outcome.unwrap_err();
        assert!(error.to_string().starts_with(text), "{reply:?}: {error}");
        let known = !matches!(error, ActError::Unknown { .. });
        assert_eq!(error.changed_nothing(), known);
        assert_eq!(patches(&asked).len(), 1, "{reply:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_was_not_written_to() {
    let stub = Stub::in_order(Vec::new()).await;
    let url = stub.url.clone();
    let conn = connection(&url).await;
    // A port that nobody listens on.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let nobody = connection(&gone).await;
    let refused = act(&nobody, &promote(), false).await.unwrap_err();
    assert!(matches!(refused, ActError::Unreachable { .. }), "{refused}");
    drop(conn);
}

/// A server that answers 404 to a PATCH of the status, and like this to all else.
async fn without_status(look: u16, took: bool) -> (Result<Accepted, ActError>, Vec<Asked>) {
    let stub = Stub::start(move |asked| {
        let mut object = rollout();
        match (asked.method.as_str(), asked.target.contains("/status")) {
            ("PATCH", true) => return Reply::Json(404, "404 page not found".into()),
            (_, true) if look != 200 => return Reply::Json(look, "404 page not found".into()),
            ("PATCH", false) if took => {
                object["status"].as_object_mut().unwrap().remove("pauseConditions");
            }
            _ => {}
        }
        Reply::Json(200, object.to_string())
    })
    .await;
    let conn = connection(&stub.url).await;
    let outcome = act(&conn, &promote(), true).await;
    (outcome, stub.asked())
}

#[tokio::test]
async fn an_old_definition_without_status_is_patched_as_a_whole() {
    let (outcome, asked) = without_status(404, true).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    let methods: Vec<&str> = asked.iter().map(|asked| asked.method.as_str()).collect();
    assert_eq!(methods, ["GET", "PATCH", "GET", "PATCH"]);
    assert!(asked[2].target.ends_with("/checkout/status"), "{}", asked[2].target);
    assert!(asked[3].target.ends_with("/checkout?fieldManager=waveoff&dryRun=All"));
    assert_eq!(asked[1].body, asked[3].body);
}

#[tokio::test]
async fn a_404_on_the_way_is_no_old_definition() {
    for look in [200, 403, 500] {
        let (outcome, asked) = without_status(look, true).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, ActError::Server { code: 404, .. }), "{look}: {error}");
        assert_eq!(patches(&asked).len(), 1, "{look}");
    }
}

#[tokio::test]
async fn what_was_passed_over_is_not_called_taken() {
    let (outcome, _) = without_status(404, false).await;
    let error = outcome.unwrap_err();
    assert!(!error.changed_nothing(), "{error}");
    assert!(error.to_string().contains("shows nothing of it"), "{error}");
}

fn replica_set(uid: &str, owner: &str) -> Value {
    json!({
        "metadata": {"name": "checkout-5c4b", "uid": uid,
            "annotations": {"rollout.argoproj.io/ephemeral-metadata":
                r#"{"labels":{"role":"stable"},"annotations":{"slack":"x"}}"#},
            "ownerReferences": [{"kind": "Rollout", "name": "checkout", "uid": owner}]},
        "spec": {"template": {
            "metadata": {"creationTimestamp": null,
                "labels": {"app": "checkout", "role": "stable", "rollouts-pod-template-hash": "5c4b"},
                "annotations": {"slack": "x"}},
            "spec": {"containers": [{"name": "app", "image": "checkout:1.4.2"}]}}},
    })
}

async fn undo(
    replica_set: Value,
    object: WorkloadKind,
    other: Value,
) -> (Result<Accepted, ActError>, Stub) {
    let stub = Stub::start(move |asked| {
        let found = if asked.target.contains("/replicasets/") {
            &replica_set
        } else if asked.target.contains("/rollouts/") {
            return Reply::Json(200, other.to_string());
        } else {
            return Reply::Json(200, rollout().to_string());
        };
        Reply::Json(200, found.to_string())
    })
    .await;
    let conn = connection(&stub.url).await;
    let change = Change::CopyTemplate { replica_set: "checkout-5c4b".into(), uid: "rs1".into() };
    let mut write = write(false, vec![Assert::Uid("u1".into())], vec![change]);
    write.object.kind = object;
    (act(&conn, &write, false).await, stub)
}

#[tokio::test]
async fn undo_copies_the_template_as_it_was_written() {
    let (outcome, stub) = undo(replica_set("rs1", "u1"), WorkloadKind::Rollout, rollout()).await;
    outcome.unwrap();
    let asked = stub.asked();
    let body: Value = serde_json::from_str(&patches(&asked)[0].body).unwrap();
    let template = json!({
        "metadata": {"labels": {"app": "checkout"}},
        "spec": {"containers": [{"name": "app", "image": "checkout:1.4.2"}]},
    });
    assert_eq!(
        body,
        json!([
            test("/metadata/uid", json!("u1")),
            {"op": "add", "path": "/spec/template", "value": template},
        ])
    );
}

#[tokio::test]
async fn undo_refuses_namesakes_and_strangers() {
    let (outcome, stub) =
        undo(replica_set("another", "u1"), WorkloadKind::Rollout, rollout()).await;
    assert!(matches!(outcome, Err(ActError::NotFound { .. })));
    assert!(patches(&stub.asked()).is_empty());
    let (outcome, stub) =
        undo(replica_set("rs1", "stranger"), WorkloadKind::Rollout, rollout()).await;
    assert!(matches!(outcome, Err(ActError::Invalid { .. })), "{outcome:?}");
    assert!(patches(&stub.asked()).is_empty());
    // A Deployment takes a template of the Rollout that refers to it, and of no other.
    for (name, allowed) in [("checkout", true), ("other", false)] {
        let rollout = json!({"metadata": {"uid": "r9"},
            "spec": {"workloadRef": {"kind": "Deployment", "name": name}}});
        let (outcome, _) = undo(replica_set("rs1", "r9"), WorkloadKind::Deployment, rollout).await;
        assert_eq!(outcome.is_ok(), allowed, "{name}: {outcome:?}");
    }
}
