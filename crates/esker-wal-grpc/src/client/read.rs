//! Calls that change nothing.

use std::ops::Range;

use bytes::Bytes;
use esker_core::{FrameIndex, LedgerId, StoreId, frame::Frame};
use esker_wal::{Directory, StoreError};
use http::uri::PathAndQuery;
use prost::Message;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use super::{connect::Channel, unreachable};
use crate::{
    DIRECTORY, IS_OPEN, READ, READ_FRAME,
    convert::{self, Malformed},
    proto::{self, is_open_response, read_frame_response, read_response},
};

/// Most bytes of a directory's headers: 64 for each batch that is not yet offloaded.
const MAX_DIRECTORY: usize = 1 << 30;

pub(super) fn refused(status: &Status) -> StoreError {
    unreachable(format!("{:?}: {}", status.code(), status.message()))
}

pub(super) fn garbled(Malformed(what): Malformed) -> StoreError {
    unreachable(format!("it answered with {what}"))
}

fn fault(message: proto::Fault) -> StoreError {
    convert::fault(message).unwrap_or_else(garbled)
}

pub(super) async fn payload(
    channel: Channel,
    store: StoreId,
    ledger: LedgerId,
    index: FrameIndex,
    range: Range<u32>,
) -> Result<Bytes, StoreError> {
    let request = proto::ReadRequest {
        store: convert::store_bytes(store),
        ledger: Some(convert::ledger_message(ledger)),
        index: index.0,
        start: range.start,
        end: range.end,
    };
    let answer: proto::ReadResponse = unary(channel, request, READ).await?;
    match answer.result {
        Some(read_response::Result::Payload(payload))
            if payload.len() <= range.end.saturating_sub(range.start) as usize =>
        {
            Ok(payload)
        }
        Some(read_response::Result::Fault(message)) => Err(fault(message)),
        _ => Err(unreachable("it answered a read with something else")),
    }
}

pub(super) async fn frame(
    channel: Channel,
    store: StoreId,
    ledger: LedgerId,
    index: FrameIndex,
) -> Result<Frame, StoreError> {
    let request = proto::ReadFrameRequest {
        store: convert::store_bytes(store),
        ledger: Some(convert::ledger_message(ledger)),
        index: index.0,
    };
    let answer: proto::ReadFrameResponse = unary(channel, request, READ_FRAME).await?;
    match answer.result {
        Some(read_frame_response::Result::Frame(encoded)) => {
            let frame = convert::frame(encoded).map_err(garbled)?;
            if (frame.ledger(), frame.index()) == (ledger, index) {
                Ok(frame)
            } else {
                Err(unreachable("it answered with another frame"))
            }
        }
        Some(read_frame_response::Result::Fault(message)) => Err(fault(message)),
        None => Err(unreachable("it answered a read with something else")),
    }
}

pub(super) async fn directory(
    channel: Channel,
    store: StoreId,
    ledger: LedgerId,
    from: FrameIndex,
) -> Result<Directory, StoreError> {
    let request = proto::DirectoryRequest {
        store: convert::store_bytes(store),
        ledger: Some(convert::ledger_message(ledger)),
        from: from.0,
    };
    let mut grpc = channel.grpc();
    grpc.ready().await.map_err(|error| unreachable(error.to_string()))?;
    let codec = ProstCodec::<_, proto::DirectoryPage>::default();
    let path = PathAndQuery::from_static(DIRECTORY);
    let answer = grpc.server_streaming(Request::new(request), path, codec).await;
    let mut pages = answer.map_err(|status| refused(&status))?.into_inner();
    let mut directory = Directory::new();
    let (mut next, mut bytes) = (from, 0);
    while let Some(page) = pages.message().await.map_err(|status| refused(&status))? {
        if let Some(message) = page.fault {
            return Err(fault(message));
        }
        for frame in page.frames {
            let (index, headers) = convert::headers(&frame).map_err(garbled)?;
            bytes += frame.headers.len();
            if index < next || bytes > MAX_DIRECTORY {
                return Err(unreachable("it answered with a directory out of order, or without end"));
            }
            next = index.next();
            directory.push((index, headers));
        }
    }
    Ok(directory)
}

pub(super) async fn is_open(channel: Channel, store: StoreId, ledger: LedgerId) -> Result<bool, StoreError> {
    let request = proto::IsOpenRequest {
        store: convert::store_bytes(store),
        ledger: Some(convert::ledger_message(ledger)),
    };
    let answer: proto::IsOpenResponse = unary(channel, request, IS_OPEN).await?;
    match answer.result {
        Some(is_open_response::Result::Open(open)) => Ok(open),
        Some(is_open_response::Result::Fault(message)) => Err(fault(message)),
        None => Err(unreachable("it answered a question with something else")),
    }
}

async fn unary<Q, A>(channel: Channel, request: Q, path: &'static str) -> Result<A, StoreError>
where
    Q: Message + 'static,
    A: Message + Default + 'static,
{
    let mut grpc = channel.grpc();
    grpc.ready().await.map_err(|error| unreachable(error.to_string()))?;
    let codec = ProstCodec::<Q, A>::default();
    let answer = grpc.unary(Request::new(request), PathAndQuery::from_static(path), codec).await;
    answer.map(tonic::Response::into_inner).map_err(|status| refused(&status))
}
