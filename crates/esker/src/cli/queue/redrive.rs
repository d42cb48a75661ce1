//! `esker queue redrive`.

use clap::Args;
use esker_env::Env;
use esker_grpc::messages::{RedriveRequest, SkippedLetter};
use serde_json::{Value, json};

use super::{Api, said};
use crate::cli::{
    error::CliError,
    output::{self, Table},
};

/// What one call moves at most.
const TOGETHER: u64 = 1_000;

#[derive(Args)]
#[command(after_help = "Examples:
  esker queue redrive jobs
  esker queue redrive jobs --count 10 --output json")]
pub(crate) struct Redrive {
    /// The queue
    queue: String,
    /// The share group whose dead letters they are; the queue's own if not given
    #[arg(long, default_value = "", hide_default_value = true)]
    group: String,
    /// Move at most so many
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<u64>,
    #[command(flatten)]
    pub(crate) api: Api,
}

fn why(letter: &SkippedLetter) -> &str {
    letter.error.as_ref().map_or("", |error| &error.message)
}

fn document(letter: &SkippedLetter) -> Value {
    json!({ "partition": letter.partition, "offset": letter.offset, "error": why(letter) })
}

impl Redrive {
    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let client = self.api.connect(env).await?;
        let (mut moved, mut skipped) = (0_u64, Vec::new());
        let most = self.count.unwrap_or(u64::MAX);
        let mut failed = None;
        while moved < most && failed.is_none() {
            let now = u32::try_from((most - moved).min(TOGETHER)).unwrap_or(1);
            let asked =
                RedriveRequest { queue: self.queue.clone(), group: self.group.clone(), max_messages: now };
            let done = client.redrive(asked).await.map_err(|status| said(&status))?;
            moved += u64::from(done.moved);
            // The next call meets them again, and moves others.
            skipped = done.skipped;
            failed = done.error;
            if !done.more || done.moved == 0 {
                break;
            }
        }
        let named: Vec<Value> = skipped.iter().map(document).collect();
        let document = json!({ "queue": self.queue, "moved": moved, "skipped": named });
        output::show(self.api.output, &document, |mut out| {
            writeln!(out, "moved {moved} dead letters back to {}", self.queue)?;
            if skipped.is_empty() {
                return Ok(());
            }
            writeln!(out, "{} were not moved:", skipped.len())?;
            let mut table = Table::new(&["partition", "offset", "reason"]);
            for letter in &skipped {
                table.row([letter.partition.to_string(), letter.offset.to_string(), why(letter).to_owned()]);
            }
            table.write(&mut out)
        })?;
        failed.map_or(Ok(()), |error| Err(CliError::Found(format!("it ended early: {}", error.message))))
    }
}
