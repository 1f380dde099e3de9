//! The rules of storage that clients can see.

use super::*;

fn now() -> Moment {
    time::parse("2026-11-24T10:00:00Z").unwrap()
}

fn store() -> Store {
    Store::new(Dice::new(1))
}

fn key() -> Key {
    Key::new(Kind::Rollout, "shop", "checkout")
}

fn rollout() -> Value {
    json!({
        "metadata": {"name": "checkout", "namespace": "shop"},
        "spec": {"replicas": 3},
        "status": {"phase": "Healthy"},
    })
}

#[test]
fn a_created_object_has_its_metadata_and_no_status() {
    let mut store = store();
    let made = store.create(Kind::Rollout, rollout(), now()).unwrap();
    assert_eq!(made.text("/apiVersion"), "argoproj.io/v1alpha1");
    assert_eq!(made.generation(), 1);
    assert_eq!(made.text("/metadata/creationTimestamp"), "2026-11-24T10:00:00Z");
    assert_eq!(made.uid().len(), 36);
    assert_eq!(made.get("status"), None);
    let again = store.create(Kind::Rollout, rollout(), now()).unwrap_err();
    assert_eq!((again.code, again.reason), (409, "AlreadyExists"));
}

#[test]
fn each_part_is_written_by_itself_and_generation_counts_only_what_is_wanted() {
    let mut store = store();
    store.create(Kind::Rollout, rollout(), now()).unwrap();
    let change = |o: &mut Value| {
        o.set("/spec/replicas", 5);
        o.set("/status/phase", "Degraded");
    };
    let main = store.modify(&key(), Part::Main, now(), change).unwrap();
    assert_eq!((main.int("/spec/replicas"), main.text("/status/phase")), (5, ""));
    assert_eq!(main.generation(), 2);
    let back = |o: &mut Value| {
        o.set("/spec/replicas", 9);
        o.set("/status/phase", "Degraded");
    };
    let status = store.modify(&key(), Part::Status, now(), back).unwrap();
    assert_eq!((status.int("/spec/replicas"), status.text("/status/phase")), (5, "Degraded"));
    assert_eq!(status.generation(), 2);
    let labelled = store.modify(&key(), Part::Main, now(), |o| o.set_label("a", "b")).unwrap();
    assert_eq!(labelled.generation(), 2);
}

#[test]
fn without_a_path_of_its_own_the_status_counts_too() {
    let mut store = store();
    store.create(Kind::AnalysisRun, rollout(), now()).unwrap();
    let key = Key::new(Kind::AnalysisRun, "shop", "checkout");
    let next = store.modify(&key, Part::Main, now(), |o| o.set("/status/phase", "Failed"));
    let next = next.unwrap();
    assert_eq!((next.text("/status/phase"), next.generation()), ("Failed", 2));
}

#[test]
fn a_write_on_old_knowledge_is_refused_and_one_without_a_change_is_none() {
    let mut store = store();
    let first = store.create(Kind::Rollout, rollout(), now()).unwrap();
    let version = store.version();
    store.replace(&key(), first.as_ref().clone(), Part::Main, now()).unwrap();
    assert_eq!(store.version(), version);
    store.modify(&key(), Part::Main, now(), |o| o.set("/spec/replicas", 4)).unwrap();
    let late = store.replace(&key(), first.as_ref().clone(), Part::Main, now()).unwrap_err();
    assert_eq!((late.code, late.reason), (409, "Conflict"));
    let mut stranger = store.get(&key()).unwrap().as_ref().clone();
    stranger.set("/metadata/uid", "another");
    assert_eq!(store.replace(&key(), stranger, Part::Main, now()).unwrap_err().code, 409);
}

#[test]
fn history_is_followed_until_it_is_forgotten() {
    let mut store = store();
    let from = store.version();
    store.create(Kind::Rollout, rollout(), now()).unwrap();
    store.modify(&key(), Part::Main, now(), |o| o.set("/spec/replicas", 4)).unwrap();
    store.delete(&key(), None, now()).unwrap();
    let seen: Vec<What> = store.history().since(from).unwrap().map(|c| c.what).collect();
    assert_eq!(seen, [What::Added, What::Modified, What::Deleted]);
    let last = store.history().since(from).unwrap().last().unwrap();
    assert_eq!(last.object.text("/metadata/resourceVersion"), last.version.to_string());
    store.compact();
    assert_eq!(store.history().since(from).err().unwrap().reason, "Expired");
    assert_eq!(store.history().since(store.version()).unwrap().count(), 0);
}

