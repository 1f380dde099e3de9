//! What is said of the cluster: the way to it, its clock, what is installed, who measures.
//!
//! Called by `runtime` with what was measured.

use super::{Check, State};
use crate::app::session::Scope;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, length};

/// Difference of two clocks from which on it is worth a word.
const SKEW_SEEN: Span = Span::seconds(2);

/// Difference from which on ages and deadlines mislead.
const SKEW_WRONG: Span = Span::seconds(30);

/// Round trip from which on the screen lags behind.
const SLOW: Span = Span::seconds(1);

/// Time from which on a start is felt to hang.
const LONG: Span = Span::seconds(5);

/// The kinds of Argo Rollouts, and what is not there without them.
const ARGO: [(&str, &str); 4] = [
    ("rollouts", "rollouts"),
    ("analysisruns", "analysis"),
    ("analysistemplates", "limits and charts of templates"),
    ("experiments", "experiments"),
];

/// What the kubeconfig chose.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Context.
    pub context: SafeText,
    /// Address.
    pub server: SafeText,
    /// User entry.
    pub user: SafeText,
    /// Namespace of the context.
    pub namespace: SafeText,
    /// Whether the certificate is not checked.
    pub insecure: bool,
    /// Proxy on the way.
    pub proxy: Option<SafeText>,
    /// Where it was read.
    pub source: SafeText,
    /// How long the credentials took.
    pub took: Span,
}

/// The choice of the kubeconfig.
pub fn kubeconfig(chosen: &Chosen) -> Check {
    let Chosen { context, server, user, namespace, source, .. } = chosen;
    let plain = server.starts_with("http://");
    let tls = match (chosen.insecure, plain) {
        (_, true) => "no TLS",
        (true, false) => "certificate NOT checked",
        (false, false) => "certificate checked",
    };
    let way = match &chosen.proxy {
        Some(proxy) => format!("through the proxy {proxy}"),
        None => "no proxy".to_owned(),
    };
    let found = format!(
        "context {context}: {server} as user {user}, namespace {namespace}, {tls}, {way}; \
         from {source}"
    );
    if chosen.insecure || plain {
        return Check::new(State::Warn, "kubeconfig", found).advise(
            "whoever is on the way can read the credentials and change answers: give the cluster \
             entry an https address and its certificate-authority",
        );
    }
    if chosen.took > LONG {
        let advice = format!(
            "the credentials took {}: run the plugin of the user entry by hand and see why",
            length(chosen.took)
        );
        return Check::new(State::Warn, "kubeconfig", found).advise(advice);
    }
    Check::new(State::Ok, "kubeconfig", found)
}

/// What the API server said of itself and of us.
#[derive(Debug, Clone)]
pub struct Greeting {
    /// Its version; nothing when it may not be read.
    pub version: Option<SafeText>,
    /// How long an answer takes.
    pub rtt: Option<Span>,
    /// Its name for us, or why there is none.
    pub who: Result<SafeText, SafeText>,
}

/// The API server.
pub fn server(greeting: &Greeting) -> Check {
    let version = match greeting.version.as_deref() {
        Some("") => "a version it does not name",
        Some(version) => version,
        None => "a version that may not be read",
    };
    let rtt = match greeting.rtt {
        Some(rtt) => format!("answers in {}", milliseconds(rtt)),
        None => "answers once and not again within 5 s".to_owned(),
    };
    let who = match &greeting.who {
        Ok(name) => format!("knows us as {name}"),
        Err(why) => format!("does not say who we are: {why}"),
    };
    let found = format!("{version}, {rtt}, {who}");
    match greeting.rtt {
        Some(rtt) if rtt <= SLOW => Check::new(State::Ok, "server", found),
        _ => Check::new(State::Warn, "server", found)
            .advise("screen and receipts lag behind as much: look at network, VPN and proxy"),
    }
}

fn milliseconds(span: Span) -> String {
    match span.num_milliseconds() {
        ..1 => "under 1ms".to_owned(),
        ms => format!("{ms}ms"),
    }
}

/// The clock of the server against ours; nothing when it does not send its time.
pub fn clock(skew: Option<Span>) -> Check {
    let Some(skew) = skew else {
        return Check::new(State::Skip, "clock", "the server sends no time (Date header)");
    };
    let found = format!("the server's clock {}", against_ours(skew));
    let state = match skew.abs() {
        skew if skew > SKEW_WRONG => State::Fail,
        skew if skew > SKEW_SEEN => State::Warn,
        _ => return Check::new(State::Ok, "clock", found),
    };
    Check::new(state, "clock", found).advise(
        "ages, pauses and deadlines on the screen are off by as much: look at `timedatectl` or \
         `chronyc tracking` here, and at the nodes of the control plane",
    )
}

fn against_ours(skew: Span) -> String {
    let way = if skew < Span::zero() { "behind" } else { "ahead of" };
    match skew.abs() {
        // The header has whole seconds: nearer than half of one is not known.
        small if small < Span::milliseconds(500) => "agrees with ours".to_owned(),
        skew => format!("is {} {way} ours", length(skew)),
    }
}

/// The namespaces that are watched; `missing` are those that do not exist.
pub fn scope(scope: &Scope, missing: &[SafeText]) -> Check {
    if missing.is_empty() {
        return Check::new(State::Ok, "scope", format!("watches {}", words(scope)));
    }
    let names: Vec<&str> = missing.iter().map(SafeText::as_str).collect();
    let found = format!("no such namespace: {}", names.join(", "));
    Check::new(State::Fail, "scope", found)
        .advise("name one that exists with -n, or watch all of them with -A")
}

