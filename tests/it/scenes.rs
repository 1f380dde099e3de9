//! The states that every screen is shown in, by name.

mod gated;
mod guarded;
mod journal;
mod measured;
mod ready;

use std::sync::LazyLock;

use waveoff::app::access::Access;
use waveoff::app::dialog::{Confirmation, Dialog, Field, RevisionPicker};
use waveoff::app::drill::{Drill, Goal, Line, Progress, Standing, Voice};
use waveoff::app::fleet_view::last::LastView;
use waveoff::app::flight::{Flight, Stage, Ticket};
use waveoff::app::log_view::{LogLine, LogState, LogView};
use waveoff::app::model::{DiffView, Model, Toast};
use waveoff::app::msg::TemplateRef;
use waveoff::app::screen::{Pane, Screen};
use waveoff::app::session::{Level, Mode, Scope};
use waveoff::domain::action::{Action, Verb};
use waveoff::domain::analysis::{AnalysisRole, Verdict};
use waveoff::domain::id::{ResourceKind, WorkloadId, WorkloadKind};
use waveoff::domain::legality::undo_targets;
use waveoff::domain::observation::{SourceId, SourceState};
use waveoff::domain::plan::{Plan, make};
use waveoff::domain::time::Span;
use waveoff::domain::timeline::{Tone, Topic};
use waveoff::domain::workload::{GitOpsOwner, WorkloadRef};

use crate::fixture::{
    Craft, a_blue_green, a_canary, a_canary_at_its_gate, a_cockpit, a_deployment, a_fleet,
    a_fresh_model, a_quiet_canary, a_stuck_deployment, a_switched_blue_green, ago, failing,
    forbidden, lost_for, metric, now, passing,
};

/// Those whose looks are kept as well.
pub(crate) const MAIN: [&str; 4] = ["fleet", "rollout-gate", "stale", "confirm-abort"];

type Scene = (&'static str, Model);

/// Every state.
pub(crate) fn all() -> &'static [Scene] {
    static ALL: LazyLock<Vec<Scene>> = LazyLock::new(|| {
        let own = [fleets(), cockpits(), details(), dialogs(), drills()].concat();
        [
            own,
            measured::scenes(),
            gated::scenes(),
            guarded::scenes(),
            journal::scenes(),
            ready::scenes(),
        ]
        .concat()
    });
    &ALL
}

/// The state of this name.
pub(crate) fn named(name: &str) -> &'static Model {
    all().iter().find(|(known, _)| *known == name).map(|(_, model)| model).unwrap()
}

fn fleets() -> Vec<Scene> {
    let mut filtered = a_whole_fleet();
    filtered.fleet_view.filter = "status:paused".into();
    let mut typing = a_whole_fleet();
    typing.fleet_view.filter = "nothing-like-it".into();
    typing.fleet_view.typing = true;
    let mut loading = a_fresh_model();
    loading.session.started = ago(2);
    for kind in [ResourceKind::Rollouts, ResourceKind::Deployments] {
        let source = SourceId { kind, namespace: None };
        loading.sources.insert(source, SourceState::Loading(now() - Span::milliseconds(1400)));
    }
    let mut last = loading.clone();
    let mut before = a_whole_fleet();
    before.now = ago(3 * 3600);
    last.fleet_view.last = LastView::of(&before);
    let mut no_crd = a_fleet([a_deployment()]);
    no_crd.sources.insert(
        SourceId { kind: ResourceKind::Rollouts, namespace: None },
        SourceState::Missing("argoproj.io/v1alpha1 is not installed".into()),
    );
    let mut no_namespace = a_fleet([]);
    for kind in [ResourceKind::Rollouts, ResourceKind::Deployments] {
        let text = "namespace shpo does not exist; nearest: shop";
        let source = SourceId { kind, namespace: None };
        no_namespace.sources.insert(source, SourceState::Missing(text.into()));
    }
    let mut insecure = a_fleet([a_quiet_canary()]);
    insecure.session.insecure = true;
    insecure.session.read_only = true;
    insecure.troubles.note(ago(9), "rollouts", "decode shop/odd: no strategy");
    vec![
        ("fleet", a_whole_fleet()),
        ("fleet-filtered", filtered),
        ("fleet-filter-hides-all", typing),
        ("fleet-loading", loading),
        ("fleet-connecting", a_fresh_model()),
        ("fleet-as-it-was", last),
        ("fleet-empty", a_fleet([])),
        ("fleet-forbidden", forbidden(a_fleet([]), ResourceKind::Rollouts)),
        ("fleet-no-crd", no_crd),
        ("fleet-no-namespace", no_namespace),
        ("fleet-read-only-insecure", insecure),
        ("fleet-all-namespaces", all_namespaces()),
        ("hostile", hostile()),
    ]
}

