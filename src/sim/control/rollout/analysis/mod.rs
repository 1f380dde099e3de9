//! AnalysisRuns of a Rollout: when they are started, ended and forgotten.
//!
//! Never measures anything. Called by the passes.

mod arguments;
mod keeping;
mod kinds;
mod start;

use serde_json::Value;

use super::pass::{Outcome, Pass, pause_reason};
use super::spec::Rollout;
use super::status::{RunStatus, is_over};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Object, Part, Store};
use crate::sim::world::EventType;

pub(crate) use arguments::{arguments, metadata_field, provisional_arguments};
pub(crate) use keeping::surplus;

/// The runs that a Rollout owns: those that its status names, and the others.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    pub(crate) step: Option<Object>,
    pub(crate) background: Option<Object>,
    pub(crate) pre_promotion: Option<Object>,
    pub(crate) post_promotion: Option<Object>,
    others: Vec<Object>,
}

impl Runs {
    pub(crate) fn of(rollout: &Rollout, store: &Store) -> Self {
        let mut runs = Self::default();
        let (canary, blue) = (&rollout.status.canary, &rollout.status.blue_green);
        let name =
            |run: &Option<RunStatus>| run.as_ref().map(|run| run.name.clone()).unwrap_or_default();
        let step = name(&canary.current_step_analysis_run_status);
        let background = name(&canary.current_background_analysis_run_status);
        let pre = name(&blue.pre_promotion_analysis_run_status);
        let post = name(&blue.post_promotion_analysis_run_status);
        for run in store.owned(rollout.uid(), Kind::AnalysisRun) {
            let run = Object::clone(run);
            let place = match run.name() {
                name if name == step => &mut runs.step,
                name if name == background => &mut runs.background,
                name if name == pre => &mut runs.pre_promotion,
                name if name == post => &mut runs.post_promotion,
                _ => {
                    runs.others.push(run);
                    continue;
                }
            };
            *place = Some(run);
        }
        runs
    }

    fn current(&self) -> Vec<Object> {
        let all = [&self.post_promotion, &self.pre_promotion, &self.step, &self.background];
        all.into_iter().flatten().cloned().collect()
    }

    /// The others that were made for this version.
    pub(crate) fn of_hash(&self, hash: &str) -> Vec<Key> {
        let of = self.others.iter().filter(|run| run.label(super::keys::HASH) == hash);
        of.map(|run| Key::new(Kind::AnalysisRun, run.namespace(), run.name())).collect()
    }
}

/// The phase of a run or an experiment; empty when it has none yet.
pub(crate) fn phase_of(object: &Object) -> &str {
    object.text("/status/phase")
}

impl Pass<'_, '_> {
    /// Starts and ends runs, and draws the consequences of those that ended.
    pub(crate) fn tend_runs(&mut self) -> Outcome {
        let status = &self.rollout.status;
        let ends_all = self.rollout.is_fully_promoted()
            || self.is_aborted()
            || status.promote_full
            || self.is_fast_rollback()
            || status.stable_rs.is_empty();
        let mut current = Runs::default();
        if ends_all {
            self.end_runs(&self.runs.current())?;
            // A blue-green update keeps telling of its runs, a canary does not.
            current.pre_promotion.clone_from(&self.runs.pre_promotion);
            current.post_promotion.clone_from(&self.runs.post_promotion);
        } else if self.rollout.canary().is_some() {
            current.step = self.tend_step_run()?;
            current.background = self.tend_background_run()?;
        } else {
            current.pre_promotion = self.tend_pre_promotion_run()?;
            self.heed_promotion_run(current.pre_promotion.as_ref(), "pre");
            current.post_promotion = self.tend_post_promotion_run()?;
            self.heed_promotion_run(current.post_promotion.as_ref(), "post");
        }
        self.name_runs(&current);
        let kept = current.current();
        let others = std::mem::take(&mut self.runs.others);
        let others: Vec<Object> = others
            .into_iter()
            .filter(|run| !kept.iter().any(|kept| kept.name() == run.name()))
            .collect();
        self.end_runs(&others)?;
        let limits = self.rollout.run_history();
        for run in surplus(&others, self.sets.all(), limits) {
            if !run.is_leaving() {
                self.delete(&Key::new(Kind::AnalysisRun, run.namespace(), run.name()))?;
            }
        }
        current.others = others;
        self.tell_of_runs(&current);
        self.runs = current;
        Ok(())
    }

