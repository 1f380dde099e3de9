//! Lines of one container's log, as they come.
//!
//! Never holds more than one line, and no line longer than [`SafeText`] keeps. Logs of several pods
//! are merged by the caller: each line says whose it is. Called by `runtime`.

use http_body_util::BodyExt;
use tokio::sync::mpsc;

use super::call;
use super::connect::Connection;
use super::error::ClusterError;
use super::kubeconfig::chain;
use super::resource;
use super::watch::Lines;
use crate::domain::id::{ObjectRef, ResourceKind};
use crate::domain::observation::SourceId;
use crate::domain::text::SafeText;
use crate::domain::time::{Timestamp, parse_rfc3339, to_rfc3339};

/// Longest line kept, in bytes: more than is shown.
const MOST_BYTES: usize = 16 * 1024;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRequest {
    /// Pod.
    pub pod: ObjectRef,
    /// Container; none where the pod has only one.
    pub container: Option<SafeText>,
    /// The container that ran before the last restart.
    pub previous: bool,
    /// Lines from the end to begin with.
    pub tail: u32,
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// Whether to wait for more.
    pub follow: bool,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Pod it is of.
    pub pod: SafeText,
    /// When it was written, by the node's clock.
    pub at: Option<Timestamp>,
    /// The line.
    pub text: SafeText,
}

/// The pods of a Job, by the label that its controller sets.
///
/// # Errors
/// `Forbidden` and others.
pub async fn pods_of_job(
    conn: &Connection,
    job: &ObjectRef,
) -> Result<Vec<ObjectRef>, ClusterError> {
    let ObjectRef { namespace, name } = job;
    let source = SourceId { kind: ResourceKind::Pods, namespace: Some(namespace.clone()) };
    let selector = resource::escape(&format!("job-name={name}"));
    let path = format!("{}?limit=20&labelSelector={selector}", resource::collection(&source));
    let action = resource::rule("list", &source);
    let list = call::ask(conn, &path, &action, "pods").await?;
    let name_of = |pod: &serde_json::Value| {
        let name = pod.pointer("/metadata/name")?.as_str()?;
        Some(ObjectRef { namespace: namespace.clone(), name: SafeText::new(name) })
    };
    Ok(call::items(&list).filter_map(name_of).collect())
}

/// Sends the lines until the log ends, or nobody listens any more.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Server` (400: the container has not started; the words say so) and
/// others.
pub async fn logs(
    conn: &Connection,
    request: &LogRequest,
    sink: &mpsc::Sender<LogLine>,
) -> Result<(), ClusterError> {
    let ObjectRef { namespace, name } = &request.pod;
    let action = format!("get pods/log in {namespace}");
    let what = format!("pod {namespace}/{name}");
    let fail = |failure: call::Failure| failure.into_error(conn, &action, &what);
    let mut http = call::get(&path(request));
    http.headers_mut().insert("accept", http::HeaderValue::from_static("*/*"));
    // As with watches: pieces must arrive as they are written.
    http.headers_mut().insert("accept-encoding", http::HeaderValue::from_static("identity"));
    let response = call::open(conn, http, call::WRITE_LIMIT).await.map_err(fail)?;
    if !response.status().is_success() {
        return call::body_of(response, call::READ_LIMIT).await.map(drop).map_err(fail);
    }
    let mut body = response.into_body();
    let mut lines = Lines::of_text(MOST_BYTES);
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = sink.closed() => return Ok(()),
        };
        let data = match frame {
            None => break,
            Some(Err(e)) => return Err(fail(call::Failure::Silent(SafeText::new(&chain(&e))))),
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        };
        for line in lines.push(&data) {
            if sink.send(read(name, &line)).await.is_err() {
                return Ok(());
            }
        }
    }
    if let Some(rest) = lines.finish() {
        let _ = sink.send(read(name, &rest)).await;
    }
    Ok(())
}

fn path(request: &LogRequest) -> String {
    let ObjectRef { namespace, name } = &request.pod;
    let mut path = resource::object(ResourceKind::Pods, namespace, name);
    path.push_str(&format!("/log?timestamps=true&tailLines={}", request.tail));
    if let Some(container) = &request.container {
        path.push_str("&container=");
        path.push_str(&resource::escape(container));
    }
    if let Some(since) = request.since {
        path.push_str("&sinceTime=");
        path.push_str(&resource::escape(&to_rfc3339(since)));
    }
    if request.previous {
        path.push_str("&previous=true");
    }
    if request.follow {
        path.push_str("&follow=true");
    }
    path
}

/// A line begins with its time; what does not is taken whole.
fn read(pod: &SafeText, line: &[u8]) -> LogLine {
    let line = String::from_utf8_lossy(line);
    let line = line.strip_suffix('\r').unwrap_or(&line);
    let (at, text) = match line.split_once(' ') {
        Some((time, text)) => match parse_rfc3339(time) {
            Some(at) => (Some(at), text),
            None => (None, line),
        },
        None => (None, line),
    };
    LogLine { pod: pod.clone(), at, text: SafeText::new(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_know_their_time_and_cannot_paint() {
        let line = read(&"p".into(), b"2026-11-23T10:00:00.5Z \x1b[31mboom\r");
        assert_eq!(line.text, "␛[31mboom");
        assert!(line.at.is_some());
        assert_eq!(read(&"p".into(), b"no time").text, "no time");
    }

    #[test]
    fn the_question_is_spelled_out() {
        let request = LogRequest {
            pod: ObjectRef { namespace: "shop".into(), name: "a-1".into() },
            container: Some("app".into()),
            previous: true,
            tail: 200,
            since: None,
            follow: true,
        };
        assert_eq!(
            path(&request),
            "/api/v1/namespaces/shop/pods/a-1/log?timestamps=true&tailLines=200\
             &container=app&previous=true&follow=true"
        );
    }
}
