//! Conformance: the same stories on the real control plane and on the embedded cluster, and the
//! sequences of states that both show, compared.
//!
//! One driver for both. `recorded/` is what the real one showed, in several runs; `tolerance` says
//! where it differs from itself; `excuse` what the embedded one may do differently. Here the
//! embedded cluster is held against the recordings, in `plane` against a plane of the same minute;
//! `studio` makes the recordings.

mod again;
mod compare;
mod embedded;
mod excuse;
mod pattern;
mod plane;
mod play;
mod record;
mod recording;
mod roles;
mod scenery;
mod stage;
mod stories;
mod studio;
mod theatre;
mod tolerance;
mod tracks;
mod verbs;
mod waits;

use std::collections::BTreeSet;

use excuse::{EXCUSES, Verdict};
use tolerance::TOLERANCES;

use crate::report::report;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_cluster_shows_what_the_real_one_showed() {
    let stories = play::wanted();
    let judge = |story: &stories::Story, run: &pattern::Tracks| {
        let recording = recording::of(story).expect("every story is recorded");
        compare::recorded(&recording, run)
    };
    let mut verdict = Verdict::default();
    let (mut states, mut equal, mut again) = (0, 0, 0);
    for one in again::judged(&stories, judge).await {
        states += one.states;
        equal += one.equal;
        again += usize::from(one.plays > 1);
        match one.outcome {
            Ok(differences) => verdict.hear(EXCUSES, one.story.name, &differences),
            Err(why) => verdict.complaints.push(format!("{}: {why}", one.story.name)),
        }
    }
    if stories.len() == stories::all().len() {
        verdict.close(EXCUSES);
    }
    report(&format!(
        "conformance: {} stories, {equal} of {states} states as recorded of the real control \
         plane; {again} stories were played again, {} fields differ each time, {} of them excused",
        stories.len(),
        verdict.complaints.len() + verdict.needed.len(),
        verdict.needed.len()
    ));
    assert!(verdict.complaints.is_empty(), "\n{}", verdict.complaints.join("\n"));
}

#[test]
fn every_story_is_recorded_and_every_recording_is_a_story() {
    let stories: Vec<_> = stories::all().iter().map(|story| story.name.to_owned()).collect();
    let names: BTreeSet<_> = stories.iter().cloned().collect();
    assert_eq!(names.len(), stories.len(), "two stories of one name");
    let files = std::fs::read_dir(recording::folder()).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let recorded: BTreeSet<_> =
        files.map(|name| name.trim_end_matches(".txt").to_owned()).collect();
    assert_eq!(names, recorded);
}

#[test]
fn a_recording_is_read_as_it_was_written() {
    for story in stories::all() {
        let file = recording::folder().join(format!("{}.txt", story.name));
        let text = std::fs::read_to_string(file).unwrap();
        let read = recording::of(&story).unwrap();
        assert_eq!(read.written(&story), text, "{}", story.name);
        assert!(read.runs >= 5, "{}: of {} runs only", story.name, read.runs);
    }
}

#[test]
fn what_may_differ_in_a_recording_has_its_reason() {
    let (mut loose, mut needed) = (Vec::new(), BTreeSet::new());
    for story in stories::all() {
        let (marks, rows) = tolerance::check(&recording::of(&story).unwrap());
        loose.extend(marks.iter().map(|mark| format!("{} / {mark}", story.name)));
        needed.extend(rows);
    }
    assert!(loose.is_empty(), "no reason is known for\n{}", loose.join("\n"));
    for (row, tolerance) in TOLERANCES.iter().enumerate() {
        let (object, group) = (tolerance.object, tolerance.group);
        assert!(needed.contains(&row), "{object} | {group}: {}: of no use", tolerance.why);
    }
}

#[test]
fn recordings_are_hard() {
    let (mut states, mut marked) = (0, 0);
    for story in stories::all() {
        let recording = recording::of(&story).unwrap();
        let all = recording.tracks.values().flat_map(|pattern| &pattern.states);
        let soft = all.clone().filter(|state| state.optional || state.texts.len() > 1).count();
        assert!(soft * 4 <= all.clone().count(), "{}: {soft} states are marked", story.name);
        states += all.count();
        marked += soft;
    }
    report(&format!("{states} states recorded, {marked} of them marked"));
    assert!(marked * 20 <= states, "{marked} of {states} are marked");
}

#[test]
fn one_wrong_state_is_a_difference() {
    let story = stories::all().into_iter().find(|story| story.name == "bg-manual").unwrap();
    let recording = recording::of(&story).unwrap();
    let field = ("rollout web".to_owned(), "phase".to_owned());
    let run = |wrong: Option<&str>| {
        let tracks = recording.tracks.iter().map(|(field, pattern)| {
            let states = pattern.states.iter().filter(|state| !state.optional);
            (field.clone(), states.map(|state| state.texts[0].clone()).collect())
        });
        let mut run: pattern::Tracks = tracks.collect();
        if let Some(wrong) = wrong {
            run.get_mut(&field).unwrap()[0] = wrong.to_owned();
        }
        run
    };
    assert!(compare::recorded(&recording, &run(None)).differences.is_empty());
    let compared = compare::recorded(&recording, &run(Some("Paused: for no reason")));
    assert_eq!(compared.differences.len(), 1);
    assert_eq!(compared.differences[0].lines, ["- -: -", "+ Paused: for no reason"]);
    assert!(compared.equal < compared.states);
    let mut lacking = run(None);
    lacking.remove(&field);
    assert_eq!(compare::recorded(&recording, &lacking).differences.len(), 1);
}
