//! Switches, ladders, the way back and what is referred to: one change, one finding.
//!
//! Called by nobody; `mod` has what good manifests are.

use super::{all_said, blue_green, canary, check, judged, with};
use crate::manifest::profile::Profile;

const SWITCH: &str = "Rollout/web spec.strategy.blueGreen";
const CANARY: &str = "Rollout/web spec.strategy.canary";

#[test]
fn who_switches_and_how_long_the_old_version_stays() {
    let metric = "    interval: 30s\n    count: 5\n    failureLimit: 1";
    let late = format!("    initialDelay: 2m31s\n{metric}");
    check(
        &blue_green(),
        SWITCH,
        &[
            (
                "autoPromotionEnabled: false",
                "autoPromotionEnabled: true",
                "W21 warning @.autoPromotionEnabled: true",
            ),
            (
                "      autoPromotionEnabled: false\n",
                "",
                "W21 warning @.autoPromotionEnabled: none (true)",
            ),
            // Five minutes of the guard, two of the analysis, and half a minute.
            (
                "scaleDownDelaySeconds: 600",
                "scaleDownDelaySeconds: 449",
                "W22 error @.scaleDownDelaySeconds: 7m29s",
            ),
            ("scaleDownDelaySeconds: 600", "scaleDownDelaySeconds: 450", ""),
            (
                "      scaleDownDelaySeconds: 600\n",
                "",
                "W22 error @.scaleDownDelaySeconds: none (30s)",
            ),
            (metric, &late, "W22 error @.scaleDownDelaySeconds: 10m"),
        ],
    );
}

#[test]
fn what_is_asked_before_and_after_a_switch() {
    let smoke = "        - templateName: smoke\n";
    let asks = |argument: &str| {
        format!("        - templateName: errors\n        args: [{{name: service, {argument}}}]\n")
    };
    let measures = "W24 error @.prePromotionAnalysis.templates[0]: \
                    errors measures requests of web-preview";
    check(
        &blue_green(),
        SWITCH,
        &[
            (
                "      prePromotionAnalysis:\n        templates:\n        - templateName: smoke\n",
                "",
                "W23 warning @.prePromotionAnalysis: none",
            ),
            ("postPromotionAnalysis", "ignored", "W23 warning @.postPromotionAnalysis: none"),
            (smoke, &asks("value: web-preview"), measures),
            (smoke, &asks("valueFrom: {podTemplateHashValue: Latest}"), measures),
            (smoke, &asks("value: web-preview-two"), ""),
            (smoke, &asks("value: web-active"), ""),
        ],
    );
}

#[test]
fn a_job_may_make_load_for_a_preview() {
    let smoke = "        - templateName: smoke\n";
    let both = "        - templateName: smoke\n        - templateName: errors\n        \
                args: [{name: service, value: web-preview}]\n";
    let text = with(&blue_green(), smoke, both);
    let found = all_said(&judged(&text, &Profile::default()));
    let wanted = "W24 error Rollout/web spec.strategy.blueGreen.prePromotionAnalysis.templates[1]: \
                  errors measures requests of web-preview";
    assert_eq!(found, [wanted]);
    let text = with(&text, "failureLimit: 1", "failureLimit: 1\n    initialDelay: 1m");
    assert_eq!(all_said(&judged(&text, &Profile::default())), Vec::<String>::new());
}

#[test]
fn two_services() {
    check(
        &blue_green(),
        SWITCH,
        &[
            (
                "previewService: web-preview",
                "previewService: web-active",
                "W25 error @.previewService: web-active",
            ),
            ("      previewService: web-preview\n", "", "W25 error @.previewService: none"),
            (
                "activeService: web-active",
                "activeService: gone",
                "W25 error @.activeService: Service gone is not among what was read",
            ),
        ],
    );
    check(
        &canary(),
        CANARY,
        &[(
            "canaryService: web-canary",
            "canaryService: web-stable",
            "W25 error @.canaryService: web-stable",
        )],
    );
}

