//! What stands between a connection and the API: answers refused, lost, late or no answers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request as HttpRequest, Response};
use hyper::body::Incoming;
use tokio::io::DuplexStream;
use tokio::time::sleep;

use super::fault::Fault;
use super::line::{Death, Own, end};
use super::scene;
use super::server::{Asked, Server};
use super::twist::Twisted;
use crate::sim::api::{self, Answer, Reply, Request};
use crate::sim::serve::connection::{of_type, speak, spoken, stamp, taken};
use crate::sim::serve::stream::{self, Body};
use crate::sim::store::Refusal;

/// The longest that a write is on its way, in milliseconds: longer than anybody waits for it.
const LATEST: u64 = 12_000;

/// Serves one connection to its end.
pub(super) async fn serve(server: Arc<Server>, far: DuplexStream, own: Arc<Mutex<Own>>) {
    speak(far, |request| answer(Arc::clone(&server), Arc::clone(&own), request)).await;
}

async fn answer(
    server: Arc<Server>,
    own: Arc<Mutex<Own>>,
    request: HttpRequest<Incoming>,
) -> Response<Body> {
    let asked = taken(request).await;
    let write = asked.method == "PATCH";
    let target = line_of(&asked);
    if write && server.is_struck(Fault::LostRequest) {
        server.note(&format!("{target} -> lost on its way"));
        server.asked_for(seen(&server, &asked, 0));
        end(&own, Death::Reset);
        return std::future::pending().await;
    }
    if let Some(reply) = refused(&server, &asked) {
        let known = write.then(|| seen(&server, &asked, 0));
        // What a server refuses without a look may be done all the same where storage was slow.
        if write && matches!(reply.code, 500) && server.roll(0, 1) == 0 {
            handle(&server, &asked);
        } else if let Some(known) = known {
            server.asked_for(known);
        }
        server.note(&format!("{target} -> {}", reply.code));
        return said(&server, reply);
    }
    if !write && server.is_struck(Fault::Hung) {
        server.note(&format!("{target} -> no answer"));
        return std::future::pending().await;
    }
    let place = place_of(&asked);
    if let Some(place) = place.filter(|_| write)
        && server.is_struck(Fault::Between)
    {
        server.colleague(place);
    }
    prepare(&server, &asked);
    let path = asked.path.clone();
    let answer = if write && server.is_struck(Fault::LateRequest) {
        server.note(&format!("{target} is on its way for long"));
        arrive_late(&server, asked).await
    } else {
        handle(&server, &asked)
    };
    server.note(&format!("{target} -> {}", answer.code()));
    if write && server.is_struck(Fault::LostAnswer) {
        server.note("its answer is lost");
        end(&own, Death::Reset);
        return std::future::pending().await;
    }
    let late = write && server.is_struck(Fault::LateAnswer);
    if late || server.is_struck(Fault::Slow) {
        sleep(Duration::from_millis(server.roll(200, if late { 14_000 } else { 10_000 }))).await;
    }
    said_of(&server, answer, &path)
}

/// Handles a request later than that, whether somebody still waits for it or not.
async fn arrive_late(server: &Arc<Server>, asked: Request) -> Answer {
    let late = Duration::from_millis(server.roll(500, LATEST));
    let server = Arc::clone(server);
    let handled = tokio::spawn(async move {
        sleep(late).await;
        let answer = handle(&server, &asked);
        server.note(&format!("it arrived after all -> {}", answer.code()));
        answer
    });
    handled.await.unwrap()
}

/// A request as the trace has it: without the length of a watch, which is drawn by the client.
fn line_of(asked: &Request) -> String {
    let query: Vec<String> = asked
        .query
        .iter()
        .filter(|(name, _)| name == "resourceVersion" || name == "continue")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("{} {} {}", asked.method, asked.path, query.join("&"))
}

/// The workload that a request is about.
fn place_of(asked: &Request) -> Option<usize> {
    let name = |place: &usize| format!("/{}", scene::WORKLOADS[*place].1);
    let path = asked.path.trim_end_matches("/status");
    (0..scene::WORKLOADS.len()).find(|place| path.ends_with(&name(place)))
}

