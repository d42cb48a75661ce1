//! Faults and partitions on their way between brokers.

use std::time::Duration;

use esker_core::{PartitionId, TopicNumber};
use tonic::{Code, Status};

use crate::{
    fault::{Fault, Kind},
    proto::esker::forward::v1 as proto,
};

pub(crate) const fn partition_message(id: PartitionId) -> proto::Partition {
    proto::Partition { topic: id.topic.0, index: id.index }
}

pub(crate) fn partition(message: Option<proto::Partition>) -> Result<PartitionId, Status> {
    let proto::Partition { topic, index } =
        message.ok_or_else(|| Status::invalid_argument("no partition is named"))?;
    Ok(PartitionId { topic: TopicNumber(topic), index })
}

pub(crate) fn fault_message(fault: Fault) -> proto::Fault {
    use proto::fault::Kind as Sent;
    let kind = match fault.kind {
        Kind::NotHere => Sent::NotHere,
        Kind::Unknown => Sent::Unknown,
        Kind::Refused => Sent::Refused,
    };
    proto::Fault {
        kind: kind.into(),
        code: fault.code as i32,
        reason: fault.reason,
        message: fault.message,
        metadata: fault.metadata,
        retry_after_ms: fault.retry_after.map_or(0, |after| after.as_millis().try_into().unwrap_or(u32::MAX)),
    }
}

/// What the other broker says; a fault of a kind that this one does not know may mean anything.
pub(crate) fn fault(message: proto::Fault) -> Fault {
    use proto::fault::Kind as Sent;
    let mut made = match message.kind() {
        Sent::NotHere => Fault::not_here(message.message),
        Sent::Refused => {
            let mut fault = Fault::refused(Code::from_i32(message.code), &message.reason, message.message);
            fault.metadata = message.metadata;
            fault
        }
        Sent::Unknown | Sent::Unspecified => Fault::unknown(message.message),
    };
    let after = Some(message.retry_after_ms).filter(|after| *after > 0);
    made.retry_after = after.map(|after| Duration::from_millis(u64::from(after)));
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_travel() {
        let refused =
            Fault::refused(Code::OutOfRange, "OFFSET_OUT_OF_RANGE", "beyond").with("end_offset", &7);
        for made in
            [Fault::not_here("elsewhere"), Fault::unknown("who knows"), refused, Fault::busy("streams")]
        {
            assert_eq!(fault(fault_message(made.clone())), made);
        }
        let odd = proto::Fault { kind: 99, ..proto::Fault::default() };
        assert_eq!(fault(odd).kind, Kind::Unknown);
    }
}
