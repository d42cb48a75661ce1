//! Acknowledgements of a share group's member, as ShareFetch and ShareAcknowledge carry them.

use std::collections::BTreeMap;

use esker_coordinator::{ShareError, SharePlace};
use esker_kafka_wire::ErrorCode;
use esker_share::{Ack, AckBatch};
use futures::future::join_all;

use crate::{
    api::share_session::{Holder, Named},
    context::Context,
};

/// The type of an acknowledgement that asks for more time, and the version that brought it.
const RENEW: (i8, i16) = (4, 2);

/// What a member says of records that follow one another.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) types: Vec<i8>,
}

/// What came of the acknowledgements for each partition.
pub(crate) type Results = BTreeMap<Named, Result<(), ErrorCode>>;

/// Whether a request's acknowledgements may ask for more time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Renewing {
    /// The request says that it does.
    pub(crate) asked: bool,
    /// The group may.
    pub(crate) allowed: bool,
}

/// Takes the acknowledgements for each partition, side by side. Completes when they are durable, or refused.
pub(crate) async fn settle(
    context: &Context,
    holder: &Holder,
    said: BTreeMap<Named, Vec<Said>>,
    renewing: Renewing,
) -> Results {
    let each = said.into_iter().map(|(named, said)| async move {
        (named, settle_one(context, holder, named, &said, renewing).await)
    });
    join_all(each).await.into_iter().collect()
}

async fn settle_one(
    context: &Context,
    holder: &Holder,
    named: Named,
    said: &[Said],
    renewing: Renewing,
) -> Result<(), ErrorCode> {
    let broker = &context.broker;
    let place: SharePlace = holder.place(broker, named)?;
    let mut acks: Vec<Vec<Ack>> = Vec::with_capacity(said.len());
    for batch in said {
        acks.push(batch.types.iter().map(|kind| read(context, *kind, renewing)).collect::<Result<_, _>>()?);
    }
    let batches: Vec<AckBatch<'_>> = said
        .iter()
        .zip(&acks)
        .map(|(batch, acks)| AckBatch { first: batch.first, last: batch.last, acks })
        .collect();
    broker.shares.acknowledge(&place, &holder.member, &batches).await.map_err(|error| match error {
        // What may be tried again at once.
        ShareError::Loading | ShareError::Unavailable => ErrorCode::CoordinatorNotAvailable,
        other => other.code(),
    })
}

fn read(context: &Context, kind: i8, renewing: Renewing) -> Result<Ack, ErrorCode> {
    match kind {
        0 => Ok(Ack::Gap),
        1 => Ok(Ack::Accept),
        2 => Ok(Ack::Release),
        3 => Ok(Ack::Reject),
        kind if (kind, true) == (RENEW.0, context.version >= RENEW.1 && renewing.asked) => {
            if renewing.allowed { Ok(Ack::Renew) } else { Err(ErrorCode::InvalidRecordState) }
        }
        _ => Err(ErrorCode::InvalidRequest),
    }
}