fn words(scope: &Scope) -> String {
    match scope {
        Scope::All => "all namespaces".to_owned(),
        Scope::Namespaces(names) => {
            let names: Vec<&str> = names.iter().map(SafeText::as_str).collect();
            format!("namespace {}", names.join(", "))
        }
    }
}

/// Whether these kinds make it worth to ask for more of Argo Rollouts.
pub fn has_rollouts(kinds: &[SafeText]) -> bool {
    kinds.iter().any(|known| **known == *"rollouts")
}

/// The kinds that `argoproj.io/v1alpha1` has; nothing when the group is not there.
pub fn argo(kinds: Option<&[SafeText]>) -> Check {
    let has = |kind: &str| kinds.unwrap_or_default().iter().any(|known| **known == *kind);
    if !has_rollouts(kinds.unwrap_or_default()) {
        return Check::new(State::Warn, "argo", "Argo Rollouts is not installed: Deployments only")
            .advise("nothing to do when there are no rollouts; else install its CRDs");
    }
    let missing: Vec<_> = ARGO.iter().filter(|(kind, _)| !has(kind)).collect();
    if missing.is_empty() {
        let names = ARGO.map(|(kind, _)| kind).join(", ");
        return Check::new(State::Ok, "argo", format!("argoproj.io/v1alpha1: {names}"));
    }
    let kinds: Vec<&str> = missing.iter().map(|(kind, _)| *kind).collect();
    let without: Vec<&str> = missing.iter().map(|(_, without)| *without).collect();
    let found = format!("argoproj.io/v1alpha1 is without {}", kinds.join(", "));
    let advice = format!("not shown: {}; install all CRDs of Argo Rollouts", without.join(", "));
    Check::new(State::Warn, "argo", found).advise(advice)
}

/// A Deployment of the Argo Rollouts controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// Namespace and name.
    pub name: SafeText,
    /// Its image's tag.
    pub tag: SafeText,
    /// Pods that are wanted.
    pub wanted: i64,
    /// Pods that are available.
    pub available: i64,
}

/// The Argo Rollouts controller, by what was found where one may look.
pub fn controller(found: &[Controller], everywhere: bool) -> Check {
    let alive = found.iter().find(|controller| controller.available > 0);
    let Some(one) = alive.or(found.first()) else {
        let text =
            "no Deployment is labelled app.kubernetes.io/name=argo-rollouts or has that name";
        if everywhere {
            return Check::new(State::Warn, "controller", text).advise(
                "without a controller no rollout moves, whatever is promoted; nothing to do when \
                 it runs elsewhere",
            );
        }
        let text = format!("{text} where Deployments may be listed");
        return Check::new(State::Skip, "controller", text);
    };
    let Controller { name, tag, wanted, available } = one;
    let found = format!("{name} {tag}: {available} of {wanted} available");
    if alive.is_some() {
        return Check::new(State::Ok, "controller", found);
    }
    let namespace = name.split('/').next().unwrap_or_default();
    let advice = format!(
        "no rollout moves, and a promotion or an abort has no effect: `kubectl get pods -n \
         {namespace}`"
    );
    Check::new(State::Fail, "controller", found).advise(advice)
}

/// What was measured of Prometheus.
#[derive(Debug, Clone)]
pub struct Measures {
    /// Its address.
    pub url: SafeText,
    /// Who named it.
    pub said_by: SafeText,
    /// Whether it is asked through the API server.
    pub through: bool,
    /// How long an answer takes.
    pub took: Span,
    /// Its clock minus ours.
    pub ahead: Span,
    /// Targets that are up, and all of them; or why that is not known.
    pub targets: Result<(u64, u64), SafeText>,
}

/// A Prometheus that answers.
pub fn prometheus(measures: &Measures) -> Check {
    let Measures { url, said_by, took, ahead, .. } = measures;
    let way = if measures.through { " through the API server" } else { "" };
    let took = milliseconds(*took);
    let clock = against_ours(*ahead);
    let head = format!("{url} (by {said_by}){way}: answers in {took}, its clock {clock}");
    let warn =
        |found: String, advice: &str| Check::new(State::Warn, "prometheus", found).advise(advice);
    match &measures.targets {
        Err(why) => warn(format!("{head}; {why}"), "it answers, but not this query: look at it"),
        Ok((_, 0)) => warn(
            format!("{head}, it scrapes nothing"),
            "it has no series `up`: is it the one that measures this cluster?",
        ),
        Ok((up, all)) => {
            let found = format!("{head}, {up} of {all} targets up");
            if ahead.abs() > SKEW_SEEN {
                return warn(found, "the newest samples seem old or missing: set its clock");
            }
            Check::new(State::Ok, "prometheus", found)
        }
    }
}

/// Whether what is missing is the right to ask Services through the API server.
pub fn needs_right(why: &str) -> bool {
    why.contains("services/proxy")
}

/// No Prometheus: one that somebody named should be there, one that was only looked for need not.
pub fn no_prometheus(why: &str, named: bool) -> Check {
    let state = if named { State::Fail } else { State::Warn };
    let advice = if needs_right(why) {
        "the measured traffic is missing: ask for this right (API group core), or name a server \
         that is reached without it: --prometheus URL"
    } else if named {
        "the measured traffic and all charts are missing: mend it, name another one, or \
         --no-metrics"
    } else {
        "the measured traffic is missing where no template names one: give --prometheus URL or \
         [prometheus] in the configuration"
    };
    Check::new(state, "prometheus", why).advise(advice)
}