fn a_whole_fleet() -> Model {
    let quiet =
        ["auth", "gateway", "images", "search", "mailer"].map(|n| a_quiet_canary().named(n));
    let mut crafts = vec![
        a_canary_at_its_gate(),
        failed_analysis().named("pricing"),
        a_stuck_deployment(),
        a_canary().at_step(2).weight(5).paused_for(18).named("cart"),
        a_canary().at_step(6).weight(25).named("orders"),
        a_blue_green().paused_for(80),
        a_switched_blue_green().named("ledger"),
        a_deployment().named("thumbnails"),
    ];
    crafts.extend(quiet);
    a_fleet(crafts)
}

fn all_namespaces() -> Model {
    let mut model = a_fleet([
        a_canary_at_its_gate(),
        a_quiet_canary().named("checkout-lab").within("shop-lab"),
        a_deployment().within("media"),
    ]);
    model.session.scope = Scope::All;
    model
}

fn hostile() -> Model {
    let long = "a-very-long-name-that-somebody-thought-was-a-good-idea-for-a-rollout";
    let mut attack = a_canary_at_its_gate().named(long);
    attack.workload.images[0].reference = "evil/\u{1b}[31mred\u{202e}gpj:1\u{7}".into();
    let mut wide = a_quiet_canary().named("größe-漢字");
    wide.workload.images[0].reference = "shop/漢字漢字漢字:版本一".into();
    let mut story = a_quiet_canary().named("plain");
    story.workload.id.name = "\u{1b}[31mname".into();
    a_fleet([attack, wide, story])
}

fn failed_analysis() -> Craft {
    a_canary()
        .at_step(3)
        .aborted("Rollout aborted update to revision 42: Metric \"latency\" assessed Failed due to failed (2) > failureLimit (1)")
        .analysed(AnalysisRole::Step, Verdict::Failed, vec![passing("success-rate"), failing("latency")])
        .told(120, Topic::Analysis, Tone::Bad, "latency measured [0.733]: failure 2 of 1 allowed")
        .told(95, Topic::Release, Tone::Bad, "aborted: traffic goes back to stable")
        .told(93, Topic::Traffic, Tone::Plain, "router weight 5 -> 0")
}

