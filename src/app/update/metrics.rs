//! Measuring: whom, by which server and names, and what the answers change.
//!
//! Looks after it once a second and whenever another workload comes into view.

use crate::app::effect::Effect;
use crate::app::guard::looks;
use crate::app::metrics::asks::{asks, draw_up, grid, scrape};
use crate::app::metrics::{Candidate, Fetched, Finding, NOBODY, Search, Settings, Subject, Wanted};
use crate::app::model::Model;
use crate::app::msg::{Explored, Measured, TemplatesRead};
use crate::app::read::metrics::query_at_hand;
use crate::app::roster;
use crate::app::screen::Screen;
use crate::domain::analysis::template::TemplateName;
use crate::domain::attention::Attention;
use crate::domain::id::WorkloadId;
use crate::domain::measure::address::Address;
use crate::domain::measure::query::Sample;
use crate::domain::measure::scheme;
use crate::domain::measure::share::{self, Truth};
use crate::domain::measure::sides::Sides;
use crate::domain::phase;
use crate::domain::pod::PodState;
use crate::domain::release::Release;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp, length};
use crate::domain::timeline::{self, Tone};
use crate::domain::traffic::{self, Router};

use super::{arming, guard, looking, toast};

/// The time between two looks after it.
const EVERY: Span = Span::seconds(1);

/// Workloads of the fleet that are measured beside the selected one: those that move.
const BESIDE: usize = 6;

/// How long a workload that nobody looks at is remembered.
const REMEMBERED: Span = Span::minutes(2);

/// How often templates are read again: they change behind our back.
const TEMPLATES_EVERY: Span = Span::minutes(1);

/// How often it is asked again what a server has: more often while it has nothing.
const EXPLORED_EVERY: Span = Span::minutes(5);
const EXPLORED_AGAIN: Span = Span::seconds(15);

/// How often it is asked again how often a server scrapes.
const SCRAPES_EVERY: Span = Span::minutes(1);

/// How often a server is looked for again.
const SOUGHT_EVERY: Span = Span::seconds(30);

/// Looks after what is measured, when it is time.
pub(super) fn follow(model: &mut Model) -> Vec<Effect> {
    if !model.metrics.settings.on {
        return Vec::new();
    }
    let wanted = wanted(model);
    let now = model.now;
    if !model.metrics.is_due(now, EVERY, &wanted) {
        return Vec::new();
    }
    let mut effects = Vec::new();
    model.metrics.subjects.values_mut().for_each(|subject| subject.in_view = false);
    for id in wanted.guarded.iter().filter(|id| !wanted.ids.contains(id)) {
        effects.extend(attend(model, id, false));
        if let Some(subject) = model.metrics.subjects.get_mut(id) {
            subject.in_view = false;
        }
    }
    for id in &wanted.ids {
        effects.extend(attend(model, id, wanted.close));
    }
    model
        .metrics
        .subjects
        .retain(|_, subject| subject.wanted.is_some_and(|at| now - at <= REMEMBERED));
    let mut metrics = std::mem::take(&mut model.metrics);
    let asks = asks(&mut metrics, now, || model.take_number());
    model.metrics = metrics;
    if model.metrics.asks_anew(&asks) {
        effects.push(Effect::Measure(asks));
    }
    effects
}

/// Who is in view: the workload of the screen, or of the fleet the selected one and what moves. And
/// who is guarded, on whatever screen.
fn wanted(model: &Model) -> Wanted {
    let guarded = arming::guarded(model).into_iter().map(|(id, ..)| id).collect();
    if let Some(id) = model.screen().workload() {
        return Wanted { ids: vec![id.clone()], close: true, guarded };
    }
    if *model.screen() != Screen::Fleet {
        return Wanted { guarded, ..Wanted::default() };
    }
    let mut ids: Vec<WorkloadId> = model.fleet_view.selected.iter().cloned().collect();
    let roster = roster::shown(model);
    let moving = roster
        .rows()
        .iter()
        .filter(|row| row.attention <= Attention::Moving)
        .filter(|row| Some(&row.id) != model.fleet_view.selected.as_ref());
    ids.extend(moving.take(BESIDE).map(|row| row.id.clone()));
    Wanted { ids, close: false, guarded }
}

