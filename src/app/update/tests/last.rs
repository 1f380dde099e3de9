//! The fleet as it was: kept, read again, shown until the cluster has answered.

use serde_json::{Value, json};

use super::{Rig, a_gate};
use crate::app::fleet_view::last::LastView;
use crate::app::msg::Msg;
use crate::app::read::fleet::{Mark, last, last_remark};
use crate::domain::id::ResourceKind;
use crate::domain::observation::{SourceId, SourceState};
use crate::domain::sample::a_deployment;
use crate::domain::time::Span;

const HERE: &str = "https://127.0.0.1:6443 kind all namespaces";

fn a_view() -> LastView {
    let mut rig = Rig::at(&a_gate());
    rig.see(&a_deployment());
    LastView::of(&rig.model).unwrap()
}

#[test]
fn what_is_kept_is_read_again() {
    let view = a_view();
    assert_eq!(view.counts, [1, 0, 0, 1]);
    assert_eq!(view.rows[0].mark, Mark::NeedsPerson);
    assert_eq!(view.rows[0].words[1], "checkout");
    let kept = view.to_json(HERE);
    assert_eq!(LastView::from_json(&kept, HERE), Some(view));
    assert_eq!(LastView::from_json(&kept, "another cluster"), None);
}

#[test]
fn a_damaged_file_is_no_view_and_its_text_is_not_trusted() {
    let kept = a_view().to_json(HERE);
    for place in ["/form", "/of", "/at", "/counts", "/rows", "/rows/0", "/rows/0/0", "/rows/0/1"] {
        for damage in [json!(null), json!(-1), json!("x"), json!([]), json!({})] {
            let mut broken = kept.clone();
            *broken.pointer_mut(place).unwrap() = damage.clone();
            let read = LastView::from_json(&broken, HERE);
            // Rows or words may be none, and then they are.
            let may = matches!(place, "/rows" | "/rows/0/1") && damage.is_array();
            assert_eq!(read.is_some(), may, "{place} {damage}");
        }
    }
    let mut hostile = kept;
    hostile["rows"][0][1][1] = Value::String("a\u{1b}]0;x\u{7}\u{202e}".into());
    let read = LastView::from_json(&hostile, HERE).unwrap();
    assert_eq!(read.rows[0].words[1], "a␛]0;x␇<202E>");
}

#[test]
fn it_is_shown_with_its_age_until_something_is_known() {
    let mut rig = Rig::at(&a_gate());
    let mut view = a_view();
    view.at -= Span::hours(3);
    rig.model.fleet_view.last = Some(view.clone());
    assert_eq!(last(&rig.model), None, "there is a workload");
    rig.model.fleet = crate::domain::fleet::Fleet::default();
    assert_eq!(last(&rig.model), Some(&view));
    assert!(last_remark(&rig.model, &view).plain().starts_with("as it was 3h"), "{view:?}");
    assert!(rig.model.fleet_view.selected.is_some());
    let now = rig.model.now;
    rig.model.sources.clear();
    let others = SourceId { kind: ResourceKind::AnalysisRuns, namespace: None };
    rig.send(Msg::Source(others, SourceState::Live(now)));
    assert_eq!(last(&rig.model), Some(&view), "the others have not begun");
    rig.sources(&SourceState::Loading(now));
    assert_eq!(last(&rig.model), Some(&view), "nothing has arrived");
    rig.live();
    assert_eq!(last(&rig.model), None, "the cluster has answered: there is nothing");
}

#[test]
fn a_filtered_or_empty_view_is_not_kept() {
    let mut rig = Rig::at(&a_gate());
    rig.press(crate::app::key::Key::Char('/'));
    rig.letters("nothing-like-it");
    assert_eq!(LastView::of(&rig.model), None);
}

#[test]
fn a_view_is_as_old_as_the_last_that_was_heard_of_what_it_shows() {
    let mut rig = Rig::at(&a_gate());
    let now = rig.model.now;
    let at = |rig: &Rig| now - LastView::of(&rig.model).unwrap().at;
    let source = |kind| SourceId { kind, namespace: None };
    rig.send(Msg::Source(source(ResourceKind::Events), SourceState::Live(now - Span::hours(9))));
    assert_eq!(at(&rig), Span::zero(), "no row has anything of an event");
    rig.stale();
    assert_eq!(at(&rig), Span::minutes(1));
    rig.live();
    let heard = SourceState::Resyncing(now - Span::minutes(3));
    rig.send(Msg::Source(source(ResourceKind::Pods), heard));
    assert_eq!(at(&rig), Span::minutes(3));
    rig.stale();
    assert_eq!(at(&rig), Span::minutes(3), "the oldest counts");
}

#[test]
fn half_a_list_is_not_kept_and_what_cannot_be_listed_is_not_waited_for() {
    let mut rig = Rig::at(&a_gate());
    let now = rig.model.now;
    let missing = SourceState::Missing("argoproj.io/v1alpha1 is not installed".into());
    let deployments = SourceId { kind: ResourceKind::Deployments, namespace: None };
    rig.send(Msg::Source(deployments.clone(), SourceState::Loading(now)));
    assert_eq!(LastView::of(&rig.model), None);
    rig.send(Msg::Source(deployments, missing));
    assert_eq!(LastView::of(&rig.model).map(|view| view.at), Some(now));
}
