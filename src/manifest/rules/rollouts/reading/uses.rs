//! Each analysis that a Rollout asks for, with its templates merged and its arguments filled in.
//!
//! Source: `RolloutAnalysis`, `RolloutExperimentStepAnalysisTemplateRef`; merging as
//! `utils/analysis/helpers.go` (`FlattenTemplates`) does it. Never judges. Called by `judge`, which
//! hands it to the rules.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::manifest::bundle::{Bundle, Object};
use crate::manifest::rules::rollouts::promql::{self, Facts, Query};
use crate::manifest::tree::Spot;
use crate::manifest::workload::Workload;

use super::arguments::{Argument, Arguments, arguments};
use super::steps::{blue_green, canary, steps};
use super::template::{Metric, Reference, Template, dry, is_dry, references};

/// Templates that are merged for one analysis, nested ones included. More are left unread.
const MOST: usize = 100;

/// When an analysis runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// At the step of this index: the canary waits for it.
    Step(usize),
    /// With the experiment of the step of this index, as long as that runs.
    Experiment(usize),
    /// Beside the steps, from the step of this index on.
    Background(usize),
    /// Before the switch.
    Before,
    /// After the switch.
    After,
}

/// What is read once for a whole run.
#[derive(Debug, Default)]
pub struct Shelf<'b> {
    templates: HashMap<*const Object, Rc<Template<'b>>>,
    queries: HashMap<String, Rc<Query>>,
}

impl<'b> Shelf<'b> {
    /// The analyses that a workload asks for; none for a Deployment.
    pub fn analyses(&mut self, workload: &Workload<'b>, bundle: &'b Bundle) -> Vec<Use<'b>> {
        let asked = asked(workload);
        asked.into_iter().map(|asked| self.read(asked, workload, bundle)).collect()
    }

    fn read(&mut self, asked: Asked<'b>, workload: &Workload<'b>, bundle: &'b Bundle) -> Use<'b> {
        let mut merged = Use {
            role: asked.role,
            named: references_of(&asked),
            args: Arguments::default(),
            given: arguments(&asked.spot.key("args"), Some(workload.object)),
            templates: Vec::new(),
            lost: Vec::new(),
            cut: false,
            measured: Vec::new(),
            spot: asked.spot,
        };
        self.merge(&mut merged, &workload.object.namespace, bundle);
        let templates = merged.templates.clone();
        let own = templates.iter().flat_map(|template| &template.args);
        own.for_each(|argument| merged.args.declare(argument));
        merged.given.iter().for_each(|argument| merged.args.give(argument));
        let mut patterns = dry(&merged.spot);
        patterns.extend(templates.iter().flat_map(|template| template.dry.iter().copied()));
        for template in &templates {
            for (index, metric) in template.metrics.iter().enumerate() {
                let query = metric.query.map(|query| self.query(query, &merged.args));
                merged.measured.push(Measured {
                    dry: patterns.iter().any(|pattern| is_dry(pattern, metric.name)),
                    template: Rc::clone(template),
                    index,
                    query,
                });
            }
        }
        merged
    }

    /// Looks up the templates and those that they name, each once.
    fn merge(&mut self, merged: &mut Use<'b>, namespace: &str, bundle: &'b Bundle) {
        let mut known: HashSet<*const Object> = HashSet::new();
        let mut waiting: Vec<(Option<&'b Object>, Reference<'b>)> =
            merged.named.iter().rev().map(|named| (None, named.clone())).collect();
        while let Some((holder, reference)) = waiting.pop() {
            let found = bundle.find(reference.kind(), namespace, reference.name);
            let Some(object) = found.filter(|object| object.group() == "argoproj.io") else {
                merged.lost.push(Lost { holder, reference });
                continue;
            };
            if !known.insert(std::ptr::from_ref(object)) {
                continue;
            }
            if known.len() > MOST {
                merged.cut = true;
                return;
            }
            let template = self.templates.entry(std::ptr::from_ref(object));
            let template = template.or_insert_with(|| Rc::new(Template::of(object)));
            let further = template.further.iter().rev().map(|next| (Some(object), next.clone()));
            waiting.extend(further);
            merged.templates.push(Rc::clone(template));
        }
    }

    fn query(&mut self, text: &str, args: &Arguments) -> Rc<Query> {
        let prepared = promql::prepare(text, args);
        let known = self.queries.entry(prepared);
        Rc::clone(known.or_insert_with_key(|prepared| Rc::new(promql::read(prepared))))
    }
}

