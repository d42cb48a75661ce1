//! The stream of changes: taken in order, answered as they are done.

use std::sync::Arc;

use esker_env::BoxFuture;
use esker_wal::{LogStore, SealAnswer, StoreError};
use futures::{FutureExt, Stream, StreamExt, stream, stream::FuturesUnordered};
use tonic::{Status, Streaming};

use super::{ServerOptions, check_store};
use crate::{
    convert,
    proto::{self, write_request::Change, write_response},
};

/// What a change counts for besides its frame's bytes.
const CHANGE_BYTES: usize = 256;

/// Answers to one stream's changes. Dropping it abandons the answers, not the changes.
pub(super) fn answers(
    store: Arc<dyn LogStore>,
    options: Arc<ServerOptions>,
    changes: Streaming<proto::WriteRequest>,
) -> impl Stream<Item = Result<proto::WriteResponse, Status>> + Send {
    let state = Write {
        store,
        options,
        changes,
        next: 0,
        running: FuturesUnordered::new(),
        bytes: 0,
        over: false,
        refusal: None,
    };
    stream::unfold(state, |mut state| async move { state.next_answer().await.map(|answer| (answer, state)) })
}

struct Write {
    store: Arc<dyn LogStore>,
    options: Arc<ServerOptions>,
    changes: Streaming<proto::WriteRequest>,
    /// Sequence of the next change.
    next: u64,
    /// Taken and not answered, with what each counts for.
    running: FuturesUnordered<BoxFuture<'static, (proto::WriteResponse, usize)>>,
    bytes: usize,
    /// No more is read.
    over: bool,
    /// Why, when that is the client's fault: said once all that was taken is answered.
    refusal: Option<Status>,
}

impl Write {
    async fn next_answer(&mut self) -> Option<Result<proto::WriteResponse, Status>> {
        loop {
            if self.over && self.running.is_empty() {
                return self.refusal.take().map(Err);
            }
            let room = !self.over && self.has_room();
            tokio::select! {
                biased;
                Some((answer, size)) = self.running.next(), if !self.running.is_empty() => {
                    self.bytes -= size;
                    return Some(Ok(answer));
                }
                change = self.changes.message(), if room => {
                    let taken = match change {
                        Ok(Some(change)) => self.take(change),
                        Ok(None) => { self.over = true; Ok(()) }
                        Err(status) => Err(status),
                    };
                    if let Err(status) = taken {
                        tracing::warn!(store = %self.store.id(), %status, "a stream of changes is refused");
                        self.over = true;
                        self.refusal = Some(status);
                    }
                }
            }
        }
    }

    fn has_room(&self) -> bool {
        self.running.is_empty()
            || (self.bytes < self.options.stream_bytes && self.running.len() < self.options.stream_changes)
    }

    /// Gives a change its place in the store.
    fn take(&mut self, request: proto::WriteRequest) -> Result<(), Status> {
        let proto::WriteRequest { store, sequence, change } = request;
        check_store(self.store.id(), &store)?;
        if sequence != self.next {
            return Err(Status::invalid_argument(format!(
                "change {sequence} where {} is the next",
                self.next
            )));
        }
        let change = change.ok_or_else(|| Status::invalid_argument("no change that this version knows"))?;
        let mut size = CHANGE_BYTES;
        let done = match change {
            Change::Append(encoded) => {
                size += encoded.len();
                self.store.append(convert::frame(encoded)?).map(done).boxed()
            }
            Change::Repair(encoded) => {
                size += encoded.len();
                self.store.repair_append(convert::frame(encoded)?).map(done).boxed()
            }
            Change::Seal(seal) => {
                let (ledger, mode) = (convert::ledger(seal.ledger)?, convert::mode(seal.mode)?);
                self.store.seal(ledger, mode).map(sealed).boxed()
            }
            Change::Trim(message) => {
                let (ledger, trim) = convert::trim(message)?;
                self.store.trim(ledger, trim).map(done).boxed()
            }
        };
        self.next += 1;
        self.bytes += size;
        let answer =
            done.map(move |result| (proto::WriteResponse { sequence, result: Some(result) }, size)).boxed();
        self.running.push(answer);
        Ok(())
    }
}

fn done(result: Result<(), StoreError>) -> write_response::Result {
    match result {
        Ok(()) => write_response::Result::Done(proto::Unit {}),
        Err(error) => write_response::Result::Fault(convert::fault_message(&error)),
    }
}

fn sealed(result: Result<SealAnswer, StoreError>) -> write_response::Result {
    match result {
        Ok(answer) => write_response::Result::Sealed(convert::sealed_message(&answer)),
        Err(error) => write_response::Result::Fault(convert::fault_message(&error)),
    }
}
