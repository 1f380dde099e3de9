//! Plays stories on a theatre, side by side, and gives their tracks.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;

use super::pattern::Tracks;
use super::record::Kind;
use super::stage::Stage;
use super::stories::{self, Story};
use super::theatre::Theatre;
use super::tracks;

/// Stories at once. More only wait for the controllers' own limits on requests.
const SIDE_BY_SIDE: usize = 20;

/// A story that was played.
pub(crate) struct Played {
    pub(crate) story: Story,
    /// Its tracks, or why it did not come to its end.
    pub(crate) outcome: Result<Tracks, String>,
    /// In seconds.
    pub(crate) lasted: f64,
}

/// The stories that were asked for: all, or those whose names begin with one of the words in
/// `WAVEOFF_STORIES`.
pub(crate) fn wanted() -> Vec<Story> {
    let words = std::env::var("WAVEOFF_STORIES").unwrap_or_default();
    let words: Vec<&str> = words.split_whitespace().collect();
    let all = stories::all().into_iter();
    all.filter(|s| words.is_empty() || words.iter().any(|w| s.name.starts_with(w))).collect()
}

/// Plays stories, and gives them in their order.
pub(crate) async fn play(theatre: &Arc<Theatre>, stories: &[Story]) -> Vec<Played> {
    let doors = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let tasks: Vec<_> = stories
        .iter()
        .map(|story| {
            let (theatre, doors, story) = (Arc::clone(theatre), Arc::clone(&doors), *story);
            tokio::spawn(async move {
                let _door = doors.acquire().await.expect("nobody closes it");
                let started = std::time::Instant::now();
                (one(&theatre, story).await, started.elapsed().as_secs_f64())
            })
        })
        .collect();
    let mut played = Vec::new();
    for (story, task) in stories.iter().zip(tasks) {
        let (outcome, lasted) = match task.await {
            Ok((tracks, lasted)) => (Ok(tracks), lasted),
            Err(error) => (Err(words_of(error)), 0.0),
        };
        played.push(Played { story: *story, outcome, lasted });
    }
    strike(theatre, stories).await;
    played
}

/// Takes everything away again; nobody waits for it.
///
/// Only when all is over, and Rollouts before their namespaces: what a controller tells about an
/// object in a namespace that goes is refused slowly, and those who still play would be heard late.
async fn strike(theatre: &Arc<Theatre>, stories: &[Story]) {
    for kind in [Kind::Rollout, Kind::Experiment, Kind::Deployment] {
        for story in stories {
            let path = kind.within(&format!("{}{}", theatre.prefix, story.name));
            theatre.call("DELETE", &path, None, &Value::Null).await;
        }
    }
    for story in stories {
        let path = format!("/api/v1/namespaces/{}{}", theatre.prefix, story.name);
        theatre.call("DELETE", &path, None, &Value::Null).await;
    }
}

async fn one(theatre: &Arc<Theatre>, story: Story) -> Tracks {
    let mut stage = Stage::build(theatre, story.name).await;
    (story.play)(&mut stage).await;
    stage.quiet().await;
    stage.hear_out().await;
    let record = stage.record();
    let mut tracks = tracks::of(record, &stage.namespace, &theatre.house.prometheus);
    if !stage.said.is_empty() {
        tracks.insert(("answers".to_owned(), "verbs".to_owned()), stage.told());
    }
    tracks
}

fn words_of(error: tokio::task::JoinError) -> String {
    let panic = error.into_panic();
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|t| (*t).to_owned())).unwrap_or_default()
}
