//! The witness holds: a patch is taken exactly by the object that was seen, and changes nothing
//! but what it names.

use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

use super::{build, differences, is_in};
use crate::domain::id::{WorkloadId, WorkloadKind};
use crate::domain::plan::{Assert, Change, Write};
use crate::domain::text::SafeText;
use crate::domain::time::parse_rfc3339;

/// A time.
const AT: &str = "2026-05-04T09:00:00Z";

/// Where each fact is kept, as the Argo API has it, and two values that it may have.
fn places() -> Vec<(&'static str, Value, Value)> {
    vec![
        ("/metadata/uid", json!("u-1"), json!("u-2")),
        ("/metadata/generation", json!(7), json!(8)),
        ("/status/currentPodHash", json!("59f8c"), json!("7d9c4")),
        ("/status/stableRS", json!("7d9c4"), json!("59f8c")),
        ("/status/currentStepIndex", json!(0), json!(1)),
        ("/status/pauseConditions/0/startTime", json!(AT), json!("2026-05-04T09:00:01Z")),
        ("/status/abort", json!(true), json!(false)),
        ("/status/promoteFull", json!(true), json!(false)),
        ("/spec/paused", json!(true), json!(false)),
    ]
}

/// What an operator saw of this object, one fact for each place.
fn seen(object: &Value) -> Vec<Assert> {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).map(SafeText::new);
    let number = |path: &str| object.pointer(path).and_then(Value::as_i64);
    let flag = |path: &str| object.pointer(path).and_then(Value::as_bool).unwrap_or(false);
    vec![
        Assert::Uid(text("/metadata/uid").unwrap_or_default()),
        Assert::Generation(number("/metadata/generation").unwrap()),
        Assert::CurrentHash(text("/status/currentPodHash")),
        Assert::StableHash(text("/status/stableRS")),
        Assert::StepIndex(
            number("/status/currentStepIndex").map(|step| usize::try_from(step).unwrap()),
        ),
        Assert::PauseStart(text("/status/pauseConditions/0/startTime")),
        Assert::Aborted(flag("/status/abort")),
        Assert::PromoteFull(flag("/status/promoteFull")),
        Assert::Paused(flag("/spec/paused")),
    ]
}

/// Puts a value at a place, or takes away what is there. A pause goes as a whole.
fn put(object: &mut Value, path: &str, value: Option<&Value>) {
    let ((parent, key), value) = match path {
        "/status/pauseConditions/0/startTime" => {
            let pause = |start| json!([{ "reason": "CanaryPauseStep", "startTime": start }]);
            (("/status", "pauseConditions"), value.map(pause))
        }
        _ => (path.rsplit_once('/').unwrap(), value.cloned()),
    };
    let parent = object.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => parent.insert(key.to_owned(), value),
        None => parent.remove(key),
    };
}

fn write(asserts: Vec<Assert>, changes: Vec<Change>, kind: WorkloadKind) -> Write {
    let object = WorkloadId { kind, namespace: "shop".into(), name: "web".into() };
    Write { object, status: false, asserts, changes }
}

/// As the API server does it: `test` with `null` passes where nothing is, but for the parent.
fn applied(ops: &[Value], object: &Value) -> Result<Value, String> {
    let mut object = object.clone();
    for op in ops {
        let path = op["path"].as_str().unwrap();
        let (parent, key) = path.rsplit_once('/').unwrap();
        let key = key.replace("~1", "/").replace("~0", "~");
        if op["op"] == "test" {
            let found = object.pointer(path).unwrap_or(&Value::Null);
            if object.pointer(parent).is_none_or(Value::is_null) || *found != op["value"] {
                return Err(format!("{path} is {found}"));
            }
            continue;
        }
        let missing = || format!("{path} has no parent");
        let parent = object.pointer_mut(parent).ok_or_else(missing)?;
        let parent = parent.as_object_mut().unwrap();
        match op["op"].as_str().unwrap() {
            "add" => drop(parent.insert(key, op["value"].clone())),
            "remove" => drop(parent.remove(&key).ok_or_else(missing)?),
            other => return Err(format!("{other} is not used here")),
        }
    }
    Ok(object)
}

