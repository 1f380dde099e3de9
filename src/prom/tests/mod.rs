//! The room against a server that plays good and bad ones.

mod carried;
mod children;
mod failing;
mod good;
mod odd;
mod pacing;
mod scripted;
mod secure;
mod signing;

use std::time::Duration;

use super::pace::Pace;
use super::{Access, Server};
use crate::domain::measure::query::{Asked, Question, Shape};
use crate::domain::time::{Span, Timestamp};

use scripted::Scripted;

/// Answers are soon given up, long enough for a busy machine; pauses last longer than any test.
fn quick() -> Pace {
    Pace {
        connect: Duration::from_millis(800),
        answer: Duration::from_millis(900),
        evaluation: Duration::from_millis(700),
        first: Duration::from_secs(5),
        longest: Duration::from_secs(5),
        asked_for: Duration::from_secs(10),
    }
}

/// Nobody has to sign in, and nothing is quick.
fn server_of(scripted: &Scripted) -> Server {
    Server::direct(&scripted.url(), &Access::default()).unwrap()
}

fn paced_server_of(scripted: &Scripted, pace: Pace) -> Server {
    Server::paced(&scripted.url(), &Access::default(), pace).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(seconds, 0).unwrap()
}

/// From 1000 on, every 15 seconds.
fn asked(expr: &str, shape: Shape, to: i64) -> Asked {
    let question = Question { expr: expr.into(), shape };
    Asked { question, from: at(1000), to: at(to), step: Span::seconds(15) }
}

/// One instant of one value.
fn now() -> Asked {
    asked("up", Shape::Value, 1000)
}

/// A good answer around a result.
fn success(kind: &str, result: &str) -> String {
    format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}}}"#)
}

/// A good answer with one value at 1000.
fn one() -> String {
    success("vector", r#"[{"metric":{},"value":[1000,"1"]}]"#)
}
