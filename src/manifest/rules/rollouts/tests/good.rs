//! A canary and a blue-green of which nothing is to be said. Red cases change one thing in them.
//!
//! Called by the tests of the rules.

pub(super) const CANARY: &str = r#"
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
  namespace: shop
  labels: {region: north}
spec:
  replicas: 20
  revisionHistoryLimit: 5
  rollbackWindow: {revisions: 3}
  strategy:
    canary:
      stableService: web-stable
      canaryService: web-canary
      trafficRouting:
        istio:
          virtualService: {name: web}
      analysis:
        startingStep: 1
        templates:
        - templateName: requests
        args:
        - name: service
          value: web-canary
      steps:
      - setWeight: 5
      - pause: {duration: 2m}
      - analysis:
          templates:
          - templateName: both
          args:
          - name: service
            value: web-canary
      - setWeight: 25
      - pause: {duration: 300}
      - setWeight: 50
      - pause: {duration: "600"}
      - pause: {}
---
apiVersion: v1
kind: Service
metadata: {name: web-stable, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web-canary, namespace: shop}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
"#;

pub(super) const BLUE_GREEN: &str = r"
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
  namespace: shop
spec:
  rollbackWindow: {revisions: 3}
  strategy:
    blueGreen:
      activeService: web-active
      previewService: web-preview
      autoPromotionEnabled: false
      scaleDownDelaySeconds: 600
      prePromotionAnalysis:
        templates:
        - templateName: smoke
      postPromotionAnalysis:
        templates:
        - templateName: errors
        args:
        - name: service
          value: web-active
---
apiVersion: v1
kind: Service
metadata: {name: web-active, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web-preview, namespace: shop}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: smoke, namespace: shop}
spec:
  metrics:
  - name: smoke
    provider:
      job:
        spec: {}
";

/// Templates of both.
pub(super) const TEMPLATES: &str = r#"
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: both, namespace: shop}
spec:
  templates:
  - templateName: errors
  - templateName: p99
    clusterScope: true
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: errors, namespace: shop}
spec:
  args:
  - name: service
  - name: window
    value: 2m
  metrics:
  - name: errors
    interval: 30s
    count: 5
    failureLimit: 1
    successCondition: result[0] <= 0.01
    failureCondition: result[0] > 0.01
    provider:
      prometheus:
        query: |
          (sum(rate(http_requests_total{service="{{args.service}}", code=~"5.."}[{{args.window}}]))
            or vector(0))
          / (sum(rate(http_requests_total{service="{{args.service}}"}[{{args.window}}]))
            or vector(0))
---
apiVersion: argoproj.io/v1alpha1
kind: ClusterAnalysisTemplate
metadata: {name: p99}
spec:
  args:
  - name: service
  metrics:
  - name: p99
    interval: 30s
    count: 5
    successCondition: result[0] <= 500
    failureCondition: result[0] > 500
    provider:
      prometheus:
        query: |
          1000 * histogram_quantile(0.99, sum by (le) (
            rate(http_request_duration_seconds_bucket{service="{{args.service}}"}[2m])))
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: requests, namespace: shop}
spec:
  args:
  - name: service
  metrics:
  - name: requests
    interval: 60s
    successCondition: result[0] >= 1
    provider:
      prometheus:
        query: sum(rate(http_requests_total{service="{{args.service}}"}[2m])) or vector(0)
"#;
