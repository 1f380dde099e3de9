//! The logs of pods: written on demand, from what is known of a container and of the program in it.
//!
//! Never stored: the same pod at the same instant has always written the same. Called by the API.

use serde_json::Value;

use super::kubelet;
use crate::sim::dice::Dice;
use crate::sim::object::Document;
use crate::sim::store::{Key, Refusal, Store};
use crate::sim::time::{self, Moment, Span};
use crate::sim::world::{Behaviour, Ground};

/// Lines that a node keeps of one run of a container.
const KEPT: i64 = 5_000;

/// From one line to the next, on average.
const PACE: Span = Span::seconds(2);

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogRequest {
    /// Empty for the only container of the pod.
    pub(crate) container: String,
    /// The run before the present one.
    pub(crate) previous: bool,
    /// At most so many lines, the last ones.
    pub(crate) tail: Option<usize>,
    pub(crate) since: Option<Moment>,
    /// What is not written yet at this instant is not there.
    pub(crate) until: Moment,
}

/// The lines of a container, oldest first. A pod without a node has written nothing.
pub(crate) fn log(
    store: &Store,
    ground: &Ground,
    dice: Dice,
    key: &Key,
    request: &LogRequest,
) -> Result<Vec<(Moment, String)>, Refusal> {
    let pod = store.find(key)?;
    let name = container(pod, &request.container)?;
    if pod.text("/spec/nodeName").is_empty() {
        return Ok(Vec::new());
    }
    let run = run(pod, name, request.previous)?;
    let image = run.image;
    let behaviour = kubelet::fate(pod, image, run.number, &ground.images, dice);
    let writer = Writer { dice, uid: pod.uid(), name, image, behaviour: &behaviour, run: &run };
    let mut lines = writer.lines(request.until, request.since);
    if let Some(tail) = request.tail {
        lines.drain(..lines.len().saturating_sub(tail));
    }
    Ok(lines)
}

/// The container that is meant.
fn container<'a>(pod: &'a Value, wanted: &'a str) -> Result<&'a str, Refusal> {
    let name = pod.name();
    let names = |list: &str| -> Vec<&'a str> {
        pod.items(list).iter().map(|container| container.text("/name")).collect()
    };
    let (firsts, rest) = (names("/spec/initContainers"), names("/spec/containers"));
    if !wanted.is_empty() {
        let known = firsts.iter().chain(&rest).any(|container| *container == wanted);
        let message = format!("container {wanted} is not valid for pod {name}");
        return if known { Ok(wanted) } else { Err(Refusal::bad_request(message)) };
    }
    match rest.as_slice() {
        [only] => Ok(only),
        [] => {
            Err(Refusal::bad_request(format!("a container name must be specified for pod {name}")))
        }
        several => {
            let mut message = format!(
                "a container name must be specified for pod {name}, choose one of: [{}]",
                several.join(" ")
            );
            if !firsts.is_empty() {
                message += &format!(" or one of the init containers: [{}]", firsts.join(" "));
            }
            Err(Refusal::bad_request(message))
        }
    }
}

/// One run of a container.
#[derive(Debug)]
struct Run<'a> {
    image: &'a str,
    number: u64,
    since: Moment,
    /// When and with which code it ended.
    end: Option<(Moment, i64)>,
}

/// The run that is asked for, or why there is none to be shown.
fn run<'a>(pod: &'a Value, name: &str, previous: bool) -> Result<Run<'a>, Refusal> {
    let lists = ["/status/containerStatuses", "/status/initContainerStatuses"];
    let mut statuses = lists.iter().flat_map(|list| pod.items(list));
    let place = format!("container {name:?} in pod {:?}", pod.name());
    let Some(status) = statuses.find(|status| status.text("/name") == name) else {
        return Err(Refusal::bad_request(format!("{place} is not available")));
    };
    let number = u64::try_from(status.int("/restartCount")).unwrap_or(0);
    let image = status.text("/image");
    let since = |pointer: &str| time::parse(status.text(&format!("{pointer}/startedAt")));
    let ended = |pointer: &str, number: u64| {
        let since = since(pointer)?;
        let at = time::parse(status.text(&format!("{pointer}/finishedAt"))).unwrap_or(since);
        let end = Some((at, status.int(&format!("{pointer}/exitCode"))));
        Some(Run { image, number, since, end })
    };
    let waits = status.at("/state/waiting").is_some();
    let last =
        ended("/lastState/terminated", if waits { number } else { number.saturating_sub(1) });
    if previous {
        let message = format!("previous terminated {place} not found");
        return last.ok_or_else(|| Refusal::bad_request(message));
    }
    if let Some(since) = since("/state/running") {
        return Ok(Run { image, number, since, end: None });
    }
    if let Some(run) = ended("/state/terminated", number).or(last) {
        return Ok(run);
    }
    let why = match status.text("/state/waiting/reason") {
        "ErrImagePull" => "image can't be pulled",
        "ImagePullBackOff" => "trying and failing to pull image",
        reason => reason,
    };
    Err(Refusal::bad_request(format!("{place} is waiting to start: {why}")))
}

