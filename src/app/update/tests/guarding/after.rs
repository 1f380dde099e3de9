//! After it fired: refused, superseded, aborted, put back again, unseen; and how its time ends.

use super::*;
use crate::app::update::disarm;

#[test]
fn a_way_back_that_is_always_refused_is_tried_less_and_less_often_and_then_pages() {
    let mut rig = armed(&sick());
    let (mut sent, mut alerts) = (Vec::new(), Vec::new());
    for second in 1..=180 {
        let effects = seconds(&mut rig, 1);
        alerts.extend(told(&effects));
        if !verbs(&effects).is_empty() {
            sent.push(second);
            rig.answer(Answer::Refused("a webhook says no".into()));
        }
    }
    assert_eq!(sent, [45, 47, 50, 55, 64, 81]);
    assert_eq!(alerts.last(), Some(&Occasion::Failed));
    let Some(End::Failed(why)) = end(&rig) else { panic!("{:?}", end(&rig)) };
    assert!(why.contains("a webhook says no"), "{why}");
}

#[test]
fn a_way_back_that_was_aborted_left_users_on_the_bad_version() {
    let mut rig = fired(&bad());
    rig.answer(Answer::Accepted);
    assert_eq!(verbs(&rig.see(&going_back())), [Verb::PromoteFull]);
    rig.answer(Answer::Accepted);
    rig.see(&going_back().with(|w| w.status.abort = true));
    assert_eq!(order(&seconds(&mut rig, 60)), ["failed"]);
    let Some(End::Failed(why)) = end(&rig) else { panic!("{:?}", end(&rig)) };
    assert!(why.contains("was aborted"), "{why}");
}

#[test]
fn another_version_is_let_be_and_resolves_nothing() {
    for answer in [Answer::Accepted, Answer::Refused("no".into())] {
        let mut rig = fired(&sick());
        rig.answer(answer.clone());
        rig.see(&third());
        assert_eq!(order(&seconds(&mut rig, 10)), ["failed"], "{answer:?}");
        let Some(End::Superseded(why)) = end(&rig) else { panic!("{:?}", end(&rig)) };
        assert!(why.contains("99dd000c43"), "{why}");
        assert!(rig.model.pursued.is_empty(), "no later guard goes by it: {answer:?}");
    }
}

#[test]
fn a_refused_wave_off_takes_nothing_from_the_way_that_was_begun_before() {
    let mut rig = Rig::at(&going_back());
    rig.model.pursued.insert(uid(), STABLE.into());
    assert_eq!(verbs(&rig.act('W')), [Verb::WaveOff]);
    rig.answer(Answer::Refused("no".into()));
    assert_eq!(rig.model.pursued[&uid()], STABLE);
}

#[test]
fn who_puts_the_bad_version_back_makes_it_a_failure() {
    let mut rig = fired(&sick());
    rig.answer(Answer::Accepted);
    rig.see(&home());
    assert!(order(&seconds(&mut rig, 20)).is_empty());
    rig.see(&sick());
    assert_eq!(order(&seconds(&mut rig, 2)), ["failed"]);
    let Some(End::Failed(why)) = end(&rig) else { panic!("{:?}", end(&rig)) };
    assert!(why.contains("is wanted again"), "{why}");

    let mut rig = fired(&bad());
    rig.answer(Answer::Accepted);
    rig.see(&going_back());
    rig.answer(Answer::Accepted);
    rig.see(&back());
    assert!(order(&seconds(&mut rig, 20)).is_empty());
    rig.see(&bad());
    assert_eq!(order(&seconds(&mut rig, 2)), ["failed"]);
}

#[test]
fn what_nobody_saw_is_not_restored() {
    let mut rig = fired(&sick());
    rig.answer(Answer::Accepted);
    rig.see(&home());
    assert!(order(&seconds(&mut rig, 2)).is_empty());
    lose_pods(&mut rig);
    assert_eq!(order(&seconds(&mut rig, 320)), ["blind", "failed", "seeing"]);
    assert!(matches!(end(&rig), Some(End::Unseen(_))), "{:?}", end(&rig));
}

#[test]
fn its_time_ends_quietly_only_while_nothing_is_wrong() {
    let over = |sample: &Sample, lost: bool| {
        let mut rig = armed(sample);
        let mut stands = Span::seconds(20);
        if lost {
            lose_pods(&mut rig);
            stands = Span::seconds(100);
        }
        let until = rig.model.now + stands;
        rig.model.posts.get_mut(&uid()).unwrap().guard.arming.until = until;
        let told = order(&seconds(&mut rig, 120));
        assert_eq!(end(&rig), Some(&End::Expired));
        told
    };
    assert!(over(&well(), false).is_empty());
    assert_eq!(over(&sick(), false), ["ended"]);
    assert_eq!(over(&well(), true), ["blind", "ended", "seeing"]);
}

#[test]
fn whatever_ends_it_closes_the_incident_of_its_blindness() {
    let mut rig = armed(&well());
    lose_pods(&mut rig);
    assert_eq!(order(&seconds(&mut rig, 60)), ["blind"]);
    assert_eq!(told(&disarm(&mut rig.model, &uid(), "by anna")), [Occasion::Seeing]);
}
