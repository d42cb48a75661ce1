//! Transactions: list, describe, whose are open in a partition, and ending one that hangs.

use std::collections::{BTreeMap, BTreeSet};

use esker_kafka_wire::messages::describe_producers_request::TopicRequest;
use esker_kafka_wire::messages::describe_producers_response::ProducerState;
use esker_kafka_wire::messages::describe_transactions_response::TransactionState;
use esker_kafka_wire::messages::write_txn_markers_request::{WritableTxnMarker, WritableTxnMarkerTopic};
use esker_kafka_wire::messages::{
    DescribeProducersRequest, DescribeTransactionsRequest, ListTransactionsRequest, WriteTxnMarkersRequest,
};
use esker_kafka_wire::{ErrorCode, KString};

use super::groups::CoordinatorOf;
use crate::retry::with_retry;
use crate::{Client, ClientError};

/// Which transactions to list; empty and `None` leave out none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    /// In one of these states, such as `Ongoing`.
    pub states: Vec<String>,
    /// Of one of these producers, by id.
    pub producers: Vec<i64>,
    /// Under way for longer than this, milliseconds, 0 or more. Brokers that do not know it are refused.
    pub longer_than_ms: Option<i64>,
    /// Whose whole id matches this regular expression. Brokers that do not know it are refused.
    pub pattern: Option<String>,
}

/// A transactional id in a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransactionListing {
    /// The id.
    pub transactional_id: String,
    /// The broker that coordinates it.
    pub coordinator: i32,
    /// Its producer's id.
    pub producer: i64,
    /// Its state, such as `Ongoing`, `CompleteCommit`.
    pub state: String,
}

/// A transactional id, as its coordinator knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionDescription {
    /// The id.
    pub transactional_id: String,
    /// The address of the broker that coordinates it.
    pub coordinator: String,
    /// Its producer's id.
    pub producer: i64,
    /// Its producer's epoch.
    pub epoch: i16,
    /// Its state.
    pub state: String,
    /// After how long it is aborted, milliseconds.
    pub timeout_ms: i32,
    /// When it began, milliseconds since the Unix epoch; `None` when none is under way.
    pub started_ms: Option<i64>,
    /// Partitions in the transaction, by topic.
    pub partitions: BTreeMap<String, Vec<i32>>,
}

/// A producer as a partition knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveProducer {
    /// Its id.
    pub producer: i64,
    /// Its epoch.
    pub epoch: i32,
    /// The last sequence number that it wrote, -1 for none.
    pub last_sequence: i32,
    /// When it last wrote, milliseconds since the Unix epoch, -1 if that is not known.
    pub last_timestamp: i64,
    /// The epoch of the coordinator that wrote its last marker, -1 if there was none.
    pub coordinator_epoch: i32,
    /// Where its open transaction begins in the partition, if it has one.
    pub open_since: Option<i64>,
}

/// A transaction that an operator aborts in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HangingTransaction<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition, 0 or more.
    pub partition: i32,
    /// The producer's id, 0 or more.
    pub producer: i64,
    /// The producer's epoch, 0 or more.
    pub epoch: i16,
    /// The coordinator's epoch, as the partition says it. For -1 it is 0, which is not above any.
    pub coordinator_epoch: i32,
}

impl Client {
    /// Transactional ids of all brokers.
    ///
    /// # Errors
    /// A broker does not answer, or does not know what is asked for.
    pub async fn list_transactions(
        &self,
        filter: &TransactionFilter,
    ) -> Result<Vec<TransactionListing>, ClientError> {
        let request = ListTransactionsRequest {
            state_filters: filter.states.iter().map(|state| KString::from(state.as_str())).collect(),
            producer_id_filters: filter.producers.clone(),
            duration_filter: filter.longer_than_ms.unwrap_or(-1),
            transactional_id_pattern: filter.pattern.as_deref().map(KString::from),
        };
        with_retry!(self, {
            let mut all = BTreeSet::new();
            for broker in self.cluster().brokers.keys() {
                let response = self.connection(*broker).await?.call(&request).await?;
                ClientError::check(response.error_code, None, || {
                    format!("listing transactions of broker {broker}")
                })?;
                if let Some(unknown) = response.unknown_state_filters.first() {
                    return Err(ClientError::Settings(format!("there is no transaction state {unknown:?}")));
                }
                all.extend(response.transaction_states.iter().map(|raw| TransactionListing {
                    transactional_id: raw.transactional_id.as_str().to_owned(),
                    coordinator: *broker,
                    producer: raw.producer_id,
                    state: raw.transaction_state.as_str().to_owned(),
                }));
            }
            Ok(all.into_iter().collect())
        })
    }

