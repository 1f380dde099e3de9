//! Reverts in the manifests repository: finds which one is meant, has `gitops` work, and reports.
//!
//! Decides nothing. Called by `perform`.

use tokio::sync::mpsc;

use crate::app::msg::Msg;
use crate::app::revert::{News, Wanted};
use crate::config::{RepositoryRule, Setting};
use crate::domain::gitops::Proposal;
use crate::domain::id::WorkloadId;
use crate::gitops::{Git, GitError};

/// The repositories of the configuration.
#[derive(Debug, Clone)]
pub(super) struct Repositories {
    rules: Vec<Setting<RepositoryRule>>,
    git: Option<Git>,
}

impl Repositories {
    /// Those of these rules; git makes its folders below `state`.
    pub(super) fn new(
        rules: Vec<Setting<RepositoryRule>>,
        state: Option<std::path::PathBuf>,
    ) -> Self {
        Self { rules, git: state.map(|state| Git::new(state.join("git"))) }
    }

    /// Where no repository is ever written to.
    pub(super) fn none() -> Self {
        Self { rules: Vec::new(), git: None }
    }

    fn rule(&self, id: &WorkloadId) -> Result<&RepositoryRule, String> {
        let found = self.rules.iter().find(|rule| rule.value.is_of(id));
        found.map(|rule| &rule.value).ok_or_else(|| {
            format!("no [gitops.NAME] of the configuration names the repository of {id}")
        })
    }

    /// Works a revert out and reports it.
    pub(super) async fn propose(self, number: u64, wanted: Wanted, out: mpsc::Sender<Msg>) {
        let news = match self.proposal(&wanted).await {
            Ok(proposal) => News::Offered(Box::new(proposal)),
            Err(news) => news,
        };
        let _ = out.send(Msg::Reverting(number, Box::new(news))).await;
    }

    async fn proposal(&self, wanted: &Wanted) -> Result<Proposal, News> {
        let failed = |why: String| News::Failed(why.into());
        let git = self.git.as_ref().ok_or_else(|| failed("there is no place for it".to_owned()))?;
        let rule = self.rule(&wanted.revert.workload).map_err(failed)?;
        let repository = rule.of(&wanted.revert.workload).map_err(failed)?;
        git.propose(&repository, &wanted.revert).await.map_err(|error| told(&error))
    }

    /// Pushes what was proposed and reports it.
    pub(super) async fn push(self, number: u64, proposal: Proposal, out: mpsc::Sender<Msg>) {
        let news = match &self.git {
            None => News::Failed("there is no place for it".into()),
            Some(git) => match git.push(&proposal).await {
                Ok(pushed) => News::Pushed(pushed),
                Err(error) => told(&error),
            },
        };
        let _ = out.send(Msg::Reverting(number, Box::new(news))).await;
    }
}

fn told(error: &GitError) -> News {
    if error.is_done() {
        return News::Already(error.to_string().into());
    }
    let again =
        if error.is_passing() { "; it may be another matter in a moment: again" } else { "" };
    News::Failed(format!("{error}{again}").into())
}
