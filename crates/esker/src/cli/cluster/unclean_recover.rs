//! `esker cluster unclean-recover`.

use std::io;

use esker_control_grpc::{LossView, TopicView};
use esker_core::{BrokerId, LedgerId};
use esker_env::Env;
use serde_json::json;

use super::{
    super::{error::CliError, output::show},
    Peer, name, shards,
};

/// Topics named before the rest is only counted.
const NAMED_TOPICS: usize = 20;

/// Ends a dead broker's ledger without the stores that would know its end.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  esker cluster unclean-recover 2/17                      say what would be lost\n  \
                        esker cluster unclean-recover 2/17 --accept-loss 1f3c9a02   do it, if that is still so"
)]
pub(crate) struct UncleanRecover {
    /// The ledger that recovery waits for, as `esker cluster status` names it
    #[arg(value_name = "BROKER/NUMBER", value_parser = ledger)]
    ledger: LedgerId,
    #[command(flatten)]
    pub(super) peer: Peer,
    /// The token that this command printed before: what it said may be lost is accepted
    #[arg(long, value_name = "TOKEN")]
    accept_loss: Option<String>,
}

fn ledger(text: &str) -> Result<LedgerId, String> {
    let parsed = text.split_once('/').and_then(|(broker, number)| {
        let broker = broker.parse().ok().filter(|broker| *broker >= 0)?;
        Some(LedgerId { broker: BrokerId(broker), number: number.parse().ok()? })
    });
    parsed.ok_or_else(|| "a ledger is a broker's id, a slash and a number, such as 2/17".to_owned())
}

impl UncleanRecover {
    pub(super) async fn run(self, env: &Env) -> Result<(), CliError> {
        let failed = |error: esker_control::PeerError| CliError::Found(error.to_string());
        let client = self.peer.connect(env).await?;
        let Some(token) = self.accept_loss else {
            let loss = client.assess_loss(self.ledger).await.map_err(failed)?;
            show(self.peer.output, &loss, |out| write_loss(out, &loss))?;
            return Ok(());
        };
        let end = client.accept_loss(self.ledger, &token).await.map_err(failed)?;
        let done = json!({ "ledger": self.ledger.to_string(), "end": end.0 });
        show(self.peer.output, &done, |out| {
            writeln!(out, "ledger {} ends at frame {end}; its shards are served again soon", self.ledger)
        })?;
        Ok(())
    }
}

fn write_loss(out: &mut dyn io::Write, loss: &LossView) -> io::Result<()> {
    let LossView { mode, missing, answers, needed, end, .. } = loss;
    let (ledger, writer) = (name(loss.ledger), loss.writer);
    let authoritative = answers.iter().filter(|answer| answer.authoritative).count();
    if authoritative >= *needed {
        return writeln!(
            out,
            "ledger {ledger}: {authoritative} of its stores answer and {needed} are enough: it is recovered without loss, \
             by itself"
        );
    }
    writeln!(
        out,
        "ledger {ledger} (mode {mode}), written by broker {} in its session {}, which is over.",
        writer.broker, writer.session
    )?;
    writeln!(out, "Stores that can tell its end: {authoritative}. Needed: {needed}.")?;
    for store in missing {
        writeln!(out, "  {store}  away")?;
    }
    for answer in answers {
        let unsure = if answer.authoritative { "" } else { ", may have lost more in a power loss" };
        let held = answer.tail.saturating_sub(answer.trim);
        writeln!(out, "  {}  holds {held} frames, up to {}{unsure}", answer.store, answer.tail)?;
    }
    writeln!(
        out,
        "\nWhat will be LOST: every frame from {end} on that only the stores that are away hold. Messages in such frames \
         may have\nbeen acknowledged; how many there are, only these stores know. It concerns {} and {}:",
        shards(&loss.shards),
        partitions(&loss.topics),
    )?;
    for TopicView { topic, partitions } in loss.topics.iter().take(NAMED_TOPICS) {
        let list: Vec<String> = partitions.iter().map(ToString::to_string).collect();
        writeln!(out, "  {topic}: {}", list.join(", "))?;
    }
    if loss.topics.len() > NAMED_TOPICS {
        writeln!(out, "  and {} more topics", loss.topics.len() - NAMED_TOPICS)?;
    }
    writeln!(
        out,
        "Offsets that are lost are given to new messages. Prefer to bring one of the stores back: then nothing is lost.\n\n\
         Nothing was done. To go on with this loss:\n  esker cluster unclean-recover {ledger} --accept-loss {}",
        loss.token
    )
}

/// `3 partitions of 2 topics`.
fn partitions(topics: &[TopicView]) -> String {
    let count: usize = topics.iter().map(|topic| topic.partitions.len()).sum();
    format!("{count} partitions of {} topics", topics.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_named_as_the_status_names_it() {
        assert_eq!(ledger("2/17"), Ok(LedgerId { broker: BrokerId(2), number: 17 }));
        for bad in ["", "2", "2/", "/17", "-1/17", "2/-17", "2/17/3", "a/b"] {
            assert!(ledger(bad).is_err(), "{bad}");
        }
    }
}
