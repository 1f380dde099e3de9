//! The metrics that are exposed, by name, and the bounds of their histograms.
//!
//! Called by everything that exposes series, and by the API that lists them.

/// The bounds of a histogram's buckets.
#[derive(Debug)]
pub(in crate::sim::traffic) struct Bounds {
    pub(in crate::sim::traffic) values: &'static [f64],
    /// As the label `le` has them, with the last one that is no bound.
    pub(in crate::sim::traffic) texts: &'static [&'static str],
    /// How many of its units are a second.
    pub(in crate::sim::traffic) per_second: f64,
}

/// Seconds, as client libraries and nginx have them.
pub(in crate::sim::traffic) const SECONDS: Bounds = Bounds {
    values: &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0],
    texts: &["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"],
    per_second: 1.0,
};

/// Milliseconds, as Istio has them.
pub(in crate::sim::traffic) const MILLISECONDS: Bounds = Bounds {
    values: &[
        0.5,
        1.0,
        5.0,
        10.0,
        25.0,
        50.0,
        100.0,
        250.0,
        500.0,
        1_000.0,
        2_500.0,
        5_000.0,
        10_000.0,
        30_000.0,
        60_000.0,
        300_000.0,
        600_000.0,
        1_800_000.0,
        3_600_000.0,
    ],
    texts: &[
        "0.5", "1", "5", "10", "25", "50", "100", "250", "500", "1000", "2500", "5000", "10000",
        "30000", "60000", "300000", "600000", "1800000", "3600000", "+Inf",
    ],
    per_second: 1_000.0,
};

/// What a metric is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// Its type, as Prometheus names it.
    pub(crate) kind: &'static str,
    pub(crate) help: &'static str,
}

const fn family(name: &'static str, kind: &'static str, help: &'static str) -> Family {
    Family { name, kind, help }
}

/// Everything that is exposed, but what scripts set.
pub(crate) const FAMILIES: &[Family] = &[
    family(BUSINESS, "counter", "Business transactions by how they went."),
    family(MEMORY, "gauge", "Current working set of the container in bytes."),
    family(DURATION.name, "histogram", "Duration of HTTP requests in seconds."),
    family(REQUESTS, "counter", "HTTP requests by code."),
    family(MESH_DURATION.name, "histogram", ""),
    family(MESH_REQUESTS, "counter", ""),
    family("kube_deployment_spec_replicas", "gauge", "Number of desired pods for a deployment."),
    family("kube_deployment_status_replicas", "gauge", "The number of replicas per deployment."),
    family(
        "kube_deployment_status_replicas_available",
        "gauge",
        "The number of available replicas per deployment.",
    ),
    family(
        "kube_deployment_status_replicas_ready",
        "gauge",
        "The number of ready replicas per deployment.",
    ),
    family(
        "kube_deployment_status_replicas_unavailable",
        "gauge",
        "The number of unavailable replicas per deployment.",
    ),
    family(
        "kube_deployment_status_replicas_updated",
        "gauge",
        "The number of updated replicas per deployment.",
    ),
    family(RESTARTS, "counter", "The number of container restarts per container."),
    family(PHASE, "gauge", "The pods current phase."),
    family(READY, "gauge", "Describes whether the pod is ready to serve requests."),
    family("kube_replicaset_spec_replicas", "gauge", "Number of desired pods for a ReplicaSet."),
    family(
        "kube_replicaset_status_ready_replicas",
        "gauge",
        "The number of ready replicas per ReplicaSet.",
    ),
    family("kube_replicaset_status_replicas", "gauge", "The number of replicas per ReplicaSet."),
    family(NGINX_DURATION.name, "histogram", "The request processing time in milliseconds"),
    family(NGINX_REQUESTS, "counter", "The total number of client requests"),
    family(ROLLOUT, "gauge", "Information about rollout."),
    family(
        "rollout_info_replicas_available",
        "gauge",
        "The number of available replicas per rollout.",
    ),
    family("rollout_info_replicas_desired", "gauge", "The number of desired replicas per rollout."),
    family(
        "rollout_info_replicas_unavailable",
        "gauge",
        "The number of unavailable replicas per rollout.",
    ),
    family("rollout_info_replicas_updated", "gauge", "The number of updated replicas per rollout."),
];

/// The three series of a histogram.
#[derive(Debug)]
pub(in crate::sim::traffic) struct Histogram {
    name: &'static str,
    pub(in crate::sim::traffic) bucket: &'static str,
    pub(in crate::sim::traffic) count: &'static str,
    pub(in crate::sim::traffic) sum: &'static str,
    pub(in crate::sim::traffic) bounds: &'static Bounds,
}

pub(in crate::sim::traffic) const BUSINESS: &str = "business_transactions_total";
pub(in crate::sim::traffic) const MEMORY: &str = "container_memory_working_set_bytes";
pub(in crate::sim::traffic) const REQUESTS: &str = "http_requests_total";
pub(in crate::sim::traffic) const MESH_REQUESTS: &str = "istio_requests_total";
pub(in crate::sim::traffic) const NGINX_REQUESTS: &str = "nginx_ingress_controller_requests";
pub(in crate::sim::traffic) const RESTARTS: &str = "kube_pod_container_status_restarts_total";
pub(in crate::sim::traffic) const PHASE: &str = "kube_pod_status_phase";
pub(in crate::sim::traffic) const READY: &str = "kube_pod_status_ready";
pub(in crate::sim::traffic) const ROLLOUT: &str = "rollout_info";
/// Not exposed by anything: made by each scrape itself.
pub(in crate::sim::traffic) const UP: &str = "up";

pub(in crate::sim::traffic) const DURATION: Histogram = Histogram {
    name: "http_request_duration_seconds",
    bucket: "http_request_duration_seconds_bucket",
    count: "http_request_duration_seconds_count",
    sum: "http_request_duration_seconds_sum",
    bounds: &SECONDS,
};

pub(in crate::sim::traffic) const NGINX_DURATION: Histogram = Histogram {
    name: "nginx_ingress_controller_request_duration_seconds",
    bucket: "nginx_ingress_controller_request_duration_seconds_bucket",
    count: "nginx_ingress_controller_request_duration_seconds_count",
    sum: "nginx_ingress_controller_request_duration_seconds_sum",
    bounds: &SECONDS,
};

pub(in crate::sim::traffic) const MESH_DURATION: Histogram = Histogram {
    name: "istio_request_duration_milliseconds",
    bucket: "istio_request_duration_milliseconds_bucket",
    count: "istio_request_duration_milliseconds_count",
    sum: "istio_request_duration_milliseconds_sum",
    bounds: &MILLISECONDS,
};