/// Who writes the lines of a run.
#[derive(Debug)]
struct Writer<'a> {
    dice: Dice,
    uid: &'a str,
    name: &'a str,
    image: &'a str,
    behaviour: &'a Behaviour,
    run: &'a Run<'a>,
}

impl Writer<'_> {
    fn lines(&self, until: Moment, since: Option<Moment>) -> Vec<(Moment, String)> {
        let end = self.run.end.map_or(until, |(end, _)| end.min(until));
        let begun = self.run.since;
        let mut lines = Vec::new();
        let from = since.unwrap_or(begun);
        if begun >= from && begun <= end {
            lines.push((begun, self.first_line()));
        }
        let elapsed = |to: Moment| (to - begun).num_milliseconds() / PACE.num_milliseconds();
        let last = elapsed(end);
        let first = elapsed(from).max(last - KEPT).max(1);
        for number in first..=last {
            let at = self.at(number);
            if at >= from && at <= end {
                lines.push((at, self.line(number)));
            }
        }
        if let Some((at, code)) = self.run.end.filter(|(at, _)| *at <= until && *at >= from) {
            lines.extend(self.last_words(code).into_iter().map(|line| (at, line)));
        }
        lines
    }

    /// When a line is written: at an even pace, with a little hurry.
    fn at(&self, number: i64) -> Moment {
        let hurry =
            self.dice.between(&["line", self.uid, self.name], number.unsigned_abs(), 0, 900);
        self.run.since + PACE * i32::try_from(number).unwrap_or(i32::MAX)
            - Span::milliseconds(hurry)
    }

    fn first_line(&self) -> String {
        format!("level=info msg=\"listening\" service={} image={} port=8080", self.name, self.image)
    }

    fn line(&self, number: i64) -> String {
        let templates = &self.behaviour.log;
        let index = usize::try_from(number - 1).unwrap_or(0) % templates.len().max(1);
        if let Some(template) = templates.get(index) {
            return template.replace("{n}", &number.to_string());
        }
        let names = ["request", self.uid, self.name];
        let roll = |what: u64, low, high| {
            self.dice.between(
                &names,
                number.unsigned_abs().wrapping_mul(4).wrapping_add(what),
                low,
                high,
            )
        };
        if number % 17 == 0 {
            let took = roll(0, 800, 1_900);
            return format!(
                "level=warn msg=\"slow answer\" upstream=orders-db took={took}ms request={number}"
            );
        }
        let path = match roll(1, 0, 3) {
            0 => "/healthz",
            1 => "/api/v1/cart",
            2 => "/api/v1/orders",
            _ => "/api/v1/prices?currency=EUR",
        };
        let status = if number % 29 == 0 { 503 } else { 200 };
        let took = roll(2, 2, 90);
        format!(
            "level=info method=GET path=\"{path}\" status={status} took={took}ms request={number}"
        )
    }

    /// What it writes before its end. Who is killed for its memory has no time to say anything.
    fn last_words(&self, code: i64) -> Vec<String> {
        match code {
            0 => vec!["level=info msg=\"done\"".into()],
            137 => Vec::new(),
            _ if !self.behaviour.last_words.is_empty() => self.behaviour.last_words.clone(),
            code => vec![
                "level=error msg=\"migration 0042 failed\" err=\"column \\\"discount\\\" does not \
                 exist\""
                    .into(),
                "panic: cannot start without schema 42".into(),
                format!("exit status {code}"),
            ],
        }
    }
}

#[cfg(test)]
mod tests;
