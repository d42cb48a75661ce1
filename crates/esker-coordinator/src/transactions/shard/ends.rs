//! Ends that come by themselves: of what was decided, of what takes too long, of what nobody uses.

use esker_kafka_wire::KString;

use super::{Cx, Shard, tell_again};
use crate::transactions::types::{MarkerError, Producer, TransactionState};

/// Whether asking again soon is of little use.
const fn is_fenced(error: &MarkerError) -> bool {
    matches!(error, MarkerError::Fenced | MarkerError::FencedCoordinator)
}

/// A partition, and what came of telling it.
pub(crate) type Told = ((KString, i32), Result<(), MarkerError>);

impl Shard {
    /// Partitions have been told how the transaction of `producer` ended, or have not.
    pub(crate) fn told(&mut self, cx: &mut Cx<'_>, id: &KString, producer: Producer, results: &[Told]) {
        let again = self.with(id, |transaction| {
            if transaction.facts.producer != producer || transaction.facts.decision().is_none() {
                return None;
            }
            let mut failed = None;
            for ((topic, partition), result) in results {
                match result {
                    Ok(()) | Err(MarkerError::UnknownPartition) => transaction.told(topic, *partition),
                    Err(error) => failed = Some((topic, partition, error)),
                }
            }
            if let Some((topic, partition, error)) = failed {
                let attempts = transaction.not_all_told();
                let wait = tell_again(if is_fenced(error) { u32::MAX } else { attempts });
                tracing::info!(%id, %topic, partition, attempts, %error, "a partition is to be told again");
                transaction.wake = Some(cx.now.monotonic + wait);
            }
            Some(failed.is_some())
        });
        if again.flatten() == Some(false) {
            self.go_on(cx, id);
        }
    }

    /// Acts on every deadline that has passed.
    pub(crate) fn expire(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now.monotonic;
        let earliest_abort = self.last_abort.map_or(now, |last| last + cx.config.abort_interval).max(now);
        while let Some(id) = self.wakes.pop_due(now) {
            let Some(transaction) = self.ids.get(&id) else { continue };
            if transaction.is_pending() {
                // What becomes of that comes first; `written` looks again.
                continue;
            }
            let is_due = super::time_is_up(&transaction.facts, cx.now).is_some_and(|due| due <= now);
            if !is_due {
                // Either there is something to tell or to complete, or time is not up by the wall clock.
                self.with(&id, |transaction| transaction.wake = None);
                self.go_on(cx, &id);
            } else if earliest_abort > now {
                self.with(&id, |transaction| transaction.wake = Some(earliest_abort));
            } else {
                self.time_out(cx, &id);
            }
        }
    }

    fn time_out(&mut self, cx: &mut Cx<'_>, id: &KString) {
        let next = self.ids.get(id).and_then(|transaction| transaction.time_out(cx.now.wall_ms));
        let next = next.expect("the caller has found it ongoing");
        tracing::info!(%id, producer = %next.producer.id, "a transaction takes too long and is aborted");
        self.last_abort = Some(cx.now.monotonic);
        self.write(cx, id, next, None).expect("as large as what was written before");
    }

    /// Forgets ids that nobody has used for long.
    pub(crate) fn expire_ids(&mut self, cx: &mut Cx<'_>) {
        let age = i64::try_from(cx.config.id_expiration.as_millis()).unwrap_or(i64::MAX);
        let before_ms = cx.now.wall_ms.saturating_sub(age);
        let unused: Vec<_> = self
            .ids
            .values()
            .filter_map(|transaction| Some((transaction.id.clone(), transaction.expire(before_ms)?)))
            .collect();
        for (id, next) in unused {
            assert_eq!(next.state, TransactionState::Dead);
            self.write(cx, &id, next, None).expect("a key that was written before");
        }
    }
}
