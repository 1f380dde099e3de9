//! Looking: moving, opening, logs, comparing, copying. Nothing here changes the cluster.

use crate::app::drill::{Drill, Progress};
use crate::app::effect::{Effect, LogRequest};
use crate::app::log_view::{LogLine, LogState, LogView};
use crate::app::model::{DiffView, Model};
use crate::app::msg::{TemplateLines, TemplateRef};
use crate::app::read::{self, Doubt, pods, revisions};
use crate::app::roster;
use crate::app::screen::{Pane, RolloutView, Screen};
use crate::app::story;
use crate::domain::id::{ObjectRef, ResourceKind, WorkloadId};
use crate::domain::release::{Release, Revision, Role};
use crate::domain::text::SafeText;
use crate::domain::{phase, why};

use super::cluster::{ask_access, count};
use super::{gate, logbook, readiness, toast};

/// Jobs of a run whose logs are read at once.
const MOST_JOBS: usize = 5;

/// Moves the selection, or the view on screens that only scroll.
pub(super) fn move_by(model: &mut Model, by: isize) -> Vec<Effect> {
    match model.screen().clone() {
        Screen::Fleet => {
            let roster = roster::shown(model);
            let at = model.fleet_view.selected.as_ref().and_then(|id| roster.position(id));
            let to = clamp(at.unwrap_or(0), by, roster.rows().len());
            let selected = roster.rows().get(to).map(|r| r.id.clone());
            model.fleet_view.selected = selected;
            ask_access(model)
        }
        Screen::Rollout(id) => {
            let pane = model.rollout_view.pane;
            let count = rows_in(model, &id, pane);
            let row = model.rollout_view.row_mut(pane);
            *row = clamp((*row).min(count.saturating_sub(1)), by, count);
            Vec::new()
        }
        Screen::Metrics(id) => {
            let count = rows_in(model, &id, Pane::Metrics);
            model.metrics.view.panel = clamp(model.metrics.view.panel, by, count);
            Vec::new()
        }
        Screen::Logs(_) => {
            let count = model.logs.visible().len();
            // Header, verdict, edges and foot take about six rows; the rest shows lines.
            let room = usize::from(model.size.1.saturating_sub(6));
            let logs = &mut model.logs;
            let from = if logs.following { count.saturating_sub(room) } else { logs.top };
            logs.top = clamp(from, by, count);
            logs.following = by > 0 && logs.top + 1 >= count;
            Vec::new()
        }
        Screen::Journal(_) => {
            logbook::move_by(model, by);
            Vec::new()
        }
        _ => {
            model.scroll = clamp(model.scroll, by, usize::MAX / 4);
            Vec::new()
        }
    }
}

pub(super) fn clamp(at: usize, by: isize, count: usize) -> usize {
    at.saturating_add_signed(by).min(count.saturating_sub(1))
}

fn rows_in(model: &Model, id: &WorkloadId, pane: Pane) -> usize {
    let Some(release) = model.fleet.release(id) else { return 0 };
    match pane {
        Pane::Revisions => release.revisions.len(),
        Pane::Pods => release.pods().count(),
        Pane::Metrics => model.metrics.subject(id).map_or(0, |subject| subject.panels.len()),
        Pane::Analysis => release.analysis.len(),
        Pane::Timeline => story::of(model, id).len(),
    }
}

/// Counts the rows after filter or order changed, and keeps the selection on one that is shown.
pub(super) fn keep_selection(model: &mut Model) {
    count(model);
    let roster = roster::shown(model);
    let kept = model.fleet_view.selected.as_ref().and_then(|id| roster.position(id));
    if kept.is_none() {
        let first = roster.rows().first().map(|r| r.id.clone());
        model.fleet_view.selected = first;
    }
}

pub(super) fn pane(model: &mut Model, forward: bool) -> Vec<Effect> {
    let step = |pane: Pane| if forward { pane.next() } else { pane.previous() };
    let next = step(model.rollout_view.pane);
    model.rollout_view.pane = if model.has_pane(next) { next } else { step(next) };
    Vec::new()
}

pub(super) fn zoom(model: &mut Model) -> Vec<Effect> {
    model.rollout_view.zoomed = !model.rollout_view.zoomed;
    Vec::new()
}

