//! Signing in, and what must never be repeated.

use std::path::Path;

use super::now;
use super::one;
use super::scripted::{Play, Scripted};
use crate::prom::{Access, PromError, Server};
use crate::web::Secret;

fn file(folder: &Path, name: &str, text: &str) -> Secret {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    Secret::File(path)
}

#[tokio::test]
async fn a_token_is_read_anew_for_each_request() {
    let folder = tempfile::tempdir().unwrap();
    let bearer = Some(file(folder.path(), "token", "first\n"));
    let access = Access { bearer, ..Access::default() };
    let scripted = Scripted::always(Play::json(one())).await;
    let server = Server::direct(&scripted.url(), &access).unwrap();
    server.ask(&now()).await.unwrap();
    file(folder.path(), "token", "  second");
    server.ask(&now()).await.unwrap();
    let heard = scripted.heard();
    assert_eq!(heard[0].header("authorization"), Some("Bearer first"));
    assert_eq!(heard[1].header("authorization"), Some("Bearer second"));
}

#[tokio::test]
async fn passwords_headers_and_variables() {
    let folder = tempfile::tempdir().unwrap();
    let access = Access {
        basic: Some(("ada".into(), file(folder.path(), "password", "pä:ss\r\n"))),
        headers: vec![
            ("X-Key".into(), file(folder.path(), "key", "k3y")),
            // Set wherever tests run.
            ("X-Path".into(), Secret::Variable("PATH".into())),
        ],
        plain: vec![("X-Scope-OrgID".into(), "shop".into())],
        ..Access::default()
    };
    let scripted = Scripted::always(Play::json(one())).await;
    Server::direct(&scripted.url(), &access).unwrap().ask(&now()).await.unwrap();
    let heard = &scripted.heard()[0];
    // printf 'ada:pä:ss' | base64
    assert_eq!(heard.header("authorization"), Some("Basic YWRhOnDDpDpzcw=="));
    assert_eq!(heard.header("x-key"), Some("k3y"));
    assert_eq!(heard.header("x-path"), Some(std::env::var("PATH").unwrap().trim()));
    assert_eq!(heard.header("x-scope-orgid"), Some("shop"));
}

#[tokio::test]
async fn secrets_that_are_not_there_are_named_and_nothing_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let scripted = Scripted::always(Play::json(one())).await;
    let cases = [
        (Secret::File(place("none").into()), format!("file {} does not exist", place("none"))),
        (file(folder.path(), "empty", " \n"), format!("file {} is empty", place("empty"))),
        (
            file(folder.path(), "two", "s3cret\nlines"),
            format!("file {} holds characters that no header can carry", place("two")),
        ),
        (
            file(folder.path(), "large", &"x".repeat(70_000)),
            format!("file {} is too large for a secret", place("large")),
        ),
        (
            Secret::Variable("WAVEOFF_NO_SUCH_VARIABLE".into()),
            "variable WAVEOFF_NO_SUCH_VARIABLE is not set".into(),
        ),
    ];
    for (secret, words) in cases {
        let access = Access { bearer: Some(secret), ..Access::default() };
        let server = Server::direct(&scripted.url(), &access).unwrap();
        let error = server.ask(&now()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("sign in to Prometheus: {words}"));
        assert!(error.is_denied() && !error.is_down());
    }
    assert_eq!(scripted.heard().len(), 0);
}

#[tokio::test]
async fn nothing_secret_is_ever_said() {
    let folder = tempfile::tempdir().unwrap();
    let bearer = Access {
        bearer: Some(file(folder.path(), "token", "t0ken-of-ada")),
        headers: vec![("X-Key".into(), file(folder.path(), "key", "k3y-of-ada"))],
        plain: vec![("X-Other".into(), "pl4in-of-ada".into())],
        ..Access::default()
    };
    let basic = Access {
        basic: Some(("ada".into(), file(folder.path(), "password", "p4ss-of-ada"))),
        ..Access::default()
    };
    // printf 'ada:p4ss-of-ada' | base64
    let secrets = ["t0ken-of-ada", "k3y-of-ada", "p4ss-of-ada", "YWRhOnA0c3Mtb2YtYWRh"];
    for access in [bearer, basic] {
        for status in [200, 302, 400, 401, 403, 422, 500, 503] {
            for json in [false, true] {
                // It repeats all that it was sent.
                let scripted = Scripted::start(move |_, heard| {
                    let all: Vec<String> =
                        heard.headers.iter().map(|(n, v)| format!("{n}={v}")).collect();
                    let all = all.join(" ");
                    let to = vec![("location", format!("/login?{all}"))];
                    let text = if json {
                        format!(r#"{{"status":"error","errorType":"x","error":"{all}"}}"#)
                    } else {
                        all
                    };
                    Play::Answer(status, to, text.into_bytes())
                })
                .await;
                let server = Server::direct(&scripted.url(), &access).unwrap();
                let error = server.ask(&now()).await.unwrap_err();
                let said = format!("{error} {error:?} {server:?} {access:?}");
                for secret in secrets {
                    assert!(!said.contains(secret), "{status} {json}: {said}");
                }
                assert!(!format!("{server:?}").contains("pl4in-of-ada"));
                let heard = format!("{:?}", scripted.heard()[0].headers);
                assert!(heard.contains("t0ken-of-ada") || heard.contains("YWRhOnA0c3Mtb2YtYWRh"));
                // Of a redirect only the host or path is told.
                let repeats = status != 302;
                assert_eq!(error.to_string().contains("[secret]"), repeats, "{error}");
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_a_sign_in_is_refused_at_once() {
    let secret = || Secret::Variable("X".into());
    let cases = [
        (
            Access {
                bearer: Some(secret()),
                basic: Some(("a".into(), secret())),
                ..Access::default()
            },
            "are both given",
        ),
        (Access { basic: Some(("a:b".into(), secret())), ..Access::default() }, "colon"),
        (
            Access { headers: vec![("a b".into(), secret())], ..Access::default() },
            "no name of a header",
        ),
        (
            Access { plain: vec![("a".into(), "v\n".into())], ..Access::default() },
            "no header can carry",
        ),
    ];
    for (access, word) in cases {
        let error = Server::direct("http://127.0.0.1:1", &access).unwrap_err();
        assert!(matches!(error, PromError::Secret { .. }), "{error:?}");
        assert!(error.to_string().contains(word), "{error}");
    }
}
