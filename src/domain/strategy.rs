//! How a workload replaces one version by another, and the sums its controller does.
//!
//! Source: `spec.strategy` of the Argo Rollouts API (1.10) and of `apps/v1` Deployment; the
//! arithmetic follows the controller's `GetCurrentSetWeight` and `resolveFenceposts`.

use super::analysis::template::RolloutAnalysis;
use super::text::SafeText;
use super::time::{Span, parse_go_duration};

/// A number or a percentage, as `maxSurge` and `maxUnavailable` take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Pods.
    Count(i32),
    /// Percent of the desired replicas.
    Percent(i32),
}

impl Amount {
    /// Pods for `replicas`, rounded up (surge) or down (unavailable).
    pub fn of(self, replicas: i32, round_up: bool) -> i32 {
        match self {
            Self::Count(n) => n.max(0),
            Self::Percent(p) => {
                let hundredths = i64::from(replicas.max(0)) * i64::from(p.max(0));
                let pods = if round_up { (hundredths + 99) / 100 } else { hundredths / 100 };
                i32::try_from(pods).unwrap_or(i32::MAX)
            }
        }
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Count(n) => write!(f, "{n}"),
            Self::Percent(p) => write!(f, "{p}%"),
        }
    }
}

/// Surge and unavailable budget in pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Pods allowed above the desired count.
    pub surge: i32,
    /// Pods allowed to be missing.
    pub unavailable: i32,
}

/// Resolves both amounts: surge up, unavailable down, and never both zero
/// (`resolveFenceposts`: unavailable becomes 1).
pub fn budget(replicas: i32, surge: Amount, unavailable: Amount) -> Budget {
    let surge = surge.of(replicas, true);
    let unavailable = unavailable.of(replicas, false).min(replicas.max(0));
    if surge == 0 && unavailable == 0 {
        return Budget { surge, unavailable: 1 };
    }
    Budget { surge, unavailable }
}

/// How long a pause step waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PauseLength {
    /// Until a person promotes.
    UntilPromoted,
    /// This long.
    For(Span),
    /// A text the controller cannot read either: it elapses at once.
    Unreadable(SafeText),
}

impl PauseLength {
    /// Reads `pause.duration` when it is text: `10m`, or digits as seconds.
    pub fn parse(text: &str) -> Self {
        if let Ok(seconds) = text.parse::<u32>() {
            return Self::For(Span::seconds(i64::from(seconds)));
        }
        match parse_go_duration(text) {
            Some(span) => Self::For(span),
            None => Self::Unreadable(SafeText::new(text)),
        }
    }
}

/// One entry of `strategy.canary.steps`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `setWeight`.
    SetWeight(i32),
    /// `pause`.
    Pause(PauseLength),
    /// `setCanaryScale`.
    SetCanaryScale(CanaryScale),
    /// `analysis`.
    Analysis(RolloutAnalysis),
    /// `experiment`, with its template names and its length.
    Experiment(Vec<SafeText>, Option<Span>),
    /// `setHeaderRoute`, with its name.
    SetHeaderRoute(SafeText),
    /// `setMirrorRoute`, with its name and percentage.
    SetMirrorRoute(SafeText, Option<i32>),
    /// `plugin`, with its name.
    Plugin(SafeText),
    /// A kind of step this program does not know, with its field name.
    Unknown(SafeText),
}

/// `setCanaryScale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CanaryScale {
    /// Fixed number of pods.
    Replicas(i32),
    /// Percent of the desired replicas.
    Weight(i32),
    /// Back to following the traffic weight.
    MatchTraffic,
}

impl Step {
    /// A short text for the step rail: `5%`, `pause 10m`, `gate`, `analysis`.
    pub fn label(&self) -> String {
        match self {
            Self::SetWeight(w) => format!("{w}%"),
            Self::Pause(PauseLength::UntilPromoted) => "pause".into(),
            Self::Pause(PauseLength::For(span)) => format!("pause {}", super::time::length(*span)),
            Self::Pause(PauseLength::Unreadable(text)) => format!("pause {text}?"),
            Self::SetCanaryScale(CanaryScale::Replicas(n)) => format!("scale {n} pods"),
            Self::SetCanaryScale(CanaryScale::Weight(w)) => format!("scale {w}%"),
            Self::SetCanaryScale(CanaryScale::MatchTraffic) => "scale = weight".into(),
            Self::Analysis(_) => "analysis".into(),
            Self::Experiment(_, _) => "experiment".into(),
            Self::SetHeaderRoute(name) => format!("header {name}"),
            Self::SetMirrorRoute(name, _) => format!("mirror {name}"),
            Self::Plugin(name) => format!("plugin {name}"),
            Self::Unknown(name) => format!("{name}?"),
        }
    }
}