#[test]
fn exactly_one_strategy() {
    let strategy = "Rollout/web spec.strategy";
    let canaries = "  strategy:\n    canary:\n";
    check(
        &canary(),
        strategy,
        &[
            (canaries, "  strategy:\n    Canary:\n", "W25 error @: Canary: a map of 5"),
            (
                canaries,
                "  strategy:\n    blueGreen: {activeService: web-stable}\n    canary:\n",
                "W25 error @: blueGreen: a map of 1, canary: a map of 5",
            ),
            // What is null is not there.
            (canaries, "  strategy:\n    blueGreen:\n    canary:\n", ""),
        ],
    );
    check(
        &blue_green(),
        strategy,
        &[
            ("  strategy:\n", "  ignored:\n", "W25 error @: none"),
            (
                "  strategy:\n    blueGreen:\n",
                "  strategy:\n    canary:\n  ignored:\n    blueGreen:\n",
                "W25 error @: canary: null",
            ),
        ],
    );
}

#[test]
fn a_missing_template_leaves_its_length_open() {
    let after = "        - templateName: errors\n";
    let gone = "W31 error @.postPromotionAnalysis.templates[0].templateName: \
                AnalysisTemplate gone is not among what was read";
    let open = format!("W22 error @.scaleDownDelaySeconds: 10m\n{gone}");
    check(&blue_green(), SWITCH, &[(after, "        - templateName: gone\n", &open)]);
    let text = with(&blue_green(), after, "        - templateName: gone\n");
    let found = judged(&text, &Profile::default());
    let standing = format!("{:?}", found[0].standing);
    assert!(standing.contains("Unknown") && standing.contains("gone"), "{standing}");
    let short = with(&text, "scaleDownDelaySeconds: 600", "scaleDownDelaySeconds: 329");
    let found = judged(&short, &Profile::default());
    assert_eq!(format!("{:?}", found[0].standing), "Broken", "too short whatever it is");
}

#[test]
fn ladders() {
    check(
        &canary(),
        CANARY,
        &[
            ("setWeight: 25", "setWeight: 30", "W26 warning @.steps: 5, 30, 50"),
            ("      - pause: {}\n", "      - pause: {}\n      - setWeight: 100\n", ""),
            ("istio:", "maxTrafficWeight: 1000\n        istio:", "W26 warning @.steps: 5, 25, 50"),
            ("      - pause: {}\n", "", "W27 error @.steps: a pause of 10m"),
            (
                "      - pause: {}\n",
                "      - setWeight: 100\n      - pause: {}\n",
                "W27 error @.steps[7]: a pause of 10m",
            ),
            (
                "      - pause: {duration: \"600\"}\n      - pause: {}\n",
                "",
                "W27 error @.steps: no pause",
            ),
        ],
    );
}

#[test]
fn what_is_watched() {
    check(
        &canary(),
        CANARY,
        &[
            (
                "        templates:\n        - templateName: requests\n",
                "",
                "W28 warning @.analysis: none; 17m of timed pauses unwatched",
            ),
            (
                "startingStep: 1",
                "startingStep: 2",
                "W28 warning @.analysis.startingStep: begins at step 2 of 8",
            ),
            (
                "startingStep: 1",
                "startingStep: 8",
                "W28 warning @.analysis.startingStep: begins at step 8 of 8\n\
             W29 error",
            ),
            ("        startingStep: 1\n", "", ""),
        ][..2],
    );
    check(&canary(), CANARY, &[("        startingStep: 1\n", "", "")]);
}

#[test]
fn errors_are_watched_at_first() {
    let wanted = "W29 warning @.analysis.templates: requests, both";
    check(
        &canary(),
        CANARY,
        &[
            // Another label, another provider's codes: still what failed.
            ("code=~\"5..\"", "status!=\"200\"", ""),
            ("code=~\"5..\"", "grpc_code!=\"OK\"", ""),
            ("code=~\"5..\"", "path=~\"5..\"", wanted),
            ("      - pause: {duration: 2m}\n", "      - setWeight: 5\n", ""),
            (
                "      - pause: {duration: 2m}\n",
                "      - setWeight: 25\n",
                "W29 warning @.analysis: no analysis",
            ),
        ],
    );
    let good = with(&canary(), "code=~\"5..\"", "code!~\"5..\"");
    let good = with(&good, "result[0] > 0.01", "result[0] < 0.99");
    let loose = format!(
        "{wanted}\nW37 warning AnalysisTemplate/errors spec.metrics[0].successCondition: \
         5 % of failed requests"
    );
    // Good requests watch errors too, if they are held to the same limit.
    check(
        &good,
        CANARY,
        &[
            ("result[0] <= 0.01", "result[0] >= 0.99", ""),
            ("result[0] <= 0.01", "result[0] >= 0.95", &loose),
        ],
    );
}

