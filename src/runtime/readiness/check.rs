//! `waveoff check`: manifests on disk, or what is on the cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::files::{Source, sources};
use super::live;
use super::numbers::{profiles, servers};
use super::services::waivers;
use crate::config::args::{Check, Format};
use crate::config::nearest;
use crate::domain::catalogue::Catalogue;
use crate::domain::guard::rule::Terms;
use crate::domain::id::WorkloadId;
use crate::domain::measure::address::Address;
use crate::domain::readiness::{Finding, Place, Subject};
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;
use crate::error::Exit;
use crate::manifest::bundle::{Bundle, Object};
use crate::manifest::profile::{Live, Profiles};
use crate::manifest::read::{self, Fault, Limits, Misread, Read};
use crate::manifest::report::{self, Checked, Outcome, Report};
use crate::manifest::rules::{Rule, all, judge_some};
use crate::manifest::waive::{self, Unused, Waived};
use crate::manifest::workload::Workload;
use crate::runtime::headless::{Failure, failure};
use crate::runtime::measure::Servers;
use crate::runtime::say::{complain, print};

/// How long the lists of a cluster may take.
const LISTS_WITHIN: Duration = Duration::from_secs(120);

/// Lines about what is left out.
const MOST_LEFT_OUT: usize = 10;

/// Width of texts for people.
const WIDTH: usize = 110;

/// What the rules are to go by.
#[derive(Debug)]
pub(in crate::runtime) struct Bench {
    profiles: Profiles,
    /// The Prometheus of workloads for which the catalogue has one.
    servers: BTreeMap<Address, Vec<WorkloadId>>,
    waivers: Vec<Waived>,
    /// Waivers that ended before it do not count.
    now: Timestamp,
}

impl Bench {
    /// By the terms of a guard and what the catalogue says, in a cluster's context or in none.
    pub(in crate::runtime) fn new(
        terms: &Terms,
        catalogue: &Catalogue,
        context: Option<&SafeText>,
        now: Timestamp,
    ) -> Self {
        let profiles = profiles(terms, catalogue, context);
        let servers = servers(catalogue, context);
        Self { profiles, servers, waivers: waivers(catalogue), now }
    }

    /// Takes in what a cluster answered.
    pub(super) fn learn(&mut self, server_minor: Option<u32>, live: Live) {
        let live = Arc::new(live);
        self.profiles.change(|profile| {
            profile.server_minor = server_minor;
            profile.live = Some(Arc::clone(&live));
        });
    }

    /// Rules that are waived, and that there are not.
    fn unknown_rules(&self) -> BTreeSet<&SafeText> {
        let rules = all();
        let is_known = |waived: &&Waived| rules.iter().any(|rule| waived.rule == *rule.id);
        self.waivers.iter().filter(|waived| !is_known(waived)).map(|w| &w.rule).collect()
    }

    /// Takes in what the Prometheus of some workloads answered.
    fn learn_of(&mut self, ids: &[WorkloadId], live: Live) {
        let live = Arc::new(live);
        for id in ids {
            self.profiles.change_of(id, |profile| profile.live = Some(Arc::clone(&live)));
        }
    }

    /// What is found of these workloads, and the waivers that fit nothing of it.
    pub(super) fn judge(
        &self,
        bundle: &Bundle,
        rules: &[Rule],
        wanted: impl Fn(&Workload<'_>) -> bool,
    ) -> (Vec<Finding>, Vec<Unused<'_>>) {
        let profile_of = |object: &Object| self.profiles.of(object);
        let mut findings = judge_some(bundle, profile_of, rules, wanted);
        let unused = waive::apply(&mut findings, &self.waivers, self.now);
        (findings, unused)
    }
}

/// Judges files, directories and standard input.
///
/// # Errors
/// When a rule is asked for that there is not.
pub(in crate::runtime) fn check(asked: &Check, mut bench: Bench) -> Result<Exit, Failure> {
    let rules = chosen(&asked.only)?;
    bench.profiles.change(|profile| profile.server_minor = asked.server_minor);
    let limits = Limits::default();
    let (mut objects, mut faults) = (Vec::new(), Vec::new());
    let sources = sources(&asked.paths);
    let files = sources.all.len();
    let mut left_out = sources.left_out;
    for found in read_all(sources.all, &limits) {
        objects.extend(found.objects);
        faults.extend(found.faults);
        left_out.extend(found.foreign.iter().map(|foreign| foreign.to_string().into()));
    }
    say_left_out(&left_out);
    if files == 0 {
        return Err(failure(Exit::Usage, "there is no .yaml, .yml or .json file in these places"));
    }
    let bundle: Bundle = objects.into_iter().collect();
    Ok(tell(asked, &bench, &rules, files, &bundle, &faults))
}

/// Reads all sources, some at the same time, in their order.
fn read_all(sources: Vec<Source>, limits: &Limits) -> Vec<Read> {
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get).min(sources.len());
    let waiting = Mutex::new(sources.into_iter().enumerate());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let mut done = Vec::new();
        while let Some((place, source)) = next() {
            done.push((place, read_one(source, limits)));
        }
        done
    };
    let mut all: Vec<(usize, Read)> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        running.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|_| fell())).collect()
    });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, read)| read).collect()
}

/// What a reader that fell leaves behind: it has spoken, and nothing of what it read is judged.
fn fell() -> Vec<(usize, Read)> {
    let fault = unread(&"a reader fell, and what it had read is not judged".into());
    let misread = Misread { source: "-".into(), fault };
    vec![(usize::MAX, Read { faults: vec![misread], ..Read::default() })]
}

