//! Measures the cluster: the way to it, its clock, what is installed, what we may do, who measures.
//!
//! Every question once, in order; what depends on a failed one is not asked. Called by the parent.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::access::Access;
use crate::app::metrics::Settings as Measuring;
use crate::app::report::doctor::{
    self, Check, Chosen, Greeting, Measures, Session, State, needs_right, no_prometheus,
};
use crate::app::session::Scope;
use crate::cluster::{self, Beat, ClusterError, Connection, Pulse, examine as ask};
use crate::domain::plan::Permission;
use crate::domain::text::SafeText;
use crate::domain::time::Span;
use crate::runtime::connect as connecting;
use crate::runtime::door::access_of;
use crate::runtime::measure;
use crate::runtime::start::Start;

use super::{LIMIT, Sheet, limited};

const ARGO: &str = "argoproj.io/v1alpha1";

/// Where the manifests put the controller.
const USUAL_NAMESPACE: &str = "argo-rollouts";

/// Rights that are asked for at once.
const AT_ONCE: usize = 8;

/// What needs an API server.
const BEHIND: [&str; 5] = ["clock", "scope", "argo", "rights", "controller"];

/// The cluster of this session.
struct Patient<'s> {
    start: &'s Start,
    connection: Arc<Connection>,
    scope: Scope,
}

/// Makes the checks of the cluster; whether its API server answered as one.
pub(super) async fn examine(start: &Start, sheet: &mut Sheet) -> bool {
    let Some(connection) = kubeconfig(start, sheet).await else {
        for whats in [&["server"][..], &BEHIND, &["prometheus"]] {
            sheet.skip(whats, "needs a connection, see above");
        }
        return false;
    };
    let scope = connecting::scope(&start.settings, connection.identity());
    let patient = Patient { start, connection, scope };
    let Some(pulse) = patient.server(sheet).await else {
        let why = "needs the API server, see above";
        sheet.skip(&BEHIND, why);
        let check = if patient.asks_directly() {
            patient.prometheus().await.0
        } else {
            Check::new(State::Skip, "prometheus", why)
        };
        sheet.add(check);
        return false;
    };
    sheet.add(doctor::clock(pulse.skew));
    let missing = patient.scope(sheet).await;
    let argo = patient.argo(sheet).await;
    let read_only = start.settings.read_only.value;
    // Found before it is told of: what was asked by the right needs no question for the right.
    let (prometheus, proxy) = patient.prometheus().await;
    patient.rights(Session { argo, read_only, proxy }, &missing, sheet).await;
    patient.controller(argo, sheet).await;
    sheet.add(prometheus);
    true
}

/// Reads the kubeconfig and makes a connection. A credential plugin has its own, longer time.
async fn kubeconfig(start: &Start, sheet: &mut Sheet) -> Option<Arc<Connection>> {
    let began = Instant::now();
    let live = match start.connect().await {
        Ok(live) => live,
        Err(error) => {
            let check = Check::new(State::Fail, "kubeconfig", error.to_string());
            sheet.add(advice(&error).into_iter().fold(check, Check::advise));
            return None;
        }
    };
    let connection = Arc::clone(live.connection());
    let identity = connection.identity();
    sheet.add(doctor::kubeconfig(&Chosen {
        context: identity.context.clone(),
        server: identity.server.clone(),
        user: identity.user.clone(),
        namespace: identity.namespace.clone(),
        insecure: identity.insecure_tls,
        proxy: identity.proxy.clone(),
        source: identity.source.clone(),
        took: Span::from_std(began.elapsed()).unwrap_or_default(),
    }));
    Some(connection)
}

/// What to do, where the error does not say it itself.
fn advice(error: &ClusterError) -> Option<&'static str> {
    match error {
        ClusterError::Config { .. } => Some("name another one with --kubeconfig"),
        ClusterError::Credentials { .. } => {
            Some("log in again; then run the plugin of the user entry by hand")
        }
        ClusterError::Connect { .. } => {
            Some("look at the certificates and the proxy of the cluster entry")
        }
        ClusterError::Unreachable { cause, .. } if cause.contains("certificate") => Some(
            "the certificate-authority of the cluster entry is another one's: is it the right \
                  context, or does a proxy read along?",
        ),
        ClusterError::Unreachable { .. } => {
            Some("is it the right context? Look at VPN, proxy and firewall")
        }
        ClusterError::Decode { .. } | ClusterError::NotFound { .. } => {
            Some("something answers there, but no API server: a login page or a proxy?")
        }
        ClusterError::Server { .. } => Some("the API server is starting or in trouble: ask again"),
        ClusterError::NoConfig { .. }
        | ClusterError::Context { .. }
        | ClusterError::Unauthorized { .. }
        | ClusterError::Forbidden { .. } => None,
    }
}

