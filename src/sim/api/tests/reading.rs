//! Lists with pages, watches, and what they tell.

use super::*;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Part};
use crate::sim::time::Span;

fn names(reply: &Reply) -> Vec<String> {
    reply.json().items("/items").iter().map(|item| item.name().to_owned()).collect()
}

/// A watch, and what it tells as pairs of a word and a name.
fn follow(server: &mut Server, path: &str) -> Box<Follow> {
    match server.ask("pilot", Request::new("GET", path)) {
        Answer::Watch(follow) => follow,
        other => panic!("{other:?}"),
    }
}

fn lines(heard: Heard) -> Vec<Value> {
    let Heard::Lines(bytes) = heard else { panic!("{heard:?}") };
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn told(server: &Server, follow: &mut Follow) -> Vec<String> {
    let lines = lines(follow.hear(&server.world, &server.desk));
    let told =
        |line: &Value| format!("{} {}", line.text("/type"), line.text("/object/metadata/name"));
    lines.iter().map(|line| told(line).trim().to_owned()).collect()
}

#[test]
fn pages_are_of_one_version_whatever_happens_between_them() {
    let mut server = Server::new();
    for name in ["a", "b", "c", "d"] {
        server.made(CONFIG_MAPS, &config_map(name));
    }
    let first = server.get(&format!("{CONFIG_MAPS}?limit=2"));
    assert_eq!(names(&first), ["a", "b"]);
    let metadata = &first.json()["metadata"];
    assert_eq!(metadata["remainingItemCount"], 3);
    let next = metadata["continue"].as_str().unwrap().to_owned();
    server.reply("pilot", Request::new("DELETE", &format!("{CONFIG_MAPS}/c")));
    server.made(CONFIG_MAPS, &config_map("bb"));
    let patch = json!({"data": {"k": "changed"}});
    server.patch(&format!("{CONFIG_MAPS}/d"), "merge", &patch);
    let second = server.get(&format!("{CONFIG_MAPS}?limit=2&continue={next}"));
    assert_eq!(names(&second), ["c", "cfg"]);
    assert_eq!(second.json()["metadata"]["resourceVersion"], metadata["resourceVersion"]);
    let rest = second.json()["metadata"]["continue"].as_str().unwrap().to_owned();
    let third = server.get(&format!("{CONFIG_MAPS}?limit=2&continue={rest}"));
    assert_eq!(names(&third), ["d"]);
    assert_eq!(third.json()["items"][0]["data"]["k"], "v", "as it was then");
    server.world.store_mut().compact();
    server.made(CONFIG_MAPS, &config_map("e"));
    let late = server.get(&format!("{CONFIG_MAPS}?limit=2&continue={next}"));
    assert_eq!((late.code, late.json().text("/reason")), (410, "Expired"));
    let offered = late.json()["metadata"]["continue"].as_str().unwrap().to_owned();
    let inconsistent = server.get(&format!("{CONFIG_MAPS}?continue={offered}"));
    assert_eq!(names(&inconsistent), ["bb", "cfg", "d", "e"]);
}

#[test]
fn a_list_can_be_of_an_earlier_version_as_long_as_it_is_remembered() {
    let mut server = Server::new();
    let before = server.world.store().version();
    server.made(CONFIG_MAPS, &config_map("new"));
    let exact = format!("{CONFIG_MAPS}?resourceVersionMatch=Exact&resourceVersion={before}");
    assert_eq!(names(&server.get(&exact)), ["cfg"]);
    let at_least = format!("{CONFIG_MAPS}?resourceVersion={before}");
    assert_eq!(names(&server.get(&at_least)), ["cfg", "new"]);
    server.world.store_mut().compact();
    assert_eq!(server.get(&exact).code, 410);
    let selected = server
        .get(&format!("{CONFIG_MAPS}?labelSelector=a%3Db&fieldSelector=metadata.name%21%3Dcfg"));
    assert_eq!(names(&selected), ["new"]);
}

#[test]
fn natives_do_not_repeat_their_kind_in_lists_and_custom_ones_do() {
    let mut server = Server::new();
    assert_eq!(server.get(CONFIG_MAPS).json()["items"][0].get("kind"), None);
    let rollouts = server.get(ROLLOUTS);
    assert_eq!(rollouts.json()["items"][0]["kind"], "Rollout");
    assert_eq!(rollouts.json()["kind"], "RolloutList");
}

#[test]
fn a_watch_tells_what_was_there_and_what_happens() {
    let mut server = Server::new();
    let mut follow =
        follow(&mut server, &format!("{CONFIG_MAPS}?watch=1&allowWatchBookmarks=true"));
    assert_eq!(told(&server, &mut follow), ["ADDED cfg", "BOOKMARK"]);
    assert!(told(&server, &mut follow).is_empty());
    server.made(CONFIG_MAPS, &config_map("new"));
    server.patch(&format!("{CONFIG_MAPS}/new"), "merge", &json!({"data": {"x": "y"}}));
    server.reply("pilot", Request::new("DELETE", &format!("{CONFIG_MAPS}/new")));
    server
        .made(SERVICES, &json!({"metadata": {"name": "other"}, "spec": {"ports": [{"port": 1}]}}));
    assert_eq!(told(&server, &mut follow), ["ADDED new", "MODIFIED new", "DELETED new"]);
    server.world.advance(start() + Span::seconds(61));
    assert_eq!(told(&server, &mut follow), ["BOOKMARK"]);
}

#[test]
fn a_watch_goes_on_from_a_version() {
    let mut server = Server::new();
    let version = server.world.store().version();
    server.made(CONFIG_MAPS, &config_map("new"));
    let path = format!("{CONFIG_MAPS}?watch=1&resourceVersion={version}");
    let mut watch = follow(&mut server, &path);
    assert_eq!(told(&server, &mut watch), ["ADDED new"]);
    let path = format!(
        "{CONFIG_MAPS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan\
         &resourceVersion={version}"
    );
    let mut watch = follow(&mut server, &path);
    assert_eq!(told(&server, &mut watch), ["ADDED cfg", "ADDED new"]);
    server.world.store_mut().compact();
    let path = format!("{CONFIG_MAPS}?watch=1&resourceVersion={version}");
    let mut late = follow(&mut server, &path);
    let error = lines(late.hear(&server.world, &server.desk)).remove(0);
    assert_eq!((error.text("/type"), error.int("/object/code")), ("ERROR", 410));
    let text = format!("too old resource version: {version} ({})", server.world.store().version());
    assert_eq!(error.text("/object/message"), text);
    assert_eq!(late.hear(&server.world, &server.desk), Heard::End);
}

#[test]
fn whoever_sees_only_what_is_selected_sees_things_come_and_go() {
    let mut server = Server::new();
    let path = format!("{CONFIG_MAPS}?watch=1&labelSelector=a%3Db&resourceVersion=");
    let mut watch = follow(&mut server, &path);
    assert_eq!(told(&server, &mut watch), ["ADDED cfg"]);
    let label = |value: Value| json!({"metadata": {"labels": {"a": value}}});
    let item = format!("{CONFIG_MAPS}/cfg");
    server.patch(&item, "merge", &label(json!("c")));
    let gone = lines(watch.hear(&server.world, &server.desk)).remove(0);
    assert_eq!(gone.text("/type"), "DELETED");
    assert_eq!(gone.text("/object/metadata/labels/a"), "b", "the last state that was selected");
    let version = server.world.store().version().to_string();
    assert_eq!(gone.text("/object/metadata/resourceVersion"), version);
    server.patch(&item, "merge", &json!({"data": {"z": "z"}}));
    assert!(told(&server, &mut watch).is_empty());
    server.patch(&item, "merge", &label(json!("b")));
    assert_eq!(told(&server, &mut watch), ["ADDED cfg"]);
}

#[test]
fn a_watch_ends_in_time_and_by_script() {
    let mut server = Server::new();
    let path = format!("{CONFIG_MAPS}?watch=1&resourceVersion=1&timeoutSeconds=5");
    let mut timed = follow(&mut server, &path);
    let path = format!("{CONFIG_MAPS}?watch=1&resourceVersion=1");
    let (mut usual, mut torn) = (follow(&mut server, &path), follow(&mut server, &path));
    for watch in [&mut timed, &mut usual, &mut torn] {
        assert_eq!(told(&server, watch), ["ADDED cfg"]);
    }
    server.world.advance(start() + Span::seconds(5));
    assert_eq!(timed.hear(&server.world, &server.desk), Heard::End);
    assert!(told(&server, &mut usual).is_empty());
    server.desk.faults.cut_watches(Cut::Ended);
    assert_eq!(usual.hear(&server.world, &server.desk), Heard::End);
    server.desk.faults.cut_watches(Cut::Torn);
    assert_eq!(torn.hear(&server.world, &server.desk), Heard::Torn);
    server.world.advance(start() + Span::hours(2));
    let mut long = follow(&mut server, &path);
    assert_eq!(told(&server, &mut long), ["ADDED cfg"]);
    server.world.advance(start() + Span::hours(4));
    assert_eq!(long.hear(&server.world, &server.desk), Heard::End, "no watch lasts for ever");
}

#[test]
fn much_is_told_in_pieces_and_nothing_twice() {
    let mut server = Server::new();
    let path = format!("{CONFIG_MAPS}?watch=1&resourceVersion=1");
    let mut watch = follow(&mut server, &path);
    for number in 0..450 {
        server.made(CONFIG_MAPS, &config_map(&format!("x{number:03}")));
    }
    let mut all = Vec::new();
    let mut pieces = 0;
    loop {
        let piece = told(&server, &mut watch);
        if piece.is_empty() {
            break;
        }
        pieces += 1;
        all.extend(piece);
    }
    assert_eq!((all.len(), pieces), (451, 3));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 451);
}

