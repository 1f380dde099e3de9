//! Whether the server is well: it is, or it does not answer at all.
//!
//! Called for `/healthz`, `/livez` and `/readyz`.

use crate::sim::api::reply::Reply;
use crate::sim::api::request::Request;

/// What is looked at.
const CHECKS: [&str; 4] = ["ping", "log", "etcd", "informer-sync"];

pub(super) fn answer(parts: &[&str], request: &Request) -> Reply {
    match parts {
        [_] if request.value("verbose").is_some() => {
            let name = parts.first().copied().unwrap_or_default();
            let lines = CHECKS.map(|check| format!("[+]{check} ok\n")).concat();
            Reply::text(200, format!("{lines}{name} check passed\n"))
        }
        [_] => Reply::text(200, "ok"),
        [_, check] if CHECKS.contains(check) => Reply::text(200, "ok"),
        _ => Reply::nothing_here(),
    }
}
