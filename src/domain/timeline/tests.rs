//! What the story tells of each change, and what it keeps quiet about.

use super::*;
use crate::domain::analysis::{AnalysisRole, Verdict};
use crate::domain::sample::{
    CURRENT, STABLE, Sample, a_blue_green, a_canary, a_deployment, a_metric, a_pod, an_analysis,
    at, now,
};
use crate::domain::workload::Image;

/// Topic, tone and line of an entry.
type Told = (Topic, Tone, &'static str);

fn story(before: &Sample, after: &Sample) -> Vec<(Topic, Tone, String)> {
    of_workload(now(), &before.workload, &after.workload)
        .into_iter()
        .inspect(|e| assert_eq!(e.at, now()))
        .map(|e| (e.topic, e.tone, e.text.to_string()))
        .collect()
}

#[test]
fn workloads() {
    use Tone::{Bad, Good, Plain, Warn};
    use Topic::{Release, Step, Traffic};
    let gate = || a_canary().at_step(1).paused();
    let quiet = |sample: Sample| sample.with(|w| w.status.phase = Some("Progressing".into()));
    let cases: Vec<(Sample, Sample, Vec<Told>)> = vec![
        (gate(), gate(), vec![]),
        (
            a_canary().at_step(1),
            gate(),
            vec![(Release, Plain, "Progressing -> Paused: CanaryPauseStep")],
        ),
        (
            a_canary().at_step(1),
            a_canary().at_step(2),
            vec![(Step, Plain, "step 3/7 25%"), (Traffic, Plain, "router weight 5 -> 25")],
        ),
        (a_canary().at_step(6), a_canary().at_step(7), vec![(Step, Plain, "all 7 steps done")]),
        (gate(), gate().with(|w| w.paused = true), vec![(Release, Plain, "held (spec.paused)")]),
        (
            gate().with(|w| w.paused = true),
            gate(),
            vec![(Release, Plain, "resumed (spec.paused off)")],
        ),
        (
            a_canary(),
            quiet(a_canary().aborted("")),
            vec![(Release, Bad, "aborted: traffic goes back to stable")],
        ),
        (quiet(a_canary().aborted("")), a_canary(), vec![(Release, Plain, "abort cleared")]),
        (
            a_canary(),
            a_canary().with(|w| w.status.promote_full = true),
            vec![(Release, Plain, "full promotion requested")],
        ),
        (
            a_canary().at_step(7),
            a_canary().complete(),
            vec![
                (Release, Good, "77bb002c42 is stable now (was 55aa001c41)"),
                (Release, Good, "Progressing -> Healthy"),
                (Traffic, Plain, "router weight 100 -> 0"),
            ],
        ),
        (
            a_canary(),
            a_canary().with(|w| w.replicas = 6),
            vec![(Release, Plain, "replicas 4 -> 6")],
        ),
        (
            a_canary().with(|w| w.status.current_hash = Some(STABLE.into())),
            a_canary().at_step(0),
            vec![(Release, Plain, "new version 77bb002c42 (was 55aa001c41) checkout:1.42.0")],
        ),
        (
            a_blue_green(),
            a_blue_green().with(|w| w.status.active_hash = Some(CURRENT.into())),
            vec![(Traffic, Plain, "active Service switched from 55aa001c41 to 77bb002c42")],
        ),
        (
            a_deployment(),
            a_deployment().with(|w| {
                w.images = vec![Image { container: "app".into(), reference: "catalog:2".into() }];
            }),
            vec![(Release, Plain, "images now catalog:2")],
        ),
        (
            gate(),
            gate().with(|w| w.uid = "another".into()),
            vec![(Release, Warn, "deleted and made anew")],
        ),
    ];
    for (before, after, expected) in cases {
        let expected: Vec<_> =
            expected.into_iter().map(|(topic, tone, text)| (topic, tone, text.into())).collect();
        assert_eq!(story(&before, &after), expected);
    }
}

#[test]
fn pods() {
    let ready = a_pod("checkout-77bb-x7f2k");
    let starting = || ready.clone().unready_since(590);
    let looping = || ready.clone().crash_looping();
    let again = looping().container(|c| c.restarts = 6);
    let cases = [
        (None, ready.clone(), None),
        (Some(starting()), ready.clone(), Some((Tone::Good, "pod x7f2k ready after 10m"))),
        (Some(ready.clone()), ready.clone(), None),
        (Some(starting()), looping(), Some((Tone::Bad, "pod x7f2k: app crash-loops: exit code 3"))),
        (Some(looping()), looping(), None),
        (Some(looping()), again, Some((Tone::Bad, "6 restarts"))),
        (Some(ready.clone()), starting(), None),
    ];
    for (before, after, expected) in cases {
        let before = before.map(crate::domain::sample::PodSample::alone);
        let entries = of_pod(now(), before.as_ref(), &after.alone());
        match expected {
            None => assert_eq!(entries, []),
            Some((tone, part)) => {
                assert_eq!((entries.len(), entries[0].tone), (1, tone));
                assert!(entries[0].text.contains(part), "{:?}", entries[0].text);
            }
        }
    }
}

#[test]
fn analysis_runs() {
    let run = |verdict, metric| an_analysis(AnalysisRole::Background, verdict, metric);
    let running = || run(Verdict::Running, a_metric(Verdict::Running, &[]));
    let measured = run(Verdict::Running, a_metric(Verdict::Failed, &["[0.31]"]));
    let blind = run(Verdict::Running, a_metric(Verdict::Error, &[""]));
    let mut failed = run(Verdict::Failed, a_metric(Verdict::Failed, &["[0.31]"]));
    failed.message = "too high".into();
    let passed = run(Verdict::Successful, a_metric(Verdict::Successful, &["[0]"]));
    let cases = [
        (None, failed.clone(), vec![]),
        (Some(running()), running(), vec![]),
        (
            Some(running()),
            measured.clone(),
            vec![(Tone::Bad, "error-rate measured [0.31]: failure 1 of 1 allowed")],
        ),
        (Some(running()), blind, vec![(Tone::Warn, "error-rate could not be measured: ")]),
        (Some(measured), failed, vec![(Tone::Bad, "background analysis Failed: too high")]),
        (Some(running()), passed, vec![(Tone::Good, "background analysis Successful")]),
    ];
    for (before, after, expected) in cases {
        let entries = of_analysis(at(0), before.as_ref(), &after);
        let told: Vec<(Tone, &str)> = entries.iter().map(|e| (e.tone, e.text.as_str())).collect();
        assert_eq!(told, expected);
    }
}
