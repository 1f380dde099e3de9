//! Whether an order can be made.
//!
//! Names as Kubernetes takes them (RFC 1035 and 1123), images as registries do, addresses, and
//! numbers that fit together. Called by `make` before anything is written.

use crate::domain::text::SafeText;
use crate::domain::time::{Span, length};
use crate::manifest::workload::Strategy;

use super::numbers;
use super::order::{Check, Environment, Image, Order, Routing, Shape};
use super::refusal::Refusal;

/// Characters of a label (RFC 1123).
const LABEL: usize = 63;
/// More replicas than one object of a cluster can have (150,000 pods in all, Kubernetes' own
/// limit for a cluster).
const MOST_REPLICAS: u32 = 100_000;
/// Bytes of a path, a host or an annotation.
const LONG: usize = 1000;

/// The first reason why an order cannot be made.
pub(super) fn order(order: &Order) -> Result<(), Refusal> {
    name(order)?;
    image(&order.image)?;
    ports(order)?;
    environments(&order.shape)?;
    routing(&order.routing)?;
    if let Some(base) = &order.prometheus {
        address("address of Prometheus", base)?;
    }
    paths(order)?;
    order.checks.iter().try_for_each(check)?;
    annotations(order)?;
    resources(order)?;
    limits(order)?;
    times(order)
}

/// Suffixes of the names of Services; the longest comes first.
fn suffixes(strategy: Strategy) -> &'static [&'static str] {
    match strategy {
        Strategy::BlueGreen => &["-preview", "-active"],
        Strategy::Canary => &["-canary", "-stable"],
        Strategy::Rolling | Strategy::Recreate => &[],
    }
}

fn name(order: &Order) -> Result<(), Refusal> {
    if order.strategy == Strategy::Recreate {
        return Err(Refusal::Recreate);
    }
    named("name", &order.name, OF_SERVICE)?;
    let longest = suffixes(order.strategy).first().copied().unwrap_or_default();
    let most = LABEL - longest.len();
    let length = order.name.len();
    if length <= most {
        return Ok(());
    }
    Err(Refusal::TooLong {
        given: SafeText::new(&order.name),
        length,
        longest: format!("{}{longest}", order.name).into(),
        would: length + longest.len(),
        most,
    })
}

/// The signs that a kind of name may have beside letters and digits, and whether it may begin with
/// a digit.
#[derive(Debug, Clone, Copy)]
struct Form {
    signs: &'static str,
    digit_first: bool,
}

/// Of Services (RFC 1035).
const OF_SERVICE: Form = Form { signs: "-", digit_first: false };
/// Of namespaces (RFC 1123).
const OF_NAMESPACE: Form = Form { signs: "-", digit_first: true };
/// Of most other objects (RFC 1123, with dots).
const OF_OBJECT: Form = Form { signs: "-.", digit_first: true };

/// A name; its length is looked at where it is not the service's own.
fn named(what: &'static str, given: &str, form: Form) -> Result<(), Refusal> {
    let refused = |wrong| Err(Refusal::Name { what, given: SafeText::name(given), wrong });
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    match given {
        "" => refused("it is empty"),
        _ if !given.chars().all(|c| letter(c) || form.signs.contains(c)) => {
            refused("it has characters that no such name may have")
        }
        _ if !given.starts_with(letter) || !given.ends_with(letter) => {
            refused("it begins or ends with a sign")
        }
        _ if !form.digit_first && given.starts_with(|c: char| c.is_ascii_digit()) => {
            refused("it begins with a digit, and names of Services may not")
        }
        _ => Ok(()),
    }
}

fn short(what: &'static str, given: &str, form: Form) -> Result<(), Refusal> {
    named(what, given, form)?;
    if given.len() > LABEL {
        let given = SafeText::name(given);
        return Err(Refusal::Name { what, given, wrong: "it has more than 63 characters" });
    }
    Ok(())
}

