//! Orders and admissions as they travel.

use esker_coordinator::{
    Admission, AdmitRequest, MAX_PARTITIONS, MarkerError, MarkerOrder, ShareError, ShareFound, ShareOrder,
    ShareStand, ShareTarget, ShareWhat, TransactionError,
};
use esker_core::ProducerId;
use esker_kafka_wire::KString;
use tonic::Status;
use uuid::Uuid;

use crate::{
    MAX_REASON,
    proto::{self, marker_result::Outcome, share_request::What},
};

fn invalid(what: impl Into<String>) -> Status {
    Status::invalid_argument(what)
}

fn partition_messages(partitions: &[(KString, i32)]) -> Vec<proto::Partition> {
    partitions
        .iter()
        .map(|(topic, index)| proto::Partition { topic: topic.to_string(), index: *index })
        .collect()
}

fn partitions(messages: Vec<proto::Partition>) -> Result<Vec<(KString, i32)>, Status> {
    if messages.len() > MAX_PARTITIONS {
        return Err(invalid(format!("{} partitions, more than {MAX_PARTITIONS}", messages.len())));
    }
    let partition = |proto::Partition { topic, index }| match index {
        0.. => Ok((KString::from(topic), index)),
        _ => Err(invalid(format!("partition {index}"))),
    };
    messages.into_iter().map(partition).collect()
}

fn producer(id: i64, epoch: i32) -> Result<(ProducerId, i16), Status> {
    if id < 0 {
        return Err(invalid(format!("producer id {id}")));
    }
    match i16::try_from(epoch) {
        Ok(epoch @ 0..) => Ok((ProducerId(id), epoch)),
        _ => Err(invalid(format!("producer epoch {epoch}"))),
    }
}

pub(crate) fn order_message(order: &MarkerOrder) -> proto::WriteMarkersRequest {
    proto::WriteMarkersRequest {
        producer_id: order.producer.0,
        producer_epoch: order.epoch.into(),
        bumped: order.bumped,
        commit: order.commit,
        coordinator_epoch: order.coordinator_epoch,
        partitions: partition_messages(&order.partitions),
    }
}

pub(crate) fn order(message: proto::WriteMarkersRequest) -> Result<MarkerOrder, Status> {
    let (producer, epoch) = producer(message.producer_id, message.producer_epoch)?;
    if message.coordinator_epoch < 0 {
        return Err(invalid(format!("coordinator epoch {}", message.coordinator_epoch)));
    }
    Ok(MarkerOrder {
        producer,
        epoch,
        bumped: message.bumped,
        commit: message.commit,
        coordinator_epoch: message.coordinator_epoch,
        partitions: partitions(message.partitions)?,
    })
}

pub(crate) fn result_message(result: Result<(), MarkerError>) -> proto::MarkerResult {
    let (outcome, why) = match result {
        Ok(()) => (Outcome::Written, String::new()),
        Err(MarkerError::Unavailable(why)) => (Outcome::Unavailable, cut(&why).to_owned()),
        Err(MarkerError::UnknownPartition) => (Outcome::UnknownPartition, String::new()),
        Err(MarkerError::Fenced) => (Outcome::Fenced, String::new()),
        Err(MarkerError::FencedCoordinator) => (Outcome::FencedCoordinator, String::new()),
    };
    proto::MarkerResult { outcome: outcome.into(), why }
}

pub(crate) fn result(message: &proto::MarkerResult) -> Result<(), MarkerError> {
    match message.outcome() {
        Outcome::Written => Ok(()),
        Outcome::UnknownPartition => Err(MarkerError::UnknownPartition),
        Outcome::Fenced => Err(MarkerError::Fenced),
        Outcome::FencedCoordinator => Err(MarkerError::FencedCoordinator),
        Outcome::Unavailable => Err(MarkerError::Unavailable(cut(&message.why).to_owned())),
        Outcome::Unspecified => Err(MarkerError::Unavailable("it is not said what became of it".to_owned())),
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_REASON)]
}