/// Looks after one workload.
fn attend(model: &mut Model, id: &WorkloadId, close: bool) -> Vec<Effect> {
    let now = model.now;
    let mut subject = model.metrics.subjects.remove(id).unwrap_or_default();
    let Some(release) = model.fleet.release(id) else { return Vec::new() };
    subject.wanted = Some(now);
    subject.in_view = true;
    subject.close = close;
    subject.described = model.described(id);
    note_versions(&mut subject, &release);
    let traffic = traffic::of(&release, now);
    let router = match traffic.router {
        Router::Weight { weight, .. }
            if subject.sides.as_ref().is_some_and(|s| s.canary.is_some()) =>
        {
            Some(weight)
        }
        _ => None,
    };
    // A pause begins when its weight has been set.
    let hint = phase::pause(release.workload).and_then(|pause| pause.start);
    subject.watch.router(router, hint, now);
    let mut effects = Vec::new();
    let names = template_names(&release, &subject);
    let needs_none = names.is_empty();
    if !needs_none && subject.templates_read.is_due(now, TEMPLATES_EVERY) {
        subject.templates_read = Fetched::Asked(now);
        effects.push(Effect::ReadAnalysisTemplates(id.clone(), names));
    }
    let knows = needs_none || matches!(subject.templates_read, Fetched::At(_));
    let candidates = candidates(&model.metrics.settings, &release, &subject);
    draw_up(&model.metrics, &mut subject, &release, now);
    subject.guarded = arming::guarded(model)
        .into_iter()
        .filter(|(guarded, ..)| guarded == id)
        .flat_map(|(_, hash, terms)| looks::looks(&subject, &hash, &terms))
        .collect();
    if seeks(&subject, knows || !candidates.is_empty(), now) {
        if let Some(found) = known(model, &candidates) {
            subject.finding = Finding::Found(found);
        } else {
            let number = model.take_number();
            subject.finding = Finding::Trying(number);
            effects.push(Effect::FindPrometheus(number, id.clone(), candidates));
        }
    }
    effects.extend(explore(&mut subject, id, now));
    model.metrics.subjects.insert(id.clone(), subject);
    effects
}

/// Takes in which versions there are; others have other series.
fn note_versions(subject: &mut Subject, release: &Release<'_>) {
    let sides = Sides::of(release, subject.described.series.as_ref());
    if subject.sides.as_ref() == Some(&sides) {
        return;
    }
    subject.sides = Some(sides);
    subject.explored = Fetched::No;
    subject.measured = None;
    subject.truth = None;
    subject.overload = None;
}

fn template_names(release: &Release<'_>, subject: &Subject) -> Vec<TemplateName> {
    let analyses = release.workload.strategy.analyses();
    let mut names: Vec<TemplateName> =
        analyses.into_iter().flat_map(|analysis| analysis.templates.clone()).collect();
    // Those that the known ones refer to.
    names.extend(subject.templates.values().flat_map(|template| template.templates.clone()));
    names.sort();
    names.dedup();
    names
}

