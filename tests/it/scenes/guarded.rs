//! A guard: proposed, armed, on its way to firing, blind, fired, over; its screen, and nobody's.

use waveoff::app::dialog::{ArmDialog, Dialog};
use waveoff::app::guard::{Lease, Offer, Post, Proposal};
use waveoff::app::model::Model;
use waveoff::app::msg::Msg;
use waveoff::app::screen::Screen;
use waveoff::app::session::Level;
use waveoff::app::update::update;
use waveoff::domain::guard::rule::{Sample, Signal, Terms};
use waveoff::domain::guard::watch::Watch;
use waveoff::domain::guard::{Arming, End, Event, Guard};
use waveoff::domain::measure::Reading;
use waveoff::domain::time::Span;

use super::{Scene, a_cockpit, id_of};
use crate::fixture::{a_canary_at_its_gate, ago, now};

pub(super) fn scenes() -> Vec<Scene> {
    let mut nobody = a_cockpit(a_canary_at_its_gate());
    let id = id_of(&nobody);
    nobody.screens.push(Screen::Guard(id.clone()));

    let armed = guarded(&[(0.002, 0.412, 1.0)]);
    let breaking = guarded(&[(0.021, 0.412, 1.0); 4]);
    let mut watched = breaking.clone();
    watched.screens.push(Screen::Guard(id.clone()));
    let mut blind = armed.clone();
    step(&mut blind, |guard| {
        for n in 1..5 {
            let why = "503: no answer".into();
            let at = now() + Span::seconds(30 * n);
            guard.step(Event::Missed(Signal::Errors, at, why), now());
        }
    });
    let fired = guarded(&[(0.031, 0.412, 1.0); 12]);
    let mut over = armed.clone();
    let uid = over.posts.keys().next().unwrap().clone();
    step(&mut over, |guard| {
        guard.step(Event::Ends(End::Restored("its signals are good".into())), now());
    });
    let said = Msg::Leased(uid.clone(), Lease::Others("ben (s9)".into()));
    update(&mut over, now(), said);
    let mut disarming = armed.clone();
    disarming.dialog = Some(Dialog::Disarm(uid));
    vec![
        ("guard-nobody", nobody),
        ("arm", arming_dialog()),
        ("guarded", armed),
        ("guard-breaking", breaking),
        ("guard", watched),
        ("guard-blind", blind),
        ("guard-fired", fired),
        ("guard-over", over),
        ("disarm", disarming),
    ]
}

fn arming(model: &Model) -> Arming {
    let id = id_of(model);
    let release = model.fleet.release(&id).unwrap();
    Arming {
        id: "s1-g1".into(),
        workload: id.clone(),
        uid: release.workload.uid.clone(),
        hash: release.current_hash().unwrap().clone(),
        target: release.stable().map(|stable| stable.replica_set.hash.clone()),
        by: "ana".into(),
        at: ago(400),
        until: now() + Span::minutes(53),
        shadow: false,
        terms: Terms::default(),
    }
}

fn step(model: &mut Model, change: impl FnOnce(&mut Guard)) {
    let post = model.posts.values_mut().next().unwrap();
    change(&mut post.guard);
}

/// Armed, with these looks, the last one of this moment: errors, seconds at the 99th percentile,
/// ready pods.
fn guarded(looks: &[(f64, f64, f64)]) -> Model {
    let mut model = a_cockpit(a_canary_at_its_gate());
    let arming = arming(&model);
    let (uid, rules) = (arming.uid.clone(), arming.terms.rules());
    let mut post = Post::new(Guard::new(arming, rules), "ana (s1)".into(), now());
    post.lease = Lease::Ours(now() + Span::seconds(24));
    post.lease_asked = Some(now());
    post.pods_at = Some(now());
    model.posts.insert(uid.clone(), post);
    for (n, (errors, p99, pods)) in (0..).zip(looks) {
        let left = i64::try_from(looks.len()).unwrap() - 1 - n;
        for (signal, value, every) in
            [(Signal::Errors, errors, 30), (Signal::Latency, p99, 30), (Signal::Pods, pods, 15)]
        {
            let at = ago(left * every);
            let sample = Sample { at, reading: Reading::Value(*value) };
            let post = model.posts.get_mut(&uid).unwrap();
            post.guard.step(Event::Looked(signal, sample), at);
            if let waveoff::domain::guard::State::Fired(..) = post.guard.state {
                post.reason = "errors 3.10% > 1.00% for 5m (11 samples)".into();
            }
        }
    }
    model
}

fn arming_dialog() -> Model {
    let mut model = a_cockpit(a_canary_at_its_gate());
    let arming = arming(&model);
    let uid = arming.uid.clone();
    let offers = arming.terms.rules().into_iter().map(|rule| {
        let mut watch = Watch::new(rule);
        let (value, hindrance) = match rule.signal {
            Signal::Errors => (0.002, None),
            Signal::Latency => (
                0.4,
                Some("the largest bucket is 1.00s, below the limit of 2.00s: it could never fire"),
            ),
            _ => (1.0, None),
        };
        watch.take(Sample { at: now(), reading: Reading::Value(value) }, now());
        Offer { watch, on: true, hindrance: hindrance.map(Into::into) }
    });
    let proposal = Proposal {
        offers: offers.collect(),
        arming,
        way: "r41 5d4c7f8b9c by abort".into(),
        refused: None,
        warnings: vec!["Argo CD may undo the way back".into()],
    };
    model.proposals.insert(uid.clone(), proposal);
    let mut dialog = ArmDialog::new(uid, Level::Production, ago(10));
    dialog.selected = 1;
    model.dialog = Some(Dialog::Arm(dialog));
    model
}
