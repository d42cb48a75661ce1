//! The table of served APIs, and the way from a frame to its handler.

use std::{
    future::Future,
    sync::{Arc, LazyLock},
    time::Duration,
};

use bytes::Bytes;
use esker_env::BoxFuture;
use esker_kafka_wire::{
    ApiKey, DecodeError, EncodeError, ErrorCode, Reader, Request, Rope, VersionRange, decode_request,
    decode_request_header, encode_response,
};

use crate::{api, budget::Grant, context::Context};

/// What goes back to the client.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The response frame; `None` for `acks=0`.
    pub(crate) rope: Option<Rope>,
    /// Response memory, held until the frame is written.
    pub(crate) memory: Grant,
}

/// The request cannot be answered: its connection is closed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// Not the bytes of such a request.
    #[error("malformed request: {0}")]
    Malformed(#[from] DecodeError),
    /// A handler produced what the version cannot carry: a bug here.
    #[error("response cannot be encoded: {0}")]
    Unencodable(#[from] EncodeError),
    /// An error where the protocol has no response.
    #[error("{} on a request without response", .0.name())]
    Unanswerable(ErrorCode),
}

pub(crate) type Outcome = Result<Answer, Refusal>;

/// A request that has begun.
pub(crate) struct Started {
    /// Gives the answer. Dropping it is safe: the request's effects do not depend on it.
    pub(crate) answer: BoxFuture<'static, Outcome>,
    /// The connection reads nothing for this long (back-pressure).
    pub(crate) mute: Duration,
}

/// What the part of a request that must keep the requests' order leads to.
pub(crate) enum Begun {
    /// It is done.
    Now(Started),
    /// It needs something from elsewhere first. No request of the connection begins before.
    Later(BoxFuture<'static, Started>),
}

/// How an API's requests run within their connection.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// Once all requests before it are answered, as Kafka does.
    Alone(fn(Context, Reader) -> BoxFuture<'static, Outcome>),
    /// The call itself does the part that must keep the requests' order; its answers are waited for side by side
    /// with those of other requests of this kind.
    Pipelined(fn(Context, Reader) -> Result<Begun, Refusal>),
}

/// One served API.
pub(crate) struct Api {
    pub(crate) key: ApiKey,
    pub(crate) handler: Handler,
}

impl Api {
    /// Whether the version is served.
    pub(crate) fn serves(&self, version: i16) -> bool {
        served_versions(self.key).contains(version)
    }
}

/// A row for `api::<module>::handle(Context, Request) -> Response`.
macro_rules! alone {
    ($module:ident) => {
        Api {
            key: api::$module::KEY,
            handler: Handler::Alone(|context, reader| Box::pin(run(context, reader, api::$module::handle))),
        }
    };
}

/// Every served API. What is not here is neither advertised nor answered.
pub(crate) const APIS: &[Api] = &[
    Api { key: ApiKey::Produce, handler: Handler::Pipelined(api::produce::start) },
    Api {
        key: ApiKey::Fetch,
        handler: Handler::Alone(|context, reader| Box::pin(api::fetch::serve(context, reader))),
    },
    alone!(list_offsets),
    alone!(metadata),
    alone!(find_coordinator),
    alone!(join_group),
    alone!(sync_group),
    alone!(heartbeat),
    alone!(leave_group),
    alone!(offset_commit),
    alone!(offset_fetch),
    alone!(offset_delete),
    alone!(describe_groups),
    alone!(list_groups),
    alone!(delete_groups),
    alone!(consumer_group_heartbeat),
    alone!(consumer_group_describe),
    alone!(share_group_heartbeat),
    alone!(share_group_describe),
    Api {
        key: ApiKey::ShareFetch,
        handler: Handler::Alone(|context, reader| Box::pin(api::share_fetch::serve(context, reader))),
    },
    alone!(share_acknowledge),
    alone!(describe_share_group_offsets),
    alone!(alter_share_group_offsets),
    alone!(delete_share_group_offsets),
    alone!(api_versions),
    alone!(create_topics),
    alone!(delete_topics),
    alone!(delete_records),
    alone!(init_producer_id),
    alone!(offset_for_leader_epoch),
    alone!(add_partitions_to_txn),
    alone!(add_offsets_to_txn),
    alone!(end_txn),
    alone!(txn_offset_commit),
    alone!(describe_acls),
    alone!(create_acls),
    alone!(delete_acls),
    alone!(describe_configs),
    alone!(alter_configs),
    alone!(alter_replica_log_dirs),
    alone!(describe_log_dirs),
    alone!(create_partitions),
    alone!(elect_leaders),
    alone!(incremental_alter_configs),
    alone!(alter_partition_reassignments),
    alone!(list_partition_reassignments),
    alone!(describe_client_quotas),
    alone!(describe_user_scram_credentials),
    alone!(describe_quorum),
    alone!(describe_cluster),
    alone!(describe_transactions),
    alone!(list_transactions),
    alone!(list_config_resources),
    alone!(describe_topic_partitions),
    alone!(describe_producers),
    alone!(write_txn_markers),
];

/// The served API of a key.
pub(crate) fn find(key: i16) -> Option<&'static Api> {
    APIS.iter().find(|api| api.key.code() == key)
}

/// The number of a served API in the table.
pub(crate) fn number(key: ApiKey) -> Option<usize> {
    // Found by its key's code: a table of all of them is made once.
    static NUMBERS: LazyLock<[u8; 128]> = LazyLock::new(|| {
        let mut numbers = [u8::MAX; 128];
        for (number, api) in APIS.iter().enumerate() {
            if let Some(slot) = usize::try_from(api.key.code()).ok().and_then(|code| numbers.get_mut(code)) {
                *slot = u8::try_from(number).unwrap_or(u8::MAX);
            }
        }
        numbers
    });
    let number = *NUMBERS.get(usize::try_from(key.code()).ok()?)?;
    (number != u8::MAX).then_some(usize::from(number))
}

/// The keys of all served APIs. (A function, not the table itself, for a handler's future may not depend on the type of
/// the table that it is in.)
pub(crate) fn keys() -> impl Iterator<Item = ApiKey> {
    APIS.iter().map(|api| api.key)
}

/// The versions that are served.
pub(crate) fn served_versions(key: ApiKey) -> VersionRange {
    key.stable_versions()
}

/// Decodes, handles and encodes one request.
async fn run<Q: Request, F: Future<Output = Q::Response> + Send>(
    context: Context,
    mut reader: Reader,
    handle: fn(Context, Q) -> F,
) -> Outcome {
    let (version, correlation_id) = (context.version, context.correlation_id);
    let memory = Arc::clone(&context.memory);
    let request = decode_request::<Q>(&mut reader, version)?;
    context.decoded(reader.budget());
    drop(reader);
    let response = handle(context, request).await;
    let rope = encode_response(correlation_id, version, &response)?;
    let mut memory = std::mem::take(&mut *memory.response.lock());
    memory.shrink(rope.len());
    Ok(Answer { rope: Some(rope), memory })
}

/// Reads a frame's header. The key and version are checked already.
pub(crate) fn open(
    frame: Bytes,
    decode_budget: usize,
) -> Result<(Reader, i32, Option<esker_kafka_wire::KString>), Refusal> {
    let mut reader = Reader::with_budget(frame, decode_budget);
    let (_, header) = decode_request_header(&mut reader)?;
    // It may outlive the frame, which a slice would keep.
    Ok((reader, header.correlation_id, header.client_id.map(|id| id.compact())))
}