pub(crate) fn admit_message(request: &AdmitRequest) -> proto::AdmitRequest {
    proto::AdmitRequest {
        transactional_id: request.transactional_id.to_string(),
        producer_id: request.producer.0,
        producer_epoch: request.epoch.into(),
        add: request.admission == Admission::Add,
        partitions: partition_messages(&request.partitions),
    }
}

pub(crate) fn admit(message: proto::AdmitRequest) -> Result<AdmitRequest, Status> {
    let (producer, epoch) = producer(message.producer_id, message.producer_epoch)?;
    Ok(AdmitRequest {
        transactional_id: message.transactional_id.into(),
        producer,
        epoch,
        partitions: partitions(message.partitions)?,
        admission: if message.add { Admission::Add } else { Admission::Verify },
    })
}

pub(crate) fn error_message(result: Result<(), TransactionError>) -> i32 {
    result.err().map_or(0, |error| error.code().code().into())
}

pub(crate) fn error(code: i32) -> Result<(), TransactionError> {
    if code == 0 {
        return Ok(());
    }
    let known = i16::try_from(code).ok().and_then(TransactionError::of_code);
    // A newer coordinator may have reasons that are not known here.
    Err(known.unwrap_or(TransactionError::Unavailable))
}

pub(crate) fn share_message(order: &ShareOrder) -> proto::ShareRequest {
    let partitions = order.partitions.iter().map(|target| proto::SharePartition {
        topic: target.topic.as_bytes().to_vec(),
        index: target.index,
        start: target.start,
    });
    let what = match order.what {
        ShareWhat::Describe => What::Describe,
        ShareWhat::Reset => What::Reset,
        ShareWhat::End => What::End,
    };
    proto::ShareRequest {
        group: order.group.to_string(),
        what: what.into(),
        partitions: partitions.collect(),
    }
}

pub(crate) fn share(message: proto::ShareRequest) -> Result<ShareOrder, Status> {
    let what = match message.what() {
        What::Describe => ShareWhat::Describe,
        What::Reset => ShareWhat::Reset,
        What::End => ShareWhat::End,
        What::Unspecified => return Err(invalid("it is not said what to do")),
    };
    if message.partitions.len() > MAX_PARTITIONS {
        return Err(invalid(format!("{} partitions, more than {MAX_PARTITIONS}", message.partitions.len())));
    }
    let target = |partition: &proto::SharePartition| match (Uuid::from_slice(&partition.topic), partition) {
        (Ok(topic), proto::SharePartition { index: index @ 0.., start: start @ 0.., .. }) => {
            Ok(ShareTarget { topic, index: *index, start: *start })
        }
        _ => Err(invalid("a partition that makes no sense")),
    };
    let partitions = message.partitions.iter().map(target).collect::<Result<_, _>>()?;
    Ok(ShareOrder { group: message.group.into(), what, partitions })
}

pub(crate) fn found_message(found: &ShareFound) -> proto::ShareResult {
    let none = ShareStand { start: None, lag: -1, leader_epoch: -1 };
    let (error, stand) = match found.result {
        Ok(stand) => (0, stand),
        Err(error) => (error.code().code().into(), none),
    };
    proto::ShareResult {
        topic: found.topic.as_bytes().to_vec(),
        index: found.index,
        error,
        start: stand.start.unwrap_or(-1),
        lag: stand.lag,
        leader_epoch: stand.leader_epoch,
    }
}

pub(crate) fn found(message: &proto::ShareResult) -> Option<ShareFound> {
    let stand = ShareStand {
        start: Some(message.start).filter(|start| *start >= 0),
        lag: message.lag,
        leader_epoch: message.leader_epoch,
    };
    let result = match message.error {
        0 => Ok(stand),
        // A newer leader may have reasons that are not known here.
        code => {
            Err(i16::try_from(code).ok().and_then(ShareError::of_code).unwrap_or(ShareError::Unavailable))
        }
    };
    Some(ShareFound { topic: Uuid::from_slice(&message.topic).ok()?, index: message.index, result })
}
