//! W08 to W10: how pods are stopped, so that no request is cut off.
//!
//! Source: the termination of pods (Kubernetes 1.34): the grace period (30 s) begins with
//! `preStop`; the main containers are stopped together, native sidecars after them; `preStop.sleep`
//! is on from 1.30 and stable in 1.34 (KEP-3960, X55). Called by `judge`.

use crate::domain::readiness::Severity;
use crate::domain::time::{Span, length};
use crate::manifest::bundle::Object;
use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::Spot;
use crate::manifest::workload::{Container, Role};

use super::drain::{Drain, PreStop, drain, pre_stop};
use super::{may_serve, staying};

/// `terminationGracePeriodSeconds` where none is written.
const GRACE: i64 = 30;

/// The first minor version of the API server that takes `preStop.sleep` without being told to.
const NATIVE_SLEEP: u32 = 30;

fn hook<'t>(container: &Container<'t>) -> Spot<'t> {
    container.spot.keys(&["lifecycle", "preStop"])
}

pub(super) fn missing(case: &mut Case<'_>) {
    let Some((object, containers)) = staying(case) else { return };
    for container in &containers {
        let spot = hook(container);
        // A native sidecar is told to stop when the main containers are gone.
        if container.role == Role::Sidecar || pre_stop(&spot).is_some() {
            continue;
        }
        let wanted = format!("a preStop of container {}", container.name());
        let why = "a pod is told to stop at the same moment at which it is taken out of the \
                   Service: requests still come for some seconds, and fail";
        let fix = match case.profile.server_minor {
            Some(minor) if minor < NATIVE_SLEEP => {
                "lifecycle: {preStop: {exec: {command: [/bin/sh, -c, sleep 10]}}}"
            }
            _ => "lifecycle: {preStop: {sleep: {seconds: 10}}}",
        };
        let said = Said::of("none", wanted, why, fix);
        if may_serve(container, &containers) {
            case.broken(object, &spot, said);
        } else {
            case.broken_as(Severity::Note, object, &spot, said);
        }
    }
}

/// What the containers of a pod need to stop, added up.
#[derive(Default)]
struct Need {
    total: Span,
    /// The sum in words, of the container that needs most.
    sum: String,
    /// Why it may be more; the first reason.
    unknown: Option<String>,
}

impl Need {
    fn doubt(&mut self, why: String) {
        self.unknown.get_or_insert(why);
    }
}

pub(super) fn grace(case: &mut Case<'_>) {
    let Some((object, containers)) = staying(case) else { return };
    let spot = object.root().keys(&["spec", "template", "spec", "terminationGracePeriodSeconds"]);
    let seconds = if spot.is_absent() { Some(GRACE) } else { spot.int() };
    let Some(grace) = seconds.and_then(Span::try_seconds) else { return };
    let need = need(case, object, &containers);
    let reserve = case.profile.reserve;
    let total = need.total + reserve;
    let default = if spot.is_absent() { " (default)" } else { "" };
    let measured = format!("{}{default}", length(grace));
    let wanted = format!("{}: {} + {} reserve", length(total), need.sum, length(reserve));
    let why = "what is not done by then is killed, and its requests with it";
    let whole = total.num_seconds() + i64::from(total.subsec_nanos() > 0);
    let fix = format!("terminationGracePeriodSeconds: {whole}");
    let said = Said::of(measured, wanted, why, fix);
    if grace < total {
        case.broken(object, &spot, said);
    } else if let Some(why) = need.unknown {
        let reason = format!("the time that it takes to stop cannot be told: {why}");
        case.unknown(object, &spot, &reason, said);
    }
}

