//! Plays stories on the embedded cluster and holds them against the real one; what differs is
//! played again.
//!
//! Both clusters play in wall time, and a recording has only the races that some run of the real
//! one happened to show. What a story shows in one play and not in the next is such a race; what
//! it shows in every play, each with a seed of its own, is a difference.

use super::compare::Comparison;
use super::embedded::embedded;
use super::pattern::Tracks;
use super::play::play;
use super::recording::Difference;
use super::stories::Story;
use super::theatre::Theatre;

/// Plays until a difference counts.
const PLAYS: u32 = 5;

/// What a story came to.
pub(crate) struct Judged {
    pub(crate) story: Story,
    /// Of the last play that came to its end.
    pub(crate) states: usize,
    pub(crate) equal: usize,
    /// Fields that differed in every play, as they did in the last; why no play came to its end.
    pub(crate) outcome: Result<Vec<Difference>, String>,
    pub(crate) plays: u32,
}

impl Judged {
    fn of(story: Story) -> Self {
        Self { story, states: 0, equal: 0, outcome: Err("was not played".to_owned()), plays: 0 }
    }

    fn is_done(&self) -> bool {
        self.outcome.as_ref().is_ok_and(Vec::is_empty)
    }

    /// Takes in one more play.
    fn hear(&mut self, play: Result<Comparison, String>) {
        self.plays += 1;
        match (play, &self.outcome) {
            (Ok(compared), before) => {
                let lasting = |difference: &Difference| match before {
                    Ok(before) => before.iter().any(|b| b.field == difference.field),
                    Err(_) => true,
                };
                self.states = compared.states;
                self.equal = compared.equal;
                self.outcome = Ok(compared.differences.into_iter().filter(lasting).collect());
            }
            (Err(why), Err(_)) => self.outcome = Err(why),
            (Err(_), Ok(_)) => {}
        }
    }
}

/// Plays and judges each story, those that differ up to five times.
pub(crate) async fn judged(
    stories: &[Story],
    judge: impl Fn(&Story, &Tracks) -> Comparison,
) -> Vec<Judged> {
    let mut all: Vec<Judged> = stories.iter().copied().map(Judged::of).collect();
    for number in 1..=PLAYS {
        let left: Vec<Story> = all.iter().filter(|j| !j.is_done()).map(|j| j.story).collect();
        if left.is_empty() {
            break;
        }
        let theatre = Theatre::open(embedded(u64::from(number))).await;
        for played in play(&theatre, &left).await {
            let name = played.story.name;
            let own = all.iter_mut().find(|j| j.story.name == name).expect("it is one of them");
            own.hear(played.outcome.map(|tracks| judge(&own.story, &tracks)));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::stories;
    use super::*;

    fn compared(fields: &[&str]) -> Comparison {
        let of = |group: &&str| Difference {
            field: ("rollout web".to_owned(), (*group).to_owned()),
            lines: vec!["+ x".to_owned()],
        };
        let differences = fields.iter().map(of).collect();
        Comparison { states: 10, equal: 10 - fields.len(), differences }
    }

    fn left(plays: Vec<Result<Comparison, String>>) -> Result<Vec<String>, String> {
        let mut judged = Judged::of(stories::all()[0]);
        for play in plays {
            judged.hear(play);
        }
        judged.outcome.map(|all| all.into_iter().map(|d| d.field.1).collect())
    }

    #[test]
    fn what_differs_in_every_play_is_a_difference() {
        let play = |fields: &[&str]| Ok(compared(fields));
        let failed = || Err("stuck".to_owned());
        assert_eq!(left(vec![play(&["phase"])]).unwrap(), ["phase"]);
        assert_eq!(
            left(vec![play(&["phase", "events"]), play(&["step", "phase"])]).unwrap(),
            ["phase"]
        );
        assert!(left(vec![play(&["phase"]), play(&["events"])]).unwrap().is_empty());
        assert_eq!(left(vec![failed(), failed()]).unwrap_err(), "stuck");
        assert_eq!(left(vec![failed(), play(&["phase"])]).unwrap(), ["phase"]);
        assert_eq!(left(vec![play(&["phase"]), failed()]).unwrap(), ["phase"]);
    }
}