/// An object with some of the facts missing; identity never is.
fn object() -> impl Strategy<Value = Value> {
    let optional = places().len() - 2;
    (prop::collection::vec(any::<bool>(), optional), prop::collection::vec(any::<bool>(), 9))
        .prop_map(|(there, first)| {
            let mut object = json!({
                "metadata": { "name": "web" },
                "spec": { "replicas": 3, "template": { "metadata": {}, "spec": { "a": 1 } } },
                "status": { "replicas": 3, "controllerPause": true },
            });
            for (place, (path, one, other)) in places().into_iter().enumerate() {
                if place < 2 || there[place - 2] {
                    put(&mut object, path, Some(if first[place] { &one } else { &other }));
                }
            }
            object
        })
}

proptest! {
    #[test]
    fn what_was_seen_is_asserted_first_and_taken(
        object in object(),
        chosen in subsequence((0..9).collect::<Vec<usize>>(), 0..=9),
    ) {
        let all = seen(&object);
        let asserts: Vec<Assert> = chosen.iter().map(|place| all[*place].clone()).collect();
        let write = write(asserts, vec![Change::SetPaused(true)], WorkloadKind::Rollout);
        prop_assert!(differences(&write, &object).is_empty());
        let ops = build(&write, &object, None);
        for (place, op) in ops.iter().enumerate() {
            prop_assert_eq!(op["op"] == "test", place < chosen.len(), "{}", op);
        }
        let mut expected = object.clone();
        expected["spec"]["paused"] = json!(true);
        prop_assert_eq!(applied(&ops, &object).unwrap(), expected);
    }

    #[test]
    fn whatever_moved_is_refused_and_named(
        object in object(),
        place in 0..9usize,
        gone in any::<bool>(),
    ) {
        let asserts = vec![seen(&object)[place].clone()];
        let write = write(asserts, vec![Change::SetPaused(true)], WorkloadKind::Rollout);
        let ops = build(&write, &object, None);
        let (path, one, other) = places()[place].clone();
        let now = object.pointer(path);
        // A flag that is absent says false: going from one to the other moves nothing that counts.
        let flag = one.is_boolean();
        let then = match now {
            Some(now) if flag => json!(!now.as_bool().unwrap()),
            None if flag => json!(true),
            Some(now) if *now == one => other,
            _ => one,
        };
        let mut moved = object.clone();
        put(&mut moved, path, if gone && now.is_some() && !flag { None } else { Some(&then) });
        prop_assert!(applied(&ops, &moved).is_err(), "{} {}", json!(ops), moved);
        let told = differences(&write, &moved);
        prop_assert_eq!(told.len(), 1);
        prop_assert_ne!(&told[0].expected, &told[0].found);
        prop_assert!(!told[0].what.is_empty());
    }

    #[test]
    fn nothing_changes_but_what_is_named(
        object in object(),
        step in 0..5usize,
        restarted in any::<bool>(),
    ) {
        let at = parse_rfc3339(AT).unwrap();
        let template = json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "a": 2 } });
        let mut object = object;
        if restarted {
            let annotations = json!({ "kubectl.kubernetes.io/restartedAt": "then", "b": "c" });
            object["spec"]["template"]["metadata"]["annotations"] = annotations;
        }
        let put_in = |path: &str, value: Value| {
            let mut object = object.clone();
            put(&mut object, path, Some(&value));
            object
        };
        let out = |path: &str| {
            let mut object = object.clone();
            put(&mut object, path, None);
            object
        };
        let mut annotated = object.clone();
        let metadata = &mut annotated["spec"]["template"]["metadata"];
        metadata["annotations"]["kubectl.kubernetes.io/restartedAt"] = json!(AT);
        let copy = Change::CopyTemplate { replica_set: "web-1".into(), uid: "u-9".into() };
        let (rollout, deployment) = (WorkloadKind::Rollout, WorkloadKind::Deployment);
        let cases = [
            (rollout, Change::ClearPauses, out("/status/pauseConditions/0/startTime")),
            (rollout, Change::ClearControllerPause, out("/status/controllerPause")),
            (rollout, Change::SetStepIndex(step), put_in("/status/currentStepIndex", json!(step))),
            (rollout, Change::SetPromoteFull(true), put_in("/status/promoteFull", json!(true))),
            (rollout, Change::SetPromoteFull(false), out("/status/promoteFull")),
            (rollout, Change::SetAbort(true), put_in("/status/abort", json!(true))),
            (rollout, Change::SetAbort(false), out("/status/abort")),
            (rollout, Change::SetPaused(false), put_in("/spec/paused", json!(false))),
            (rollout, Change::SetRestartAt(at), put_in("/spec/restartAt", json!(AT))),
            (deployment, Change::SetRestartAt(at), annotated),
            (deployment, copy, put_in("/spec/template", template.clone())),
        ];
        for (kind, change, expected) in cases {
            let write = write(Vec::new(), vec![change.clone()], kind);
            let ops = build(&write, &object, Some(&template));
            // Only annotations may have to be made first.
            let is_first = matches!(change, Change::SetRestartAt(_)) && !restarted;
            let parents = usize::from(kind == deployment && is_first);
            prop_assert!(ops.len() <= 1 + parents, "{}", json!(ops));
            prop_assert_eq!(is_in(&ops, &object), object == expected, "{:?}", change);
            prop_assert!(is_in(&ops, &expected), "{:?}", change);
            prop_assert_eq!(applied(&ops, &object), Ok(expected), "{:?}", change);
        }
    }
}

