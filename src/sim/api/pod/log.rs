//! The log subresource: what a container wrote, and what it goes on to write.
//!
//! Called for requests to `log`; `serve` asks again while a log is followed.

use crate::sim::api::desk::Desk;
use crate::sim::api::place::Target;
use crate::sim::api::read::{Heard, whole_number};
use crate::sim::api::request::Request;
use crate::sim::control::workload::{self, LogRequest};
use crate::sim::object::Document;
use crate::sim::store::{Cause, Key, Kind, Refusal};
use crate::sim::time::{self, Moment, Span};
use crate::sim::world::World;

/// Further back nothing is looked for.
const MOST_SECONDS: i64 = 10 * 365 * 24 * 3_600;

/// A log that is read.
#[expect(clippy::struct_excessive_bools, reason = "what was asked for, flag by flag")]
#[derive(Debug)]
pub(crate) struct Tail {
    key: Key,
    uid: String,
    container: String,
    previous: bool,
    follow: bool,
    timestamps: bool,
    /// Lines that were there at first: only so many of the last.
    at_first: Option<usize>,
    since: Option<Moment>,
    /// Bytes that may still be said.
    left: Option<usize>,
    /// Everything up to this instant was said.
    said: Option<Moment>,
    /// Runs of the container when it began.
    restarts: i64,
    cuts: u64,
    ended: bool,
}

/// Opens a log.
pub(crate) fn log(
    world: &World,
    desk: &Desk,
    request: &Request,
    target: &Target,
) -> Result<Tail, Refusal> {
    let key = target.key(Kind::Pod);
    let pod = world.store().find(&key)?;
    let options = read(request, &key, world.now())?;
    let tail = Tail {
        uid: pod.uid().to_owned(),
        container: container(pod, request)?,
        restarts: 0,
        cuts: desk.faults.cuts,
        ..options
    };
    let tail = Tail { restarts: tail.runs(world), ..tail };
    // What cannot be read is refused at once, and not in the middle of a stream.
    lines(world, &tail, None)?;
    Ok(tail)
}

fn read(request: &Request, key: &Key, now: Moment) -> Result<Tail, Refusal> {
    let number = |name: &str| whole_number(request, name);
    let (tail, seconds, bytes) =
        (number("tailLines")?, number("sinceSeconds")?, number("limitBytes")?);
    let mut causes = Vec::new();
    let mut least = |field: &str, value: Option<i64>, least: i64| {
        if let Some(value) = value.filter(|value| *value < least) {
            let why = match least {
                0 => "must be greater than or equal to 0".to_owned(),
                _ => "must be greater than 0".to_owned(),
            };
            causes.push(Cause::invalid(field, &value.to_string(), &why));
        }
    };
    least("tailLines", tail, 0);
    least("limitBytes", bytes, 1);
    least("sinceSeconds", seconds, 1);
    let since = request.value("sinceTime").filter(|text| !text.is_empty());
    if since.is_some() && seconds.is_some() {
        causes.push(Cause::forbidden(
            "sinceSeconds",
            "at most one of `sinceTime` or `sinceSeconds` may be specified",
        ));
    }
    if !causes.is_empty() {
        return Err(Refusal::broken_as("", "PodLogOptions", &key.name, &causes));
    }
    let since = match since.map(|text| (text, time::parse(text))) {
        Some((text, None)) => {
            return Err(Refusal::bad_request(format!(
                "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \
                 \"2006\""
            )));
        }
        Some((_, at)) => at,
        None => None,
    };
    Ok(Tail {
        key: key.clone(),
        uid: String::new(),
        container: String::new(),
        previous: request.flag("previous"),
        follow: request.flag("follow"),
        timestamps: request.flag("timestamps"),
        at_first: tail.and_then(|n| usize::try_from(n).ok()),
        since: since.or_else(|| seconds.map(|s| now - Span::seconds(s.min(MOST_SECONDS)))),
        left: bytes.and_then(|n| usize::try_from(n).ok()),
        said: None,
        restarts: 0,
        cuts: 0,
        ended: false,
    })
}