fn read_one(source: Source, limits: &Limits) -> Read {
    let mut read = match source.bytes(limits.bytes) {
        Ok(bytes) => read::bytes(&source.name, &bytes, limits),
        Err(why) => Read {
            faults: vec![Misread { source: source.name, fault: unread(&why) }],
            ..Read::default()
        },
    };
    // In a directory there may be anything; what was named has to be a manifest.
    if !source.is_found {
        read.faults.append(&mut read.foreign);
    }
    read
}

/// What was found and is not judged.
fn say_left_out(left_out: &[SafeText]) {
    for one in left_out.iter().take(MOST_LEFT_OUT) {
        complain(&format!("left out: {one}"));
    }
    if let Some(more) = left_out.len().checked_sub(MOST_LEFT_OUT).filter(|more| *more > 0) {
        complain(&format!("left out: {more} more"));
    }
}

fn unread(why: &SafeText) -> Fault {
    Fault { at: Place { line: 1, column: 1 }, message: format!("cannot be read: {why}") }
}

/// Judges what is on the cluster. A Prometheus that was named is asked for all workloads; else each
/// one's own, as far as the catalogue has it.
///
/// # Errors
/// When it cannot be read, or a rule is asked for that there is not.
pub(in crate::runtime) async fn check_live(
    servers: &Servers,
    namespaces: &[SafeText],
    asked: &Check,
    mut bench: Bench,
) -> Result<Exit, Failure> {
    let rules = chosen(&asked.only)?;
    let connection = servers.connection();
    let reading = super::read(connection, namespaces, |_| true);
    let listed = tokio::time::timeout(LISTS_WITHIN, reading).await;
    let listed = listed.map_err(|_| failure(Exit::TimedOut, "the lists did not come in time"))?;
    let found = listed.map_err(|error| failure(Exit::Undetermined, error.to_string()))?;
    for why in &found.missing {
        complain(&format!("left out: {why}"));
    }
    let bundle = found.bundle;
    let named = servers.named();
    let live = live::ask(connection, named.as_ref(), &bundle, |_| true).await;
    bench.learn(found.minor, live.clone());
    let own = if named.is_none() { std::mem::take(&mut bench.servers) } else { BTreeMap::new() };
    for (address, ids) in own {
        let is_its = |workload: &Workload<'_>| ids.iter().any(|id| super::is(id, workload));
        let measured = live::measure(&servers.way(&address), &bundle, is_its).await;
        bench.learn_of(&ids, Live { measured: Some(measured), ..live.clone() });
    }
    let exit = tell(asked, &bench, &rules, 0, &bundle, &[]);
    // What other kinds may be missing, the rules say themselves.
    let unread = |kind: &&str| bundle.is_unread(kind, "");
    let is_half = ["Rollout", "Deployment"].iter().any(unread);
    Ok(if is_half && exit == Exit::Ok { Exit::Undetermined } else { exit })
}

/// The rules that were asked for.
fn chosen(only: &[String]) -> Result<Vec<Rule>, Failure> {
    let mut rules = all();
    for wanted in only {
        if !rules.iter().any(|rule| rule.id == wanted) {
            let near = nearest(wanted, rules.iter().map(|rule| rule.id));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            return Err(failure(Exit::Usage, format!("--only {wanted}: no such rule{hint}")));
        }
    }
    rules.retain(|rule| only.is_empty() || only.iter().any(|wanted| wanted == rule.id));
    Ok(rules)
}

fn tell(
    asked: &Check,
    bench: &Bench,
    rules: &[Rule],
    files: usize,
    bundle: &Bundle,
    faults: &[Misread],
) -> Exit {
    for rule in bench.unknown_rules() {
        complain(&format!("a waiver is for {rule}: there is no such rule"));
    }
    let (findings, mut unused) = bench.judge(bundle, rules, |_| true);
    let objects = bundle.objects();
    let workloads: Vec<Subject> = objects
        .iter()
        .filter(|object| Workload::of(object, bundle).is_some())
        .map(Object::subject)
        .collect();
    // One that is of nothing here may be needed elsewhere; so may one of a rule that was not asked.
    let is_here = |waived: &Waived| {
        rules.iter().any(|rule| waived.rule == *rule.id)
            && workloads.iter().any(|workload| waived.covers(workload))
    };
    unused.retain(|unused| is_here(unused.waived));
    let (objects, workloads) = (objects.len(), workloads.len());
    let checked = Checked { files, objects, workloads, rules: rules.len() };
    let report = Report { findings: &findings, faults, unused: &unused, checked };
    print(&match asked.output {
        Format::Text => report::text(&report, Some(WIDTH)),
        Format::Json => report::json(&report),
        Format::Sarif => report::sarif(&report, rules),
        Format::Junit => report::junit(&report, asked.fail_on),
    });
    // What was not read may hold anything.
    if !faults.is_empty() {
        return Exit::Usage;
    }
    if workloads == 0 {
        complain("nothing was judged: no Deployment and no Rollout is among what was read");
        return Exit::Undetermined;
    }
    match report::outcome(&findings, asked.fail_on) {
        Outcome::Broken => Exit::Finding,
        Outcome::Unknown => Exit::Undetermined,
        Outcome::Ready => Exit::Ok,
    }
}
