//! The usual naming schemes of request counters and duration histograms, and how they tell the
//! versions of a workload apart.
//!
//! Sources: the metric documentation of ingress-nginx, Istio, Linkerd and Envoy, the semantic
//! conventions of OpenTelemetry for HTTP servers, Micrometer of Spring Boot, and the names that
//! client libraries use in their examples. Which of them a server has is asked of it, in one query.

use super::query::{Formula, Question};
use super::sides::{Series, Sides, Version};
use crate::domain::text::SafeText;

/// What errors look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Errors {
    label: &'static str,
    matcher: &'static str,
}

/// How series of one version are told from those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By a label that holds the pod template hash.
    Hash(&'static str),
    /// By a label that holds the pod's name.
    Pod(&'static str),
    /// By labels that hold the Service's name and its namespace.
    Service(&'static str, &'static str),
    /// By ingress-nginx' `canary` and `ingress` beside the label that holds the namespace.
    Ingress(&'static str),
    /// By Envoy's cluster name, which has the Service's name in it.
    Cluster(&'static str),
    /// By the label that the catalogue names.
    Labelled,
}

/// A naming scheme.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Scheme {
    name: &'static str,
    requests: &'static str,
    /// The first one whose label is there counts.
    errors: &'static [Errors],
    /// Buckets of durations, and how many of their units are a second.
    durations: Option<(&'static str, f64)>,
    ways: &'static [Way],
    /// Further matchers.
    also: &'static str,
}

impl Scheme {
    /// The ways to tell versions apart: what the catalogue says, or else what is usual.
    fn ways(&self, sides: &Sides) -> &'static [Way] {
        match sides.series {
            Some(Series::Label { .. }) => &[Way::Labelled],
            _ => self.ways,
        }
    }
}

const CODE: Errors = Errors { label: "code", matcher: "code=~\"5..\"" };
const STATUS: Errors = Errors { label: "status", matcher: "status=~\"5..\"" };
const STATUS_CODE: Errors = Errors { label: "status_code", matcher: "status_code=~\"5..\"" };

/// Of pods that are scraped themselves.
const BY_POD: &[Way] = &[
    Way::Hash("rollouts_pod_template_hash"),
    Way::Hash("pod_template_hash"),
    Way::Pod("pod"),
    Way::Pod("kubernetes_pod_name"),
    Way::Pod("k8s_pod_name"),
    Way::Service("service", "namespace"),
];

const ISTIO: Scheme = Scheme {
    name: "Istio",
    requests: "istio_requests_total",
    errors: &[Errors { label: "response_code", matcher: "response_code=~\"5..\"" }],
    durations: Some(("istio_request_duration_milliseconds_bucket", 1000.0)),
    ways: &[
        Way::Service("destination_service_name", "destination_service_namespace"),
        Way::Pod("pod"),
    ],
    also: "reporter=\"source\"",
};

/// Routers first: they count what users asked for, and nothing else.
const SCHEMES: &[Scheme] = &[
    Scheme {
        name: "ingress-nginx",
        requests: "nginx_ingress_controller_requests",
        errors: &[STATUS],
        durations: Some(("nginx_ingress_controller_request_duration_seconds_bucket", 1.0)),
        ways: &[Way::Ingress("namespace"), Way::Ingress("exported_namespace")],
        also: "",
    },
    ISTIO,
    Scheme { also: "reporter=\"destination\"", ..ISTIO },
    Scheme {
        name: "Linkerd",
        requests: "response_total",
        errors: &[Errors { label: "classification", matcher: "classification=\"failure\"" }],
        durations: Some(("response_latency_ms_bucket", 1000.0)),
        ways: &[Way::Hash("rollouts_pod_template_hash"), Way::Pod("pod")],
        also: "direction=\"inbound\"",
    },
    Scheme {
        name: "Envoy",
        requests: "envoy_cluster_upstream_rq_xx",
        errors: &[Errors {
            label: "envoy_response_code_class",
            matcher: "envoy_response_code_class=\"5\"",
        }],
        durations: Some(("envoy_cluster_upstream_rq_time_bucket", 1000.0)),
        ways: &[Way::Cluster("envoy_cluster_name")],
        also: "",
    },
    Scheme {
        name: "OpenTelemetry",
        requests: "http_server_request_duration_seconds_count",
        errors: &[Errors {
            label: "http_response_status_code",
            matcher: "http_response_status_code=~\"5..\"",
        }],
        durations: Some(("http_server_request_duration_seconds_bucket", 1.0)),
        ways: BY_POD,
        also: "",
    },
    Scheme {
        name: "OpenTelemetry",
        requests: "http_server_duration_milliseconds_count",
        errors: &[Errors { label: "http_status_code", matcher: "http_status_code=~\"5..\"" }],
        durations: Some(("http_server_duration_milliseconds_bucket", 1000.0)),
        ways: BY_POD,
        also: "",
    },
    Scheme {
        name: "Spring",
        requests: "http_server_requests_seconds_count",
        errors: &[STATUS],
        durations: Some(("http_server_requests_seconds_bucket", 1.0)),
        ways: BY_POD,
        also: "",
    },
    Scheme {
        name: "http_requests_total",
        requests: "http_requests_total",
        errors: &[CODE, STATUS, STATUS_CODE],
        durations: Some(("http_request_duration_seconds_bucket", 1.0)),
        ways: BY_POD,
        also: "",
    },
];

/// Labels that may hold the namespace: a version's hash and its pods' names are the same in each
/// namespace that the same release was brought to.
const NAMESPACES: [&str; 4] =
    ["namespace", "exported_namespace", "kubernetes_namespace", "k8s_namespace_name"];

/// Bytes of a query that asks for schemes.
const LONGEST: usize = 5_000;

/// How long a series that went is still told.
const REMEMBERED: &str = "10m";

/// The label of ours that says in an answer which scheme and way a series is of.
pub const MARK: &str = "waveoff";

/// Labels of a series: names and values.
pub type Labels = Vec<(SafeText, SafeText)>;

/// What a workload is measured by: one of the schemes, one of its ways.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    scheme: Scheme,
    way: Way,
    errors: Option<Errors>,
    /// The label that holds the namespace, where the way does not name it.
    namespace: Option<&'static str>,
}

/// The queries that ask which schemes a server has for these versions: vectors whose elements say
/// by [`MARK`] what was found, and by their other labels how errors are told. Few, and each short
/// enough for an address.
pub fn exploration(sides: &Sides) -> Vec<String> {
    let mut queries: Vec<String> = Vec::new();
    for (number, scheme) in SCHEMES.iter().enumerate() {
        for (way_number, way) in scheme.ways(sides).iter().enumerate() {
            let Some(selector) = either(scheme, *way, sides) else { continue };
            let labels = scheme.errors.iter().map(|errors| errors.label);
            let labels: Vec<&str> = match way {
                Way::Hash(_) | Way::Pod(_) | Way::Labelled => labels.chain(NAMESPACES).collect(),
                _ => labels.collect(),
            };
            let labels = labels.join(", ");
            // Also what went a short while ago: then it is gone, and not unknown.
            let series = format!("{}{{{selector}}}[{REMEMBERED}]", scheme.requests);
            let counted = format!("count by ({labels}) (present_over_time({series}))");
            let term = format!(
                "label_replace({counted}, \"{MARK}\", \"{number}.{way_number}\", \"\", \"\")"
            );
            match queries.last_mut() {
                Some(query) if query.len() + term.len() < LONGEST => {
                    query.push_str(" or ");
                    query.push_str(&term);
                }
                _ => queries.push(term),
            }
        }
    }
    queries
}

/// Reads its answer, the labels of each element: the first scheme by order of preference. Elements
/// of another namespace are somebody else's.
pub fn found(elements: &[Labels], sides: &Sides) -> Option<Found> {
    let mark = |labels: &Labels| {
        let (_, text) = labels.iter().find(|(name, _)| *name == MARK)?;
        let (scheme, way) = text.split_once('.')?;
        Some((scheme.parse::<usize>().ok()?, way.parse::<usize>().ok()?))
    };
    let own: Vec<(&Labels, Whose)> = elements
        .iter()
        .map(|labels| (labels, whose(labels, &sides.namespace)))
        .filter(|(_, whose)| *whose != Whose::Others)
        .collect();
    let best = own.iter().filter_map(|(labels, _)| mark(labels)).min()?;
    let scheme = SCHEMES.get(best.0)?;
    let of_best = || own.iter().filter(|(labels, _)| mark(labels) == Some(best));
    let has = |errors: &&Errors| {
        let mut labels = of_best().flat_map(|(labels, _)| labels.iter());
        labels.any(|(name, value)| *name == errors.label && !value.is_empty())
    };
    let errors = scheme.errors.iter().find(has).copied();
    let namespace = of_best().find_map(|(_, whose)| match whose {
        Whose::Ours(label) => Some(*label),
        _ => None,
    });
    Some(Found { scheme: *scheme, way: *scheme.ways(sides).get(best.1)?, errors, namespace })
}

/// Whose an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// This namespace's, by that label.
    Ours(&'static str),
    /// No label tells.
    Untold,
    /// Another namespace's.
    Others,
}

fn whose(labels: &Labels, namespace: &str) -> Whose {
    let mut told = false;
    for label in NAMESPACES {
        match labels.iter().find(|(name, value)| *name == label && !value.is_empty()) {
            Some((_, value)) if *value == namespace => return Whose::Ours(label),
            Some(_) => told = true,
            None => {}
        }
    }
    if told { Whose::Others } else { Whose::Untold }
}

impl Found {
    /// Its name.
    pub fn name(&self) -> &'static str {
        self.scheme.name
    }

    /// Requests of a version within a window, as PromQL writes it.
    pub fn requests(&self, sides: &Sides, version: &Version, window: &str) -> Option<String> {
        let selector = self.selector(sides, version, "")?;
        Some(format!("sum(increase({}{{{selector}}}[{window}]))", self.scheme.requests))
    }

    /// Failed requests of a version within a window; nothing where failures are not told.
    pub fn failed(&self, sides: &Sides, version: &Version, window: &str) -> Option<String> {
        let selector = self.selector(sides, version, self.errors?.matcher)?;
        Some(format!("sum(increase({}{{{selector}}}[{window}]))", self.scheme.requests))
    }

    /// Buckets of a version's durations within a window, and how many of their units are a second.
    pub fn durations(
        &self,
        sides: &Sides,
        version: &Version,
        window: &str,
    ) -> Option<(String, f64)> {
        let (name, per_second) = self.scheme.durations?;
        let selector = self.selector(sides, version, "")?;
        Some((format!("sum by (le) (increase({name}{{{selector}}}[{window}]))"), per_second))
    }

    /// The share of a version's requests that failed within a window; nothing where failures are
    /// not told.
    pub fn errors(&self, sides: &Sides, version: &Version, window: &str) -> Option<Formula> {
        let part = Question::value(self.failed(sides, version, window)?);
        let whole = Question::value(self.requests(sides, version, window)?);
        Some(Formula::Share { part, whole })
    }

    /// The 99th percentile of a version's durations within a window, in seconds.
    pub fn p99(&self, sides: &Sides, version: &Version, window: &str) -> Option<Formula> {
        let (buckets, per_second) = self.durations(sides, version, window)?;
        let buckets = Question::buckets(buckets);
        Some(Formula::Quantile { quantile: 0.99, buckets, factor: 1.0 / per_second })
    }

    /// How often the series are scraped, asked as how many samples each of some windows had.
    pub fn scrapes(&self, sides: &Sides) -> Option<String> {
        let own = either(&self.scheme, self.way, sides)?;
        let selector = with([own.as_str(), self.in_namespace(sides).as_str()]);
        let terms = SCRAPE_WINDOWS.map(|window| {
            let series = format!("{}{{{selector}}}[{window}s]", self.scheme.requests);
            let most = format!("max(count_over_time({series}))");
            format!("label_replace({most}, \"{MARK}\", \"{window}\", \"\", \"\")")
        });
        Some(terms.join(" or "))
    }

    fn in_namespace(&self, sides: &Sides) -> String {
        self.namespace.map_or_else(String::new, |label| format!("{label}=\"{}\"", sides.namespace))
    }

    fn selector(&self, sides: &Sides, version: &Version, more: &str) -> Option<String> {
        let own = matchers(self.way, sides, version)?;
        let namespace = self.in_namespace(sides);
        Some(with([own.as_str(), said(sides), namespace.as_str(), self.scheme.also, more]))
    }
}

