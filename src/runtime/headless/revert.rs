//! `waveoff revert`: the way back as a commit.

use tokio::time::Instant;

use super::{Failure, Headless, TICK, failure};
use crate::app::report;
use crate::app::revert::Stage;
use crate::app::update::{begin_revert, push_revert};
use crate::config::args::{Act, Output};
use crate::domain::text::SafeText;
use crate::error::Exit;
use crate::runtime::prompt;
use crate::runtime::say::{complain, complain_raw, print, print_json};

impl Headless {
    /// Works it out, shows it, asks, pushes it.
    pub(super) async fn revert(&mut self, act: &Act) -> Result<Exit, Failure> {
        let id = self.look_at(&act.target).await?;
        self.tell_missing();
        let deadline = Instant::now() + act.timeout;
        let reason = act.reason.as_deref().map(SafeText::new);
        let begun = begin_revert(&mut self.engine.model, &id, reason);
        let effects = begun.map_err(|why| failure(Exit::Refused, format!("revert {id}: {why}")))?;
        for effect in effects {
            self.engine.perform(effect);
        }
        let stage = self.until(deadline, |stage| *stage == Stage::Asked).await?;
        let Stage::Offered(proposal) = &stage else { return end_revert(&stage, act) };
        if act.dry_run {
            match act.print.output {
                Output::Text => print(&report::proposal_text(proposal)),
                Output::Json => print_json(&report::revert_json(&stage)),
            }
            return Ok(Exit::Ok);
        }
        if act.print.output == Output::Text {
            complain_raw(&report::proposal_text(proposal));
        }
        if !act.yes {
            prompt::ask("yes", true, "commit and push this")
                .await
                .map_err(|refusal| failure(Exit::Refused, refusal.text()))?;
        }
        for effect in push_revert(&mut self.engine.model) {
            self.engine.perform(effect);
        }
        complain("pushing");
        let stage = self.until(deadline, |stage| matches!(stage, Stage::Pushing(_))).await?;
        end_revert(&stage, act)
    }

    /// Waits while a stage lasts.
    async fn until(
        &mut self,
        deadline: Instant,
        lasts: impl Fn(&Stage) -> bool,
    ) -> Result<Stage, Failure> {
        loop {
            let Some(reverting) = &self.engine.model.revert else {
                return Err(failure(Exit::Undetermined, "the revert was lost"));
            };
            if !lasts(&reverting.stage) {
                return Ok(reverting.stage.clone());
            }
            if Instant::now() >= deadline {
                return Err(failure(Exit::TimedOut, "git did not answer in time"));
            }
            self.step(TICK).await?;
        }
    }
}

fn end_revert(stage: &Stage, act: &Act) -> Result<Exit, Failure> {
    let Stage::Over(text, good) = stage else {
        return Err(failure(Exit::Undetermined, "the revert was lost"));
    };
    if act.print.output == Output::Json {
        print_json(&report::revert_json(stage));
    }
    if !good {
        return Err(failure(Exit::Refused, text.as_str()));
    }
    if act.print.output == Output::Text {
        print(&format!("{text}\n"));
    }
    Ok(Exit::Ok)
}