/// Where a workload's server may be, the surest first.
fn candidates(settings: &Settings, release: &Release<'_>, subject: &Subject) -> Vec<Candidate> {
    if let Some(named) = &settings.named {
        return vec![named.clone()];
    }
    let namespace = Some(release.workload.id.namespace.as_str());
    let of = |text: &SafeText, said_by: String, is_order: bool| {
        let address = Address::parse(text, namespace).ok()?;
        Some(Candidate { address, said_by: said_by.into(), is_order })
    };
    let stated = subject.described.prometheus.as_ref();
    if let Some(own) = stated.and_then(|text| of(&text.value, text.origin.to_string(), true)) {
        return vec![own];
    }
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut add = |text: &SafeText, said_by: String, is_order: bool| {
        let is_new = |own: &Candidate| candidates.iter().all(|known| known.address != own.address);
        candidates.extend(of(text, said_by, is_order).filter(is_new));
    };
    if let Some(text) = &release.workload.prometheus {
        add(text, "annotation waveoff/prometheus".to_owned(), true);
    }
    for template in subject.templates.values() {
        for address in template.metrics.iter().filter_map(|metric| metric.address.as_ref()) {
            add(address, format!("template {}", template.name.name), false);
        }
    }
    for run in &release.analysis {
        for address in run.metrics.iter().filter_map(|metric| metric.address.as_ref()) {
            add(address, format!("analysis run {}", run.id.name), false);
        }
    }
    candidates
}

fn seeks(subject: &Subject, knows: bool, now: Timestamp) -> bool {
    match &subject.finding {
        Finding::Unasked => knows,
        Finding::Nowhere(_, at) => now - *at > SOUGHT_EVERY,
        Finding::Trying(_) | Finding::Found(_) => false,
    }
}

/// A server that was found for another workload and is named for this one too.
fn known(model: &Model, candidates: &[Candidate]) -> Option<Candidate> {
    let found = |address: &Address| {
        model.metrics.subjects.values().any(|subject| subject.address() == Some(address))
    };
    candidates.iter().find(|candidate| found(&candidate.address)).cloned()
}

/// Asks what the server has, and how often it scrapes.
fn explore(subject: &mut Subject, id: &WorkloadId, now: Timestamp) -> Vec<Effect> {
    let (Some(sides), Some(address)) = (subject.sides.clone(), subject.address().cloned()) else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    let every = if subject.found.is_some() { EXPLORED_EVERY } else { EXPLORED_AGAIN };
    if subject.explored.is_due(now, every) {
        subject.explored = Fetched::Asked(now);
        let queries = scheme::exploration(&sides);
        effects.push(Effect::Explore(id.clone(), address.clone(), Search::Schemes, queries));
    }
    // Of series that are young it can only be guessed.
    let every = if subject.scrape.is_some() { SCRAPES_EVERY } else { EXPLORED_AGAIN };
    if subject.scrape_asked.is_due(now, every)
        && let Some(query) = subject.found.and_then(|found| found.scrapes(&sides))
    {
        subject.scrape_asked = Fetched::Asked(now);
        effects.push(Effect::Explore(id.clone(), address, Search::Scrapes, vec![query]));
    }
    effects
}

/// Opens the charts.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    if !model.metrics.settings.on {
        toast(model, false, "nothing is measured in this session");
        return Vec::new();
    }
    looking::show(model, Screen::Metrics)
}

/// Another span.
pub(super) fn span(model: &mut Model) -> Vec<Effect> {
    model.metrics.view.next_span();
    model.metrics.look_again();
    Vec::new()
}

/// The cursor at the last instant, or none.
pub(super) fn cursor(model: &mut Model) -> Vec<Effect> {
    let view = &mut model.metrics.view;
    view.cursor = if view.cursor.is_some() { None } else { Some(0) };
    Vec::new()
}

/// Moves the cursor, to the left when negative.
pub(super) fn move_cursor(model: &mut Model, by: isize) -> Vec<Effect> {
    let metrics = &model.metrics;
    let subject = model.screen().workload().and_then(|id| metrics.subject(id));
    let step = subject.map_or(1, |subject| grid(metrics, subject).1);
    model.metrics.view.move_cursor(by, step);
    Vec::new()
}

/// Numbers instead of a plot, and back.
pub(super) fn raw(model: &mut Model) -> Vec<Effect> {
    model.metrics.view.raw = !model.metrics.view.raw;
    Vec::new()
}

