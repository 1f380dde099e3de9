//! One value out of four: default, file, environment, flag. The later one wins.
//!
//! Never loses who set it. Called by `main`; explained by `explain`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::alerts::ReceiverRule;
use super::args::GlobalArgs;
use super::file::FileConfig;
use super::gitops::RepositoryRule;
use super::place::{Place, Places, Variables};
use super::profile::{GateSettings, GuardSettings};
use super::prometheus::{MetricSettings, PrometheusRule, SignInRule, check_url};
use super::{ConfigError, nearest};
use crate::app::session::EnvironmentRule;
use crate::domain::measure::panel::Configured;

/// Who set a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody.
    Default,
    /// A line of a file.
    File(Place),
    /// An environment variable.
    Env(&'static str),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(place) => write!(f, "{place}"),
            Self::Env(name) => write!(f, "${name}"),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value and who set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Who set it.
    pub origin: Origin,
}

impl<T> Setting<T> {
    fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// Whether a flag of the command line set it.
    pub fn is_flag(&self) -> bool {
        matches!(self.origin, Origin::Flag(_))
    }

    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Setting<U> {
        Setting::new(change(self.value), self.origin)
    }
}

/// Which characters to draw with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// As the locale allows.
    Auto,
    /// ASCII only.
    Ascii,
    /// Whatever the locale says.
    Unicode,
}

impl Glyphs {
    const NAMES: [&'static str; 3] = ["auto", "ascii", "unicode"];

    pub(super) fn parse(text: &str, origin: &Origin) -> Result<Self, ConfigError> {
        match text {
            "auto" => Ok(Self::Auto),
            "ascii" => Ok(Self::Ascii),
            "unicode" => Ok(Self::Unicode),
            _ => Err(ConfigError::BadValue {
                origin: origin.clone(),
                key: "glyphs".to_owned(),
                value: text.to_owned(),
                wanted: "it is auto, ascii or unicode",
                nearest: nearest(text, Self::NAMES).map(str::to_owned),
            }),
        }
    }

    /// Its name in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ascii => "ascii",
            Self::Unicode => "unicode",
        }
    }

    /// Whether to draw beyond ASCII on a terminal whose locale says `unicode` or not.
    pub const fn is_unicode(self, unicode: bool) -> bool {
        match self {
            Self::Auto => unicode,
            Self::Ascii => false,
            Self::Unicode => true,
        }
    }
}

/// Which namespaces to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Namespaces {
    /// The one of the context.
    OfContext,
    /// These.
    Named(Vec<String>),
    /// All.
    All,
}

impl Namespaces {
    fn named(mut names: Vec<String>) -> Self {
        names.sort();
        names.dedup();
        if names.is_empty() { Self::OfContext } else { Self::Named(names) }
    }
}

/// The configuration in effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Context of the kubeconfig; nothing takes its current one.
    pub context: Setting<Option<String>>,
    /// Kubeconfig; nothing leaves it to `KUBECONFIG` and the usual place.
    pub kubeconfig: Setting<Option<PathBuf>>,
    /// Which namespaces to watch.
    pub namespaces: Setting<Namespaces>,
    /// Whether every verb is locked.
    pub read_only: Setting<bool>,
    /// The theme; nothing chooses by the terminal.
    pub theme: Setting<Option<String>>,
    /// Which characters to draw with.
    pub glyphs: Setting<Glyphs>,
    /// Whether colours are refused by flag.
    pub no_color: Setting<bool>,
    /// Whether times are in UTC.
    pub utc: Setting<bool>,
    /// What the log keeps, as `tracing` filters are written.
    pub log_level: Setting<String>,
    /// The log file; nothing takes a daily one in the usual place.
    pub log_file: Setting<Option<PathBuf>>,
    /// The environments, in order.
    pub environments: Vec<Setting<EnvironmentRule>>,
    /// What is measured, and where.
    pub metrics: MetricSettings,
    /// What a guard is armed with.
    pub guard: GuardSettings,
    /// Who is told when nobody is at the screen.
    pub alerts: Vec<Setting<ReceiverRule>>,
    /// Repositories that workloads are kept equal to.
    pub repositories: Vec<Setting<RepositoryRule>>,
    /// Whether the terminal rings for whoever is near it.
    pub bell: Setting<bool>,
    /// What the gate asks.
    pub gate: GateSettings,
    /// Keys changed by the file: verb or command, and key as text.
    pub keys: BTreeMap<String, Setting<String>>,
}

