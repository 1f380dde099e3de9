//! What the embedded cluster says of a drill, in the program's own words.
//!
//! Called by the parent.

use crate::app::drill::{Drill, Goal, Line, Progress, Standing, Voice};
use crate::domain::id::{WorkloadId, WorkloadKind};
use crate::domain::text::SafeText;
use crate::domain::time::Span;
use crate::sim;

/// How it goes. The time is cut to what a clock shows: the rest is no news.
pub(super) fn progress(report: &sim::Report) -> Progress {
    Progress {
        elapsed: Span::seconds(report.elapsed.num_seconds()),
        length: report.length,
        over: report.over,
        points: report.points,
        pass: report.pass,
        goals: report.goals.iter().map(goal).collect(),
        lines: report.lines.iter().map(line).collect(),
    }
}

fn goal(goal: &sim::GoalReport) -> Goal {
    let standing = match goal.standing {
        sim::Standing::Waiting => Standing::Waiting,
        sim::Standing::Running(took) => Standing::Running(Span::seconds(took.num_seconds())),
        sim::Standing::Reached(took) => Standing::Reached(took),
        sim::Standing::Kept => Standing::Kept,
        sim::Standing::Lost => Standing::Lost,
    };
    Goal { title: SafeText::new(&goal.title), points: goal.points, within: goal.within, standing }
}

fn line(entry: &sim::Entry) -> Line {
    Line {
        at: entry.at,
        clock: SafeText::new(&entry.clock),
        who: SafeText::new(&entry.who),
        voice: match entry.who.as_str() {
            "page" => Voice::Page,
            "referee" => Voice::Referee,
            _ => Voice::World,
        },
        text: SafeText::new(&entry.text),
    }
}

/// What a drill is about, before anything has happened.
pub(super) fn drill(drill: &sim::Drill, seed: u64, speed: u32, kubeconfig: &str) -> Drill {
    let paragraph = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        SafeText::from(words.join(" "))
    };
    Drill {
        name: SafeText::new(drill.name()),
        title: SafeText::new(drill.title()),
        story: drill.story().split("\n\n").map(paragraph).collect(),
        notice: drill.notice().iter().map(|text| paragraph(text)).collect(),
        opens: drill.opens().map(|(kind, namespace, name)| {
            let kind = match kind {
                "Deployment" => WorkloadKind::Deployment,
                _ => WorkloadKind::Rollout,
            };
            WorkloadId::new(namespace, kind, name)
        }),
        speed,
        seed,
        kubeconfig: SafeText::new(kubeconfig),
        ..Drill::default()
    }
}