/// An image as registries name it (the reference grammar of the distribution project).
pub(super) fn image(image: &Image) -> Result<(), Refusal> {
    let reference = image.reference();
    let refused = |wrong| Err(Refusal::Image { given: SafeText::new(&reference), wrong });
    let hexadecimal = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f');
    match image.digest.strip_prefix("sha256:") {
        None => return refused("its digest does not begin with `sha256:`"),
        Some(digits) if digits.len() != 64 || !digits.chars().all(hexadecimal) => {
            return refused("its digest is not 64 digits of 0-9 and a-f");
        }
        Some(_) => {}
    }
    if let Some(tag) = &image.tag {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if tag == "latest" {
            return refused("the tag `latest` tells nobody which version this is; leave it out");
        }
        if tag.is_empty() || tag.len() > 128 || !tag.chars().all(allowed) {
            return refused("its tag has characters that no tag may have, or is longer than 128");
        }
        if tag.starts_with(['.', '-']) {
            return refused("its tag begins with a sign");
        }
    }
    let parts: Vec<&str> = image.repository.split('/').collect();
    let registry = |part: &&str| part.contains(['.', ':']) || *part == "localhost";
    let path = match parts.split_first() {
        Some((host, path)) if !path.is_empty() && registry(host) => {
            let allowed = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
            if !host.chars().all(allowed) || host.starts_with([':', '.', '-']) {
                return refused("its registry is no host");
            }
            path
        }
        _ => parts.as_slice(),
    };
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    let component = |part: &str| {
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        part.chars().all(allowed) && edge(part.chars().next()) && edge(part.chars().next_back())
    };
    if image.repository.len() > 255 || !path.iter().all(|part| component(part)) {
        return refused("its repository is no path of lower-case names");
    }
    Ok(())
}

fn ports(order: &Order) -> Result<(), Refusal> {
    let refused = |what, given, wrong| Err(Refusal::Port { what, given, wrong });
    match (order.port, order.metrics_port) {
        (0, _) => refused("port", 0, "there is no such port"),
        (_, Some(0)) => refused("metrics port", 0, "there is no such port"),
        (port, Some(metrics)) if port == metrics => {
            refused("metrics port", metrics, "it is the service's own; leave it out")
        }
        _ => Ok(()),
    }
}

fn environments(shape: &Shape) -> Result<(), Refusal> {
    let mut seen: Vec<&str> = Vec::new();
    for (_, Environment { namespace, replicas }) in shape.environments() {
        short("namespace", namespace, OF_NAMESPACE)?;
        if seen.contains(&namespace.as_str()) {
            return Err(Refusal::SharedNamespace(SafeText::name(namespace)));
        }
        seen.push(namespace);
        let refused = |wrong| {
            let namespace = SafeText::name(namespace);
            Err(Refusal::Replicas { given: *replicas, namespace, wrong })
        };
        match *replicas {
            0 => refused("nobody would serve; give 1 at least, and 2 for users")?,
            many if many > MOST_REPLICAS => refused("no cluster has so many pods")?,
            _ => {}
        }
    }
    Ok(())
}

fn routing(routing: &Routing) -> Result<(), Refusal> {
    match routing {
        Routing::None => Ok(()),
        Routing::Nginx { class, host: name } => {
            short("ingress class", class, OF_OBJECT)?;
            host(name)
        }
        Routing::Gateway { gateway, namespace, host: name } => {
            short("gateway", gateway, OF_OBJECT)?;
            if let Some(namespace) = namespace {
                short("namespace of the gateway", namespace, OF_NAMESPACE)?;
            }
            host(name)
        }
    }
}

