//! What a release goes through, as far as its length depends on it.
//!
//! A form that a live workload fills (`Course::of`), and a manifest could as well. Called by
//! `budget`.

use std::collections::BTreeSet;

use crate::domain::analysis::Metric;
use crate::domain::analysis::template::{
    AnalysisTemplate, Facts, RolloutAnalysis, TemplateName, fill,
};
use crate::domain::strategy::{Canary, PauseLength, Rolling, Step, Strategy, budget};
use crate::domain::text::SafeText;
use crate::domain::time::{Span, parse_go_duration};
use crate::domain::workload::Workload;

/// A release from its start to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// What comes one after the other.
    pub stages: Stages,
    /// `spec.rollbackWindow.revisions`; zero is none.
    pub rollback_window: Option<u32>,
    /// From the making of a pod until it counts, `minReadySeconds` included; none where no pod has
    /// shown it yet.
    pub start: Option<Span>,
}

/// What comes one after the other.
#[derive(Debug, Clone, PartialEq)]
pub enum Stages {
    /// A canary.
    Canary(CanaryStages),
    /// A blue-green.
    BlueGreen(BlueGreenStages),
    /// A rolling update: how often a start of pods is waited for.
    Rolling(u32),
    /// All old pods go first.
    Recreate,
    /// A strategy that is not known.
    Unknown,
}

/// A canary.
#[derive(Debug, Clone, PartialEq)]
pub struct CanaryStages {
    /// `steps`.
    pub steps: Vec<Stage>,
    /// `analysis`, and the index of the step that it begins with (`startingStep`).
    pub background: Option<(Watch, usize)>,
    /// The weight that is all of the traffic.
    pub whole: i32,
    /// How long the old pods stay when all users are on the new ones (`scaleDownDelaySeconds`);
    /// none where they go as the weight moves: without a router, or with `dynamicStableScale`.
    pub old_stays: Option<Span>,
}

/// One step of a canary.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// The new version gets this weight.
    Weight(i32),
    /// Pods of the new version are made, or taken away.
    Scale,
    /// A pause.
    Pause(PauseLength),
    /// An analysis that has to end before the next step.
    Analysis(Watch),
    /// Something else that takes a while, with its name; how long, if that is known.
    Other(SafeText, Option<Span>),
    /// Something that takes no time.
    Instant,
}

/// A blue-green.
#[derive(Debug, Clone, PartialEq)]
pub struct BlueGreenStages {
    /// `prePromotionAnalysis`.
    pub before: Option<Watch>,
    /// What is waited for before the switch; none switches as soon as the pods are ready.
    pub wait: Option<PauseLength>,
    /// `postPromotionAnalysis`.
    pub after: Option<Watch>,
    /// `scaleDownDelaySeconds`.
    pub old_stays: Span,
    /// How often a start of pods is waited for: once more where the preview has fewer.
    pub starts: u32,
}

/// How long something runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Length {
    /// So long, when nothing fails.
    For(Span),
    /// Until it is ended: a metric has an interval and no count.
    Endless,
    /// That cannot be told; why.
    Unknown(SafeText),
}

/// An analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// How long it runs.
    pub length: Length,
    /// Whether its verdict counts: not where all metrics are only tried (`dryRun`).
    pub judges: bool,
}

/// When a metric is measured, as it is written; nothing where nothing is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cadence<'a> {
    /// `initialDelay`.
    pub initial_delay: Option<&'a str>,
    /// `interval`.
    pub interval: Option<&'a str>,
    /// `count`.
    pub count: Option<&'a str>,
    /// `consecutiveSuccessLimit`; zero is none.
    pub successes: i32,
}

impl Cadence<'_> {
    /// From the start of the run to the last measurement, when all are good: the first one comes
    /// at once, each other an interval later (Argo Rollouts `analysis.go`, `EffectiveCount`).
    pub fn length(self) -> Length {
        let time = |text: &str| {
            let span = parse_go_duration(text).filter(|span| *span >= Span::zero());
            span.ok_or_else(|| SafeText::from(format!("{text:?} is no time")))
        };
        let read = || {
            let delay = self.initial_delay.map_or(Ok(Span::zero()), time)?;
            let interval = self.interval.map(time).transpose()?;
            let count = match self.count {
                Some(text) => {
                    let count = text.trim().parse::<i32>().ok().filter(|count| *count >= 0);
                    count.ok_or_else(|| SafeText::from(format!("{text:?} is no count")))?
                }
                None => 0,
            };
            let wanted = match (count, self.successes.max(0)) {
                (0, successes) | (successes, 0) => successes,
                (count, successes) => count.min(successes),
            };
            match (wanted, interval) {
                (0, Some(_)) => Ok(Length::Endless),
                (0 | 1, _) => Ok(Length::For(delay)),
                (_, None) => Err("it has a count and no interval".into()),
                (wanted, Some(interval)) => {
                    let more = interval.checked_mul(wanted - 1);
                    let all = more.and_then(|more| more.checked_add(&delay));
                    all.map(Length::For).ok_or_else(|| "it takes longer than can be told".into())
                }
            }
        };
        read().unwrap_or_else(Length::Unknown)
    }
}

impl Watch {
    /// An analysis of these metrics: their lengths, and whether they count. None without metrics.
    pub fn of(metrics: impl IntoIterator<Item = (Length, bool)>) -> Option<Self> {
        metrics.into_iter().fold(None, |watch, (length, judges)| {
            let Some(Self { length: before, judges: judged }) = watch else {
                return Some(Self { length, judges });
            };
            let length = match (before, length) {
                (Length::Endless, _) | (_, Length::Endless) => Length::Endless,
                (Length::Unknown(why), _) | (_, Length::Unknown(why)) => Length::Unknown(why),
                (Length::For(one), Length::For(other)) => Length::For(one.max(other)),
            };
            Some(Self { length, judges: judged || judges })
        })
    }