fn cockpits() -> Vec<Scene> {
    let mut timed = a_cockpit(a_canary().at_step(7).weight(50).paused_for(198));
    timed.rollout_view.pane = Pane::Analysis;
    let running = metric("latency", Verdict::Running, &[("[0.488]", true), ("[0.512]", false)]);
    let analysing = a_canary().at_step(3).weight(5).analysed(
        AnalysisRole::Background,
        Verdict::Running,
        vec![passing("success-rate"), running],
    );
    let mut zoomed = a_cockpit(a_canary().at_step(4).weight(5).crash_looping("9f3c1a2", 2));
    zoomed.rollout_view.zoomed = true;
    let mut gitops = a_canary().at_step(6).weight(25).ingress_says(5);
    gitops.workload.gitops = Some(GitOpsOwner { tool: "Argo CD", name: "shop-checkout".into() });
    gitops.workload.workload_ref =
        Some(WorkloadRef { kind: "Deployment".into(), name: "checkout-base".into() });
    let mut timer = a_blue_green().paused_for(80);
    if let waveoff::domain::strategy::Strategy::BlueGreen(settings) = &mut timer.workload.strategy {
        settings.auto_promotion = true;
        settings.auto_promotion_after = Some(Span::minutes(5));
    }
    let mut gone = a_cockpit(a_canary());
    gone.fleet = waveoff::domain::fleet::Fleet::default();
    let mut pods_forbidden = a_canary_at_its_gate();
    pods_forbidden.pods.clear();
    vec![
        ("rollout-gate", a_cockpit(a_canary_at_its_gate())),
        ("rollout-in-fleet", in_fleet()),
        ("rollout-timed-pause", timed),
        ("rollout-analysing", a_cockpit(analysing)),
        ("rollout-aborted", a_cockpit(failed_analysis())),
        ("rollout-held", a_cockpit(a_canary().at_step(6).weight(50).held())),
        (
            "rollout-crashing",
            a_cockpit(a_canary().at_step(4).weight(5).crash_looping("9f3c1a2", 2)),
        ),
        ("rollout-disagrees", a_cockpit(gitops)),
        ("rollout-healthy", a_cockpit(a_quiet_canary())),
        ("rollout-zoomed", zoomed),
        ("rollout-gone", gone),
        ("bluegreen-waiting", a_cockpit(a_blue_green().paused_for(80))),
        ("bluegreen-timer", a_cockpit(timer)),
        ("bluegreen-switched", a_cockpit(a_switched_blue_green())),
        ("deployment-healthy", a_cockpit(a_deployment())),
        ("deployment-stuck", a_cockpit(a_stuck_deployment())),
        ("stale", lost_for(a_cockpit(a_canary_at_its_gate()), 41)),
        ("pods-forbidden", forbidden(a_cockpit(pods_forbidden), ResourceKind::Pods)),
        ("receipt", with_receipt()),
    ]
}

fn in_fleet() -> Model {
    let mut model = a_whole_fleet();
    let id = WorkloadId::new("shop", WorkloadKind::Rollout, "pricing");
    model.screens.push(Screen::Rollout(id));
    model.rollout_view.pane = Pane::Analysis;
    model
}

fn id_of(model: &Model) -> WorkloadId {
    model.meant().unwrap().clone()
}

fn with_receipt() -> Model {
    let mut model = a_cockpit(a_canary_at_its_gate());
    let plan = plan(&model, Verb::Promote);
    model.flights.push(Flight {
        ticket: Ticket(1),
        plan,
        reason: "smoke clean".into(),
        stage: Stage::InEffect("at step 5/8".into()),
        sent_at: ago(20),
        accepted_at: Some(ago(20) + Span::milliseconds(120)),
        observed_at: Some(ago(20) + Span::milliseconds(640)),
        ended_at: Some(ago(20) + Span::milliseconds(3900)),
        pressed_again: 2,
        rest: Vec::new(),
        carried_by: None,
        looked: 0,
    });
    model.toast =
        Some(Toast { at: ago(1), good: true, text: "promote in effect after 3.9s".into() });
    model
}

fn details() -> Vec<Scene> {
    let crashing = || a_cockpit(a_canary().at_step(4).weight(5).crash_looping("9f3c1a2", 2));
    let open = |mut model: Model, screen: fn(WorkloadId) -> Screen| {
        let id = id_of(&model);
        model.screens.push(screen(id));
        model
    };
    let mut pod = crashing();
    let id = id_of(&pod);
    pod.screens.push(Screen::Pod(id, "uid-checkout-9f3c1a2-x9k20".into()));
    let mut analysis = a_cockpit(failed_analysis());
    let id = id_of(&analysis);
    analysis.screens.push(Screen::Analysis(id, "uid-run-checkout-9f3c1a2-42-2".into()));
    let mut help = crashing();
    help.screens.push(Screen::Help);
    let mut troubles = crashing();
    troubles.troubles.note(ago(60), "pods", "watch shop/pods: connection reset, tries again");
    troubles.troubles.note(ago(9), "pods", "watch shop/pods: connection reset, tries again");
    troubles.troubles.note(ago(5), "promote", "checkout: refused, step was 5 and is 6 now");
    troubles.screens.push(Screen::Troubles);
    vec![
        ("pod", pod),
        ("analysis", analysis),
        ("diff", diff()),
        ("logs", logs()),
        ("timeline", open(a_cockpit(failed_analysis()), Screen::Timeline)),
        ("why", open(crashing(), Screen::Why)),
        ("info", open(a_cockpit(a_canary_at_its_gate()), Screen::Info)),
        ("help", help),
        ("errors", troubles),
    ]
}