#[test]
fn a_pod_on_a_node_is_marked_first_and_owners_know_what_they_have() {
    let mut store = store();
    let pod = json!({
        "metadata": {
            "generateName": "checkout-",
            "namespace": "shop",
            "ownerReferences": [{"uid": "owner", "controller": true}],
        },
        "spec": {"nodeName": "a", "terminationGracePeriodSeconds": 5},
    });
    let pod = store.create(Kind::Pod, pod, now()).unwrap();
    let key = Key::new(Kind::Pod, "shop", pod.name());
    assert!(pod.name().len() == "checkout-".len() + 5, "{}", pod.name());
    assert_eq!(store.owned("owner", Kind::Pod).len(), 1);
    let leaving = store.delete(&key, None, now()).unwrap();
    assert_eq!(leaving.text("/metadata/deletionTimestamp"), "2026-11-24T10:00:05Z");
    assert_eq!(leaving.generation(), 2);
    assert!(store.get(&key).is_some());
    store.remove(&key, now()).unwrap();
    assert!(store.owned("owner", Kind::Pod).is_empty());
    let forced = json!({"metadata": {"name": "b", "namespace": "shop"}, "spec": {"nodeName": "a"}});
    store.create(Kind::Pod, forced, now()).unwrap();
    store.delete(&Key::new(Kind::Pod, "shop", "b"), Some(0), now()).unwrap();
    assert_eq!(store.count(Kind::Pod), 0);
}

#[test]
fn a_list_is_of_one_namespace_or_of_all() {
    let mut store = store();
    for (namespace, name) in [("b", "x"), ("a", "y"), ("ab", "z")] {
        let object = json!({"metadata": {"name": name, "namespace": namespace}});
        store.create(Kind::Service, object, now()).unwrap();
    }
    let names = |namespace| -> Vec<String> {
        store.list(Kind::Service, namespace).map(|o| o.name().to_owned()).collect()
    };
    assert_eq!(names(None), ["y", "z", "x"]);
    assert_eq!(names(Some("a")), ["y"]);
    assert!(names(Some("c")).is_empty());
}

#[test]
fn a_namespace_stays_until_it_is_emptied() {
    let mut store = store();
    let made = store.create(Kind::Namespace, json!({"metadata": {"name": "shop"}}), now()).unwrap();
    assert_eq!(made.label("kubernetes.io/metadata.name"), "shop");
    assert_eq!(made.text("/status/phase"), "Active");
    let key = Key::new(Kind::Namespace, "", "shop");
    let leaving = store.delete(&key, None, now()).unwrap();
    assert!(leaving.is_leaving());
    assert_eq!(leaving.text("/status/phase"), "Terminating");
    store.remove(&key, now()).unwrap();
    assert!(store.get(&key).is_none());
}

#[test]
fn to_be_placed_is_no_other_wish() {
    let mut store = store();
    let pod = json!({"metadata": {"name": "a", "namespace": "shop"}, "spec": {"containers": []}});
    store.create(Kind::Pod, pod, now()).unwrap();
    let key = Key::new(Kind::Pod, "shop", "a");
    let placed = store.modify(&key, Part::Main, now(), |o| o.set("/spec/nodeName", "n")).unwrap();
    assert_eq!((placed.text("/spec/nodeName"), placed.generation()), ("n", 1));
    let moved = store.modify(&key, Part::Main, now(), |o| o.set("/spec/priority", 1)).unwrap();
    assert_eq!(moved.generation(), 2);
}

#[test]
fn a_job_selects_by_its_own_uid() {
    let mut store = store();
    let job = json!({"metadata": {"name": "check", "namespace": "shop"}});
    let made = store.create(Kind::Job, job, now()).unwrap();
    let label = "/spec/template/metadata/labels/batch.kubernetes.io~1controller-uid";
    assert_eq!(made.text(label), made.uid());
    assert_eq!(made.label("job-name"), "check");
    assert_eq!(made.int("/spec/backoffLimit"), 6);
    assert_eq!(made.generation(), 1);
}
