//! The rows of the fleet, kept while things change, against the rows counted from nothing.

use proptest::prelude::*;

use super::Rig;
use crate::app::fleet_view::Sort;
use crate::app::msg::Msg;
use crate::app::roster::{of, shown};
use crate::domain::id::ResourceKind;
use crate::domain::observation::{Observation, Record, SourceId};
use crate::domain::sample::{CURRENT, Sample, a_blue_green, a_canary, a_deployment, a_pod};
use crate::domain::time::Span;
use crate::domain::workload::WorkloadRef;

/// The same workload under another name.
fn named(sample: Sample, name: &str) -> Sample {
    let mut sample = sample.with(|w| {
        w.id.name = name.into();
        w.uid = format!("uid-{name}").into();
    });
    for set in &mut sample.replica_sets {
        set.uid = format!("{name}-{}", set.uid).into();
        set.owner = Some(sample.workload.uid.clone());
    }
    sample
}

/// What a cluster may say, one thing at a time.
fn sayings() -> Vec<Observation> {
    let using = |name: &str| {
        named(a_canary(), "using").with(|w| {
            w.images.clear();
            let kind = "Deployment".into();
            w.workload_ref = Some(WorkloadRef { kind, name: name.into() });
        })
    };
    let broken = a_canary().paused().pod(CURRENT, a_pod("x").crash_looping());
    let samples = [
        a_canary(),
        a_canary().aborted("by hand"),
        broken.clone(),
        named(a_canary().complete(), "quiet"),
        named(a_canary(), "quiet"),
        a_blue_green(),
        a_deployment(),
        named(a_deployment(), "template"),
        using("template"),
        using("catalog"),
    ];
    let mut sayings: Vec<Observation> = samples.iter().flat_map(Sample::observations).collect();
    let gone = |kind, uid: &str| Observation::Gone(kind, uid.into());
    sayings.push(gone(ResourceKind::Rollouts, &a_canary().workload.uid));
    sayings.push(gone(ResourceKind::Rollouts, "uid-using"));
    sayings.push(gone(ResourceKind::Deployments, &a_deployment().workload.uid));
    sayings.extend(broken.pods.iter().map(|pod| gone(ResourceKind::Pods, &pod.uid)));
    let source = SourceId { kind: ResourceKind::Rollouts, namespace: None };
    let again = a_canary().with(|w| w.uid = "made-anew".into());
    sayings.push(Observation::Seen(Record::Workload(Box::new(again.workload))));
    sayings.push(Observation::Listed(source.clone(), Vec::new()));
    sayings.push(Observation::Complete(source, vec!["uid-quiet".into(), "uid-using".into()]));
    sayings
}

proptest! {
    /// Whatever is observed in whatever order, the rows that were kept are those that a count of
    /// everything gives.
    #[test]
    fn kept_rows_are_counted_rows(
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..80),
        sort in prop::sample::select(vec![Sort::Risk, Sort::Name, Sort::Age]),
        filter in prop::sample::select(vec!["", "kind:deploy", "status:moving", "!using"]),
    ) {
        let sayings = sayings();
        let mut rig = Rig::at(&a_canary());
        rig.model.fleet_view.sort = sort;
        rig.model.fleet_view.filter = filter.into();
        rig.model.fleet_view.roster = None;
        for index in order {
            let said = vec![index.get(&sayings).clone()];
            rig.send(Msg::Observed(said));
            let kept = shown(&rig.model).into_owned();
            prop_assert_eq!(&kept, &of(&rig.model));
            for (at, row) in kept.rows().iter().enumerate() {
                prop_assert_eq!(kept.position(&row.id), Some(at));
            }
        }
    }
}

#[test]
fn a_row_that_only_time_changes_is_counted_by_the_tick() {
    let failing = a_pod("x").crash_looping().container(|c| {
        // Just started again, between two failures.
        c.waiting = None;
        c.running_since = Some(crate::domain::sample::now());
    });
    let mut rig = Rig::at(&a_canary().pod(CURRENT, failing));
    let needing = |rig: &Rig| shown(&rig.model).counts()[0];
    rig.wait(1000);
    assert_eq!(needing(&rig), 1);
    rig.wait(Span::minutes(2).num_milliseconds());
    assert_eq!(needing(&rig), 0, "it has run for two minutes");
}