fn diff() -> Model {
    let mut model = a_cockpit(a_canary_at_its_gate());
    let id = id_of(&model);
    let side = |label: &str, hash: &str| TemplateRef {
        replica_set: waveoff::domain::id::ObjectRef {
            namespace: "shop".into(),
            name: format!("checkout-{hash}").into(),
        },
        uid: format!("uid-checkout-{hash}").into(),
        label: label.into(),
    };
    let line = |path: &str, value: &str| (path.into(), value.into());
    let old = vec![
        line("containers[app].env[DB_PASSWORD].value", "hunter2"),
        line("containers[app].env[POOL].value", "20"),
        line("containers[app].image", "registry.example/shop/checkout:1.4.2"),
        line("containers[app].resources.limits.memory", "512Mi"),
    ];
    let new = vec![
        line("containers[app].env[DB_PASSWORD].value", "hunter3"),
        line("containers[app].env[RETRIES].value", "3"),
        line("containers[app].image", "registry.example/shop/checkout:1.5.0"),
        line("containers[app].resources.limits.memory", "512Mi"),
    ];
    model.diff = DiffView {
        epoch: 1,
        sides: Some((side("r40 77be0d1", "77be0d1"), side("r42 9f3c1a2", "9f3c1a2"))),
        templates: Some(Ok((old, new))),
    };
    model.screens.push(Screen::Diff(id));
    model
}

fn logs() -> Model {
    let mut model = a_cockpit(a_canary_at_its_gate());
    let id = id_of(&model);
    let pods = ["x9k20", "b71c1", "m2p82"].map(|s| format!("checkout-9f3c1a2-{s}"));
    let mut view = LogView { epoch: 1, following: true, ..LogView::default() };
    view.pods = pods
        .iter()
        .map(|p| waveoff::domain::id::ObjectRef {
            namespace: "shop".into(),
            name: p.as_str().into(),
        })
        .collect();
    let texts = [
        "INFO  listening on :8080",
        "WARN  pool wait 812ms db=ledger",
        "ERROR upstream timeout /charge 2.0s",
        "INFO  charge 4711 done in 120ms",
    ];
    for at in 0..40 {
        let text = format!("2026-04-12T12:40:{:02}Z {}", at % 60, texts[at % 4]);
        view.push(LogLine { pod: pods[at % 3].as_str().into(), text: text.into() });
    }
    view.state = LogState::Following;
    view.dropped = 118;
    model.logs = view;
    model.screens.push(Screen::Logs(id));
    model
}

fn plan(model: &Model, verb: Verb) -> Plan {
    let release = model.fleet.release(&id_of(model)).unwrap();
    make(&release, &Action::plain(verb), now()).unwrap()
}

fn asking(mut model: Model, verb: Verb, stale: bool) -> (Model, Confirmation) {
    let plan = plan(&model, verb);
    for permission in plan.permissions() {
        model.access.note(now(), permission, Access::Allowed);
    }
    let confirmation = Confirmation::new(plan, Level::Production, stale, ago(2));
    (model, confirmation)
}

fn confirm(model: Model, confirmation: Confirmation) -> Model {
    Model { dialog: Some(Dialog::Confirm(Box::new(confirmation))), ..model }
}