    /// The new status names the current runs.
    fn name_runs(&mut self, runs: &Runs) {
        let status = |run: &Option<Object>| {
            run.as_ref().map(|run| RunStatus {
                name: run.name().into(),
                status: phase_of(run).into(),
                message: run.text("/status/message").into(),
            })
        };
        if self.rollout.canary().is_some() {
            let canary = &mut self.next.canary;
            canary.current_background_analysis_run_status = status(&runs.background);
            canary.current_step_analysis_run_status = status(&runs.step);
        } else {
            let blue_green = &mut self.next.blue_green;
            blue_green.pre_promotion_analysis_run_status = status(&runs.pre_promotion);
            blue_green.post_promotion_analysis_run_status = status(&runs.post_promotion);
        }
    }

    /// Tells of runs that are in another phase than the status says.
    fn tell_of_runs(&mut self, runs: &Runs) {
        let (canary, blue) = (&self.rollout.status.canary, &self.rollout.status.blue_green);
        let known = [
            (&blue.post_promotion_analysis_run_status, &runs.post_promotion, "PostPromotion"),
            (&blue.pre_promotion_analysis_run_status, &runs.pre_promotion, "PrePromotion"),
            (&canary.current_step_analysis_run_status, &runs.step, "Step"),
            (&canary.current_background_analysis_run_status, &runs.background, "Background"),
        ];
        let mut news = Vec::new();
        for (known, run, kind) in known {
            let Some(run) = run.as_ref().filter(|run| !phase_of(run).is_empty()) else { continue };
            let phase = phase_of(run);
            let before = match known {
                None => "NoPreviousStatus",
                Some(known) if known.name == run.name() && known.status != phase => &known.status,
                Some(_) => continue,
            };
            let gravity = if matches!(phase, "Failed" | "Error") {
                EventType::Warning
            } else {
                EventType::Normal
            };
            let name = run.name();
            let message =
                format!("{kind} Analysis Run '{name}' Status New: '{phase}' Previous: '{before}'");
            news.push((gravity, format!("AnalysisRun{phase}"), message));
        }
        for (gravity, reason, message) in news {
            self.event(gravity, &reason, message);
        }
    }

    /// Ends runs that are not over: they are asked to terminate.
    pub(super) fn end_runs(&mut self, runs: &[Object]) -> Outcome {
        for run in runs {
            if run.flag("/spec/terminate") || is_over(phase_of(run)) {
                continue;
            }
            let key = Key::new(Kind::AnalysisRun, run.namespace(), run.name());
            let ended = self.turn.store.modify(&key, Part::Main, self.turn.now, |run| {
                run.set("/spec/terminate", true);
            });
            match ended {
                Err(refusal) if refusal.code != 404 => return Err(refusal.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// What a run means for the update: pause when it could not decide, abort when it failed.
    fn heed(&mut self, run: &Object, what: &str) {
        match phase_of(run) {
            "Inconclusive" => self.pauses.add(pause_reason::INCONCLUSIVE_ANALYSIS),
            "Error" | "Failed" => {
                let message = run.text("/status/message");
                let message = if message.is_empty() {
                    format!("{what} phase error/failed")
                } else {
                    format!("{what} phase error/failed: {message}")
                };
                self.pauses.abort(message);
            }
            _ => {}
        }
    }

    fn heed_promotion_run(&mut self, run: Option<&Object>, when: &str) {
        if let Some(run) = run {
            self.heed(&run.clone(), &format!("Blue/green {when}-promotion analysis"));
        }
    }
}

/// Templates that are named, as the drafting of a run takes them.
pub(crate) fn has_templates(analysis: Option<&super::spec::Analysis>) -> bool {
    analysis.is_some_and(|analysis| !analysis.templates.is_empty())
}

/// The labels of an object, for those that are merged.
pub(crate) fn labels_of(pairs: &[(&str, &str)]) -> Value {
    let mut labels = serde_json::Map::new();
    for (key, value) in pairs {
        labels.insert((*key).to_owned(), Value::from(*value));
    }
    Value::Object(labels)
}