#[test]
fn a_table_names_its_columns_once() {
    let mut server = Server::new();
    let mut request = Request::new("GET", &format!("{ROLLOUTS}?watch=1"));
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    request.headers.push(("accept".to_owned(), accept.to_owned()));
    server.made(ROLLOUTS, &rollout("second"));
    let Answer::Watch(mut watch) = server.ask("pilot", request) else { panic!() };
    let rows = lines(watch.hear(&server.world, &server.desk));
    assert!(rows[0]["object"]["columnDefinitions"].is_array());
    assert!(rows[1]["object"]["columnDefinitions"].is_null());
    assert_eq!(rows[1]["object"]["rows"][0]["cells"][0], "second");
    assert_eq!(rows[1]["object"]["rows"][0]["object"]["kind"], "PartialObjectMetadata");
}

#[test]
fn one_status_is_written_without_the_rest_and_generation_counts_wishes() {
    let mut server = Server::new();
    let item = format!("{ROLLOUTS}/checkout");
    let body = json!({
        "status": {"abort": true},
        "spec": {"replicas": 9},
        "metadata": {"labels": {"x": "y"}},
    });
    let reply = server.patch(&format!("{item}/status"), "merge", &body);
    let made = reply.json();
    assert_eq!((made["status"]["abort"].clone(), made.int("/spec/replicas")), (json!(true), 0));
    assert_eq!((made.generation(), made.label("x")), (1, ""));
    let reply = server.patch(
        &item,
        "merge",
        &json!({"spec": {"paused": true}, "status": {"abort": false}}),
    );
    assert_eq!(
        (reply.json().generation(), reply.json()["status"]["abort"].clone()),
        (2, json!(true))
    );
    let key = Key::new(Kind::Rollout, "api", "checkout");
    let version = server.world.store().version();
    let same = server.patch(&item, "merge", &json!({"spec": {"paused": true}}));
    assert_eq!((same.code, server.world.store().version()), (200, version));
    let now = server.world.now();
    let touch = |o: &mut Value| o.set("/status/phase", "Healthy");
    server.world.store_mut().modify(&key, Part::Status, now, touch).unwrap();
    let stale = json!({"metadata": {"resourceVersion": version.to_string()}});
    let refused = server.patch(&format!("{item}/status"), "merge", &stale);
    assert_eq!((refused.code, refused.json().text("/reason")), (409, "Conflict"));
}
