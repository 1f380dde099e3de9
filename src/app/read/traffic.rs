//! Where the traffic is: bars whose numbers are never merged, the two sides of a blue-green, and
//! the budget of a rolling update.
//!
//! A disagreement is said aloud. Called by `view`.

use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::measure::share::Measured;
use crate::domain::phase;
use crate::domain::release::{Release, Revision, Role as Part};
use crate::domain::strategy::{BlueGreen, Strategy, budget};
use crate::domain::time::{clock, length};
use crate::domain::traffic::{self, Agreement, Router};
use crate::domain::why;

use super::metrics::share::{alarm, note, percent as percent_of};
use super::phrase::Phrase;
use super::revisions::{RevisionRow, rows};

/// A bar: a share and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Who says it.
    pub label: &'static str,
    /// Share in thousandths; `None` where it is not known.
    pub share: Option<u32>,
    /// The number in words.
    pub value: String,
    /// What the filled part is.
    pub filled: Role,
    /// What the rest is.
    pub rest: Role,
    /// Remark behind it.
    pub note: Phrase,
}

/// One side of a blue-green.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// `active`, `preview`.
    pub word: &'static str,
    /// Its look.
    pub role: Role,
    /// Service that leads there.
    pub service: String,
    /// Version behind it, where there is one.
    pub revision: Option<RevisionRow>,
    /// Remark: timer, countdown, or why there is nothing.
    pub note: Phrase,
}

/// What the traffic pane shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picture {
    /// Shares of a canary or progress of a rolling update.
    Bars(Vec<Bar>, Vec<Phrase>),
    /// Two sides.
    Sides(Box<[Side; 2]>, Vec<Phrase>),
}

/// The picture of a release.
pub fn of(model: &Model, release: &Release<'_>) -> Picture {
    match &release.workload.strategy {
        Strategy::Canary(_) => canary(model, release),
        Strategy::BlueGreen(settings) => blue_green(model, release, settings),
        Strategy::Rolling(_) | Strategy::Recreate | Strategy::Unknown => rolling(model, release),
    }
}

fn canary(model: &Model, release: &Release<'_>) -> Picture {
    let traffic = traffic::of(release, model.now);
    let max = traffic.max.max(1);
    let bar = |label, share: Option<i32>, value: String| Bar {
        label,
        share: share.map(|s| thousandths(s, max)),
        value,
        filled: Role::Canary,
        rest: Role::Stable,
        note: Phrase::new(),
    };
    let percent = |share: i32| format!("{share}%");
    let mut wanted = bar("wanted", traffic.wanted, String::new());
    wanted.value = traffic.wanted.map_or_else(String::new, percent);
    wanted.note = wanted_note(release);

    let (label, share, value) = match &traffic.router {
        Router::Weight { weight, .. } => ("router", Some(*weight), percent(*weight)),
        Router::Pods(share) => ("by pods", Some(*share), percent(*share)),
        Router::NotReported => ("router", None, "?".to_owned()),
        Router::Active(_) | Router::Nothing => ("by pods", None, "-".to_owned()),
    };
    let mut router = bar(label, share, value);
    router.note = router_note(&traffic);

    let mut bars = vec![wanted, router];
    let mut remarks = Vec::new();
    let (measured, alarm) = measured(model, release);
    bars.extend(measured);
    remarks.extend(alarm);
    if let Some(weight) = traffic.ingress {
        let agrees = traffic.router_share() == Some(weight);
        let phrase = Phrase::new().muted("ingress says ");
        remarks.push(if agrees {
            phrase.text(percent(weight))
        } else {
            phrase
                .say(Role::Bad, percent(weight))
                .say(Role::Bad, ", the status says something else")
        });
    }
    Picture::Bars(bars, remarks)
}

/// The measured share of an update, and its alarm; nothing where nothing is measured.
fn measured(model: &Model, release: &Release<'_>) -> (Option<Bar>, Option<Phrase>) {
    let subject = model.metrics.subject(&release.workload.id);
    let Some(subject) = subject.filter(|_| release.is_updating()) else { return (None, None) };
    let share = subject.measured.as_ref().and_then(Measured::share);
    let bar = Bar {
        label: "measured",
        share: share.map(in_thousandths),
        value: share.map_or_else(|| "?".to_owned(), percent_of),
        filled: Role::Canary,
        rest: Role::Stable,
        note: note(model, subject),
    };
    (Some(bar), alarm(subject))
}

/// A share of 0 to 1 in thousandths.
fn in_thousandths(share: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 1000"
    )]
    let thousandths = (share.clamp(0.0, 1.0) * 1000.0).round() as u32;
    thousandths
}

fn wanted_note(release: &Release<'_>) -> Phrase {
    let workload = release.workload;
    if workload.status.abort {
        return Phrase::of(Role::Warn, "aborted: nothing for the canary");
    }
    if !release.is_updating() {
        return Phrase::new().muted("no update: all on stable");
    }
    if workload.status.promote_full {
        return Phrase::of(Role::Warn, "full promotion");
    }
    Phrase::new().muted("by the step")
}

