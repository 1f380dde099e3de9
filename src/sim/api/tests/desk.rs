//! Who may what, what is written down, and what is broken by script.

use super::*;
use crate::sim::object::Document;

fn promote() -> Request {
    let mut request = Request::new("PATCH", &format!("{ROLLOUTS}/checkout/status"));
    request.headers.push(("content-type".to_owned(), "application/merge-patch+json".to_owned()));
    request.headers.push(("user-agent".to_owned(), "waveoff/1".to_owned()));
    request.body = br#"{"status":{"promoteFull":true}}"#.to_vec();
    request
}

fn allowed(server: &mut Server) -> bool {
    let attributes = json!({
        "verb": "patch",
        "group": "argoproj.io",
        "resource": "rollouts",
        "subresource": "status",
        "namespace": "api",
    });
    let body = json!({"spec": {"resourceAttributes": attributes}});
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let review = server.made(path, &body);
    review.flag("/status/allowed")
}

#[test]
fn a_right_taken_away_is_missed_at_once_and_by_name() {
    let mut server = Server::new();
    assert!(allowed(&mut server));
    assert_eq!(server.reply("pilot", promote()).code, 200);
    let rule = Rule::new(&["patch"], "argoproj.io", &["rollouts/status"]);
    server.desk.person_mut("pilot").unwrap().taken.push(rule);
    assert!(!allowed(&mut server));
    let refused = server.reply("pilot", promote());
    assert_eq!(refused.code, 403);
    assert_eq!(
        refused.json().text("/message"),
        "rollouts.argoproj.io \"checkout\" is forbidden: User \"pilot\" cannot patch resource \
         \"rollouts/status\" in API group \"argoproj.io\" in the namespace \"api\""
    );
    assert_eq!(server.reply("operator", promote()).code, 200);
}

#[test]
fn what_is_written_is_written_down() {
    let mut server = Server::new();
    let before = server.desk.audit.count();
    server.reply("operator", promote());
    server.reply("viewer", promote());
    server.get(ROLLOUTS);
    allowed(&mut server);
    assert_eq!(server.desk.audit.count(), before + 2);
    let mut last = server.desk.audit.entries().skip(usize::try_from(before).unwrap());
    let done = last.next().unwrap();
    assert_eq!((done.who.as_str(), done.verb, done.code), ("operator", "patch", 200));
    assert_eq!((done.resource.as_str(), done.subresource.as_str()), ("rollouts", "status"));
    assert_eq!((done.namespace.as_str(), done.name.as_str()), ("api", "checkout"));
    assert_eq!(done.body, json!({"status": {"promoteFull": true}}));
    assert_eq!((done.at, done.user_agent.as_str()), (start(), "waveoff/1"));
    assert_eq!(done.path, format!("{ROLLOUTS}/checkout/status"));
    let refused = last.next().unwrap();
    assert_eq!((refused.who.as_str(), refused.code), ("viewer", 403));
}

#[test]
fn requests_fail_as_the_script_says() {
    let cases = [
        (Trouble::Unauthorized, 401, "Unauthorized"),
        (Trouble::TooMany(7), 429, "TooManyRequests"),
        (Trouble::Internal, 500, ""),
        (Trouble::Starting, 503, "ServiceUnavailable"),
    ];
    for (trouble, code, reason) in cases {
        let mut server = Server::new();
        let failing = Failing { who: Some("pilot".to_owned()), ..Failing::all(trouble) };
        server.desk.faults.failing.push(failing);
        let reply = server.reply("pilot", promote());
        assert_eq!((reply.code, reply.json().text("/reason")), (code, reason));
        let again = reply.headers.iter().find(|(name, _)| *name == "Retry-After");
        let again = again.map(|(_, seconds)| seconds.as_str());
        let wanted = match trouble {
            Trouble::TooMany(_) => Some("7"),
            Trouble::Starting => Some("1"),
            _ => None,
        };
        assert_eq!(again, wanted);
        assert_eq!(server.reply("operator", promote()).code, 200);
        server.desk.faults.failing.clear();
        assert_eq!(server.reply("pilot", promote()).code, 200);
    }
}

