//! The one way to change something: a planned write becomes one guarded JSON Patch, sent once.
//!
//! Never repeats a write, whatever happens to it, and never writes what no plan asked for. Called
//! by `runtime` for keys, commands and the guard alike.
//!
//! The object is read first: only to spell the asserts as the server spells them today (absent or
//! `false`), and to refuse without a write what is already known to have moved. What holds is the
//! patch's own `test` operations, which the server checks in the same instant as it writes.

mod patch;
mod template;

use serde_json::Value;

use super::call::{self, Failure, Refusal, WRITE_LIMIT};
use super::connect::Connection;
use super::{resource, wire};
use crate::domain::observation::Record;
use crate::domain::plan::{Change, Write, permission};
use crate::domain::text::SafeText;
use crate::domain::workload::Workload;

/// Who wrote it, in `managedFields` and the audit log.
const FIELD_MANAGER: &str = "waveoff";

/// A write that the server accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// `metadata.resourceVersion` after it.
    pub resource_version: SafeText,
    /// `metadata.generation` after it.
    pub generation: i64,
    /// The object after it, as the server returned it.
    pub workload: Option<Box<Workload>>,
}

/// A fact that no longer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which fact, such as `step`.
    pub what: SafeText,
    /// What was on the screen.
    pub expected: SafeText,
    /// What is there now.
    pub found: SafeText,
}

/// Why a write was not accepted. Only after `Unknown` may something have changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// It is not what was on the screen any more; nothing was changed.
    #[error("refused, it changed meanwhile: {}", differences_text(.differences))]
    Changed {
        /// What is different.
        differences: Vec<Difference>,
    },
    /// The missing permission; nothing was changed.
    #[error("not allowed: {rule}; ask for this permission")]
    Forbidden {
        /// Such as `patch rollouts/status in shop`.
        rule: SafeText,
    },
    /// The object, or the revision to go back to, is gone; nothing was changed.
    #[error("{what} does not exist any more")]
    NotFound {
        /// Which.
        what: SafeText,
    },
    /// The server, or a rule of the cluster, finds it wrong; nothing was changed.
    #[error("the server refused it: {message}")]
    Invalid {
        /// Its words.
        message: SafeText,
    },
    /// The credentials were refused (401); nothing was changed.
    #[error("the credentials were refused (401): they may have expired, log in again")]
    Unauthorized,
    /// It was never sent; nothing was changed.
    #[error("not sent: {cause}")]
    Unreachable {
        /// Why.
        cause: SafeText,
    },
    /// It was sent, or may have been, and the outcome is not known: read back, do not send again.
    #[error("sent, but the outcome is not known: {cause}")]
    Unknown {
        /// What happened.
        cause: SafeText,
    },
    /// The server is busy and did not take it; nothing was changed.
    #[error("the server did not take it ({code}): {message}")]
    Server {
        /// HTTP status.
        code: u16,
        /// Its words.
        message: SafeText,
    },
}

impl ActError {
    /// Whether it is certain that nothing was changed.
    pub fn changed_nothing(&self) -> bool {
        !matches!(self, Self::Unknown { .. })
    }
}

fn differences_text(differences: &[Difference]) -> String {
    let each = differences.iter().map(|d| format!("{} was {}, is {}", d.what, d.expected, d.found));
    each.collect::<Vec<_>>().join("; ")
}

/// Sends a write once. With `dry_run` the server checks everything and changes nothing.
///
/// # Errors
/// See [`ActError`]; all but `Unknown` are certain to have changed nothing.
pub async fn act(conn: &Connection, write: &Write, dry_run: bool) -> Result<Accepted, ActError> {
    let current = read(conn, write).await?;
    refuse_changed(write, &current)?;
    let copied = copied_template(conn, write, &current).await?;
    let body = patch::build(write, &current, copied.as_ref());
    match send(conn, write, &body, write.status, dry_run).await {
        Ok(value) => Ok(accepted(write, &value)),
        Err(Failure::Refused(refusal)) if refusal.code == 404 && write.status => {
            without_status(conn, write, &body, dry_run, refusal).await
        }
        Err(failure) => Err(explain(conn, write, failure).await),
    }
}

/// There was no status to write to, so nothing was written. Where a definition is so old that it
/// has none, the same patch fits the object itself. Everywhere else a server passes over what such
/// a patch says of the status, and answers as if it had taken it.
async fn without_status(
    conn: &Connection,
    write: &Write,
    body: &[Value],
    dry_run: bool,
    refusal: Refusal,
) -> Result<Accepted, ActError> {
    let status = format!("{}/status", resource::workload(&write.object));
    match call::fetch(conn, &status).await {
        Err(Failure::Refused(found)) if found.code == 404 => {}
        // It is there, or nobody can tell: the 404 was a mistake of something on the way.
        _ => return Err(ActError::Server { code: refusal.code, message: refusal.message }),
    }
    match send(conn, write, body, false, dry_run).await {
        Ok(value) if patch::is_in(body, &value) => Ok(accepted(write, &value)),
        Ok(_) => {
            let cause = "the server took it, and shows nothing of it";
            Err(ActError::Unknown { cause: cause.into() })
        }
        Err(failure) => Err(explain(conn, write, failure).await),
    }
}