/// A template that is named and is not there.
#[derive(Debug)]
pub(crate) struct Lost<'b> {
    /// The template that names it; none for the Rollout.
    pub(crate) holder: Option<&'b Object>,
    /// As it is named.
    pub(crate) reference: Reference<'b>,
}

/// An analysis that a Rollout asks for.
#[derive(Debug)]
pub struct Use<'b> {
    /// When it runs.
    pub(crate) role: Role,
    /// Where it stands in the Rollout.
    pub(crate) spot: Spot<'b>,
    /// The templates that the Rollout names.
    pub(crate) named: Vec<Reference<'b>>,
    /// All templates that were found, those included that templates name.
    pub(crate) templates: Vec<Rc<Template<'b>>>,
    /// Those that were not.
    pub(crate) lost: Vec<Lost<'b>>,
    /// There are more templates than are read.
    pub(crate) cut: bool,
    /// What the Rollout gives.
    pub(crate) given: Vec<Argument<'b>>,
    /// The arguments, merged.
    pub(crate) args: Arguments,
    /// The metrics of all templates.
    pub(crate) measured: Vec<Measured<'b>>,
}

impl<'b> Use<'b> {
    /// A field of a metric with its arguments filled in; none where it is not written, or where an
    /// argument's text is not known here.
    pub(crate) fn text(&self, metric: &Metric<'b>, key: &str) -> Option<String> {
        self.args.fill(&metric.text(key)?).ok()
    }

    /// A field of a metric as a whole number. None where it is not written; `Err` where it is, and
    /// cannot be told.
    pub(crate) fn number(&self, metric: &Metric<'b>, key: &str) -> Result<Option<i64>, ()> {
        let Some(text) = metric.text(key) else { return Ok(None) };
        let filled = self.args.fill(&text).map_err(|_| ())?;
        filled.trim().parse().map(Some).map_err(|_| ())
    }
}

/// A metric within an analysis.
#[derive(Debug)]
pub(crate) struct Measured<'b> {
    /// Its template.
    pub(crate) template: Rc<Template<'b>>,
    index: usize,
    /// It counts for nothing (`dryRun`).
    pub(crate) dry: bool,
    /// What it asks Prometheus; none for other providers.
    pub(crate) query: Option<Rc<Query>>,
}

impl<'b> Measured<'b> {
    /// The metric; none never, for the index is one of its template's.
    pub(crate) fn metric(&self) -> Option<&Metric<'b>> {
        self.template.metrics.get(self.index)
    }

    /// What is known of its query; none where it asks nothing, or cannot be read.
    pub(crate) fn facts(&self) -> Option<&Facts> {
        self.query.as_ref()?.facts()
    }
}

/// The metrics that decide something, with their analysis.
pub(crate) fn counting<'u, 'b>(
    uses: &'u [Use<'b>],
) -> impl Iterator<Item = (&'u Use<'b>, &'u Measured<'b>, &'u Metric<'b>)> {
    uses.iter().flat_map(|used| {
        let counting = used.measured.iter().filter(|measured| !measured.dry);
        counting.filter_map(move |measured| Some((used, measured, measured.metric()?)))
    })
}

struct Asked<'b> {
    role: Role,
    spot: Spot<'b>,
}

fn asked<'b>(workload: &Workload<'b>) -> Vec<Asked<'b>> {
    let mut asked = Vec::new();
    if let Some(canary) = canary(workload) {
        let spot = canary.key("analysis");
        let from = spot.key("startingStep").int().and_then(|step| usize::try_from(step).ok());
        asked.push(Asked { role: Role::Background(from.unwrap_or(0)), spot });
    }
    for (index, placed) in steps(workload).into_iter().enumerate() {
        asked.push(Asked { role: Role::Step(index), spot: placed.spot.key("analysis") });
        let within = placed.spot.keys(&["experiment", "analyses"]).elements();
        let within = within.into_iter().map(|spot| Asked { role: Role::Experiment(index), spot });
        asked.extend(within);
    }
    if let Some(switch) = blue_green(workload) {
        asked.push(Asked { role: Role::Before, spot: switch.key("prePromotionAnalysis") });
        asked.push(Asked { role: Role::After, spot: switch.key("postPromotionAnalysis") });
    }
    asked.retain(|asked| !asked.spot.is_absent());
    asked
}

/// An experiment's analysis names one template, any other a list of them.
fn references_of<'b>(asked: &Asked<'b>) -> Vec<Reference<'b>> {
    match asked.role {
        Role::Experiment(_) => Reference::of(asked.spot.clone()).into_iter().collect(),
        _ => references(&asked.spot.key("templates")),
    }
}