/// Copies the query at hand.
pub(super) fn copy_query(model: &mut Model, id: &WorkloadId) -> Vec<Effect> {
    let Some(query) = query_at_hand(model, id) else {
        toast(model, false, "there is no query to copy yet");
        return Vec::new();
    };
    toast(model, true, "query copied");
    vec![Effect::Copy(query)]
}

/// Takes in templates.
pub(super) fn templates(model: &mut Model, id: &WorkloadId, read: TemplatesRead) -> Vec<Effect> {
    let now = model.now;
    let Some(subject) = model.metrics.subjects.get_mut(id) else { return Vec::new() };
    let before = subject.templates.len();
    subject.template_trouble = None;
    for (name, read) in read {
        match read {
            Ok(template) => {
                subject.templates.insert(name, *template);
            }
            Err(why) => {
                subject.template_trouble = Some(why);
            }
        }
    }
    // New ones may refer to further ones: they are read at once.
    let more = subject.templates.len() > before
        && subject.templates.values().any(|template| !template.templates.is_empty());
    subject.templates_read = if more { Fetched::No } else { Fetched::At(now) };
    look_again(model)
}

/// Takes in where the server is.
pub(super) fn server(
    model: &mut Model,
    id: &WorkloadId,
    number: u64,
    found: Result<Candidate, SafeText>,
) -> Vec<Effect> {
    let now = model.now;
    let Some(subject) = model.metrics.subjects.get_mut(id) else { return Vec::new() };
    if subject.finding != Finding::Trying(number) {
        return Vec::new();
    }
    subject.finding = match found {
        Ok(candidate) => Finding::Found(candidate),
        Err(why) => {
            if why != NOBODY {
                model.troubles.note(now, "prometheus", why.clone());
            }
            Finding::Nowhere(why, now)
        }
    };
    look_again(model)
}

/// Takes in what the server has.
pub(super) fn explored(model: &mut Model, id: &WorkloadId, explored: Explored) -> Vec<Effect> {
    let now = model.now;
    let Some(subject) = model.metrics.subjects.get_mut(id) else { return Vec::new() };
    match (explored.what, explored.elements) {
        (Search::Schemes, Ok(elements)) => {
            let labels: Vec<_> = elements.into_iter().map(|(labels, _)| labels).collect();
            let sides = subject.sides.as_ref();
            subject.explored = Fetched::At(now);
            subject.explore_trouble = None;
            // What was there and is not any more is a gap in the charts, not another scheme.
            if let Some(found) = sides.and_then(|sides| scheme::found(&labels, sides)) {
                subject.found = Some(found);
            }
        }
        (_, Ok(elements)) => {
            subject.scrape_asked = Fetched::At(now);
            subject.scrape = scheme::interval(&elements).map(whole).or(subject.scrape);
        }
        (what, Err(why)) => {
            if what == Search::Schemes {
                subject.explored = Fetched::At(now);
                subject.explore_trouble = Some(why.clone());
            } else {
                subject.scrape_asked = Fetched::At(now);
            }
            model.troubles.note(now, "prometheus", why);
        }
    }
    look_again(model)
}

/// The time between two scrapes in whole seconds.
fn whole(seconds: f64) -> Span {
    #[expect(clippy::cast_possible_truncation, reason = "between 1 and 60")]
    let seconds = seconds.clamp(1.0, 60.0).round() as i64;
    Span::seconds(seconds)
}

/// What has come may make more possible, at once.
fn look_again(model: &mut Model) -> Vec<Effect> {
    model.metrics.look_again();
    follow(model)
}

/// Takes in the answer to a question.
pub(super) fn measured(model: &mut Model, measured: Measured) -> Vec<Effect> {
    let now = model.now;
    let mut effects = Vec::new();
    match measured.answer {
        Ok(answer) => {
            if let Some(key) = model.metrics.answered(measured.id, answer, now)
                && key.span == 0
            {
                judge(model);
                if key.guard {
                    effects.extend(guard::looked(model));
                    arming::refresh(model);
                }
            }
        }
        Err(why) => {
            if model.metrics.failed(measured.id, &why) {
                model.troubles.note(now, "prometheus", why);
            }
        }
    }
    effects
}

