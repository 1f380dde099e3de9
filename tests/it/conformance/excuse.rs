//! Differences between the embedded cluster and the real one that are accepted, each with its
//! reason. One that does not occur is an excuse too many, and fails, unless it is a matter of
//! chance.

use super::recording::Difference;
use super::tolerance::fits;

/// An accepted difference.
pub(crate) struct Excuse {
    /// Story, object and group of fields; one `*` in each may stand for anything.
    pub(crate) story: &'static str,
    pub(crate) object: &'static str,
    pub(crate) group: &'static str,
    /// Lines of the difference; empty for whatever it is.
    pub(crate) lines: &'static [&'static str],
    /// Whether the embedded cluster itself shows the one or the other, so that it need not occur.
    pub(crate) chance: bool,
    pub(crate) why: &'static str,
}

pub(crate) const EXCUSES: &[Excuse] = &[
    chance("canary-surge", "rollout web", "count *", APART),
    chance("canary-surge", "rollout web", "condition Available", APART),
    chance("canary-surge", "rollout web", "phase", APART),
    chance("abort-dynamic", "rollout web", "count *", BETWEEN),
    chance("deploy-superseded", "deployment web", "count replicas", BETWEEN),
    Excuse {
        story: "experiment-*",
        object: "experiment web-*",
        group: "events",
        lines: &[
            "- Normal TemplateRunning: Template 'baseline' transitioned from Progressing -> Running",
            "+ Normal TemplateRunning: Template 'baseline' transitioned from Progressing -> Running",
        ],
        chance: true,
        why: FIRST,
    },
];

const APART: &str = "two pods become ready up to a tenth of a second apart; the real controller, \
    which plays twenty stories at its limit of requests, looks when both are, the embedded one \
    may look in between and take a pod away for the first";
const FIRST: &str = "two templates of one pod each: the pod of the second may become ready before \
    that of the first, which is told in the order in which it happened";
const BETWEEN: &str = "whether a pass falls between the pod that goes and the one that comes";

const fn chance(
    story: &'static str,
    object: &'static str,
    group: &'static str,
    why: &'static str,
) -> Excuse {
    Excuse { story, object, group, lines: &[], chance: true, why }
}

impl Excuse {
    fn covers(&self, story: &str, difference: &Difference) -> bool {
        let (object, group) = &difference.field;
        let place = fits(self.story, story) && fits(self.object, object) && fits(self.group, group);
        place && (self.lines.is_empty() || self.lines == difference.lines.as_slice())
    }
}

/// What is left of the differences, and which excuses were needed.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) complaints: Vec<String>,
    pub(crate) needed: Vec<usize>,
}

impl Verdict {
    /// Takes in the differences of a story.
    pub(crate) fn hear(&mut self, excuses: &[Excuse], story: &str, differences: &[Difference]) {
        for difference in differences {
            if let Some(row) = excuses.iter().position(|excuse| excuse.covers(story, difference)) {
                self.needed.push(row);
                continue;
            }
            let (object, group) = &difference.field;
            let lines = difference.lines.join("\n  ");
            self.complaints.push(format!("{story} / {object} | {group}\n  {lines}"));
        }
    }

    /// Complains of excuses that were not needed, once all stories were heard.
    pub(crate) fn close(&mut self, excuses: &[Excuse]) {
        for (row, excuse) in excuses.iter().enumerate() {
            if !excuse.chance && !self.needed.contains(&row) {
                let Excuse { story, object, group, why, .. } = excuse;
                let place = format!("{story} / {object} | {group}");
                self.complaints.push(format!("an excuse that nothing needs: {place}: {why}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWITCH: Excuse = Excuse {
        story: "bg-*",
        object: "rollout web",
        group: "events",
        lines: &["- a"],
        chance: false,
        why: "for this test",
    };

    fn difference(group: &str, line: &str) -> Difference {
        let field = ("rollout web".to_owned(), group.to_owned());
        Difference { field, lines: vec![line.to_owned()] }
    }

    #[test]
    fn an_excuse_covers_exactly_its_difference_and_has_to_be_needed() {
        let cases = [
            ("bg-auto", difference("events", "- a"), 0),
            ("bg-auto", difference("events", "- b"), 2),
            ("bg-auto", difference("phase", "- a"), 2),
            ("canary", difference("events", "- a"), 2),
        ];
        for (story, difference, complaints) in cases {
            let mut verdict = Verdict::default();
            verdict.hear(&[SWITCH], story, std::slice::from_ref(&difference));
            verdict.close(&[SWITCH]);
            assert_eq!(verdict.complaints.len(), complaints, "{story} {difference:?}");
        }
        let mut verdict = Verdict::default();
        verdict.close(&[Excuse { chance: true, ..SWITCH }]);
        assert!(verdict.complaints.is_empty());
    }
}
