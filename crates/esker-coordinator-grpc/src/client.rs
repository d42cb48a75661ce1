//! The other brokers.

use bytes::Bytes;
use esker_control_grpc::Sessions;
use esker_coordinator::{
    AdmitRequest, MarkerError, MarkerOrder, RemoteCoordination, ShareFound, ShareOrder, TransactionError,
};
use esker_core::{Offset, PartitionId};
use esker_env::BoxFuture;
use esker_meta::SessionKey;
use esker_wal_grpc::Channel;
use http::uri::PathAndQuery;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use crate::{
    ADMIT, ADMIT_PATH, APPEND_PATH, ENDS_PATH, MAX_ANSWER, SHARE, SHARE_PATH, WRITE_MARKERS,
    WRITE_MARKERS_PATH, convert, proto,
};

/// [`RemoteCoordination`] over gRPC.
pub struct GrpcCoordination {
    sessions: Sessions,
}

impl GrpcCoordination {
    /// Asks over these connections.
    #[must_use]
    pub const fn new(sessions: Sessions) -> Self {
        Self { sessions }
    }
}

async fn ask<Q, A>(channel: Channel, path: &'static str, asked: Q) -> Result<A, Status>
where
    Q: prost::Message + Send + Sync + 'static,
    A: prost::Message + Default + Send + Sync + 'static,
{
    let mut grpc = channel.grpc().max_decoding_message_size(MAX_ANSWER);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = PathAndQuery::from_static(path);
    Ok(grpc.unary(Request::new(asked), path, ProstCodec::<Q, A>::default()).await?.into_inner())
}

impl RemoteCoordination for GrpcCoordination {
    fn write_markers(
        &self,
        at: SessionKey,
        order: MarkerOrder,
    ) -> BoxFuture<'_, Result<Vec<Result<(), MarkerError>>, String>> {
        Box::pin(async move {
            let asked = convert::order_message(&order);
            let answer: Result<proto::WriteMarkersResponse, _> =
                self.sessions.ask(at, WRITE_MARKERS, |channel| ask(channel, WRITE_MARKERS_PATH, asked)).await;
            let answer = answer.map_err(|error| error.why)?;
            Ok(answer.results.iter().map(convert::result).collect())
        })
    }

    fn admit(
        &self,
        at: SessionKey,
        request: AdmitRequest,
    ) -> BoxFuture<'_, Result<Vec<Result<(), TransactionError>>, String>> {
        Box::pin(async move {
            let asked = convert::admit_message(&request);
            let answer: Result<proto::AdmitResponse, _> =
                self.sessions.ask(at, ADMIT, |channel| ask(channel, ADMIT_PATH, asked)).await;
            let answer = answer.map_err(|error| error.why)?;
            Ok(answer.errors.into_iter().map(convert::error).collect())
        })
    }

    fn share(&self, at: SessionKey, order: ShareOrder) -> BoxFuture<'_, Result<Vec<ShareFound>, String>> {
        Box::pin(async move {
            let asked = convert::share_message(&order);
            let answer: Result<proto::ShareResponse, _> =
                self.sessions.ask(at, SHARE, |channel| ask(channel, SHARE_PATH, asked)).await;
            let answer = answer.map_err(|error| error.why)?;
            answer
                .results
                .iter()
                .map(convert::found)
                .collect::<Option<_>>()
                .ok_or_else(|| "no topic id".to_owned())
        })
    }

    fn append(&self, at: SessionKey, target: PartitionId, batch: Bytes) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let asked =
                proto::AppendRequest { topic: target.topic.0, index: target.index, batch: batch.to_vec() };
            let answer: Result<proto::AppendResponse, _> =
                self.sessions.ask(at, SHARE, |channel| ask(channel, APPEND_PATH, asked)).await;
            let why = answer.map_err(|error| error.why)?.why;
            if why.is_empty() { Ok(()) } else { Err(why) }
        })
    }
    fn ends(
        &self,
        at: SessionKey,
        partitions: Vec<PartitionId>,
    ) -> BoxFuture<'_, Result<Vec<Option<Offset>>, String>> {
        Box::pin(async move {
            let named = |id: &PartitionId| proto::NumberedPartition { topic: id.topic.0, index: id.index };
            let asked = proto::EndsRequest { partitions: partitions.iter().map(named).collect() };
            let answer: Result<proto::EndsResponse, _> =
                self.sessions.ask(at, SHARE, |channel| ask(channel, ENDS_PATH, asked)).await;
            let ends = answer.map_err(|error| error.why)?.ends;
            if ends.len() != partitions.len() {
                return Err(format!("{} ends of {} partitions", ends.len(), partitions.len()));
            }
            Ok(ends.into_iter().map(|end| (end >= 0).then_some(Offset(end))).collect())
        })
    }
}