/// The container that is meant.
fn container(pod: &serde_json::Value, request: &Request) -> Result<String, Refusal> {
    let names = |list: &str| -> Vec<String> {
        pod.items(list).iter().map(|c| c.text("/name").to_owned()).collect()
    };
    let (mains, first) = (names("/spec/containers"), names("/spec/initContainers"));
    match request.value("container").unwrap_or_default() {
        "" => match mains.as_slice() {
            [one] => Ok(one.clone()),
            _ => Err(Refusal::bad_request(format!(
                "a container name must be specified for pod {}, choose one of: [{}]",
                pod.name(),
                mains.join(" ")
            ))),
        },
        name if mains.iter().chain(&first).any(|known| known == name) => Ok(name.to_owned()),
        name => Err(Refusal::bad_request(format!(
            "container {name} is not valid for pod {}",
            pod.name()
        ))),
    }
}

impl Tail {
    /// What there is to read now.
    pub(crate) fn hear(&mut self, world: &World, desk: &Desk) -> Heard {
        if self.ended {
            return Heard::End;
        }
        if self.cuts != desk.faults.cuts {
            self.ended = true;
            return Heard::Torn;
        }
        let Ok(found) = lines(world, self, self.said) else {
            self.ended = true;
            return Heard::End;
        };
        let first = self.said.is_none();
        self.said = Some(world.now());
        let skip =
            self.at_first.filter(|_| first).map_or(0, |tail| found.len().saturating_sub(tail));
        let mut bytes = Vec::new();
        for (at, line) in found.into_iter().skip(skip) {
            if self.timestamps {
                bytes.extend_from_slice(nanos(at).as_bytes());
                bytes.push(b' ');
            }
            bytes.extend_from_slice(line.as_bytes());
            bytes.push(b'\n');
        }
        if let Some(left) = &mut self.left {
            bytes.truncate(*left);
            *left -= bytes.len();
        }
        let over = !self.follow || self.left == Some(0) || !self.runs_on(world);
        self.ended = over;
        if bytes.is_empty() && over { Heard::End } else { Heard::Lines(bytes) }
    }

    /// Whether the container that was followed still runs.
    fn runs_on(&self, world: &World) -> bool {
        let Some(pod) = world.store().get(&self.key) else { return false };
        let ended = matches!(pod.text("/status/phase"), "Succeeded" | "Failed");
        let status = status(pod, &self.container);
        let stopped = status.is_some_and(|s| s.pointer("/state/terminated").is_some());
        pod.uid() == self.uid && !ended && !stopped && self.runs(world) == self.restarts
    }

    fn runs(&self, world: &World) -> i64 {
        let pod = world.store().get(&self.key);
        pod.and_then(|pod| status(pod, &self.container)).map_or(0, |s| s.int("/restartCount"))
    }
}

fn status<'p>(pod: &'p serde_json::Value, container: &str) -> Option<&'p serde_json::Value> {
    ["/status/containerStatuses", "/status/initContainerStatuses"]
        .iter()
        .flat_map(|list| pod.items(list))
        .find(|status| status.text("/name") == container)
}

/// As the node writes an instant before each line.
fn nanos(at: Moment) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true)
}

/// The lines of a container after an instant, oldest first.
fn lines(
    world: &World,
    tail: &Tail,
    after: Option<Moment>,
) -> Result<Vec<(Moment, String)>, Refusal> {
    let request = LogRequest {
        container: tail.container.clone(),
        previous: tail.previous,
        tail: None,
        since: after.or(tail.since),
        until: world.now(),
    };
    let lines = workload::log(world.store(), world.ground(), world.dice(), &tail.key, &request)?;
    Ok(lines.into_iter().filter(|(at, _)| after.is_none_or(|after| *at > after)).collect())
}
