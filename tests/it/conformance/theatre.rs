//! A theatre: a cluster on which stories are played. Only what all clusters have: an address with
//! credentials, metrics that can be set, a clock.
//!
//! Speaks raw JSON over HTTPS; knows no kind and no story.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use http::Request;
use http_body_util::BodyExt;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;

use super::record::Record;

/// Sets a metric: `error_rate/SERVICE`, and a number, `nan`, `empty`, `error` or `unset`.
pub(crate) type SetMetric = Box<dyn Fn(String, String) -> BoxFuture<'static, ()> + Send + Sync>;

/// What a cluster must bring to be a theatre.
pub(crate) struct House {
    /// For messages: `plane`, `embedded`.
    pub(crate) name: &'static str,
    /// Server, authority, token.
    pub(crate) kubeconfig: Kubeconfig,
    /// Address of Prometheus as the cluster's controllers reach it.
    pub(crate) prometheus: String,
    pub(crate) set_metric: SetMetric,
    /// How late it is there.
    pub(crate) clock: Box<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    /// Seconds that pass there while one passes here.
    pub(crate) pace: f64,
}

/// An open theatre. Its record is kept from now on.
pub(crate) struct Theatre {
    pub(crate) house: House,
    pub(crate) record: Record,
    client: Client,
    /// All namespaces of this opening begin with it: another may play on the same cluster.
    pub(crate) prefix: String,
}

/// What the server said to a request.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// `metadata.resourceVersion` of the object in it.
    pub(crate) fn version(&self) -> u64 {
        version_of(&self.body)
    }
}

/// `metadata.resourceVersion`, 0 when there is none.
pub(crate) fn version_of(object: &Value) -> u64 {
    let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    version.and_then(|v| v.parse().ok()).unwrap_or(0)
}

impl Theatre {
    pub(crate) async fn open(house: House) -> Arc<Self> {
        static OPENED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = OPENED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let prefix = format!("conf-{}-{number}-", std::process::id());
        let client = connect(&house.kubeconfig).await;
        let record = Record::new(prefix.clone());
        let theatre = Arc::new(Self { house, record, client, prefix });
        Record::keep(&theatre).await;
        theatre
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.house.clock)()
    }

    /// So much time of the theatre, as we have to wait for it.
    pub(crate) fn lasting(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds / self.house.pace)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None, &Value::Null).await
    }

    /// One request, never repeated.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        content: Option<&str>,
        body: &Value,
    ) -> Answer {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let response = self.send(method, path, content, bytes).await;
        let code = response.status().as_u16();
        let bytes = response.into_body().collect().await.expect("a whole answer").to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|e| {
            panic!("{method} {path}: {code}, no JSON: {e}: {}", String::from_utf8_lossy(&bytes))
        });
        Answer { code, body }
    }

    /// Sends a request; its answer may be endless.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        content: Option<&str>,
        body: Vec<u8>,
    ) -> http::Response<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept", "application/json")
            // Events of a watch are compressed one by one otherwise, which no decoder follows.
            .header("accept-encoding", "identity");
        if let Some(content) = content {
            request = request.header("content-type", content);
        }
        let request = request.body(Body::from(body)).expect("a request");
        let sent = self.client.send(request).await;
        sent.unwrap_or_else(|e| panic!("{} {method} {path}: {e}", self.house.name))
    }
}

async fn connect(kubeconfig: &Kubeconfig) -> Client {
    // The only error is that somebody else already chose one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig.clone(), &options).await;
    let mut config = config.expect("a kubeconfig");
    config.proxy_url = None;
    // A write that is sent twice would be another story.
    config.default_retry = false;
    Client::try_from(config).expect("a client")
}
