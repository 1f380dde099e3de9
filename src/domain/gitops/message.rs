//! The message of the commit: what is done, why, and trailers that tools can read.
//!
//! Never holds more than the names and images of the revert, and the subject of the commit that it
//! takes back. Called by `gitops`.

use super::{Culprit, Revert};
use crate::domain::text::SafeText;

/// Most characters of a word that came from elsewhere.
const WORD: usize = 200;

/// `Revert checkout in production to shop/checkout:1.4.2`, which commit it takes back, and the
/// trailers, as `git interpret-trailers` reads them.
pub fn message(revert: &Revert, culprit: &Culprit) -> String {
    let Revert { workload, container, from, to, environment, reason } = revert;
    let mut text = format!("Revert {} in {} to {to}\n\n", one(&workload.name), one(environment));
    let mut trailers = Vec::new();
    match culprit {
        Culprit::Known { commit, plain } => {
            let scope = if *plain { "" } else { "\nin its image, and in nothing else it did" };
            text.push_str(&format!(
                "Reverts {}{scope}:\n\"{}\" by {}, {}\n",
                commit.id,
                one(&commit.subject),
                one(&commit.author),
                one(&commit.date)
            ));
            trailers.push(format!("Reverts: {}", commit.id));
        }
        Culprit::Unknown(why) => {
            text.push_str(&format!("Which commit brought {from} is not known:\n{}\n", one(why)));
        }
    }
    trailers.extend([
        format!("Service: {}", one(&workload.name)),
        format!("Namespace: {}", one(&workload.namespace)),
        format!("Environment: {}", one(environment)),
        format!("Container: {}", one(container)),
        format!("From: {from}"),
        format!("To: {to}"),
    ]);
    trailers.extend(reason.as_ref().map(|reason| format!("Reason: {}", one(reason))));
    trailers.push("By: waveoff".to_owned());
    format!("{text}\n{}\n", trailers.join("\n"))
}

/// One line, not too long; something where nothing is.
fn one(text: &SafeText) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(WORD).collect();
    if line.is_empty() { "-".to_owned() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gitops::{Commit, Reference};
    use crate::domain::id::{WorkloadId, WorkloadKind};

    fn revert() -> Revert {
        Revert {
            workload: WorkloadId::new("shop", WorkloadKind::Rollout, "checkout"),
            container: "app".into(),
            from: Reference::parse("shop/checkout:1.4.3").unwrap(),
            to: Reference::parse("shop/checkout:1.4.2").unwrap(),
            environment: "production".into(),
            reason: Some("checkout/1763".into()),
        }
    }

    #[test]
    fn it_says_what_why_and_for_whom() {
        let commit = Commit {
            id: "4be1".repeat(10),
            author: "Ben".into(),
            date: "2026-11-28T12:00:00+00:00".into(),
            subject: "Deploy checkout 1.4.3".into(),
        };
        let culprit = Culprit::Known { commit, plain: true };
        let id = "4be1".repeat(10);
        let wanted = format!(
            "Revert checkout in production to shop/checkout:1.4.2\n\nReverts {id}:\n\"Deploy \
             checkout 1.4.3\" by Ben, 2026-11-28T12:00:00+00:00\n\nReverts: {id}\nService: \
             checkout\nNamespace: shop\nEnvironment: production\nContainer: app\nFrom: \
             shop/checkout:1.4.3\nTo: shop/checkout:1.4.2\nReason: checkout/1763\nBy: waveoff\n"
        );
        assert_eq!(message(&revert(), &culprit), wanted);
    }

    #[test]
    fn words_from_elsewhere_cannot_add_lines() {
        let mut revert = revert();
        revert.environment = SafeText::new("production\n\nSigned-off-by: somebody");
        revert.reason = Some("a\r\nTo: evil".into());
        let text = message(&revert, &Culprit::Unknown("no\nhistory".into()));
        assert_eq!(text.lines().filter(|l| l.starts_with("Signed-off-by")).count(), 0);
        assert_eq!(text.lines().filter(|l| l.starts_with("To:")).count(), 1);
        assert!(text.contains("\nno history\n"), "{text}");
    }
}