/// What the log keeps when nobody says otherwise. The client of Kubernetes reports each failed
/// request as an error with its address, which our own records say better.
pub const LOG_LEVEL: &str = "info,kube_client=warn,hyper=warn";

impl Settings {
    /// Finds the file, reads it and lays the layers over each other.
    pub fn load(
        args: &GlobalArgs,
        variables: &Variables,
        places: &Places,
    ) -> Result<Self, ConfigError> {
        let asked =
            args.config.clone().or_else(|| variables.get("WAVEOFF_CONFIG").map(PathBuf::from));
        let file = match (asked, places.config_file()) {
            (Some(path), _) => FileConfig::load(&path, true)?,
            (None, Some(path)) => FileConfig::load(&path, false)?,
            (None, None) => FileConfig::default(),
        };
        Self::resolve(file, variables, args)
    }

    /// Lays the layers over each other.
    pub fn resolve(
        file: FileConfig,
        variables: &Variables,
        args: &GlobalArgs,
    ) -> Result<Self, ConfigError> {
        let env = Env(variables);
        let namespaces = last(
            Namespaces::OfContext,
            [
                file.namespaces.map(|set| set.map(Namespaces::named)),
                env.namespaces(),
                namespaces_by_flag(args)?,
            ],
        );
        check_namespaces(&namespaces)?;
        let metrics = metrics(file.metrics, file.prometheus, file.queries, &env, args)?;
        let on = |flag: bool| flag.then_some(true);
        let ascii = args.ascii.then_some(Glyphs::Ascii);
        Ok(Self {
            context: last_if_any([
                file.context,
                env.text("WAVEOFF_CONTEXT"),
                flag("--context", args.context.clone()),
            ]),
            kubeconfig: last_if_any([flag("--kubeconfig", args.kubeconfig.clone())]),
            namespaces,
            read_only: last(
                false,
                [
                    file.read_only,
                    env.yes("WAVEOFF_READ_ONLY")?,
                    flag("--read-only", on(args.read_only)),
                ],
            ),
            theme: last_if_any([
                file.theme,
                env.text("WAVEOFF_THEME"),
                flag("--theme", args.theme.clone()),
            ]),
            glyphs: last(Glyphs::Auto, [file.glyphs, env.glyphs()?, flag("--ascii", ascii)]),
            no_color: last(false, [flag("--no-color", on(args.no_color))]),
            utc: last(false, [file.utc, env.yes("WAVEOFF_UTC")?, flag("--utc", on(args.utc))]),
            log_level: last(LOG_LEVEL.to_owned(), [file.log_level, env.text("WAVEOFF_LOG")]),
            log_file: last_if_any([
                env.text("WAVEOFF_LOG_FILE").map(|set| set.map(PathBuf::from)),
                flag("--log-file", args.log_file.clone()),
            ]),
            environments: file.environments,
            metrics,
            guard: file.guard,
            alerts: file.alerts,
            repositories: file.repositories,
            bell: last(true, [file.bell, env.yes("WAVEOFF_BELL")?]),
            gate: file.gate,
            keys: file.keys,
        })
    }
}

/// What is measured, by the same layers.
fn metrics(
    on: Option<Setting<bool>>,
    rule: PrometheusRule,
    queries: Vec<Setting<Configured>>,
    env: &Env<'_>,
    args: &GlobalArgs,
) -> Result<MetricSettings, ConfigError> {
    let prometheus = last_if_any([
        rule.url,
        env.text("WAVEOFF_PROMETHEUS"),
        flag("--prometheus", args.prometheus.clone()),
    ]);
    if let Setting { value: Some(url), origin } = &prometheus {
        check_url("prometheus", &Setting::new(url.clone(), origin.clone()))?;
    }
    let off = flag("--no-metrics", args.no_metrics.then_some(false));
    Ok(MetricSettings {
        on: last(true, [on, env.yes("WAVEOFF_METRICS")?, off]),
        // Secrets are for the server that they were written beside.
        sign_in: match prometheus.origin {
            Origin::File(_) => rule.sign_in,
            _ => SignInRule::default(),
        },
        prometheus,
        queries,
    })
}