impl Patient<'_> {
    /// Says hello; nothing when nobody who is an API server answers.
    async fn server(&self, sheet: &mut Sheet) -> Option<Pulse> {
        let server = &self.connection.identity().server;
        let version = limited(ask::version(&self.connection)).await;
        let version = match version {
            Ok(Ok(version)) => Some(version),
            // Somebody is there who knows about rights.
            Ok(Err(ClusterError::Forbidden { .. })) => None,
            Ok(Err(error)) => {
                let found = match &error {
                    ClusterError::NotFound { .. } => format!("{server} has no /version"),
                    error => error.to_string(),
                };
                let check = Check::new(State::Fail, "server", found);
                sheet.add(advice(&error).into_iter().fold(check, Check::advise));
                return None;
            }
            Err(why) => {
                let check = Check::new(State::Fail, "server", format!("{server}: {why}"));
                sheet.add(check.advise("look at VPN, proxy and firewall"));
                return None;
            }
        };
        let (who, pulse) =
            tokio::join!(limited(cluster::access::whoami(&self.connection)), self.pulse());
        let who = match who {
            Ok(Ok(name)) if name.is_empty() => Err("it names nobody".into()),
            Ok(Ok(name)) => Ok(name),
            Ok(Err(ClusterError::NotFound { .. })) => Err("it is older than 1.28".into()),
            Ok(Err(error)) => Err(error.to_string().into()),
            Err(why) => Err(why.into()),
        };
        sheet.add(doctor::server(&Greeting { version, rtt: pulse.rtt, who }));
        Some(pulse)
    }

    /// One beat, over the connection that is there by now.
    async fn pulse(&self) -> Pulse {
        let (out, mut pulse) = watch::channel(Pulse::default());
        let now = self.start.clock.as_now();
        let connection = Arc::clone(&self.connection);
        let mut beating = JoinSet::new();
        beating.spawn(cluster::heartbeat(connection, Beat::default(), now, out));
        // Without one the pulse stays empty, which says it.
        let _ = limited(pulse.changed()).await;
        pulse.borrow().clone()
    }

    /// The namespaces that are named; none means all.
    fn named(&self) -> &[SafeText] {
        match &self.scope {
            Scope::All => &[],
            Scope::Namespaces(names) => names,
        }
    }

    /// Whether the namespaces exist; those that do not.
    async fn scope(&self, sheet: &mut Sheet) -> Vec<SafeText> {
        let mut missing = Vec::new();
        let asking = limited(async {
            for name in self.named() {
                let found = ask::namespace(&self.connection, name).await;
                // Only this is an answer; that one may not ask is none.
                if matches!(found, Err(ClusterError::NotFound { .. })) {
                    missing.push(name.clone());
                }
            }
        });
        // What was not asked in time counts as there: nothing is known against it.
        let _ = asking.await;
        sheet.add(doctor::scope(&self.scope, &missing));
        missing
    }

    /// Whether Argo Rollouts is installed; as long as that is not known, it is.
    async fn argo(&self, sheet: &mut Sheet) -> bool {
        let unknown = |why: String| (Check::new(State::Warn, "argo", why), true);
        let (check, argo) = match limited(ask::kinds(&self.connection, ARGO)).await {
            Ok(Ok(kinds)) => (doctor::argo(Some(&kinds)), doctor::has_rollouts(&kinds)),
            Ok(Err(ClusterError::NotFound { .. })) => (doctor::argo(None), false),
            Ok(Err(error)) => unknown(error.to_string()),
            Err(why) => unknown(why),
        };
        sheet.add(check);
        argo
    }

    /// What we may do, namespace by namespace.
    async fn rights(&self, session: Session, missing: &[SafeText], sheet: &mut Sheet) {
        let namespaces = match &self.scope {
            Scope::All => vec![None],
            // In one that does not exist everything may be allowed.
            Scope::Namespaces(names) => {
                names.iter().filter(|name| !missing.contains(name)).map(Some).collect()
            }
        };
        if namespaces.is_empty() {
            sheet.skip(&["rights"], "needs a namespace, see above");
        }
        for namespace in namespaces {
            let answers = self.may(doctor::wanted(&session, namespace)).await;
            for check in doctor::rights(&answers) {
                sheet.add(check);
            }
        }
    }

    /// Asks for rights, some at once; what is not answered in time is not known.
    async fn may(&self, wanted: Vec<Permission>) -> Vec<(Permission, Access)> {
        let late = || Access::Unknown(format!("no answer within {} s", LIMIT.as_secs()).into());
        let mut answers: Vec<_> = wanted.into_iter().map(|one| (one, late())).collect();
        let mut open: Vec<_> =
            answers.iter().map(|(one, _)| one.clone()).enumerate().rev().collect();
        let mut asking = JoinSet::new();
        let _ = limited(async {
            loop {
                while asking.len() < AT_ONCE
                    && let Some((at, permission)) = open.pop()
                {
                    let connection = Arc::clone(&self.connection);
                    asking.spawn(async move {
                        (at, cluster::access::access(&connection, &permission).await)
                    });
                }
                match asking.join_next().await {
                    Some(Ok((at, access))) => {
                        if let Some((_, answer)) = answers.get_mut(at) {
                            *answer = access_of(access);
                        }
                    }
                    Some(Err(_)) => {}
                    None => break,
                }
            }
        })
        .await;
        answers
    }

    /// Whether anybody moves the rollouts.
    async fn controller(&self, argo: bool, sheet: &mut Sheet) {
        if !argo {
            sheet.skip(&["controller"], "Argo Rollouts is not installed");
            return;
        }
        sheet.add(match limited(self.controllers()).await {
            Ok(Ok((found, everywhere))) => doctor::controller(&found, everywhere),
            Ok(Err(error)) => {
                Check::new(State::Skip, "controller", format!("not to be found: {error}"))
            }
            Err(why) => Check::new(State::Warn, "controller", why),
        });
    }

    /// The controller's Deployments, and whether all namespaces were looked at.
    async fn controllers(&self) -> Result<(Vec<doctor::Controller>, bool), ClusterError> {
        let told = |found: Vec<ask::Controller>| {
            let told = found.into_iter().map(|one| doctor::Controller {
                name: format!("{}/{}", one.namespace, one.name).into(),
                tag: one.tag,
                wanted: one.wanted,
                available: one.available,
            });
            told.collect::<Vec<_>>()
        };
        let refusal = match ask::controllers(&self.connection, None).await {
            Ok(found) => return Ok((told(found), true)),
            Err(error) => error,
        };
        let mut looked = false;
        let own = self.named().iter().map(SafeText::as_str);
        for name in std::iter::once(USUAL_NAMESPACE).chain(own) {
            if let Ok(found) = ask::controllers(&self.connection, Some(name)).await {
                looked = true;
                if !found.is_empty() {
                    return Ok((told(found), false));
                }
            }
        }
        if looked { Ok((Vec::new(), false)) } else { Err(refusal) }
    }

    fn measuring(&self) -> Measuring {
        measure::measuring(&self.start.settings, false)
    }

    /// Whether Prometheus was named at an address that is not one of the cluster's Services.
    fn asks_directly(&self) -> bool {
        let Measuring { on, named, .. } = self.measuring();
        on && named.is_some_and(|named| named.address.service.is_none())
    }

    /// Who measures, and whether the right to ask Services is still to be asked for.
    async fn prometheus(&self) -> (Check, bool) {
        let Measuring { on, named, .. } = self.measuring();
        if !on {
            let by = &self.start.settings.metrics.on.origin;
            let found = format!("nothing is measured ({by})");
            return (Check::new(State::Skip, "prometheus", found), false);
        }
        let is_named = named.is_some();
        let sign_in = measure::sign_in(&self.start.settings, None, false);
        let connection = Arc::clone(&self.connection);
        let (clock, in_cluster) = (&self.start.clock, connection.identity().in_cluster);
        let found = limited(measure::examine(connection, sign_in, named, clock)).await;
        let proxy = !in_cluster && !self.asks_directly();
        match found {
            Ok(Ok(measures)) => {
                let Measures { through, .. } = measures;
                (doctor::prometheus(&measures), proxy && !through)
            }
            // What is missing is named already.
            Ok(Err(why)) => (no_prometheus(&why, is_named), proxy && !needs_right(&why)),
            Err(why) => (no_prometheus(&why, is_named), proxy),
        }
    }
}
