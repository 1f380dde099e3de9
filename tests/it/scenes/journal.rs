//! The Journal screen: whole, broken, empty, unreadable, of one workload, one action in full.

use serde_json::{Value, json};
use waveoff::app::logbook::Logbook;
use waveoff::app::model::Model;
use waveoff::app::screen::Screen;
use waveoff::domain::id::{WorkloadId, WorkloadKind};
use waveoff::domain::text::SafeText;
use waveoff::domain::time::to_rfc3339;

use super::Scene;
use crate::fixture::{a_canary_at_its_gate, a_cockpit, ago};

/// A line about an action of this number, so many seconds ago.
fn line(ticket: u64, report: &str, seconds: i64, more: &Value) -> Value {
    let mut line = json!({
        "session": "0f3a-1", "ticket": ticket, "report": report, "verb": "promote",
        "user": "anna@example.com", "at": to_rfc3339(ago(seconds)), "kind": "Rollout",
        "namespace": "shop", "name": "checkout", "context": "eu-1",
        "server": "https://10.0.0.1:6443", "reason": "", "word": "", "detail": "",
        "writes": [{
            "object": "rollout shop/checkout",
            "subresource": "status",
            "asserts": ["Uid(\"uid-checkout\")", "StepIndex(Some(4))", "Pod hash(\"9f3c1a2\")"],
            "changes": ["ClearPauseConditions", "StepIndex(Some(5))"],
        }],
    });
    for (key, value) in more.as_object().unwrap() {
        line[key] = value.clone();
    }
    line
}

fn written() -> Vec<Value> {
    let accepted = json!({ "word": "accepted" });
    let off =
        json!({ "verb": "wave-off", "target": "77be0d1", "reason": "5xx above 2% since 12:31" });
    let cart = json!({ "name": "cart", "verb": "pause", "user": "system:serviceaccount:ops:bot" });
    let mut lines = vec![
        line(1, "intent", 90_000, &json!({ "reason": "smoke clean" })),
        line(1, "answer", 90_000, &accepted),
        line(1, "end", 89_996, &json!({ "word": "in effect", "detail": "at step 5/8" })),
        line(2, "intent", 7_200, &cart),
        line(
            2,
            "answer",
            7_199,
            &json!({ "word": "refused", "detail": "step was 5 and is 6 now" }),
        ),
        line(3, "intent", 3_600, &off),
        line(3, "answer", 3_599, &accepted),
        line(3, "end", 3_571, &json!({ "word": "in effect", "detail": "users are on 77be0d1" })),
        line(4, "intent", 600, &json!({ "verb": "retry" })),
    ];
    for n in 5..15 {
        lines.push(line(n, "intent", 600 - i64::try_from(n).unwrap() * 30, &json!({})));
        lines.push(line(n, "answer", 599 - i64::try_from(n).unwrap() * 30, &accepted));
    }
    lines
}

fn book(lines: &[Value]) -> Logbook {
    Logbook {
        head: Some("ab12cd34ef567890".into()),
        place: "/home/anna/.local/state/waveoff/journal".into(),
        ..Logbook::of(lines)
    }
}

fn on(of: Option<WorkloadId>, read: Result<Logbook, SafeText>) -> Model {
    let mut model = a_cockpit(a_canary_at_its_gate());
    model.screens.push(Screen::Journal(of));
    model.logbook.read = Some(read.map(Box::new));
    model
}

/// All of them.
pub(super) fn scenes() -> Vec<Scene> {
    let mut reading = on(None, Ok(Logbook::default()));
    reading.logbook.read = None;
    let mut broken = book(&written());
    let place = |line| {
        format!(
            "2026-04.jsonl line {line} does not follow from the line before: one of the two was \
             changed, or something between them was taken out"
        )
    };
    broken.broken = [7, 12, 13, 20].map(|line| SafeText::from(place(line))).to_vec();
    broken.torn = vec!["2026-04.jsonl line 3 was cut off while it was written".into()];
    let mut below = on(None, Ok(book(&written())));
    below.logbook.selected = 11;
    let mut deed = below.clone();
    deed.screens.push(Screen::Deed("0f3a-1".into(), 3));
    let cart = WorkloadId::new("shop", WorkloadKind::Rollout, "cart");
    let other = WorkloadId::new("shop", WorkloadKind::Deployment, "cart");
    let empty = Logbook { place: "/state/journal".into(), ..Logbook::default() };
    let cannot = "/state/journal: permission denied (os error 13)";
    vec![
        ("journal", on(None, Ok(book(&written())))),
        ("journal-below", below),
        ("journal-action", deed),
        ("journal-broken", on(None, Ok(broken))),
        ("journal-of-one", on(Some(cart), Ok(book(&written())))),
        ("journal-of-none", on(Some(other), Ok(book(&written())))),
        ("journal-empty", on(None, Ok(empty))),
        ("journal-unreadable", on(None, Err(cannot.into()))),
        ("journal-reading", reading),
    ]
}