/// Windows in which scrapes are counted, in seconds: a version that is young has no long ones.
const SCRAPE_WINDOWS: [u32; 3] = [10, 30, 60];

/// Reads the answer to [`Found::scrapes`]: the seconds between two scrapes. The longest window is
/// the most exact one, unless the series are too young for it.
pub fn interval(elements: &[(Labels, f64)]) -> Option<f64> {
    let mut best: Option<f64> = None;
    for window in SCRAPE_WINDOWS {
        let own = |(labels, _): &&(Labels, f64)| {
            labels.iter().any(|(name, value)| *name == MARK && **value == window.to_string())
        };
        let Some((_, count)) = elements.iter().find(own) else { continue };
        if !count.is_finite() || *count < 2.0 {
            continue;
        }
        let interval = f64::from(window) / count;
        best = Some(best.filter(|best| interval > best * 1.5).unwrap_or(interval));
    }
    best
}

/// What the catalogue wants of all series.
fn said(sides: &Sides) -> &str {
    match &sides.series {
        Some(Series::Selector(selector)) => selector.value.as_str(),
        _ => "",
    }
}

/// Matchers that are there, as PromQL joins them.
fn with<const N: usize>(parts: [&str; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(",")
}

/// Matchers of one version.
fn matchers(way: Way, sides: &Sides, version: &Version) -> Option<String> {
    let namespace = &sides.namespace;
    Some(match way {
        Way::Hash(label) => format!("{label}=\"{}\"", version.hash),
        Way::Pod(label) => format!("{label}=~\"{}-[a-z0-9]+\"", plain(&version.replica_set)),
        Way::Service(label, of) => {
            format!("{label}=\"{}\",{of}=\"{namespace}\"", version.service.as_ref()?)
        }
        Way::Ingress(of) => {
            let ingresses = alternatives(&sides.ingresses)?;
            let canary = if version.is_canary {
                format!("canary=~\"{namespace}-{}-.+\"", plain(version.service.as_ref()?))
            } else {
                "canary=\"\"".to_owned()
            };
            format!("{of}=\"{namespace}\",ingress=~\"{ingresses}\",{canary}")
        }
        Way::Cluster(label) => {
            let service = plain(version.service.as_ref()?);
            format!("{label}=~\"(.+[/_|.])?{service}([/_|.:].*)?\"")
        }
        Way::Labelled => {
            let Some(Series::Label { label, stable, canary }) = &sides.series else { return None };
            let value = if version.is_canary { canary } else { stable };
            format!("{}=\"{}\"", label.value, quoted(&value.value))
        }
    })
}

/// Matchers of all versions together, so that a query says whether there is anything.
fn either(scheme: &Scheme, way: Way, sides: &Sides) -> Option<String> {
    let versions: Vec<&Version> = [&sides.canary, &sides.stable].into_iter().flatten().collect();
    let namespace = &sides.namespace;
    let all = |of: &dyn Fn(&Version) -> Option<String>| {
        let texts: Vec<String> = versions.iter().filter_map(|version| of(version)).collect();
        (!texts.is_empty()).then(|| texts.join("|"))
    };
    let own = match way {
        Way::Hash(label) => format!("{label}=~\"{}\"", all(&|v| Some(plain(&v.hash)))?),
        Way::Pod(label) => {
            format!("{label}=~\"({})-[a-z0-9]+\"", all(&|v| Some(plain(&v.replica_set)))?)
        }
        Way::Service(label, of) => {
            // One Service for both tells nothing apart.
            sides.has_own_services().then_some(())?;
            let services = all(&|v| v.service.as_ref().map(|s| plain(s)))?;
            format!("{label}=~\"{services}\",{of}=\"{namespace}\"")
        }
        Way::Ingress(of) => {
            sides.has_own_services().then_some(())?;
            format!("{of}=\"{namespace}\",ingress=~\"{}\"", alternatives(&sides.ingresses)?)
        }
        Way::Cluster(label) => {
            sides.has_own_services().then_some(())?;
            let services = all(&|v| v.service.as_ref().map(|s| plain(s)))?;
            format!("{label}=~\"(.+[/_|.])?({services})([/_|.:].*)?\"")
        }
        Way::Labelled => {
            let Some(Series::Label { label, stable, canary }) = &sides.series else { return None };
            // One value for both tells nothing apart.
            (stable.value != canary.value).then_some(())?;
            let value = |v: &Version| if v.is_canary { canary } else { stable };
            let values = all(&|v| Some(plain(&value(v).value)))?;
            format!("{}=~\"{values}\"", label.value)
        }
    };
    Some(with([own.as_str(), said(sides), scheme.also]))
}

fn alternatives(names: &[impl AsRef<str>]) -> Option<String> {
    let names: Vec<String> = names.iter().map(|name| plain(name.as_ref())).collect();
    (!names.is_empty()).then(|| names.join("|"))
}

/// A text within a string of PromQL.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A text within a regular expression within a string: nothing else fits it.
fn plain(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_punctuation() && !matches!(letter, '_' | '-' | '/' | ':' | '"') {
            written.push('\\');
        }
        written.push(letter);
    }
    quoted(&written)
}

#[cfg(test)]
mod tests;