/// A canary's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// `steps`.
    pub steps: Vec<Step>,
    /// Names of the routers in `trafficRouting`, empty without traffic routing.
    pub routers: Vec<SafeText>,
    /// `trafficRouting.maxTrafficWeight` (default 100).
    pub max_weight: i32,
    /// `maxSurge` (default 25 %).
    pub max_surge: Amount,
    /// `maxUnavailable` (default 25 %).
    pub max_unavailable: Amount,
    /// `canaryService`.
    pub canary_service: Option<SafeText>,
    /// `stableService`.
    pub stable_service: Option<SafeText>,
    /// `trafficRouting.nginx.stableIngress` or `stableIngresses`.
    pub stable_ingresses: Vec<SafeText>,
    /// `trafficRouting.nginx.annotationPrefix` (default `nginx.ingress.kubernetes.io`).
    pub nginx_prefix: SafeText,
    /// `dynamicStableScale`.
    pub dynamic_stable_scale: bool,
    /// `abortScaleDownDelaySeconds` (default 30 s with traffic routing; zero keeps the pods).
    pub abort_scale_down_delay: Span,
    /// `scaleDownDelaySeconds` (default 30 s with traffic routing).
    pub scale_down_delay: Span,
    /// `analysis`: it goes on in the background of the steps.
    pub background: RolloutAnalysis,
    /// `analysis.startingStep` (default 0): the index of the step that it begins with.
    pub background_from: usize,
}

impl Canary {
    /// Whether a router moves traffic (else the share of pods does).
    pub fn has_router(&self) -> bool {
        !self.routers.is_empty()
    }

    /// The weight that step `index` stands for: the last `setWeight` at or before it, zero before
    /// the first, the maximum past the end (`GetCurrentSetWeight`).
    pub fn weight_at(&self, index: usize) -> i32 {
        if index >= self.steps.len() {
            return self.max_weight;
        }
        let weight_of = |step: &Step| match step {
            Step::SetWeight(weight) => Some(*weight),
            _ => None,
        };
        self.steps.iter().take(index + 1).rev().find_map(weight_of).unwrap_or(0)
    }
}

/// A blue-green's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlueGreen {
    /// `activeService`.
    pub active_service: SafeText,
    /// `previewService`.
    pub preview_service: Option<SafeText>,
    /// `previewReplicaCount`.
    pub preview_replicas: Option<i32>,
    /// `autoPromotionEnabled` (default true).
    pub auto_promotion: bool,
    /// `autoPromotionSeconds`.
    pub auto_promotion_after: Option<Span>,
    /// `scaleDownDelaySeconds` (default 30 s): how long the old version stays warm.
    pub scale_down_delay: Span,
    /// `abortScaleDownDelaySeconds` (default 30 s; zero keeps the pods).
    pub abort_scale_down_delay: Span,
    /// `prePromotionAnalysis`.
    pub before: RolloutAnalysis,
    /// `postPromotionAnalysis`.
    pub after: RolloutAnalysis,
}

/// A rolling update's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rolling {
    /// `maxSurge` (default 25 %).
    pub max_surge: Amount,
    /// `maxUnavailable` (default 25 %).
    pub max_unavailable: Amount,
}

/// `spec.strategy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// Rollout, `canary`.
    Canary(Canary),
    /// Rollout, `blueGreen`.
    BlueGreen(BlueGreen),
    /// Deployment, `RollingUpdate`.
    Rolling(Rolling),
    /// Deployment, `Recreate`.
    Recreate,
    /// None, or one that this program does not know.
    Unknown,
}

impl Strategy {
    /// The word for columns.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Canary(_) => "canary",
            Self::BlueGreen(_) => "blue-green",
            Self::Rolling(_) => "rolling",
            Self::Recreate => "recreate",
            Self::Unknown => "unknown",
        }
    }

    /// The analyses it asks for, in the order in which they come.
    pub fn analyses(&self) -> Vec<&RolloutAnalysis> {
        match self {
            Self::Canary(canary) => {
                let steps = canary.steps.iter().filter_map(|step| match step {
                    Step::Analysis(analysis) => Some(analysis),
                    _ => None,
                });
                std::iter::once(&canary.background).chain(steps).collect()
            }
            Self::BlueGreen(settings) => vec![&settings.before, &settings.after],
            Self::Rolling(_) | Self::Recreate | Self::Unknown => Vec::new(),
        }
    }

    /// The canary's settings.
    pub fn canary(&self) -> Option<&Canary> {
        match self {
            Self::Canary(canary) => Some(canary),
            _ => None,
        }
    }

    /// The blue-green's settings.
    pub fn blue_green(&self) -> Option<&BlueGreen> {
        match self {
            Self::BlueGreen(blue_green) => Some(blue_green),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