/// The last layer that says anything.
fn last<T>(default: T, layers: impl IntoIterator<Item = Option<Setting<T>>>) -> Setting<T> {
    layers.into_iter().flatten().last().unwrap_or_else(|| Setting::new(default, Origin::Default))
}

/// The same for values that may stay unset.
fn last_if_any<T>(layers: impl IntoIterator<Item = Option<Setting<T>>>) -> Setting<Option<T>> {
    last(None, layers.into_iter().map(|layer| layer.map(|set| set.map(Some))))
}

fn flag<T>(name: &'static str, value: Option<T>) -> Option<Setting<T>> {
    value.map(|value| Setting::new(value, Origin::Flag(name)))
}

fn namespaces_by_flag(args: &GlobalArgs) -> Result<Option<Setting<Namespaces>>, ConfigError> {
    match (args.all_namespaces, args.namespaces.is_empty()) {
        (true, false) => {
            Err(ConfigError::Conflict { first: "--all-namespaces", second: "--namespace" })
        }
        (true, true) => Ok(flag("--all-namespaces", Some(Namespaces::All))),
        (false, false) => {
            let names = Namespaces::named(args.namespaces.clone());
            Ok(flag("--namespace", Some(names)))
        }
        (false, true) => Ok(None),
    }
}

/// A namespace becomes part of an address: checked here, as the API server would (RFC 1123 label).
fn check_namespaces(namespaces: &Setting<Namespaces>) -> Result<(), ConfigError> {
    let Namespaces::Named(names) = &namespaces.value else {
        return Ok(());
    };
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = |name: &&String| {
        name.len() <= 63
            && name.starts_with(is_letter)
            && name.ends_with(is_letter)
            && name.chars().all(|c| is_letter(c) || c == '-')
    };
    match names.iter().find(|name| !fits(name)) {
        None => Ok(()),
        Some(name) => Err(ConfigError::BadValue {
            origin: namespaces.origin.clone(),
            key: "namespaces".to_owned(),
            value: name.clone(),
            wanted: "a namespace is lower-case letters, digits and `-`, at most 63",
            nearest: None,
        }),
    }
}

/// The layer of the environment variables.
struct Env<'a>(&'a Variables);

impl Env<'_> {
    fn text(&self, name: &'static str) -> Option<Setting<String>> {
        let value = self.0.get(name)?;
        Some(Setting::new(value.to_owned(), Origin::Env(name)))
    }

    fn yes(&self, name: &'static str) -> Result<Option<Setting<bool>>, ConfigError> {
        let Some(set) = self.text(name) else {
            return Ok(None);
        };
        match set.value.as_str() {
            "1" | "true" | "yes" => Ok(Some(set.map(|_| true))),
            "0" | "false" | "no" => Ok(Some(set.map(|_| false))),
            _ => Err(ConfigError::BadValue {
                origin: set.origin,
                key: name.to_owned(),
                value: set.value,
                wanted: "it is true or false",
                nearest: None,
            }),
        }
    }

    fn glyphs(&self) -> Result<Option<Setting<Glyphs>>, ConfigError> {
        self.text("WAVEOFF_GLYPHS")
            .map(|set| {
                let glyphs = Glyphs::parse(&set.value, &set.origin)?;
                Ok(set.map(|_| glyphs))
            })
            .transpose()
    }

    fn namespaces(&self) -> Option<Setting<Namespaces>> {
        let set = self.text("WAVEOFF_NAMESPACES")?;
        Some(set.map(|list| {
            let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
            Namespaces::named(names.map(str::to_owned).collect())
        }))
    }
}

#[cfg(test)]
mod tests;