/// An answer that comes from nowhere.
fn refused(server: &Server, asked: &Request) -> Option<Reply> {
    let watch = asked.flag("watch") && asked.value("watch").is_some();
    let list = asked.method == "GET" && asked.value("limit").is_some();
    let health = asked.path == "/readyz";
    let no = |code, reason, text: &str| {
        Some(Reply::refusal(&Refusal::new(code, reason, text.to_owned())))
    };
    if (watch || list) && server.is_struck(Fault::GoneAtOpen) {
        return no(410, "Expired", "too old resource version");
    }
    if (watch || list) && server.is_struck(Fault::TooLarge) {
        return no(504, "Timeout", "Timeout: Too large resource version: 9, current: 1");
    }
    if !health && server.is_struck(Fault::Expired) {
        return no(401, "Unauthorized", "Unauthorized");
    }
    if !health && server.is_struck(Fault::Forbidden) {
        return no(403, "Forbidden", "forbidden: User \"pilot\" cannot do this");
    }
    if !health && server.is_struck(Fault::Busy) {
        let mut refusal = Refusal::new(429, "TooManyRequests", "too many requests".to_owned());
        let seconds = server.roll(1, 4);
        refusal.details = Some(serde_json::json!({"retryAfterSeconds": seconds}));
        return Some(Reply::refusal(&refusal));
    }
    if server.is_struck(Fault::Internal) {
        return no(500, "", "etcdserver: request timed out");
    }
    if server.is_struck(Fault::Unavailable) {
        return no(503, "ServiceUnavailable", "the server is currently unable to handle this");
    }
    if server.is_struck(Fault::Garbled) {
        let page = "<html><body>Proxy: please sign in</body></html>";
        return Some(Reply::text(200, page));
    }
    None
}

/// What has to happen for some faults before the request is handled.
fn prepare(server: &Server, asked: &Request) {
    if asked.value("continue").is_some() && server.is_struck(Fault::GoneInList) {
        server.forget();
    }
}

/// Handles a request, and remembers it when it is a write.
fn handle(server: &Arc<Server>, asked: &Request) -> Answer {
    let watch = asked.value("watch").is_some();
    if watch && server.is_lost(&asked.path) {
        return lost(server, asked);
    }
    if asked.method == "GET" && !watch {
        server.listed(&asked.path);
    }
    let before = (asked.method == "PATCH").then(|| seen(server, asked, 0));
    let answer = server.shared.act(|world, desk| api::handle(world, desk, asked));
    server.learn();
    if let Some(before) = before {
        server.asked_for(Asked { code: answer.code(), ..before });
    }
    answer
}

/// Answers a watch from a position that was lost by a restore.
fn lost(server: &Arc<Server>, asked: &Request) -> Answer {
    let Some(version) = server.rewinds() else {
        let text = "Timeout: Too large resource version";
        return Answer::Reply(Reply::refusal(&Refusal::new(504, "Timeout", text)));
    };
    let mut rewound = asked.clone();
    for (name, value) in &mut rewound.query {
        if name == "resourceVersion" {
            *value = version.to_string();
        }
    }
    server.shared.act(|world, desk| api::handle(world, desk, &rewound))
}

/// A write, and the object that it comes to.
fn seen(server: &Server, asked: &Request, code: u16) -> Asked {
    let before = place_of(asked).and_then(|place| {
        server.shared.look(|world, _| world.store().get(&scene::key(place)).cloned())
    });
    Asked {
        path: asked.path.clone(),
        body: serde_json::from_slice(&asked.body).unwrap_or_default(),
        code,
        before,
        journal: server.journal(),
    }
}

fn said(server: &Server, reply: Reply) -> Response<Body> {
    let mut response = spoken(reply, false);
    stamp(&server.shared, &mut response);
    response
}

fn said_of(server: &Arc<Server>, answer: Answer, path: &str) -> Response<Body> {
    let shared = || Arc::clone(&server.shared);
    let mut response = match answer {
        Answer::Reply(reply) => spoken(reply, false),
        Answer::Watch(follow) => {
            let first = server.rewinds().filter(|_| server.is_lost(path));
            let twisted = Twisted { follow, server: Arc::clone(server), first, over: false };
            of_type("application/json", stream::body(shared(), Box::new(twisted)))
        }
        Answer::Log(tail) => of_type("text/plain", stream::body(shared(), tail)),
    };
    stamp(&server.shared, &mut response);
    response
}