fn host(given: &str) -> Result<(), Refusal> {
    let refused = |wrong| Err(Refusal::Host { given: SafeText::name(given), wrong });
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let part = |part: &str| {
        let edges = part.starts_with('-') || part.ends_with('-');
        !part.is_empty() && part.len() <= LABEL && part.chars().all(allowed) && !edges
    };
    let name = given.strip_prefix("*.").unwrap_or(given);
    match name {
        _ if given.len() > 253 => refused("it is longer than 253 characters"),
        _ if !name.split('.').all(part) => refused("it is no DNS name in lower case"),
        _ if name.split('.').all(|part| part.chars().all(|c| c.is_ascii_digit())) => {
            refused("it is an address and no name")
        }
        _ => Ok(()),
    }
}

/// An address without a secret in it.
fn address(what: &'static str, given: &str) -> Result<(), Refusal> {
    let refused = |wrong| Err(Refusal::Address { what, given: SafeText::new(given), wrong });
    let rest = given.strip_prefix("http://").or_else(|| given.strip_prefix("https://"));
    let Some(rest) = rest else {
        // What stands before `@` may be a password, and is not shown.
        if given.contains('@') {
            return Err(Refusal::Secret { what });
        }
        return refused("it is no address");
    };
    let (authority, _) = rest.split_once(['/', '?', '#']).unwrap_or((rest, ""));
    match authority {
        _ if authority.contains('@') => Err(Refusal::Secret { what }),
        "" => refused("it names no host"),
        _ if given.len() > LONG => refused("it is longer than 1000 characters"),
        _ if !given.chars().all(is_of_address) => refused("it has characters that none may have"),
        _ => Ok(()),
    }
}

/// Characters of an address or a path; no braces, which the controller would fill in.
fn is_of_address(c: char) -> bool {
    c.is_ascii_graphic() && !"\"\\{}<>`^|".contains(c)
}

fn paths(order: &Order) -> Result<(), Refusal> {
    let health = &order.health;
    for (what, given) in [
        ("startup path", &health.startup),
        ("readiness path", &health.ready),
        ("liveness path", &health.live),
    ] {
        path(what, given)?;
    }
    if health.ready == health.live {
        return Err(Refusal::SamePath(SafeText::new(&health.live)));
    }
    Ok(())
}

fn path(what: &'static str, given: &str) -> Result<(), Refusal> {
    let refused = |wrong| Err(Refusal::Path { what, given: SafeText::new(given), wrong });
    match given {
        _ if !given.starts_with('/') => refused("it does not begin with `/`"),
        _ if given.len() > LONG => refused("it is longer than 1000 characters"),
        _ if !given.chars().all(is_of_address) => refused("it has characters that none may have"),
        _ => Ok(()),
    }
}

fn check(check: &Check) -> Result<(), Refusal> {
    path("path of a check", &check.path)?;
    let refused = |wrong| Err(Refusal::Check { path: SafeText::new(&check.path), wrong });
    let Some(wanted) = &check.wanted else { return Ok(()) };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let part = |part: &str| !part.is_empty() && part.chars().all(allowed);
    let mut parts = wanted.pointer.split('/');
    match parts.next() {
        Some("") if parts.all(part) && wanted.pointer.len() > 1 => {}
        _ => {
            return refused(
                "its pointer is none that a JSONPath can say; give one such as \
                 /database/status, of letters, digits, `_` and `-`",
            );
        }
    }
    let value = &wanted.value;
    let printable = |c: char| c.is_ascii_graphic() || c == ' ';
    if value.is_empty() || !value.chars().all(|c| printable(c) && !"\"\\{}".contains(c)) {
        return refused(
            "its value is empty, or has quotes, braces or other signs; give plain text",
        );
    }
    Ok(())
}

fn annotations(order: &Order) -> Result<(), Refusal> {
    if let Some(owner) = &order.owner {
        let wrong = match owner {
            _ if owner.trim().is_empty() => Some("it is empty; leave it out, or name a team"),
            _ if owner.len() > LONG => Some("it is longer than 1000 characters; name a team"),
            _ if owner.chars().any(char::is_control) => {
                Some("it has control characters; name a team on one line")
            }
            _ => None,
        };
        if let Some(wrong) = wrong {
            return Err(Refusal::Words { what: "owner", wrong });
        }
    }
    order.runbook.as_deref().map_or(Ok(()), |runbook| address("address of the runbook", runbook))
}