fn need(case: &Case<'_>, object: &Object, containers: &[Container<'_>]) -> Need {
    let mut need = Need::default();
    let (main, sidecars): (Vec<_>, Vec<_>) =
        containers.iter().partition(|container| container.role == Role::Main);
    for container in main {
        let waits = waits(container, &mut need);
        let (open, from) = match drain(container, case.bundle, object) {
            Drain::Said(span, name) => (span, name),
            Drain::Silent => (case.profile.drain, "assumed".to_owned()),
            Drain::Unreadable(why) => {
                need.doubt(why);
                (Span::zero(), "unknown".to_owned())
            }
        };
        let own = waits.checked_add(&open).unwrap_or(Span::MAX / 2);
        if need.sum.is_empty() || own > need.total {
            need.total = own;
            need.sum = format!("preStop {} + drain {} ({from})", length(waits), length(open));
        }
    }
    // All preStop begin together; a sidecar is told to stop after the main containers. Only what
    // it says itself is counted: most have nothing to finish.
    for container in sidecars {
        let waits = waits(container, &mut need);
        if waits > need.total {
            need.total = waits;
            need.sum = format!("preStop {} of {}", length(waits), container.name());
        }
        match drain(container, case.bundle, object) {
            Drain::Said(span, name) => {
                need.total = need.total.checked_add(&span).unwrap_or(Span::MAX / 2);
                let more = format!(" + drain {} of {} ({name})", length(span), container.name());
                need.sum.push_str(&more);
            }
            Drain::Unreadable(why) => need.doubt(why),
            Drain::Silent => {}
        }
    }
    need
}

/// What `preStop` of a container waits at least.
fn waits(container: &Container<'_>, need: &mut Need) -> Span {
    let Some(hook) = pre_stop(&hook(container)) else { return Span::zero() };
    if !hook.only_waits {
        need.doubt(format!("preStop of {} does more than wait", container.name()));
    }
    // Far beyond any grace period, and small enough to be added up.
    hook.waits.min(Span::MAX / 4)
}

pub(super) fn shell(case: &mut Case<'_>) {
    let Some((object, containers)) = staying(case) else { return };
    let server = case.profile.server_minor;
    for container in &containers {
        let spot = hook(container);
        let Some(found) = pre_stop(&spot) else { continue };
        let sleep = spot.key("sleep");
        if !sleep.is_absent() && server.is_some_and(|minor| minor < NATIVE_SLEEP) {
            unknown_to_server(case, object, &sleep, found);
        } else if found.needs_shell && server.is_none_or(|minor| minor >= NATIVE_SLEEP) {
            needs_shell(case, object, &spot, found);
        }
    }
}

fn needs_shell(case: &mut Case<'_>, object: &Object, spot: &Spot<'_>, found: PreStop) {
    let spot = spot.keys(&["exec", "command"]);
    let words: Vec<String> = spot.elements().iter().map(Spot::said).collect();
    let why = "an image without these programs cannot run it: the pod is stopped at once, and \
               nothing but an event says so";
    let measured = words.join(" ");
    if !found.only_waits {
        let wanted = "an image with a shell, or a program of its own";
        let fix = "put it into the program, or make sure that the image has a shell";
        case.broken_as(Severity::Note, object, &spot, Said::of(measured, wanted, why, fix));
        return;
    }
    let seconds = found.waits.num_seconds() + i64::from(found.waits.subsec_nanos() > 0);
    let fix = format!("preStop: {{sleep: {{seconds: {seconds}}}}}");
    let (wanted, fix) = match case.profile.server_minor {
        Some(minor) => (format!("sleep, which this server (1.{minor}) does itself"), fix),
        None => (
            "sleep, which servers do themselves from 1.30 on (stable in 1.34)".to_owned(),
            format!("{fix}, if the server is 1.30 or newer"),
        ),
    };
    case.broken(object, &spot, Said::of(measured, wanted, why, fix));
}

fn unknown_to_server(case: &mut Case<'_>, object: &Object, spot: &Spot<'_>, found: PreStop) {
    let minor = case.profile.server_minor.unwrap_or_default();
    let seconds = found.waits.num_seconds();
    let said = Said::of(
        format!("sleep, server 1.{minor}"),
        "a preStop that this server knows",
        "servers older than 1.30 drop the field and refuse a preStop that does nothing",
        format!("preStop: {{exec: {{command: [/bin/sh, -c, sleep {seconds}]}}}}"),
    );
    case.broken_as(Severity::Error, object, spot, said);
}