fn router_note(traffic: &traffic::Traffic) -> Phrase {
    let by = super::info::names(&traffic.routers);
    match (&traffic.router, traffic.agreement()) {
        (Router::NotReported, _) => {
            Phrase::of(Role::Warn, format!("{by} has not reported a weight"))
        }
        (Router::Pods(_), _) => Phrase::new().muted("no router: the share of ready pods"),
        (Router::Nothing | Router::Active(_), _) => Phrase::new().muted("no pod is ready"),
        (Router::Weight { verified, .. }, Some(Agreement::Agrees)) => {
            let phrase = Phrase::of(Role::Ok, "agrees").muted(format!("  {by}"));
            match verified {
                Some(true) => phrase.muted(", verified"),
                Some(false) => phrase.say(Role::Warn, ", not verified yet"),
                None => phrase,
            }
        }
        (Router::Weight { .. }, Some(Agreement::OnItsWay(reason))) => {
            Phrase::of(Role::Moving, "on its way").muted(format!("  {reason}"))
        }
        (Router::Weight { .. }, _) => Phrase::of(Role::Bad, "DISAGREES").muted(format!("  {by}")),
    }
}

fn thousandths(part: i32, whole: i32) -> u32 {
    let share = i64::from(part.max(0)) * 1000 / i64::from(whole.max(1));
    u32::try_from(share.min(1000)).unwrap_or(0)
}

fn rolling(model: &Model, release: &Release<'_>) -> Picture {
    let workload = release.workload;
    let status = &workload.status;
    let all = workload.replicas;
    let bar = |label, part: i32, filled| Bar {
        label,
        share: Some(thousandths(part, all)),
        value: format!("{part}/{all}"),
        filled,
        rest: Role::Stable,
        note: Phrase::new(),
    };
    let done = phase::is_deployment_complete(workload);
    let mut updated = bar("updated", status.updated, if done { Role::Ok } else { Role::Canary });
    let old = (status.replicas - status.updated).max(0);
    updated.note = if old > 0 {
        Phrase::new().muted(format!("{old} old pods still to go"))
    } else {
        Phrase::new().muted("no old pods")
    };
    let mut available = bar("available", status.available, Role::Ok);
    available.rest = Role::Bad;
    let missing = (all - status.available).max(0);
    if missing > 0 {
        available.note = Phrase::of(Role::Warn, format!("{missing} missing"));
    }
    let mut remarks = vec![budget_phrase(release)];
    if let Some(at) = why::deadline(release) {
        let left = at - model.now;
        let role = if left.num_seconds() < 60 { Role::Warn } else { Role::Text };
        remarks.push(
            Phrase::new()
                .muted("called stuck in ")
                .say(role, clock(left))
                .muted(format!(" (deadline {})", length(workload.progress_deadline))),
        );
    }
    remarks.extend(super::info::disruption(release));
    let (measured, alarm) = measured(model, release);
    remarks.extend(alarm);
    Picture::Bars([updated, available].into_iter().chain(measured).collect(), remarks)
}

fn budget_phrase(release: &Release<'_>) -> Phrase {
    let workload = release.workload;
    match &workload.strategy {
        Strategy::Rolling(rolling) => {
            let pods = budget(workload.replicas, rolling.max_surge, rolling.max_unavailable);
            Phrase::new()
                .muted("may add ")
                .text(format!("{} pods", pods.surge))
                .muted(format!(" (surge {}), may miss ", rolling.max_surge))
                .text(format!("{} pods", pods.unavailable))
                .muted(format!(" (unavailable {})", rolling.max_unavailable))
        }
        Strategy::Recreate => Phrase::of(Role::Warn, "recreate: all pods go before new ones come"),
        _ => Phrase::of(Role::Warn, "this strategy is not known here"),
    }
}

fn blue_green(model: &Model, release: &Release<'_>, settings: &BlueGreen) -> Picture {
    let all = rows(model, release);
    let row = |revision: Option<&Revision<'_>>| {
        let hash = &revision?.replica_set.hash;
        all.iter().find(|row| row.hash == hash.as_str()).cloned()
    };
    let active = release.revision(Part::Active);
    let preview = release.revision(Part::Preview);
    let sides = [
        Side {
            word: "active",
            role: Role::Active,
            service: settings.active_service.to_string(),
            note: if active.is_none() {
                Phrase::of(Role::Warn, "the Service points at no known version")
            } else {
                Phrase::new().muted("takes all user traffic")
            },
            revision: row(active),
        },
        Side {
            word: "preview",
            role: Role::Preview,
            service: settings
                .preview_service
                .as_ref()
                .map_or_else(|| "no preview Service".to_owned(), ToString::to_string),
            note: preview_note(model, release, settings, preview.is_some()),
            revision: row(preview),
        },
    ];
    let mut remarks: Vec<Phrase> = all
        .iter()
        .filter_map(|r| {
            let left = r.scale_down.as_ref()?;
            Some(
                Phrase::new()
                    .text(format!("{} {}", r.number, r.hash))
                    .muted(" stays warm for ")
                    .say(Role::Paused, left.clone())
                    .muted(", then its pods go"),
            )
        })
        .collect();
    if remarks.is_empty() {
        let warm = length(settings.scale_down_delay);
        remarks.push(
            Phrase::new().muted(format!("after a switch the old side stays warm for {warm}")),
        );
    }
    Picture::Sides(Box::new(sides), remarks)
}

fn preview_note(
    model: &Model,
    release: &Release<'_>,
    settings: &BlueGreen,
    has_preview: bool,
) -> Phrase {
    if !has_preview {
        return Phrase::new().muted("nothing is being previewed");
    }
    let workload = release.workload;
    if let Some(ends) = phase::pause_ends(workload) {
        return Phrase::new()
            .muted("switches by itself in ")
            .say(Role::Paused, clock(ends - model.now));
    }
    if phase::pause(workload).is_some() {
        return Phrase::of(Role::Warn, "waits for a person to switch");
    }
    Phrase::new().muted(if settings.auto_promotion {
        "switches by itself when it is ready"
    } else {
        "will wait for a person"
    })
}