fn resources(order: &Order) -> Result<(), Refusal> {
    let resources = order.resources;
    match resources {
        _ if resources.cpu_request == 0 || resources.memory == 0 => {
            Err(Refusal::Resources("nothing is requested; give at least 1m of CPU and 1Mi"))
        }
        _ if resources.cpu_limit < resources.cpu_request => {
            Err(Refusal::Resources("the CPU limit is below the request; give at least as much"))
        }
        _ => Ok(()),
    }
}

fn limits(order: &Order) -> Result<(), Refusal> {
    let profile = &order.profile;
    let limit =
        |what, given: String, wrong| Err(Refusal::Limit { what, given: given.into(), wrong });
    let share = |value: f64| value > 0.0 && value < 1.0;
    let ladder = &profile.ladder;
    let rises = ladder.windows(2).all(|pair| pair.first() < pair.last());
    if ladder.is_empty() || !rises || !ladder.iter().all(|weight| (1..100).contains(weight)) {
        let given: Vec<String> = ladder.iter().map(i64::to_string).collect();
        return Err(Refusal::Ladder { given: given.join(", ").into() });
    }
    if !share(profile.healthy_floor) {
        let given = profile.healthy_floor.to_string();
        return limit("healthy floor", given, "give a share between 0 and 1, such as 0.8");
    }
    if !share(profile.error_limit) {
        let given = profile.error_limit.to_string();
        return limit("error limit", given, "give a share between 0 and 1, such as 0.01");
    }
    if profile.latency_limit <= Span::zero() {
        let given = length(profile.latency_limit);
        return limit("latency limit", given, "give more than nothing, such as 2s");
    }
    let least = order.terms.least_requests;
    if !(least.is_finite() && least >= 1.0) {
        return limit("least requests", least.to_string(), "give 1 or more, such as 50");
    }
    Ok(())
}

fn times(order: &Order) -> Result<(), Refusal> {
    let (pace, profile) = (&order.pace, &order.profile);
    let (pauses, weights) = (pace.rungs.len(), profile.ladder.len());
    if pauses != weights {
        return Err(Refusal::Pauses { pauses, weights });
    }
    let named = [
        ("pause at 100 %", pace.last),
        ("time before the first measurement", pace.settle),
        ("time between measurements", pace.every),
        ("query window", pace.window),
        ("time that the old version is kept", pace.warm),
    ];
    let rungs = pace.rungs.iter().map(|rung| ("pause", *rung));
    for (what, span) in named.into_iter().chain(rungs) {
        let whole = span.subsec_nanos() == 0;
        if !whole || span < Span::seconds(1) || span > Span::hours(24) {
            return Err(Refusal::Time { what, given: length(span).into() });
        }
    }
    let needs = profile.scrape * 4;
    if pace.window < needs {
        let (window, scrape) = (length(pace.window).into(), length(profile.scrape).into());
        return Err(Refusal::Window { window, scrape, needs: length(needs).into() });
    }
    let needs = numbers::verdict(pace, &order.terms);
    let measured = order.strategy == Strategy::Canary && order.prometheus.is_some();
    for (weight, held) in profile.ladder.iter().zip(&pace.rungs).filter(|_| measured) {
        if *held < needs {
            let (held, needs) = (length(*held).into(), length(needs).into());
            return Err(Refusal::Unjudged { weight: *weight, held, needs });
        }
    }
    let needs = numbers::needed_warmth(pace, profile);
    if order.strategy != Strategy::Rolling && pace.warm < needs {
        let (kept, needs) = (length(pace.warm).into(), length(needs).into());
        return Err(Refusal::GoneTooSoon { kept, needs });
    }
    Ok(())
}