#[test]
fn what_is_referred_to() {
    let istio = "istio:\n          virtualService: {name: web}";
    check(
        &canary(),
        CANARY,
        &[
            ("virtualService: {name: web}", "virtualService: {name: web.shop}", ""),
            (
                "virtualService: {name: web}",
                "virtualService: {name: web.other}",
                "W31 error @.trafficRouting.istio.virtualService.name: \
             VirtualService web is not among what was read",
            ),
            (
                "canaryService: web-canary",
                "canaryService: gone",
                "W31 error @.canaryService: Service gone is not among what was read",
            ),
            ("      canaryService: web-canary\n", "", "W31 error @.canaryService: none"),
            (
                istio,
                "alb: {ingress: web, rootService: root}",
                "W31 error @.trafficRouting.alb.ingress: Ingress web is not among what was read\n\
             W31 error @.trafficRouting.alb.rootService: Service root is not among what was read",
            ),
            (
                istio,
                "plugins: {argoproj-labs/gatewayAPI: {httpRoute: web}}",
                "W31 error @.trafficRouting.plugins[\"argoproj-labs/gatewayAPI\"].httpRoute: \
             HTTPRoute web is not among what was read",
            ),
            (
                "          - templateName: both\n",
                "          - templateName: both\n          \
                 - {templateName: both, clusterScope: true}\n",
                "W31 error @.steps[2].analysis.templates[1].templateName: \
             ClusterAnalysisTemplate both is not among what was read",
            ),
            (
                "  - templateName: p99\n",
                "  - templateName: p98\n",
                "W31 error AnalysisTemplate/both spec.templates[1].templateName: \
             ClusterAnalysisTemplate p98 is not among what was read",
            ),
        ],
    );
}

#[test]
fn undo() {
    let spec = "Rollout/web spec";
    for text in [canary(), blue_green()] {
        check(
            &text,
            spec,
            &[
                ("  rollbackWindow: {revisions: 3}\n", "", "W30 error @.rollbackWindow: none"),
                ("revisions: 3", "revisions: 0", "W30 error @.rollbackWindow.revisions: 0"),
                (
                    "revisions: 3",
                    "revisions: 11",
                    "W30 error @.rollbackWindow.revisions: 11 revisions",
                ),
            ],
        );
    }
    // Five revisions are kept there, ten where nothing is written.
    check(
        &canary(),
        spec,
        &[
            ("revisions: 3", "revisions: 5", ""),
            ("revisions: 3", "revisions: 6", "W30 error @.rollbackWindow.revisions: 6 revisions"),
        ],
    );
    check(&blue_green(), spec, &[("revisions: 3", "revisions: 10", "")]);
}

#[test]
fn ingress_nginx() {
    let ingress = "\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\n\
                   metadata: {name: web, namespace: shop}\nspec:\n  ingressClassName: nginx\n";
    let router = "nginx:\n          stableIngress: web\n          additionalIngressAnnotations:\n\
                  \x20           canary-by-header: x-canary\n            \
                  canary-by-header-value: once-more";
    let istio = "istio:\n          virtualService: {name: web}";
    let text = with(&(canary() + ingress), istio, router);
    let note = "W42 note @: ingress-nginx";
    let of = |before: &str| format!("{before}\n{note}");
    check(
        &text,
        &format!("{CANARY}.trafficRouting.nginx"),
        &[
            ("replicas: 20", "replicas: 21", note),
            (
                "            canary-by-header-value: once-more",
                "",
                &of("W42 warning @.additionalIngressAnnotations.canary-by-header: \
                 header x-canary without a value"),
            ),
            (
                "canary-by-header-value",
                "nginx.ingress.kubernetes.io/canary-by-header-pattern",
                note,
            ),
            (
                "  ingressClassName: nginx\n",
                "  rules: []\n",
                &of("W42 warning Ingress/web spec.ingressClassName: none"),
            ),
            (
                "  ingressClassName: nginx\n",
                "  ingressClassName: nginx\n---\napiVersion: networking.k8s.io/v1\n\
             kind: IngressClass\nmetadata: {name: nginx}\nspec: {controller: example.com/other}\n",
                &of("W42 warning Ingress/web spec.ingressClassName: \
                     class nginx of example.com/other"),
            ),
        ],
    );
}