/// Judges the shares whose questions were both answered for one instant.
fn judge(model: &mut Model) {
    let ids: Vec<WorkloadId> = model.metrics.subjects.keys().cloned().collect();
    for id in ids {
        let Some(mut subject) = model.metrics.subjects.remove(&id) else { continue };
        if let Some(measured) = share_of(model, &subject)
            && subject.measured.as_ref().is_none_or(|known| known.at < measured.at)
        {
            subject.measured = Some(measured);
            let told = compare(model, &id, &mut subject, &measured);
            if let Some((tone, text)) = told {
                let entry = timeline::of_measured(model.now, tone, &text);
                model.tell(&id, entry);
                if tone == Tone::Bad && model.meant() == Some(&id) {
                    toast(model, false, format!("{}: {text}", id.name));
                }
            }
        }
        model.metrics.subjects.insert(id, subject);
    }
}

fn share_of(model: &Model, subject: &Subject) -> Option<share::Measured> {
    let share = subject.share.as_ref()?;
    let track = |question| model.metrics.share_track(subject, question);
    let (canary, stable) = (track(&share.canary)?, track(&share.stable)?);
    let at = canary.last()?.min(stable.last()?);
    let (new, old) = match (canary.at(at)?, stable.at(at)?) {
        (Sample::Number(new), Sample::Number(old)) => (*new, *old),
        // Not counted yet, while the other one is: no requests so far.
        (Sample::Number(new), _) => (*new, 0.0),
        (_, Sample::Number(old)) => (0.0, *old),
        _ => return None,
    };
    let (new, old) = (new.max(0.0), old.max(0.0));
    let (window, scrape) = (share.window, scrape(subject));
    Some(share::Measured { canary: new, all: new + old, window, scrape, at })
}

/// Compares a share with what the router says and with what the pods carry; what is new of it.
fn compare(
    model: &Model,
    id: &WorkloadId,
    subject: &mut Subject,
    measured: &share::Measured,
) -> Option<(Tone, String)> {
    let release = model.fleet.release(id)?;
    let traffic = traffic::of(&release, model.now);
    let before = (subject.truth, subject.overload);
    subject.truth = subject.watch.judge(measured, traffic.max);
    let ready = release.current().map_or(0, |r| r.count(PodState::Ready, model.now));
    subject.carriers.note(ready, model.now);
    let is_canary = release.workload.strategy.canary().is_some();
    let is_routed = matches!(traffic.router, Router::Weight { .. });
    let overload = subject.carriers.overload(measured, release.workload.replicas, is_routed);
    subject.overload = overload.filter(|_| is_canary);
    let percent = |share: f64| format!("{:.0}%", share * 100.0);
    let share = percent(measured.share().unwrap_or(0.0));
    match (before.0, subject.truth) {
        (Some(Truth::Disagrees(_)), Some(Truth::Disagrees(_))) => {}
        (_, Some(Truth::Disagrees(since))) => {
            let router = traffic.router_share().unwrap_or(0);
            let lasted = length(model.now - since);
            let text =
                format!("measured {share} where the router says {router}%, for {lasted} now");
            return Some((Tone::Bad, text));
        }
        (Some(Truth::Disagrees(_)), Some(Truth::Agrees)) => {
            return Some((Tone::Good, format!("measured {share}: agrees with the router again")));
        }
        _ => {}
    }
    let (now_share, carried) = subject.overload.filter(|_| before.1.is_none())?;
    let (got, fit) = (percent(now_share), percent(carried));
    let text = format!("measured {got}, but the ready pods of the new version are made for {fit}");
    Some((Tone::Bad, text))
}
