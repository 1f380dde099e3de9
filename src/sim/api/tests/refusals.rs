//! Wrong requests, and what a real API server (1.34.4, with the definitions of Argo Rollouts
//! 1.10.1) answered to each. Protobuf is left out of what is given: it is not spoken here.

use super::*;
use crate::sim::object::Document;

/// One question and its real answer a line.
const REAL: &str = include_str!("real.jsonl");

fn asked(server: &mut Server, question: &Value) -> Reply {
    let (method, path) = question.text("/request").split_once(' ').unwrap();
    let mut request = Request::new(method, path);
    for header in ["content-type", "accept"] {
        if let Some(value) = question.get(header).and_then(Value::as_str) {
            request.headers.push((header.to_owned(), value.to_owned()));
        }
    }
    request.body = question.text("/body").as_bytes().to_vec();
    match server.ask(question.text("/who"), request) {
        Answer::Reply(reply) => reply,
        Answer::Watch(_) | Answer::Log(_) => Reply::text(200, "a stream"),
    }
}

/// What changes from one cluster to another is taken out.
fn plain(mut text: String, server: &Server) -> String {
    for facts in crate::sim::store::KINDS {
        for object in server.world.store().list(facts.kind, None) {
            text = text.replace(object.uid(), "UID");
            let version = object.text("/metadata/resourceVersion");
            text = text.replace(&format!("in record ({version})"), "in record (N)");
        }
    }
    text.replace(&format!("current: {}", server.world.store().version()), "current: N")
}

fn same_message(real: &str, ours: &str) -> bool {
    match real.split_once("...") {
        Some((begin, end)) if begin.starts_with(" \"\" is invalid") => {
            ours.starts_with(begin) && ours.ends_with(end)
        }
        _ => real == ours,
    }
}

fn difference(question: &Value, reply: &Reply, server: &Server) -> Option<String> {
    let ours = match &reply.content {
        Content::Text(text) => json!({"code": reply.code, "text": text}),
        _ => reply.json().clone(),
    };
    let ours: Value = serde_json::from_str(&plain(ours.to_string(), server)).unwrap();
    let same = question.int("/code") == i64::from(reply.code)
        && question.text("/text") == ours.text("/text")
        && question.text("/reason") == ours.text("/reason")
        && same_message(question.text("/message"), ours.text("/message"))
        && (question.get("details").is_none() || question.get("details") == ours.get("details"));
    let told = |of: &Value| {
        format!("{} {} {:?} {:?}", of["code"], of["reason"], of["message"], of["details"])
    };
    (!same).then(|| {
        format!("{}\n  real {}\n  ours {}", question.text("/name"), told(question), told(&ours))
    })
}

#[test]
fn in_the_words_of_a_real_server() {
    let mut server = Server::new();
    let mut differences = Vec::new();
    let mut count = 0;
    for line in REAL.lines() {
        let question: Value = serde_json::from_str(line).unwrap();
        let reply = asked(&mut server, &question);
        differences.extend(difference(&question, &reply, &server));
        count += 1;
    }
    assert!(count > 250, "{count}");
    assert!(differences.is_empty(), "{} of {count}\n{}", differences.len(), differences.join("\n"));
}