fn dialogs() -> Vec<Scene> {
    let (model, abort) = asking(a_cockpit(a_canary_at_its_gate()), Verb::Abort, false);
    let ready = confirm(model, abort);

    let (model, off) = asking(a_cockpit(a_quiet_canary()), Verb::WaveOff, false);
    let off = confirm(model, off);

    let (model, mut full) = asking(a_cockpit(a_canary_at_its_gate()), Verb::PromoteFull, false);
    full.typed = "9f".into();
    full.reason = "pool fix is urgent".into();
    full.field = Field::Token;
    let grave = confirm(model, full);

    let (model, mut promote) = asking(a_cockpit(a_canary_at_its_gate()), Verb::Promote, false);
    promote.changed = vec!["step 5 -> 6".into()];
    promote.trigger.armed_at = now() + Span::milliseconds(300);
    promote.field = Field::Reason;
    promote.reason = "looks fine".into();
    let changed = confirm(model, promote);

    let (model, blind) = asking(a_cockpit(a_canary_at_its_gate()), Verb::Abort, true);
    let blind = confirm(lost_for(model, 41), blind);

    let mut picking = a_cockpit(failed_analysis());
    let id = id_of(&picking);
    let targets = undo_targets(&picking.fleet.release(&id).unwrap());
    let selected = targets.iter().position(|t| t.preferred).unwrap_or(0);
    picking.dialog = Some(Dialog::PickRevision(RevisionPicker { id, targets, selected }));

    let mut leaving = with_receipt();
    leaving.flights[0].stage = Stage::Sent;
    leaving.flights[0].accepted_at = None;
    leaving.flights[0].observed_at = None;
    leaving.flights[0].ended_at = None;
    leaving.dialog = Some(Dialog::Quit);
    vec![
        ("confirm-abort", ready),
        ("confirm-wave-off", off),
        ("confirm-full-production", grave),
        ("confirm-changed", changed),
        ("confirm-blind", blind),
        ("pick-revision", picking),
        ("quit", leaving),
    ]
}

fn drills() -> Vec<Scene> {
    let waiting = a_drill(a_whole_fleet(), Standing::Waiting);
    let mut paged = a_drill(a_cockpit(a_canary_at_its_gate()), Standing::Running(Span::seconds(4)));
    if let Some(drill) = &mut paged.drill {
        let text = "PagerDuty: checkout answers 6 % of its requests with 5xx";
        drill.page = Some((ago(3), text.into()));
    }
    let pressed = Standing::Running(Span::seconds(41));
    let mut briefing = a_drill(a_whole_fleet(), pressed);
    briefing.screens.push(Screen::Briefing);
    let mut over = a_drill(a_whole_fleet(), Standing::Reached(Span::seconds(19)));
    over.screens.push(Screen::Briefing);
    if let Some(drill) = &mut over.drill {
        drill.progress.over = true;
        drill.progress.points = 85;
    }
    vec![
        ("drill-fleet", waiting),
        ("drill-paged", paged),
        ("drill-pressing", a_drill(a_cockpit(a_canary_at_its_gate()), pressed)),
        ("briefing", briefing),
        ("briefing-over", over),
    ]
}

/// The same as a drill, with its first goal standing like this.
fn a_drill(mut model: Model, standing: Standing) -> Model {
    let goal = |title: &str, points, within: Option<i64>, standing| Goal {
        title: title.into(),
        points,
        within: within.map(Span::seconds),
        standing,
    };
    let line = |clock: &str, who: &str, voice, text: &str| Line {
        at: Span::zero(),
        clock: clock.into(),
        who: who.into(),
        voice,
        text: text.into(),
    };
    let progress = Progress {
        elapsed: Span::seconds(154),
        length: Span::seconds(480),
        points: 30,
        pass: 70,
        over: false,
        goals: vec![
            goal("no request reaches checkout 1.5.0 any more", 50, Some(30), standing),
            goal("checkout is healthy on 1.4.2", 20, Some(300), Standing::Waiting),
            goal("payments is left alone", 30, None, Standing::Kept),
        ],
        lines: vec![
            line("00:00.0", "story", Voice::World, "checkout 1.5.0 begins to fail"),
            line("02:10.4", "page", Voice::Page, "checkout answers 6 % with 5xx"),
            line("02:29.8", "checkout", Voice::World, "Paused (CanaryPauseStep), step 3"),
            line("02:31.0", "referee", Voice::Referee, "lost: payments is left alone"),
        ],
    };
    model.session.mode = Mode::Drill;
    model.session.context = "drill".into();
    model.drill = Some(Drill {
        name: "shop".into(),
        title: "The shop on a Friday".into(),
        story: vec![
            "You are on call for the shop, and it is a quiet Friday afternoon.".into(),
            "Two releases are under way.".into(),
        ],
        notice: vec!["The errors began with the weight, not with the release.".into()],
        opens: None,
        speed: 1,
        seed: 7,
        kubeconfig: "/run/user/1000/waveoff/drill.kubeconfig".into(),
        progress,
        page: None,
    });
    model
}
