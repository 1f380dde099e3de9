//! W43: the same service in two environments.

use serde_json::{Value as Json, json};

use crate::domain::readiness::Severity::Warning;
use crate::domain::text::SafeText;
use crate::manifest::bundle::{Bundle, Object};
use crate::manifest::profile::Profile;
use crate::manifest::rules::judge;

use super::{RULES, Remove, Set, blue_green, judged, object, play, rolling, row, short};

/// A service in production, and the same in staging with what may differ.
fn twice() -> Vec<Json> {
    let mut all = blue_green();
    all.append(&mut blue_green());
    for (index, namespace) in ["shop-production", "shop-staging"].into_iter().enumerate() {
        all[2 * index]["metadata"]["namespace"] = json!(namespace);
        all[2 * index + 1]["metadata"]["namespace"] = json!(namespace);
    }
    all[2]["spec"]["replicas"] = json!(2);
    let container = &mut all[2]["spec"]["template"]["spec"]["containers"][0];
    container["resources"]["limits"]["memory"] = json!("300Mi");
    container["env"][0]["value"] = json!("20s");
    all
}

#[test]
fn w43_another_kind_or_shape_than_in_production() {
    let probe = "2/spec/template/spec/containers/0/livenessProbe/periodSeconds";
    let port = "2/spec/template/spec/containers/0/ports/-";
    let name = "2/spec/template/spec/containers/0/env/0/name";
    let pod = "spec.template.spec";
    let strategy = json!({"canary": {"trafficRouting": {}}});
    let back = json!({"blueGreen": {}});
    play(vec![
        row(twice, vec![], vec![], vec![]),
        row(
            twice,
            vec![Set(probe, json!(60)), Set(port, json!({"containerPort": 9090}))],
            vec![("W43", Warning, pod, "differs in livenessProbe of web, ports of web")],
            vec![Remove(probe), Remove("2/spec/template/spec/containers/0/ports/1")],
        ),
        row(
            twice,
            vec![Set(name, json!("DRAIN_TIMEOUT"))],
            vec![(
                "W43",
                Warning,
                pod,
                "differs in variable DRAIN_TIMEOUT of web, variable GRACEFUL_SHUTDOWN_TIMEOUT of \
                 web",
            )],
            vec![Set(name, json!("GRACEFUL_SHUTDOWN_TIMEOUT"))],
        ),
        row(
            twice,
            vec![Set("2/spec/strategy", strategy)],
            vec![("W43", Warning, "spec", "Rollout (canary)")],
            vec![Set("2/spec/strategy", back)],
        ),
        // Another product of the same name.
        row(
            twice,
            vec![Set(probe, json!(60)), Set("2/metadata/namespace", json!("blog-staging"))],
            vec![("W16", Warning, "spec.template.metadata.labels", "none")],
            vec![Set("3/metadata/namespace", json!("blog-staging"))],
        ),
    ]);
}

#[test]
fn w43_by_the_folders_of_a_repository() {
    // Folders of all files, such as the home of somebody called dev, are no environment.
    for home in ["", "/home/dev/"] {
        let of = |folder: &str, file: &str, objects: Vec<Json>| -> Vec<Object> {
            let source: SafeText = format!("{home}environments/{folder}/web/{file}").into();
            let sourced = |json: &Json| {
                let mut object = object(json);
                object.namespace = String::new();
                object.source = source.clone();
                object
            };
            objects.iter().map(sourced).collect()
        };
        let mut all = of("production", "rollout.yaml", blue_green());
        all.extend(of("staging", "deployment.yaml", vec![rolling().swap_remove(0)]));
        let bundle: Bundle = all.into_iter().collect();
        let findings = judge(&bundle, &Profile::default(), RULES);
        let seen: Vec<_> = findings.iter().map(short).collect();
        let measured = "Deployment (rolling)".to_owned();
        assert_eq!(seen, [("W43".to_owned(), Warning, "kind".to_owned(), measured)]);
        let place = format!("{home}environments/production/web/rollout.yaml");
        let wanted = format!("Rollout (blue-green), as in {place}");
        assert_eq!(findings[0].wanted, wanted.as_str());
        let source = format!("{home}environments/staging/web/deployment.yaml");
        assert_eq!(findings[0].source, source.as_str());
    }
}

#[test]
fn w43_says_nothing_of_one_environment() {
    let mut objects = twice();
    objects[2]["metadata"]["namespace"] = json!("shop-eu-production");
    objects[3]["metadata"]["namespace"] = json!("shop-eu-production");
    objects[2]["spec"]["template"]["spec"]["containers"][0]["ports"] = json!([]);
    let findings = judged(&objects, &Profile::default());
    assert!(findings.iter().all(|found| found.rule != "W43"), "{findings:?}");
}
