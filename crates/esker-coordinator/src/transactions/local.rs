//! The ends of transactions, in partitions that this broker leads.

use esker_core::PartitionId;
use esker_env::BoxFuture;
use esker_log::{AppendError, Log, LogError, Marker, ProducerError};
use futures::future::join_all;

use super::{MarkerError, MarkerOrder, TransactionPeers};
use crate::{Groups, OFFSETS_TOPIC};

/// Writes markers into this broker's log. Those of offsets go through the groups, which take note of them in the order of
/// what else they write.
#[derive(Clone)]
pub struct LocalMarkers {
    log: Log,
    groups: Groups,
}

impl LocalMarkers {
    /// On this log, with these groups.
    #[must_use]
    pub const fn new(log: Log, groups: Groups) -> Self {
        Self { log, groups }
    }

    /// Writes an order's markers and waits until they are durable. Results in the order of the partitions. One that is
    /// led elsewhere is [`MarkerError::Unavailable`].
    pub async fn write(&self, order: &MarkerOrder) -> Vec<Result<(), MarkerError>> {
        // All have their places before the first is waited for.
        let begun: Vec<_> =
            order.partitions.iter().map(|(topic, index)| self.begin(topic, *index, order)).collect();
        join_all(begun).await
    }

    fn begin<'a>(
        &'a self,
        topic: &str,
        index: i32,
        order: &'a MarkerOrder,
    ) -> BoxFuture<'a, Result<(), MarkerError>> {
        let MarkerOrder { producer, epoch, bumped, commit, coordinator_epoch, .. } = *order;
        let marker = Marker { producer, epoch, bumped, commit, coordinator_epoch };
        let begun = self.partition(topic, index).and_then(|id| {
            if topic == OFFSETS_TOPIC {
                return Ok(Box::pin(self.groups.end_transaction(id.index, order)) as BoxFuture<'_, _>);
            }
            let appended = self.log.append_marker(id, marker).map_err(|error| refused(&error))?;
            let durable = async move { appended.ticket.durable().await.map_err(|error| refused(&error)) };
            Ok(Box::pin(durable) as BoxFuture<'_, _>)
        });
        begun.unwrap_or_else(|error| Box::pin(std::future::ready(Err(error))))
    }

    fn partition(&self, topic: &str, index: i32) -> Result<PartitionId, MarkerError> {
        let topic = self.log.catalog().by_name(topic).filter(|topic| !topic.record.deleting);
        let topic = topic.ok_or(MarkerError::UnknownPartition)?;
        let index = u32::try_from(index).ok().filter(|index| *index < topic.record.partitions);
        Ok(PartitionId { topic: topic.record.number, index: index.ok_or(MarkerError::UnknownPartition)? })
    }
}

impl TransactionPeers for LocalMarkers {
    fn write_markers(&self, order: MarkerOrder) -> BoxFuture<'_, Vec<Result<(), MarkerError>>> {
        Box::pin(async move { self.write(&order).await })
    }
}

fn refused(error: &AppendError) -> MarkerError {
    match error {
        AppendError::Log(LogError::UnknownPartition(_)) => MarkerError::UnknownPartition,
        AppendError::Producer(ProducerError::OldCoordinator { .. }) => MarkerError::FencedCoordinator,
        AppendError::Producer(ProducerError::OldEpoch { .. }) => MarkerError::Fenced,
        _ => MarkerError::Unavailable(error.to_string()),
    }
}