/// Opens what is selected.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    match model.screen().clone() {
        Screen::Fleet => to_rollout(model),
        Screen::Rollout(id) => open_row(model, &id),
        Screen::Journal(_) => {
            logbook::open_row(model);
            Vec::new()
        }
        Screen::Gate(_) => gate::start(model),
        Screen::Readiness(id) => readiness::ask(model, &id),
        // Who has read the briefing goes on to what it is about.
        Screen::Briefing => back(model),
        _ => Vec::new(),
    }
}

fn open_row(model: &mut Model, id: &WorkloadId) -> Vec<Effect> {
    let pane = model.rollout_view.pane;
    let row = model.rollout_view.row(pane);
    let Some(release) = model.fleet.release(id) else { return Vec::new() };
    let screen = match pane {
        Pane::Pods => pods::order(&release, model.now)
            .get(row)
            .map(|(_, p)| Screen::Pod(id.clone(), p.uid.clone())),
        Pane::Analysis => {
            release.analysis.get(row).map(|run| Screen::Analysis(id.clone(), run.uid.clone()))
        }
        Pane::Metrics => {
            model.metrics.view.panel = row;
            Some(Screen::Metrics(id.clone()))
        }
        Pane::Timeline => Some(Screen::Timeline(id.clone())),
        Pane::Revisions => return diff(model),
    };
    if let Some(screen) = screen {
        push(model, screen);
    }
    Vec::new()
}

pub(super) fn push(model: &mut Model, screen: Screen) {
    model.scroll = 0;
    if *model.screen() != screen {
        model.screens.push(screen);
    }
}

/// Back to the screen below; in the fleet, clears the filter.
pub(super) fn back(model: &mut Model) -> Vec<Effect> {
    if model.screens.len() > 1 {
        let left = model.screens.pop();
        model.scroll = 0;
        if let Some(Screen::Logs(_)) = left {
            model.logs = LogView::default();
            return vec![Effect::CloseLogs];
        }
        if *model.screen() == Screen::Fleet {
            return leave_rollout(model);
        }
        return Vec::new();
    }
    if model.rollout_view.zoomed {
        model.rollout_view.zoomed = false;
    }
    model.fleet_view.filter.reset();
    keep_selection(model);
    Vec::new()
}

fn leave_rollout(model: &mut Model) -> Vec<Effect> {
    model.focus = None;
    vec![Effect::Focus(None)]
}

pub(super) fn to_fleet(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    while model.screens.len() > 1 {
        effects.extend(back(model));
    }
    effects
}

/// To the Rollout screen of what is meant.
pub(super) fn to_rollout(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.meant().cloned() else { return Vec::new() };
    let mut effects = to_fleet(model);
    effects.retain(|e| *e != Effect::Focus(None));
    model.fleet_view.selected = Some(id.clone());
    model.rollout_view = RolloutView::default();
    push(model, Screen::Rollout(id.clone()));
    model.focus = Some(id.clone());
    effects.push(Effect::Focus(Some(id)));
    effects.extend(ask_access(model));
    effects
}

/// Opens a screen about what is meant, with its Rollout screen below it.
pub(super) fn show(model: &mut Model, screen: fn(WorkloadId) -> Screen) -> Vec<Effect> {
    let Some(id) = model.meant().cloned() else { return Vec::new() };
    let effects = if *model.screen() == Screen::Fleet { to_rollout(model) } else { Vec::new() };
    push(model, screen(id));
    effects
}

pub(super) fn troubles(model: &mut Model) -> Vec<Effect> {
    push(model, Screen::Troubles);
    model.troubles.read();
    Vec::new()
}

/// The briefing of the drill; elsewhere the key says where there is one.
pub(super) fn briefing(model: &mut Model) -> Vec<Effect> {
    if model.drill.is_none() {
        toast(model, false, "this is no drill: `waveoff drill` flies one");
    } else {
        push(model, Screen::Briefing);
    }
    Vec::new()
}

/// Begins a drill: with its briefing when it is about one workload, which waits behind it.
pub fn begin_drill(model: &mut Model, drill: Drill) -> Vec<Effect> {
    let opens = drill.opens.clone();
    model.drill = Some(drill);
    let Some(id) = opens else { return Vec::new() };
    model.fleet_view.selected = Some(id);
    let effects = to_rollout(model);
    push(model, Screen::Briefing);
    effects
}

