//! The gate of a blue-green: not asked yet, under way, locked, open, and a switch past it.

use waveoff::app::dialog::Dialog;
use waveoff::app::gate::News;
use waveoff::app::key::Key;
use waveoff::app::model::Model;
use waveoff::app::msg::Msg;
use waveoff::app::screen::Screen;
use waveoff::app::update::{begin_preflight, update};
use waveoff::domain::gate::{
    Answer, Availability, Body, Check, Evidence, Finding, Load, Pointer, Profile, Stage, Verdict,
};
use waveoff::domain::id::ObjectRef;
use waveoff::domain::routing::Service;

use super::{Scene, a_cockpit, id_of};
use crate::fixture::{a_blue_green, now};

pub(super) fn scenes() -> Vec<Scene> {
    let untouched = gate();
    let (mut running, number) = begun();
    tell(&mut running, number, News::Found(passed(Check::Health, 3, 200, 12)));
    let mut waiting = evidence(2, None, None);
    waiting.excerpt = Some("no whole answer within 3s".into());
    tell(&mut running, number, News::Trying(Check::Smoke, waiting));

    let (mut locked, number) = begun();
    for finding in answers() {
        tell(&mut locked, number, News::Found(finding));
    }
    tell(&mut locked, number, News::Found(sick()));
    tell(&mut locked, number, News::Found(lost()));
    tell(&mut locked, number, News::Over);

    let (mut open, number) = begun();
    let found = answers()
        .into_iter()
        .chain([passed(Check::Smoke, 1, 200, 9), passed(Check::Dependencies, 1, 200, 31)]);
    for finding in found {
        tell(&mut open, number, News::Found(finding));
    }
    tell(&mut open, number, News::Over);
    open.toast = None;
    locked.toast = None;

    let mut past = a_cockpit(waiting_blue_green());
    update(&mut past, now(), Msg::Key { key: Key::Char('B'), burst: false });
    assert!(matches!(past.dialog, Some(Dialog::Confirm(_))));
    vec![
        ("gate", untouched),
        ("gate-running", running),
        ("gate-locked", locked),
        ("gate-open", open),
        ("confirm-past-gate", past),
        ("gate-looks-on", looks_on()),
        ("gate-after", after()),
    ]
}

/// Users are about to be switched, and somebody looks on.
fn looks_on() -> Model {
    let mut model = gate();
    let id = id_of(&model);
    begin_preflight(&mut model, &id, Stage::After).unwrap();
    let number = model.gates.runs[&id].number;
    let mut seen = evidence(12, Some(200), None);
    seen.excerpt = Some("12 sent, 0 bad, 0 lost".into());
    tell(&mut model, number, News::Trying(Check::Availability, seen));
    model
}

/// Users are on the new version, and three of them were not served.
fn after() -> Model {
    let mut craft = a_blue_green();
    let status = &mut craft.workload.status;
    status.active_hash.clone_from(&status.current_hash);
    craft.services.push(Service {
        id: ObjectRef { namespace: "shop".into(), name: "storefront".into() },
        uid: "uid-svc-active".into(),
        hash: craft.workload.status.current_hash.clone(),
        selector: vec![("app".into(), "storefront".into())],
    });
    let mut model = a_cockpit(craft);
    let id = id_of(&model);
    model.screens.push(Screen::Gate(id.clone()));
    begin_preflight(&mut model, &id, Stage::After).unwrap();
    let number = model.gates.runs[&id].number;
    let mut seen = Availability::default();
    for at in 0..64 {
        let status = if (20..23).contains(&at) { 503 } else { 200 };
        let body = Body::Whole(Vec::new());
        let answer = Answer { status, content_type: None, encoding: None, location: None, body };
        seen.note(at * 1000, at * 1000 + 9, &Ok(answer));
    }
    let found = answers().into_iter().filter(|finding| finding.check != Check::Load).chain([
        seen.judge(&Profile::default(), false),
        passed(Check::Smoke, 1, 200, 9),
        passed(Check::Dependencies, 1, 200, 31),
    ]);
    for finding in found {
        tell(&mut model, number, News::Found(finding));
    }
    tell(&mut model, number, News::Over);
    model.toast = None;
    model
}

fn waiting_blue_green() -> crate::fixture::Craft {
    let mut craft = a_blue_green().paused_for(80);
    let hash = craft.workload.status.current_hash.clone();
    craft.services.push(Service {
        id: ObjectRef { namespace: "shop".into(), name: "storefront-preview".into() },
        uid: "uid-svc-preview".into(),
        hash,
        selector: vec![("app".into(), "storefront".into())],
    });
    craft
}

fn gate() -> Model {
    let mut model = a_cockpit(waiting_blue_green());
    let id = id_of(&model);
    model.screens.push(Screen::Gate(id));
    model
}

fn begun() -> (Model, u64) {
    let mut model = gate();
    let id = id_of(&model);
    begin_preflight(&mut model, &id, Stage::Before).unwrap();
    let number = model.gates.runs[&id].number;
    (model, number)
}

fn tell(model: &mut Model, number: u64, news: News) {
    update(model, now(), Msg::Gate(number, Box::new(news)));
}

fn evidence(tries: u32, status: Option<u16>, latency_ms: Option<u64>) -> Evidence {
    Evidence { tries, status, latency_ms, ..Evidence::default() }
}

fn passed(check: Check, tries: u32, status: u16, ms: u64) -> Finding {
    let evidence = evidence(tries, Some(status), Some(ms));
    Finding { check, verdict: Verdict::Passed, evidence }
}

fn answers() -> Vec<Finding> {
    let load =
        Load { sent: 100, bad: 0, lost: 0, p50_ms: Some(14), p95_ms: Some(48), most_ms: Some(80) };
    let mut loaded = passed(Check::Load, 100, 200, 48);
    loaded.evidence.load = Some(load);
    let mut version = passed(Check::Version, 1, 200, 7);
    version.evidence.pointer = Some(Pointer {
        path: "/version".into(),
        found: "\"2.0.0\"".into(),
        wanted: "a semantic version".into(),
    });
    vec![passed(Check::Health, 4, 200, 12), version, loaded, passed(Check::Database, 1, 200, 22)]
}

fn sick() -> Finding {
    let mut finding = passed(Check::Smoke, 1, 200, 9);
    finding.verdict = Verdict::Failed("/status is \"unhealthy\", wanted \"healthy\"".into());
    finding.evidence.pointer = Some(Pointer {
        path: "/status".into(),
        found: "\"unhealthy\"".into(),
        wanted: "\"healthy\"".into(),
    });
    finding.evidence.excerpt =
        Some("{\"status\":\"unhealthy\",\"pool\":\"20 of 20 in use\"}".into());
    finding
}

fn lost() -> Finding {
    let evidence = evidence(4, None, None);
    let verdict = Verdict::Unknown("no answer in 4 tries: no whole answer within 3s".into());
    Finding { check: Check::Dependencies, verdict, evidence }
}
