//! Both ends over a pipe: what is asked arrives, and what is answered comes back.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use esker_coordinator::{
    Admission, AdmitRequest, MAX_PARTITIONS, MarkerError, MarkerOrder, ShareAdmin, ShareError, ShareFound,
    ShareOrder, ShareStand, ShareTarget, ShareWhat, TransactionError, TransactionGate, TransactionPeers,
};
use esker_core::ProducerId;
use esker_env::{BoxFuture, Env};
use parking_lot::Mutex;
use tonic::Code;

use crate::{CoordinationService, Coordinators, convert, proto};

#[derive(Default)]
struct Double {
    orders: Mutex<Vec<MarkerOrder>>,
    requests: Mutex<Vec<AdmitRequest>>,
}

impl TransactionPeers for Double {
    fn write_markers(&self, order: MarkerOrder) -> BoxFuture<'_, Vec<Result<(), MarkerError>>> {
        self.orders.lock().push(order);
        let long = "ü".repeat(500);
        Box::pin(async move {
            vec![
                Ok(()),
                Err(MarkerError::Unavailable(long)),
                Err(MarkerError::UnknownPartition),
                Err(MarkerError::Fenced),
            ]
        })
    }
}

impl TransactionGate for Double {
    fn admit(&self, request: AdmitRequest) -> BoxFuture<'_, Vec<Result<(), TransactionError>>> {
        self.requests.lock().push(request);
        Box::pin(async { vec![Ok(()), Err(TransactionError::Abortable)] })
    }
}

impl ShareAdmin for Double {
    fn share(&self, order: ShareOrder) -> BoxFuture<'_, Vec<ShareFound>> {
        let found = |target: &ShareTarget| ShareFound {
            topic: target.topic,
            index: target.index,
            result: Err(ShareError::NotLeader),
        };
        let found = order.partitions.iter().map(found).collect();
        Box::pin(async move { found })
    }
}

fn share_order(partitions: usize) -> ShareOrder {
    let target =
        |index| ShareTarget { topic: uuid::Uuid::from_u128(9), index: index as i32, start: index as i64 };
    ShareOrder {
        group: "g".into(),
        what: ShareWhat::Reset,
        partitions: (0..partitions).map(target).collect(),
    }
}

fn order(partitions: usize) -> MarkerOrder {
    MarkerOrder {
        producer: ProducerId(7),
        epoch: 3,
        bumped: true,
        commit: true,
        coordinator_epoch: 9,
        partitions: (0..partitions).map(|index| ("topic".into(), index as i32)).collect(),
    }
}

fn admission(partitions: usize) -> AdmitRequest {
    AdmitRequest {
        transactional_id: "id".into(),
        producer: ProducerId(7),
        epoch: 3,
        partitions: order(partitions).partitions,
        admission: Admission::Add,
    }
}

#[test]
fn what_is_asked_and_answered_survives_the_way() {
    assert_eq!(convert::order(convert::order_message(&order(4))).unwrap(), order(4));
    for admission in [admission(2), AdmitRequest { admission: Admission::Verify, ..admission(1) }] {
        assert_eq!(convert::admit(convert::admit_message(&admission)).unwrap(), admission);
    }
    let results = [
        Ok(()),
        Err(MarkerError::Unavailable("why".to_owned())),
        Err(MarkerError::UnknownPartition),
        Err(MarkerError::Fenced),
        Err(MarkerError::FencedCoordinator),
    ];
    for result in results {
        assert_eq!(convert::result(&convert::result_message(result.clone())), result);
    }
    for error in [Ok(()), Err(TransactionError::NotCoordinator), Err(TransactionError::ProducerFenced)] {
        assert_eq!(convert::error(convert::error_message(error)), error);
    }
    for what in [ShareWhat::Describe, ShareWhat::Reset, ShareWhat::End] {
        let order = ShareOrder { what, ..share_order(3) };
        assert_eq!(convert::share(convert::share_message(&order)).unwrap(), order);
    }
    let stand = ShareStand { start: Some(5), lag: 7, leader_epoch: 3 };
    let topic = uuid::Uuid::from_u128(9);
    for result in [Ok(stand), Ok(ShareStand { start: None, ..stand }), Err(ShareError::NotLeader)] {
        let found = ShareFound { topic, index: 1, result };
        assert_eq!(convert::found(&convert::found_message(&found)), Some(found));
    }
    assert_eq!(convert::error(70_000), Err(TransactionError::Unavailable));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |change: fn(&mut proto::WriteMarkersRequest)| {
        let mut message = convert::order_message(&order(1));
        change(&mut message);
        assert_eq!(convert::order(message).unwrap_err().code(), Code::InvalidArgument);
    };
    refused(|message| message.producer_id = -1);
    refused(|message| message.producer_epoch = -1);
    refused(|message| message.producer_epoch = 40_000);
    refused(|message| message.coordinator_epoch = -1);
    refused(|message| message.partitions[0].index = -1);
    let refused_share = |change: fn(&mut proto::ShareRequest)| {
        let mut message = convert::share_message(&share_order(1));
        change(&mut message);
        assert_eq!(convert::share(message).unwrap_err().code(), Code::InvalidArgument);
    };
    refused_share(|message| message.what = 0);
    refused_share(|message| message.what = 77);
    refused_share(|message| message.partitions[0].index = -1);
    refused_share(|message| message.partitions[0].start = -1);
    refused_share(|message| message.partitions[0].topic = vec![1]);
    refused_share(|message| message.partitions = vec![message.partitions[0].clone(); MAX_PARTITIONS + 1]);
    refused(|message| message.partitions = vec![message.partitions[0].clone(); MAX_PARTITIONS + 1]);
}

#[tokio::test]
async fn a_broker_answers_once_it_is_there() {
    let double = Arc::new(Double::default());
    let service = CoordinationService::unbound(&Env::real());
    let asked = convert::order_message(&order(4));
    let early = service.clone().write_markers(asked.clone()).await;
    assert_eq!(early.unwrap_err().code(), Code::Unavailable);
    service.bind(Coordinators { markers: double.clone(), gate: double.clone(), shares: double.clone() });
    let answer = service.clone().write_markers(asked).await.unwrap();
    assert_eq!(*double.orders.lock(), [order(4)]);
    assert_eq!(answer.results.len(), 4);
    assert_eq!(answer.results[1].why.len(), crate::MAX_REASON);
    let shared = service.clone().share(convert::share_message(&share_order(2))).await.unwrap();
    assert_eq!(shared.results.iter().map(|result| result.error).collect::<Vec<_>>(), [6, 6]);
    let answer = service.admit(convert::admit_message(&admission(2))).await.unwrap();
    assert_eq!(*double.requests.lock(), [admission(2)]);
    assert_eq!(answer.errors, [0, 120]);
}