    fn unknown(why: impl Into<SafeText>) -> Self {
        Self { length: Length::Unknown(why.into()), judges: true }
    }
}

impl Course {
    /// What a live workload goes through. `template` finds AnalysisTemplates; `start` is how long a
    /// pod of it takes.
    pub fn of<'t>(
        workload: &Workload,
        template: impl Fn(&TemplateName) -> Option<&'t AnalysisTemplate>,
        start: Option<Span>,
    ) -> Self {
        let reader = Reader { workload, template: &template };
        let stages = match &workload.strategy {
            Strategy::Canary(canary) => Stages::Canary(reader.canary(canary)),
            Strategy::BlueGreen(switch) => {
                let after = switch.auto_promotion_after.filter(|span| *span > Span::zero());
                Stages::BlueGreen(BlueGreenStages {
                    before: reader.watch(&switch.before),
                    // Where a person promotes, the controller ignores `autoPromotionSeconds`.
                    wait: match (switch.auto_promotion, after) {
                        (true, after) => after.map(PauseLength::For),
                        (false, _) => Some(PauseLength::UntilPromoted),
                    },
                    after: reader.watch(&switch.after),
                    old_stays: switch.scale_down_delay,
                    starts: if switch.preview_replicas.is_some() { 2 } else { 1 },
                })
            }
            Strategy::Rolling(rolling) => Stages::Rolling(waves(workload.replicas, rolling)),
            Strategy::Recreate => Stages::Recreate,
            Strategy::Unknown => Stages::Unknown,
        };
        Self { stages, rollback_window: workload.rollback_window.filter(|n| *n > 0), start }
    }
}

/// How often a start has to be waited for until all pods are new ones.
fn waves(replicas: i32, rolling: &Rolling) -> u32 {
    let at_once = budget(replicas, rolling.max_surge, rolling.max_unavailable);
    let at_once = at_once.surge.saturating_add(at_once.unavailable).max(1);
    u32::try_from(replicas.max(0)).unwrap_or(0).div_ceil(at_once.unsigned_abs())
}

struct Reader<'r, 't> {
    workload: &'r Workload,
    template: &'r dyn Fn(&TemplateName) -> Option<&'t AnalysisTemplate>,
}

impl Reader<'_, '_> {
    fn canary(&self, canary: &Canary) -> CanaryStages {
        let step = |step: &Step| match step {
            Step::SetWeight(weight) => Stage::Weight(*weight),
            Step::Pause(length) => Stage::Pause(length.clone()),
            Step::SetCanaryScale(_) => Stage::Scale,
            Step::Analysis(analysis) => {
                self.watch(analysis).map_or(Stage::Instant, Stage::Analysis)
            }
            Step::Experiment(_, length) => Stage::Other("an experiment".into(), *length),
            Step::SetHeaderRoute(_) | Step::SetMirrorRoute(_, _) => Stage::Instant,
            Step::Plugin(name) => Stage::Other(format!("plugin {name}").into(), None),
            Step::Unknown(name) => Stage::Other(format!("step {name}").into(), None),
        };
        let background = self.watch(&canary.background);
        let stays = canary.has_router() && !canary.dynamic_stable_scale;
        CanaryStages {
            steps: canary.steps.iter().map(step).collect(),
            background: background.map(|watch| (watch, canary.background_from)),
            whole: canary.max_weight,
            old_stays: stays.then_some(canary.scale_down_delay),
        }
    }

    fn watch(&self, analysis: &RolloutAnalysis) -> Option<Watch> {
        let mut open: Vec<&TemplateName> = analysis.templates.iter().rev().collect();
        let mut known = BTreeSet::new();
        let mut metrics = Vec::new();
        while let Some(name) = open.pop() {
            if !known.insert(name.clone()) {
                continue;
            }
            let Some(template) = (self.template)(name) else {
                return Some(Watch::unknown(format!("template {} is not known here", name.name)));
            };
            open.extend(template.templates.iter().rev());
            metrics.extend(
                template
                    .metrics
                    .iter()
                    .map(|metric| (self.length(metric, analysis, template), !metric.dry_run)),
            );
        }
        Watch::of(metrics)
    }

    fn length(
        &self,
        metric: &Metric,
        analysis: &RolloutAnalysis,
        template: &AnalysisTemplate,
    ) -> Length {
        let facts = Facts {
            workload: &self.workload.id,
            labels: &self.workload.labels,
            latest: self.workload.status.current_hash.as_ref(),
            stable: self.workload.status.stable_hash.as_ref(),
        };
        let filled = |text: &Option<SafeText>| {
            let text = text.as_deref();
            text.map(|text| fill(text, &analysis.args, &template.args, facts)).transpose()
        };
        let read = || {
            let delay = filled(&metric.initial_delay)?;
            let (interval, count) = (filled(&metric.interval)?, filled(&metric.count)?);
            let cadence = Cadence {
                initial_delay: delay.as_deref(),
                interval: interval.as_deref(),
                count: count.as_deref(),
                successes: metric.success_limit,
            };
            Ok::<_, String>(cadence.length())
        };
        let named = |why: &str| Length::Unknown(format!("metric {}: {why}", metric.name).into());
        match read() {
            Ok(Length::Unknown(why)) => named(&why),
            Ok(length) => length,
            Err(why) => named(&why),
        }
    }
}
