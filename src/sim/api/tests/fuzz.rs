//! Ten thousand wrong requests: nothing ends but in an answer that is well formed.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::sim::object::Document;

/// Requests that a real server was asked, right ones and wrong ones.
const ASKED: [&str; 2] = [include_str!("real.jsonl"), include_str!("made.jsonl")];

/// What is put in somewhere.
const PIECES: [&[u8]; 22] = [
    b"\"",
    b"{",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"}",
    b"\xff\xfe\x00",
    b"null",
    b"-1",
    b"1e999",
    b"99999999999999999999999999",
    b"0.1",
    b"%00%ff%",
    b"?",
    b"&watch=1&limit=1",
    b"/../",
    b"\\u0000\\ud800",
    b"$patch",
    b":{\"$patch\":\"replace\"}",
    b"k8s\0",
    b",",
    b"/-",
    b"~1~0~",
    "\u{1f600}é".as_bytes(),
];

/// One change of a text: where, of all it has, what becomes of it.
#[derive(Debug, Clone)]
enum Change {
    Insert(usize, usize),
    Remove(usize, usize),
    Flip(usize, u8),
    Double(usize, usize),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        (any::<usize>(), 0..PIECES.len()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (any::<usize>(), 1..20_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
        (any::<usize>(), 1..200_usize).prop_map(|(at, length)| Change::Double(at, length)),
    ];
    prop::collection::vec(change, 0..5)
}

fn changed(mut text: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let place = |at: usize| if text.is_empty() { 0 } else { at % text.len() };
        match *change {
            Change::Insert(at, piece) => {
                let at = place(at);
                text.splice(at..at, PIECES[piece].iter().copied());
            }
            Change::Remove(at, length) => {
                let at = place(at);
                text.drain(at..(at + length).min(text.len()));
            }
            Change::Flip(at, byte) => {
                let at = place(at);
                if let Some(known) = text.get_mut(at) {
                    *known = byte;
                }
            }
            Change::Double(at, length) => {
                let at = place(at);
                let piece = text[at..(at + length).min(text.len())].to_vec();
                text.splice(at..at, piece);
            }
        }
    }
    text
}

fn bases() -> Vec<Value> {
    let lines = ASKED.iter().flat_map(|text| text.lines());
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn well_formed(reply: &Reply) {
    assert!((200..600).contains(&reply.code), "{reply:?}");
    if reply.code >= 400 && matches!(reply.content, Content::Json(_)) {
        let status = reply.json();
        assert_eq!((status.text("/kind"), status.text("/status")), ("Status", "Failure"));
        assert_eq!(status.int("/code"), i64::from(reply.code));
        assert!(!status.text("/message").is_empty());
    }
    let text = reply.json().to_string();
    assert!(serde_json::from_str::<Value>(&text).is_ok());
}

#[test]
fn any_request_gets_an_answer() {
    let bases = bases();
    let state = RefCell::new((Server::new(), BTreeMap::<u16, u32>::new()));
    let input = (0..bases.len(), 0..bases.len(), changes(), changes(), any::<u8>());
    let mut runner = TestRunner::new(Config { cases: 10_000, ..Config::default() });
    let ran = runner.run(&input, |(one, other, of_target, of_body, dice)| {
        let (base, form) = (&bases[one], &bases[if dice < 40 { other } else { one }]);
        let (method, target) = base.text("/request").split_once(' ').unwrap();
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "", "WATCH"];
        let method = if dice > 230 { methods[usize::from(dice % 8)] } else { method };
        let target = changed(target.as_bytes().to_vec(), &of_target);
        let mut request = Request::new(method, &String::from_utf8_lossy(&target));
        for header in ["content-type", "accept"] {
            if let Some(value) = form.get(header).and_then(Value::as_str) {
                request.headers.push((header.to_owned(), value.to_owned()));
            }
        }
        request.body = changed(base.text("/body").as_bytes().to_vec(), &of_body);
        let (server, codes) = &mut *state.borrow_mut();
        let answer = server.ask("pilot", request);
        *codes.entry(answer.code()).or_default() += 1;
        match answer {
            Answer::Reply(reply) => well_formed(&reply),
            Answer::Watch(mut watch) => drop(watch.hear(&server.world, &server.desk)),
            Answer::Log(mut log) => drop(log.hear(&server.world, &server.desk)),
        }
        if server.world.store().version() > 3_000 {
            *server = Server::new();
        }
        Ok(())
    });
    assert!(ran.is_ok(), "{ran:?}");
    let (_, codes) = state.into_inner();
    assert!(codes.values().sum::<u32>() >= 10_000 && codes.len() > 8, "{codes:?}");
}

#[test]
fn no_depth_and_no_length_is_too_much() {
    let mut server = Server::new();
    let deep = |open: &str, close: &str| open.repeat(50_000) + &close.repeat(50_000);
    let bodies = [
        deep("[", "]"),
        deep("{\"a\":", "}"),
        format!("{{\"metadata\":{{\"name\":\"x\"}},\"data\":{}}}", deep("{\"a\":", "}")),
        format!("[{{\"op\":\"add\",\"path\":\"/{}\",\"value\":1}}]", "a/".repeat(100_000)),
        "x".repeat(2_000_000),
    ];
    for body in bodies {
        for (line, form) in [
            (format!("POST {CONFIG_MAPS}"), "application/json"),
            (format!("POST {ROLLOUTS}"), "application/yaml"),
            (format!("PATCH {CONFIG_MAPS}/cfg"), "application/json-patch+json"),
            (format!("PATCH {CONFIG_MAPS}/cfg"), "application/strategic-merge-patch+json"),
            (format!("PATCH {ROLLOUTS}/checkout"), "application/merge-patch+json"),
            (format!("PATCH {ROLLOUTS}/checkout?fieldManager=x"), "application/apply-patch+yaml"),
            (format!("DELETE {CONFIG_MAPS}/none"), "application/json"),
        ] {
            let (method, path) = line.split_once(' ').unwrap();
            let mut request = Request::new(method, path);
            request.headers.push(("content-type".to_owned(), form.to_owned()));
            request.body = body.clone().into_bytes();
            let reply = server.reply("pilot", request);
            assert!(reply.code >= 400, "{line}");
            well_formed(&reply);
        }
    }
    let long = format!("/api/v1/namespaces/{}", "x/".repeat(200_000));
    well_formed(&server.get(&long));
    let selector = format!("{PODS}?labelSelector={}", "a,".repeat(100_000));
    well_formed(&server.get(&selector));
}