    /// A transactional id; `None` when its coordinator does not know it.
    ///
    /// # Errors
    /// The coordinator refuses or does not answer.
    pub async fn describe_transaction(
        &self,
        transactional_id: &str,
    ) -> Result<Option<TransactionDescription>, ClientError> {
        let request =
            DescribeTransactionsRequest { transactional_ids: vec![KString::from(transactional_id)] };
        with_retry!(self, {
            let connection = self.coordinator_of(CoordinatorOf::Transaction, transactional_id).await?;
            let response = connection.call(&request).await?;
            let raw =
                response.transaction_states.into_iter().next().ok_or_else(|| ClientError::Malformed {
                    address: connection.address().to_owned(),
                    detail: format!("no description of transactional id {transactional_id:?}"),
                })?;
            if raw.error_code == ErrorCode::TransactionalIdNotFound.code() {
                return Ok(None);
            }
            ClientError::check(raw.error_code, None, || {
                format!("describing transactional id {transactional_id:?}")
            })?;
            Ok(Some(description(connection.address(), raw)))
        })
    }

    /// The producers that a partition's leader knows, by id.
    ///
    /// # Errors
    /// There is no such partition, or its leader does not answer.
    pub async fn describe_producers(
        &self,
        topic: &str,
        partition: i32,
    ) -> Result<Vec<ActiveProducer>, ClientError> {
        let asked = TopicRequest { name: KString::from(topic), partition_indexes: vec![partition] };
        let request = DescribeProducersRequest { topics: vec![asked] };
        with_retry!(self, {
            let leader = self.leader_of(topic, partition).await?;
            let response = self.connection(leader).await?.call(&request).await?;
            let mut all = Vec::new();
            for found in response.topics.iter().flat_map(|topic| &topic.partitions) {
                ClientError::check(found.error_code, found.error_message.as_deref(), || {
                    format!("asking for the producers of {topic}-{partition}")
                })?;
                all.extend(found.active_producers.iter().map(producer));
            }
            all.sort_by_key(|producer: &ActiveProducer| producer.producer);
            Ok(all)
        })
    }

    /// Aborts a transaction in one partition, whatever its coordinator says about it: for those that no coordinator will
    /// ever end. Nothing happens where there is none.
    ///
    /// # Errors
    /// The partition's leader refuses, because a newer epoch of the producer or of the coordinator has been there, or does
    /// not answer.
    pub async fn abort_hanging(&self, transaction: &HangingTransaction<'_>) -> Result<(), ClientError> {
        let HangingTransaction { topic, partition, producer, epoch, coordinator_epoch } = *transaction;
        let topics =
            vec![WritableTxnMarkerTopic { name: KString::from(topic), partition_indexes: vec![partition] }];
        let marker = WritableTxnMarker {
            producer_id: producer,
            producer_epoch: epoch,
            transaction_result: false,
            topics,
            coordinator_epoch: coordinator_epoch.max(0),
            ..WritableTxnMarker::default()
        };
        let request = WriteTxnMarkersRequest { markers: vec![marker] };
        with_retry!(self, {
            let leader = self.leader_of(topic, partition).await?;
            let response = self.connection(leader).await?.call(&request).await?;
            let topics = response.markers.iter().flat_map(|marker| &marker.topics);
            for result in topics.flat_map(|topic| &topic.partitions) {
                ClientError::check(result.error_code, None, || {
                    format!("aborting the transaction of producer {producer} in {topic}-{partition}")
                })?;
            }
            Ok(())
        })
    }
}

fn description(coordinator: &str, raw: TransactionState) -> TransactionDescription {
    let partitions = raw.topics.into_iter();
    TransactionDescription {
        transactional_id: raw.transactional_id.as_str().to_owned(),
        coordinator: coordinator.to_owned(),
        producer: raw.producer_id,
        epoch: raw.producer_epoch,
        state: raw.transaction_state.as_str().to_owned(),
        timeout_ms: raw.transaction_timeout_ms,
        started_ms: Some(raw.transaction_start_time_ms).filter(|at| *at >= 0),
        partitions: partitions
            .map(|topic| {
                let mut partitions = topic.partitions;
                partitions.sort_unstable();
                (topic.topic.as_str().to_owned(), partitions)
            })
            .collect(),
    }
}

const fn producer(raw: &ProducerState) -> ActiveProducer {
    ActiveProducer {
        producer: raw.producer_id,
        epoch: raw.producer_epoch,
        last_sequence: raw.last_sequence,
        last_timestamp: raw.last_timestamp,
        coordinator_epoch: raw.coordinator_epoch,
        open_since: if raw.current_txn_start_offset >= 0 { Some(raw.current_txn_start_offset) } else { None },
    }
}