#[test]
fn a_share_of_them_fails_and_the_same_ones_each_time() {
    let codes = || {
        let mut server = Server::new();
        let verbs = vec!["list".to_owned()];
        let failing = Failing { share: 0.3, verbs, ..Failing::all(Trouble::Internal) };
        server.desk.faults.failing.push(failing);
        (0..1_000).map(|_| server.get(ROLLOUTS).code).collect::<Vec<_>>()
    };
    let first = codes();
    let failed = first.iter().filter(|code| **code == 500).count();
    assert!((240..360).contains(&failed), "{failed}");
    assert_eq!(first, codes());
}

#[test]
fn a_dry_run_keeps_nothing_and_a_body_can_be_too_large() {
    let mut server = Server::new();
    let version = server.world.store().version();
    let dry = format!("POST {CONFIG_MAPS}?dryRun=All");
    let made = server.send(&dry, "application/json", &config_map("new"));
    assert_eq!((made.code, made.json().text("/metadata/resourceVersion")), (201, ""));
    assert_eq!(server.get(&format!("{CONFIG_MAPS}/new")).code, 404);
    assert_eq!(server.world.store().version(), version);
    let huge = json!({"metadata": {"name": "huge"}, "data": {"x": "y".repeat(MOST_BYTES)}});
    let refused = server.send(&format!("POST {CONFIG_MAPS}"), "application/json", &huge);
    assert_eq!(refused.code, 413);
    let message = "Request entity too large: limit is 3145728";
    assert_eq!(refused.json().text("/message"), message);
    let large = json!({"metadata": {"name": "large"}, "data": {"x": "y".repeat(1_100_000)}});
    assert_eq!(server.send(&format!("POST {CONFIG_MAPS}"), "application/json", &large).code, 422);
    let operation = json!({"op": "test", "path": "/kind", "value": "ConfigMap"});
    let many = Value::Array(vec![operation; 10_001]);
    let refused = server.patch(&format!("{CONFIG_MAPS}/cfg"), "json", &many);
    assert_eq!(
        refused.json().text("/message"),
        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got \
         10001"
    );
}

#[test]
fn deletions_wait_for_what_they_must_wait_for() {
    let mut server = Server::new();
    let mut pod = json!({"metadata": {"name": "p"}, "spec": {
        "nodeName": "node-a",
        "containers": [{"name": "a", "image": "x"}],
    }});
    let made = server.made(PODS, &pod.clone());
    assert_eq!(made.text("/status/phase"), "Pending");
    let body = json!({"gracePeriodSeconds": 5, "preconditions": {"uid": made.uid()}});
    let leaving = server.send(&format!("DELETE {PODS}/p"), "application/json", &body);
    assert_eq!(leaving.json().text("/metadata/deletionTimestamp"), "2026-11-24T10:00:05Z");
    let gone = server.send(
        &format!("DELETE {PODS}/p"),
        "application/json",
        &json!({"gracePeriodSeconds": 0}),
    );
    assert_eq!(gone.code, 200);
    pod["metadata"]["name"] = "q".into();
    server.made(PODS, &pod);
    let held = format!("DELETE {DEPLOYMENTS}/web?propagationPolicy=Foreground");
    let reply = server.send(&held, "", &Value::Null);
    assert_eq!(reply.json()["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    let all = server.send(&format!("DELETE {CONFIG_MAPS}?labelSelector=a%3Db"), "", &Value::Null);
    assert_eq!(all.json()["items"][0]["metadata"]["name"], "cfg");
    assert!(server.get(CONFIG_MAPS).json().items("/items").is_empty());
    let namespace = server.send("DELETE /api/v1/namespaces/api", "", &Value::Null);
    assert_eq!(namespace.json().text("/status/phase"), "Terminating");
    let refused = server.send(&format!("POST {CONFIG_MAPS}"), "application/json", &config_map("x"));
    assert_eq!(
        refused.json().text("/message"),
        "configmaps \"x\" is forbidden: unable to create new content in namespace api because it \
         is being terminated"
    );
}