async fn read(conn: &Connection, write: &Write) -> Result<Value, ActError> {
    let path = resource::workload(&write.object);
    call::fetch(conn, &path).await.map_err(|failure| match failure {
        Failure::Unsent(cause) | Failure::Silent(cause) | Failure::Garbled(cause) => {
            ActError::Unreachable { cause }
        }
        Failure::Refused(refusal) => match refusal.code {
            401 => ActError::Unauthorized,
            403 => ActError::Forbidden {
                rule: format!("get {} in {}", write.object.kind.resource(), write.object.namespace)
                    .into(),
            },
            404 => gone(write),
            code => ActError::Server { code, message: refusal.message },
        },
    })
}

fn gone(write: &Write) -> ActError {
    ActError::NotFound { what: write.object.to_string().into() }
}

fn refuse_changed(write: &Write, current: &Value) -> Result<(), ActError> {
    let differences = patch::differences(write, current);
    if differences.is_empty() {
        return Ok(());
    }
    Err(ActError::Changed { differences })
}

async fn copied_template(
    conn: &Connection,
    write: &Write,
    current: &Value,
) -> Result<Option<Value>, ActError> {
    for change in &write.changes {
        if let Change::CopyTemplate { replica_set, uid } = change {
            let copied = template::copy(conn, write, current, replica_set, uid).await?;
            return Ok(Some(copied));
        }
    }
    Ok(None)
}

async fn send(
    conn: &Connection,
    write: &Write,
    body: &[Value],
    status: bool,
    dry_run: bool,
) -> Result<Value, Failure> {
    let mut path = resource::workload(&write.object);
    if status {
        path.push_str("/status");
    }
    path.push_str("?fieldManager=");
    path.push_str(FIELD_MANAGER);
    if dry_run {
        path.push_str("&dryRun=All");
    }
    let bytes = Value::from(body.to_vec()).to_string().into_bytes();
    let kind = Some("application/json-patch+json");
    let request = call::with_body("PATCH", &path, kind, bytes);
    let response = call::open(conn, request, WRITE_LIMIT).await?;
    call::read(response, WRITE_LIMIT).await
}

fn accepted(write: &Write, value: &Value) -> Accepted {
    let text = |path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let record = wire::decode(resource::kind_of(write.object.kind), value).record;
    Accepted {
        resource_version: SafeText::new(text("/metadata/resourceVersion")),
        generation: value
            .pointer("/metadata/generation")
            .and_then(Value::as_i64)
            .unwrap_or_default(),
        workload: match record {
            Some(Record::Workload(workload)) => Some(workload),
            _ => None,
        },
    }
}

async fn explain(conn: &Connection, write: &Write, failure: Failure) -> ActError {
    match failure {
        Failure::Unsent(cause) => ActError::Unreachable { cause },
        Failure::Silent(cause) | Failure::Garbled(cause) => ActError::Unknown { cause },
        Failure::Refused(refusal) => refused(conn, write, refusal).await,
    }
}

async fn refused(conn: &Connection, write: &Write, refusal: Refusal) -> ActError {
    let Refusal { code, message, .. } = refusal;
    match code {
        401 => ActError::Unauthorized,
        // A missing right says who cannot do what; an admission rule speaks in its own words.
        403 if message.contains(" cannot ") => {
            ActError::Forbidden { rule: permission(&write.object, write.status).to_string().into() }
        }
        404 => gone(write),
        409 | 422 => match read(conn, write).await {
            Ok(now) => match refuse_changed(write, &now) {
                Err(changed) => changed,
                Ok(()) => ActError::Invalid { message },
            },
            Err(ActError::NotFound { what }) => ActError::NotFound { what },
            Err(_) => ActError::Changed {
                differences: vec![Difference {
                    what: "something".into(),
                    expected: "as on the screen".into(),
                    found: "different, and it cannot be read just now".into(),
                }],
            },
        },
        // Behind a 5xx the write may have happened: a proxy or the store gave up waiting.
        500.. => {
            let cause = format!("the server answered {code}: {message}");
            ActError::Unknown { cause: cause.into() }
        }
        429 => ActError::Server { code, message },
        _ => ActError::Invalid { message },
    }
}
