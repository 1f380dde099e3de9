//! How a drill went, as text and JSON.
//!
//! Says nothing that depends on the wall clock: the same drill, seed and acts give the same words.
//! Printed by `runtime`.

use serde_json::{Value, json};

use crate::app::drill::{Drill, Goal, Standing};
use crate::domain::time::{Span, length};

/// The whole play: what happened line by line, the goals, the score.
pub fn drill_text(drill: &Drill) -> String {
    let mut text = format!("{} ({}, seed {})\n\n", drill.title, drill.name, drill.seed);
    for line in &drill.progress.lines {
        text.push_str(&format!("{:>8}  {:<16} {}\n", line.clock, line.who, line.text));
    }
    text.push('\n');
    text.push_str(&drill_score(drill));
    text
}

/// The goals and the score.
pub fn drill_score(drill: &Drill) -> String {
    let progress = &drill.progress;
    let mut text = String::new();
    for goal in &progress.goals {
        let standing = standing(goal);
        let points = points(goal);
        text.push_str(&format!(
            "{points:>3} of {:<3} {standing:<20} {}\n",
            goal.points, goal.title
        ));
    }
    let verdict = match (progress.over, progress.points >= progress.pass) {
        (false, _) => "left before its end",
        (true, true) => "passed",
        (true, false) => "not passed",
    };
    let (points, pass) = (progress.points, progress.pass);
    text.push_str(&format!("{points} of 100 points, {pass} pass: {verdict}\n"));
    text
}

fn standing(goal: &Goal) -> String {
    let within = goal.within.map_or_else(String::new, |within| format!(" of {}", length(within)));
    match goal.standing {
        Standing::Waiting => "not begun".to_owned(),
        Standing::Running(_) => "open".to_owned(),
        Standing::Reached(took) => format!("after {}{within}", length(took)),
        Standing::Kept => "kept".to_owned(),
        Standing::Lost => "lost".to_owned(),
    }
}

fn points(goal: &Goal) -> u32 {
    match (goal.standing, goal.within) {
        (Standing::Reached(took), Some(within)) if took > within * 2 => 0,
        (Standing::Reached(took), Some(within)) if took > within => goal.points / 2,
        (Standing::Reached(_) | Standing::Kept, _) => goal.points,
        _ => 0,
    }
}

/// The same for programs.
pub fn drill_json(drill: &Drill) -> Value {
    let progress = &drill.progress;
    json!({
        "schema": 1,
        "drill": drill.name.as_str(),
        "title": drill.title.as_str(),
        "seed": drill.seed,
        "over": progress.over,
        "elapsed_s": progress.elapsed.num_seconds(),
        "points": progress.points,
        "pass": progress.pass,
        "passed": progress.over && progress.points >= progress.pass,
        "goals": progress.goals.iter().map(goal_json).collect::<Vec<_>>(),
        "transcript": progress.lines.iter().map(|line| json!({
            "at_ms": line.at.num_milliseconds(),
            "who": line.who.as_str(),
            "text": line.text.as_str(),
        })).collect::<Vec<_>>(),
    })
}

fn goal_json(goal: &Goal) -> Value {
    let (word, took): (&str, Option<Span>) = match goal.standing {
        Standing::Waiting => ("waiting", None),
        Standing::Running(took) => ("running", Some(took)),
        Standing::Reached(took) => ("reached", Some(took)),
        Standing::Kept => ("kept", None),
        Standing::Lost => ("lost", None),
    };
    json!({
        "title": goal.title.as_str(),
        "worth": goal.points,
        "points": points(goal),
        "within_ms": goal.within.map(|within| within.num_milliseconds()),
        "standing": word,
        "took_ms": took.map(|took| took.num_milliseconds()),
        "late": goal.is_late(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::drill::{Line, Progress, Voice};

    #[test]
    fn a_play_is_told_with_its_points() {
        let goal = |standing, within| Goal {
            title: "back".into(),
            points: 40,
            within: Some(Span::seconds(within)),
            standing,
        };
        let reached = |seconds| Standing::Reached(Span::seconds(seconds));
        let line = Line {
            at: Span::milliseconds(61_200),
            clock: "01:01.2".into(),
            who: "checkout".into(),
            voice: Voice::World,
            text: "Paused".into(),
        };
        let goals = vec![goal(reached(20), 30), goal(reached(40), 30), goal(Standing::Lost, 9)];
        let progress = Progress {
            over: true,
            points: 60,
            pass: 70,
            goals,
            lines: vec![line],
            ..Progress::default()
        };
        let drill = Drill { title: "t".into(), progress, ..Drill::default() };
        let text = drill_text(&drill);
        assert!(text.contains(" 01:01.2  checkout         Paused\n"), "{text}");
        assert!(text.contains(" 40 of 40  after 20s of 30s"), "{text}");
        assert!(text.contains(" 20 of 40  after 40s of 30s"), "{text}");
        assert!(text.ends_with("60 of 100 points, 70 pass: not passed\n"), "{text}");
        let json = drill_json(&drill);
        assert_eq!(json["goals"][1]["late"], true);
        assert_eq!(json["transcript"][0]["at_ms"], 61_200);
        assert_eq!(json["passed"], false);
    }
}
