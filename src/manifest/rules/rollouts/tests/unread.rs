//! What could not be read is not missing: what needs it is not known. And what has to be read,
//! since something refers to it.

use crate::domain::readiness::Standing;
use crate::manifest::rules::rollouts::wanted;

use super::*;

/// How W31 stands of the bundle.
fn of_references(bundle: &Bundle) -> Vec<Standing> {
    let findings = judge(bundle, &Profile::default(), RULES);
    findings.into_iter().filter(|found| found.rule == "W31").map(|found| found.standing).collect()
}

#[test]
fn what_could_not_be_read_is_not_missing() {
    let mut bundle = bundle(&with(&canary(), "canaryService: web-canary", "canaryService: gone"));
    assert_eq!(of_references(&bundle), [Standing::Broken]);
    bundle.leave_out("Service", "other");
    bundle.leave_out("Ingress", "shop");
    assert_eq!(of_references(&bundle), [Standing::Broken], "those were read");
    bundle.leave_out("Service", "shop");
    let unknown = Standing::Unknown("Services could not be read".into());
    assert_eq!(of_references(&bundle), [unknown]);
}

#[test]
fn what_is_referred_to_and_not_there_has_to_be_read() {
    let wanted_of = |text: &str| -> Vec<String> {
        let wanted = wanted(&bundle(text), |_| true).into_iter();
        wanted.map(|(kind, namespace)| format!("{}/{namespace}", kind.resource)).collect()
    };
    assert_eq!(wanted_of(&canary()), Vec::<String>::new());
    let route = "virtualService: {name: web}";
    let other = with(&canary(), route, "virtualService: {name: web.other}");
    assert_eq!(wanted_of(&other), ["virtualservices/other"]);
    let gateway = "plugins: {argoproj-labs/gatewayAPI: {httpRoute: web, namespace: edge}}";
    let other = with(&canary(), &format!("istio:\n          {route}"), gateway);
    assert_eq!(wanted_of(&other), ["httproutes/edge"]);
    assert!(wanted(&bundle(&other), |_| false).is_empty(), "of no workload");
    let nginx =
        with(&canary(), &format!("istio:\n          {route}"), "nginx: {stableIngress: web}");
    let ingress = "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\n\
                   metadata: {name: web, namespace: shop}\nspec: {ingressClassName: nginx}\n";
    assert_eq!(wanted_of(&nginx), ["ingresses/shop"]);
    assert_eq!(wanted_of(&format!("{nginx}{ingress}")), ["ingressclasses/"]);
}