/// Takes in how the drill goes.
pub(super) fn drill(model: &mut Model, progress: Progress) -> Vec<Effect> {
    let now = model.now;
    let Some(drill) = &mut model.drill else { return Vec::new() };
    let ended = progress.over && !drill.progress.over;
    drill.go_on(progress, now);
    if ended {
        let (points, pass) = (drill.progress.points, drill.progress.pass);
        toast(model, points >= pass, format!("the drill is over: {points} of 100 points"));
    }
    Vec::new()
}

pub(super) fn help(model: &mut Model) -> Vec<Effect> {
    push(model, Screen::Help);
    Vec::new()
}

/// Logs of the selected pod, or of every pod of the version under way.
pub(super) fn logs(model: &mut Model, previous: bool) -> Vec<Effect> {
    let Some(id) = model.meant().cloned() else { return Vec::new() };
    let jobs = log_jobs(model, &id);
    let pods = if jobs.is_empty() { log_pods(model, &id) } else { Vec::new() };
    if pods.is_empty() && jobs.is_empty() {
        toast(model, false, "there are no pods to read logs from");
        return Vec::new();
    }
    let mut effects = if *model.screen() == Screen::Fleet { to_rollout(model) } else { Vec::new() };
    effects.extend(read_logs(model, pods, jobs, previous));
    push(model, Screen::Logs(id));
    effects
}

fn read_logs(
    model: &mut Model,
    pods: Vec<ObjectRef>,
    jobs: Vec<ObjectRef>,
    previous: bool,
) -> Vec<Effect> {
    let epoch = model.take_number();
    model.logs = LogView {
        epoch,
        pods: pods.clone(),
        jobs: jobs.clone(),
        previous,
        following: true,
        ..LogView::default()
    };
    vec![Effect::CloseLogs, Effect::OpenLogs(LogRequest { epoch, pods, jobs, previous })]
}

/// Jobs that measured: of the run on the screen, or of the one that is chosen in its pane.
fn log_jobs(model: &Model, id: &WorkloadId) -> Vec<ObjectRef> {
    let Some(release) = model.fleet.release(id) else { return Vec::new() };
    let run = match model.screen() {
        Screen::Analysis(_, uid) => model.fleet.analysis_runs.get(uid),
        Screen::Rollout(_) if model.rollout_view.pane == Pane::Analysis => {
            release.analysis.get(model.rollout_view.row(Pane::Analysis)).copied()
        }
        _ => None,
    };
    let metrics = run.into_iter().flat_map(|run| &run.metrics);
    let measurements = metrics.flat_map(|metric| &metric.measurements);
    let mut jobs: Vec<ObjectRef> = measurements.filter_map(|m| m.job.clone()).collect();
    // The last ones matter; each is a request and a connection.
    jobs.drain(..jobs.len().saturating_sub(MOST_JOBS));
    jobs
}

fn log_pods(model: &Model, id: &WorkloadId) -> Vec<ObjectRef> {
    let Some(release) = model.fleet.release(id) else { return Vec::new() };
    match model.screen() {
        Screen::Pod(_, uid) => {
            release.pods().filter(|(_, p)| p.uid == *uid).map(|(_, p)| p.id.clone()).collect()
        }
        Screen::Rollout(_)
            if model.rollout_view.pane == Pane::Pods && model.rollout_view.zoomed =>
        {
            let row = model.rollout_view.row(Pane::Pods);
            let pods = pods::order(&release, model.now);
            pods.get(row).map(|(_, p)| p.id.clone()).into_iter().collect()
        }
        _ => version_under_way(&release)
            .map(|r| r.pods.iter().map(|p| p.id.clone()).collect())
            .unwrap_or_default(),
    }
}

/// The version that questions are about: the new one while it has pods, else the one in use.
fn version_under_way<'r, 'a>(release: &'r Release<'a>) -> Option<&'r Revision<'a>> {
    let new = [Role::Canary, Role::Preview, Role::Current].into_iter();
    new.filter_map(|role| release.revision(role))
        .chain(release.current())
        .chain(release.stable())
        .find(|r| !r.pods.is_empty())
}

pub(super) fn toggle_previous_logs(model: &mut Model) -> Vec<Effect> {
    let (pods, jobs) = (model.logs.pods.clone(), model.logs.jobs.clone());
    let previous = !model.logs.previous;
    read_logs(model, pods, jobs, previous)
}

