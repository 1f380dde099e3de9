//! What the user may do, asked of the API server before a key is offered.
//!
//! A hint, never a decision: the answer may be incomplete, and the patch itself is checked again.
//! Called by `runtime`.

use serde_json::{Value, json};

use super::call;
use super::connect::Connection;
use super::error::ClusterError;
use crate::domain::plan::Permission;
use crate::domain::text::SafeText;

/// Whether a right is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// It is.
    Allowed,
    /// It is not; the missing rule, and the server's reason where it gave one.
    Denied(SafeText),
    /// The server could not say, or was not asked with success.
    Unknown(SafeText),
}

/// Asks for one right.
pub async fn access(conn: &Connection, permission: &Permission) -> Access {
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {
            "verb": permission.verb,
            "group": permission.group,
            "resource": permission.resource,
            "subresource": permission.subresource,
            "namespace": permission.namespace.as_str(),
        }},
    });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    match call::post(conn, path, &body).await {
        Ok(review) => judge(permission, &review),
        Err(failure) => Access::Unknown(failure.text()),
    }
}

fn judge(permission: &Permission, review: &Value) -> Access {
    let status = review.get("status").unwrap_or(&Value::Null);
    let flag = |key: &str| status.get(key).and_then(Value::as_bool);
    let text = |key: &str| status.get(key).and_then(Value::as_str).unwrap_or_default();
    match flag("allowed") {
        Some(true) => Access::Allowed,
        Some(false) if flag("denied") != Some(true) && !text("evaluationError").is_empty() => {
            Access::Unknown(SafeText::new(text("evaluationError")))
        }
        Some(false) => Access::Denied(permission.to_string().into()),
        None => Access::Unknown("the server did not say".into()),
    }
}

/// The name the server knows the user by.
///
/// # Errors
/// `Unauthorized` is the one worth telling at once; servers before 1.28 answer `NotFound`.
pub async fn whoami(conn: &Connection) -> Result<SafeText, ClusterError> {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let review = call::post(conn, path, &body)
        .await
        .map_err(|failure| failure.into_error(conn, "ask who I am", "this question"))?;
    let name = review.pointer("/status/userInfo/username").and_then(Value::as_str);
    Ok(SafeText::name(name.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_while_asking_is_no_denial() {
        let permission = Permission {
            verb: "patch",
            group: "argoproj.io",
            resource: "rollouts",
            subresource: "status",
            namespace: "shop".into(),
        };
        let judged = |status: Value| judge(&permission, &json!({ "status": status }));
        assert_eq!(judged(json!({"allowed": true})), Access::Allowed);
        assert_eq!(
            judged(json!({"allowed": false})),
            Access::Denied("patch rollouts/status in shop".into())
        );
        let unsure = json!({"allowed": false, "evaluationError": "webhook down"});
        assert_eq!(judged(unsure), Access::Unknown("webhook down".into()));
        assert!(matches!(judged(json!({})), Access::Unknown(_)));
    }
}
