//! The stories. Each plays in a namespace of its own, on any theatre, and decides nothing: it does
//! what people do and waits for what has to come. What it means is compared afterwards.

mod abort;
mod analysis;
mod blue_green;
mod canary;
mod deployment;
mod experiment;
mod istio;
mod nginx;
mod orders;
mod trouble;
mod undo;

use futures::future::BoxFuture;

use super::stage::Stage;

/// A story.
#[derive(Clone, Copy)]
pub(crate) struct Story {
    /// Its name: of the namespace, of the recording.
    pub(crate) name: &'static str,
    /// What happens, in one line.
    pub(crate) plot: &'static str,
    pub(crate) play: for<'a> fn(&'a mut Stage) -> BoxFuture<'a, ()>,
}

/// A story and its function.
macro_rules! story {
    ($name:literal, $play:path, $plot:literal) => {
        crate::conformance::stories::Story {
            name: $name,
            plot: $plot,
            play: |stage| Box::pin($play(stage)),
        }
    };
}
use story;

/// All stories, by subject.
pub(crate) fn all() -> Vec<Story> {
    [
        canary::STORIES,
        nginx::STORIES,
        istio::STORIES,
        abort::STORIES,
        undo::STORIES,
        orders::STORIES,
        analysis::STORIES,
        experiment::STORIES,
        blue_green::STORIES,
        deployment::STORIES,
        trouble::STORIES,
    ]
    .concat()
}