#[test]
fn a_status_that_is_not_there_yet_is_a_fact_too() {
    let asserts = vec![Assert::CurrentHash(None), Assert::PauseStart(None), Assert::Aborted(false)];
    let changes = vec![Change::SetAbort(true), Change::SetStepIndex(1)];
    let write = write(asserts, changes, WorkloadKind::Rollout);
    let mut fresh = json!({ "metadata": { "uid": "u-1", "generation": 1 }, "spec": {} });
    for status in [None, Some(json!(null)), Some(json!({ "pauseConditions": null }))] {
        put(&mut fresh, "/status", status.as_ref());
        let after = applied(&build(&write, &fresh, None), &fresh).unwrap();
        assert_eq!(after["status"]["abort"], true);
        assert_eq!(after["status"]["currentStepIndex"], 1);
    }
    put(&mut fresh, "/status", None);
    let begun = json!({ "metadata": {}, "spec": {}, "status": { "stableRS": "7d9c4" } });
    assert!(applied(&build(&write, &fresh, None), &begun).is_err(), "it has a status now");
}

#[test]
fn a_difference_is_said_in_the_words_of_the_trade() {
    let object = json!({
        "metadata": { "uid": "u-1", "generation": 7 },
        "spec": { "paused": true },
        "status": { "currentStepIndex": 2, "stableRS": "" },
    });
    let asserts = vec![
        Assert::Uid("u-2".into()),
        Assert::Generation(6),
        Assert::CurrentHash(Some("59f8c".into())),
        Assert::StableHash(None),
        Assert::StepIndex(Some(1)),
        Assert::PauseStart(Some("09:00".into())),
        Assert::Aborted(true),
        Assert::PromoteFull(true),
        Assert::Paused(false),
    ];
    let told = differences(&write(asserts, Vec::new(), WorkloadKind::Rollout), &object);
    let told: Vec<String> =
        told.iter().map(|d| format!("{}: {} -> {}", d.what, d.expected, d.found)).collect();
    let expected = [
        "object: u-2 -> u-1",
        "spec generation: 6 -> 7",
        "wanted version: 59f8c -> none",
        "step: step 2 -> step 3",
        "pause: 09:00 -> not paused",
        "aborted: yes -> no",
        "full promotion: yes -> no",
        "held: no -> yes",
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_empty_text_is_no_text() {
    let object = json!({ "metadata": { "uid": "u-1" }, "status": { "stableRS": "" } });
    let asserts = vec![Assert::StableHash(Some("".into())), Assert::CurrentHash(Some("".into()))];
    assert!(differences(&write(asserts, Vec::new(), WorkloadKind::Rollout), &object).is_empty());
}
