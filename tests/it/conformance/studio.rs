//! Where recordings are made: of the real control plane, by hand, when something real has changed.
//!
//! `WAVEOFF_RECORD=new cargo test --test it -- --ignored --nocapture conformance::studio` once,
//! then several times with `WAVEOFF_RECORD=1`, which adds a run: so what is chance shows itself.
//! `WAVEOFF_STORIES="bg- undo"` plays only the stories whose names begin so.

use super::plane::{house, versions};
use super::play::{play, wanted};
use super::recording;
use super::theatre::Theatre;
use crate::plane::grounds::tell;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes the recordings, and needs the control plane for it: WAVEOFF_RECORD=1"]
async fn record() {
    let mode = std::env::var("WAVEOFF_RECORD").expect("WAVEOFF_RECORD is new or 1");
    let theatre = Theatre::open(house()).await;
    let of = versions(&theatre).await;
    let mut failed = Vec::new();
    for one in play(&theatre, &wanted()).await {
        let story = one.story;
        match one.outcome {
            Ok(tracks) => {
                let before = recording::of(&story).filter(|_| mode != "new").unwrap_or_default();
                let changes =
                    if before.runs == 0 { Vec::new() } else { before.differences(&tracks) };
                tell(&format!("{:24} {:5.1} s, {} changes", story.name, one.lasted, changes.len()));
                for change in changes {
                    tell(&format!("  {} | {}", change.field.0, change.field.1));
                    change.lines.iter().for_each(|line| tell(&format!("    {line}")));
                }
                recording::keep(&story, &before.with(&tracks, &of));
            }
            Err(why) => failed.push(format!("{}: {why}", story.name)),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