pub(super) fn follow_log(model: &mut Model) -> Vec<Effect> {
    model.logs.following = !model.logs.following;
    if !model.logs.following {
        model.logs.top = model.logs.visible().len().saturating_sub(1);
    }
    Vec::new()
}

pub(super) fn log_lines(model: &mut Model, epoch: u64, lines: Vec<LogLine>) -> Vec<Effect> {
    if model.logs.epoch == epoch {
        for line in lines {
            model.logs.push(line);
        }
    }
    Vec::new()
}

pub(super) fn log_ended(model: &mut Model, epoch: u64, why: Option<SafeText>) -> Vec<Effect> {
    if model.logs.epoch == epoch {
        model.logs.state = LogState::Ended(why);
    }
    Vec::new()
}

/// Compares the selected revision with the one to go back to; elsewhere the wanted version with
/// the stable one.
pub(super) fn diff(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.meant().cloned() else { return Vec::new() };
    let Some((older, newer)) = diff_sides(model, &id) else {
        let doubt = read::doubt(model, ResourceKind::ReplicaSets, &id.namespace);
        toast(
            model,
            false,
            match doubt {
                Doubt::None => "there is only one revision".to_owned(),
                Doubt::Old(age) => format!("only one revision is known, {age}"),
                Doubt::Blind(why) => format!("its revisions are not known: {why}"),
            },
        );
        return Vec::new();
    };
    let mut effects = if *model.screen() == Screen::Fleet { to_rollout(model) } else { Vec::new() };
    let epoch = model.take_number();
    model.diff = DiffView { epoch, sides: Some((older.clone(), newer.clone())), templates: None };
    push(model, Screen::Diff(id));
    effects.push(Effect::Templates(epoch, older, newer));
    effects
}

fn diff_sides(model: &Model, id: &WorkloadId) -> Option<(TemplateRef, TemplateRef)> {
    let release = model.fleet.release(id)?;
    let in_pane =
        matches!(model.screen(), Screen::Rollout(_)) && model.rollout_view.pane == Pane::Revisions;
    let chosen = in_pane
        .then(|| revisions::order(&release))
        .and_then(|all| all.get(model.rollout_view.row(Pane::Revisions)).copied());
    let newer = chosen.or_else(|| release.current()).or_else(|| release.revisions.first())?;
    let same = |r: &&Revision<'_>| r.replica_set.uid != newer.replica_set.uid;
    let older = release
        .stable()
        .filter(same)
        .or_else(|| {
            release
                .revisions
                .iter()
                .find(|r| same(r) && r.replica_set.revision < newer.replica_set.revision)
        })
        .or_else(|| release.revisions.iter().find(same))?;
    let side = |r: &Revision<'_>| TemplateRef {
        replica_set: r.replica_set.id.clone(),
        uid: r.replica_set.uid.clone(),
        label: format!("{} {}", r.number_text(), r.replica_set.hash).into(),
    };
    let (a, b) = (side(older), side(newer));
    let in_order = older.replica_set.revision <= newer.replica_set.revision;
    Some(if in_order { (a, b) } else { (b, a) })
}

pub(super) fn templates(
    model: &mut Model,
    epoch: u64,
    templates: Result<(TemplateLines, TemplateLines), SafeText>,
) -> Vec<Effect> {
    if model.diff.epoch == epoch {
        model.diff.templates = Some(templates);
    }
    Vec::new()
}

/// Puts a summary of what is meant on the clipboard, with its age.
pub(super) fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.meant().cloned() else { return Vec::new() };
    let Some(release) = model.fleet.release(&id) else { return Vec::new() };
    let standing = phase::of(release.workload);
    let why = why::of(&release, model.now);
    let at = model.now.format("%Y-%m-%d %H:%M:%S UTC");
    let mut text = format!(
        "{id} on {}: {} at {at}\n{}\n",
        model.session.context,
        standing.phase.as_str(),
        why.sentence
    );
    for line in &why.evidence {
        text.push_str(&format!("- {line}\n"));
    }
    if let Some(flight) = model.last_flight(&id) {
        text.push_str(&format!("last action: {}\n", flight.receipt()));
    }
    toast(model, true, format!("summary of {} copied", id.name));
    vec![Effect::Copy(text)]
}
