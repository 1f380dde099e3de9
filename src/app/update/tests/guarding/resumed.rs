//! Gone on with after a kill: only what is still about its version, and only what is still true.

use super::*;

fn incidents(effects: &[Effect]) -> Vec<String> {
    let incident = |effect: &Effect| match effect {
        Effect::Alert(alert) => Some(alert.incident.to_string()),
        _ => None,
    };
    effects.iter().filter_map(incident).collect()
}

#[test]
fn what_is_not_gone_on_with_is_written_down_told_and_forgotten() {
    let mut watching = armed(&sick());
    seconds(&mut watching, 20);
    let fired = fired(&sick());
    let soon = Span::seconds(5);
    for (rig, later, sample, pursued, part, occasion) in [
        (&fired, soon, third(), true, "another version", Occasion::Failed),
        (&watching, soon, third(), false, "another version", Occasion::Ended),
        (&watching, Span::hours(2), sick(), false, "its time was up", Occasion::Ended),
    ] {
        let (mut fresh, post) = started(rig, later, &sample, pursued);
        let ended = resume(&mut fresh.model, post).unwrap_err();
        assert!(ended.why.contains(part), "{}", ended.why);
        assert_eq!(told(&ended.effects), [occasion], "{part}");
        let has = |is: fn(&Effect) -> bool| ended.effects.iter().any(is);
        assert!(has(|effect| matches!(effect, Effect::JournalGuard(_))), "{part}");
        assert!(has(|effect| matches!(effect, Effect::ForgetGuard(_))), "{part}");
        assert!(fresh.model.posts.is_empty());
        assert!(order(&seconds(&mut fresh, 60)).is_empty(), "{part}");
    }
}

#[test]
fn a_way_back_in_the_journal_that_is_not_to_be_seen_makes_it_fire_no_sooner() {
    let mut rig = armed(&well());
    seconds(&mut rig, 20);
    let (mut fresh, _) = restarted(&rig, &well(), true);
    assert_eq!(post(&fresh).guard.state, State::Watching);
    assert!(order(&seconds(&mut fresh, 100)).is_empty());
}

#[test]
fn that_nothing_is_to_be_sent_does_not_bring_users_back() {
    // The template has arrived, and the controller has not seen it.
    let unseen = going_back().with(|w| w.status.observed_generation = Some(1));
    let (mut fresh, _) = restarted(&fired(&bad()), &unseen, true);
    assert!(order(&seconds(&mut fresh, 30)).is_empty());
    assert!(matches!(post(&fresh).guard.state, State::Fired(..)));
    // What is left of the way is sent when it is its turn.
    fresh.see(&going_back());
    assert_eq!(order(&seconds(&mut fresh, 1)), ["> wave-off", "acting"]);
    assert!(fresh.flight().plan.writes[0].status && fresh.flight().plan.rest.is_empty());
    fresh.answer(Answer::Accepted);
    fresh.see(&back());
    assert_eq!(order(&seconds(&mut fresh, 60)), ["restored"]);

    let (mut fresh, _) = restarted(&fired(&sick()), &a_gate().aborted(""), true);
    assert!(order(&seconds(&mut fresh, 30)).is_empty(), "weight is still 5");
    fresh.see(&home());
    assert_eq!(order(&seconds(&mut fresh, 60)), ["restored"]);
}

#[test]
fn a_way_that_comes_to_no_end_or_was_aborted_is_a_failure() {
    let pushed = going_back().with(|w| w.status.promote_full = true);
    let (mut fresh, _) = restarted(&fired(&bad()), &pushed, true);
    assert!(order(&seconds(&mut fresh, 300)).is_empty());
    assert_eq!(order(&seconds(&mut fresh, 5)), ["failed"]);
    let Some(End::Failed(why)) = end(&fresh) else { panic!("{:?}", end(&fresh)) };
    assert!(why.contains("not in effect after 5m"), "{why}");

    let aborted = going_back().with(|w| w.status.abort = true);
    let (mut fresh, _) = restarted(&fired(&bad()), &aborted, true);
    assert_eq!(order(&seconds(&mut fresh, 2)), ["failed"]);
    let Some(End::Failed(why)) = end(&fresh) else { panic!("{:?}", end(&fresh)) };
    assert!(why.contains("was aborted"), "{why}");
}

#[test]
fn after_an_undo_it_goes_on_with_the_version_that_users_are_on() {
    // In effect, and killed before that was kept.
    let (mut fresh, _) = restarted(&fired(&bad()), &back(), false);
    assert_eq!(order(&seconds(&mut fresh, 60)), ["restored"]);

    let mut rig = fired(&bad());
    rig.answer(Answer::Accepted);
    rig.see(&going_back());
    rig.answer(Answer::Accepted);
    rig.see(&back());
    seconds(&mut rig, 2);
    assert!(matches!(post(&rig).guard.state, State::Settling(..)));
    // However long nobody looked: it looks now.
    let (mut fresh, post) = started(&rig, Span::minutes(10), &back(), false);
    resume(&mut fresh.model, post).unwrap();
    ours(&mut fresh, Span::hours(1));
    assert_eq!(order(&seconds(&mut fresh, 60)), ["restored"]);
}

#[test]
fn who_goes_on_with_it_has_as_long_to_try() {
    let (mut fresh, post) = started(&fired(&sick()), Span::minutes(5), &sick(), false);
    resume(&mut fresh.model, post).unwrap();
    assert!(order(&seconds(&mut fresh, 50)).is_empty(), "its lease is still asked for");
    ours(&mut fresh, Span::hours(1));
    assert_eq!(order(&seconds(&mut fresh, 1)), ["> wave-off", "acting"]);
}

#[test]
fn a_decision_of_long_ago_is_looked_at_anew() {
    let rig = fired(&sick());
    let (mut fresh, post) = started(&rig, Span::minutes(20), &sick(), true);
    fresh.model.stamp.id = "s2".into();
    resume(&mut fresh.model, post).unwrap();
    ours(&mut fresh, Span::hours(1));
    let anew = seconds(&mut fresh, 60);
    assert_eq!(order(&anew), ["failed"]);
    assert!(self::post(&fresh).notes.iter().any(|note| note.word == "anew"));
    let again = seconds(&mut fresh, 2);
    assert_eq!(order(&again), ["firing", "> wave-off", "acting"]);
    assert_ne!(incidents(&anew)[0], incidents(&again)[0], "an incident of its own");

    let (mut fresh, post) = started(&rig, Span::minutes(70), &sick(), true);
    resume(&mut fresh.model, post).unwrap();
    assert_eq!(order(&seconds(&mut fresh, 2)), ["failed"]);
    let Some(End::Failed(why)) = end(&fresh) else { panic!("{:?}", end(&fresh)) };
    assert!(why.contains("its time is up"), "{why}");
}

#[test]
fn that_it_said_to_be_blind_is_kept() {
    let mut rig = armed(&well());
    lose_pods(&mut rig);
    let blind = seconds(&mut rig, 60);
    assert_eq!(order(&blind), ["blind"]);
    let (mut fresh, _) = restarted(&rig, &well(), false);
    let sees = seconds(&mut fresh, 20);
    assert_eq!(order(&sees), ["seeing"]);
    assert_eq!(incidents(&blind), incidents(&sees));
}
