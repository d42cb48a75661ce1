//! A store of another broker.

mod call;
mod connect;
mod link;
mod options;
mod read;

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use esker_core::{FrameIndex, LedgerId, Mode, StoreId, frame::Frame};
use esker_env::{BoxFuture, Env, TaskGuard};
use esker_wal::{Directory, LogStore, SealAnswer, StoreError, Trim};
use futures::FutureExt;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    convert,
    proto::{self, write_request::Change},
};
use call::{Answer, Call, InFlight};
use link::Link;

pub use connect::{BoxIo, Channel, Connection, Connector, Io, tcp};
pub use options::ClientOptions;

/// What a call answers whose client is gone.
const CLOSED: &str = "its client was closed";

/// Told each time that no connection to a store could be made, or that one ended, and why. Not when the client itself
/// left it. Must not block.
pub type OnLost = Arc<dyn Fn(StoreId, &StoreError) + Send + Sync>;

/// A store behind the network: [`LogStore`] as the crate's page says.
///
/// Connects when there is something to ask, and again, after a pause that grows, when there is something to ask after a
/// failure. A call made meanwhile waits for that attempt. Dropping this ends the connection.
pub struct RemoteStore {
    id: StoreId,
    calls: mpsc::UnboundedSender<Call>,
    in_flight: InFlight,
    endpoint: watch::Sender<String>,
    /// The connection of now, when there is one.
    current: watch::Receiver<Option<Channel>>,
    env: Env,
    options: ClientOptions,
    _link: TaskGuard,
}

impl std::fmt::Debug for RemoteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let endpoint = self.endpoint.borrow();
        f.debug_struct("RemoteStore")
            .field("id", &self.id)
            .field("endpoint", &*endpoint)
            .finish_non_exhaustive()
    }
}

pub(crate) fn unreachable(why: impl Into<Arc<str>>) -> StoreError {
    StoreError::Unreachable(why.into())
}

impl RemoteStore {
    /// The store with this id, which is to be found at this endpoint: what `connector` takes, for [`tcp()`] `host:port`.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn new(
        id: StoreId,
        endpoint: impl Into<String>,
        env: &Env,
        connector: Connector,
        options: ClientOptions,
    ) -> Self {
        Self::watched(id, endpoint, env, connector, options, Arc::new(|_, _| {}))
    }

    /// As [`RemoteStore::new`], with somebody who wants to know of lost connections.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn watched(
        id: StoreId,
        endpoint: impl Into<String>,
        env: &Env,
        connector: Connector,
        options: ClientOptions,
        on_lost: OnLost,
    ) -> Self {
        let (calls, called) = mpsc::unbounded_channel();
        let endpoint = watch::Sender::new(endpoint.into());
        let (publish, current) = watch::channel(None);
        let mut link = Link::new(id, endpoint.subscribe(), publish, env.clone(), connector, options.clone());
        link.on_lost = on_lost;
        Self {
            id,
            calls,
            in_flight: InFlight::new(options.bytes_in_flight),
            endpoint,
            current,
            env: env.clone(),
            options,
            _link: env.tasks.spawn_vital_guarded("the link to a store", link.run(called)),
        }
    }

    /// Where the store is to be found from now on. When that is somewhere else, the connection ends, and with it what is not
    /// answered.
    pub fn set_endpoint(&self, endpoint: impl Into<String>) {
        let endpoint = endpoint.into();
        self.endpoint.send_if_modified(|current| {
            let moved = *current != endpoint;
            *current = endpoint;
            moved
        });
    }

    /// Bytes of changes sent, or about to be, and not answered.
    #[must_use]
    pub fn bytes_in_flight(&self) -> usize {
        self.in_flight.bytes()
    }

    /// Takes a change's place in line.
    fn change(
        &self,
        size: usize,
        change: Change,
    ) -> impl Future<Output = Result<Answer, StoreError>> + Send + use<> {
        let (reply, answer) = oneshot::channel();
        let queued = self.in_flight.enter(size).map(|entry| {
            // Not taken only when the link has ended; its reply is dropped with it.
            let _ = self.calls.send(Call::Change { change, reply, entry });
        });
        async move {
            queued?;
            answer.await.unwrap_or_else(|_| Err(unreachable(CLOSED)))
        }
    }

    fn done(&self, size: usize, change: Change) -> BoxFuture<'static, Result<(), StoreError>> {
        self.change(size, change).map(|answer| answer?.done()).boxed()
    }

    /// A connection, made now when there is none.
    fn channel(&self) -> impl Future<Output = Result<Channel, StoreError>> + Send + use<> {
        let current = self.current.borrow().clone();
        let (reply, answer) = oneshot::channel();
        if current.is_none() {
            let _ = self.calls.send(Call::Channel(reply));
        }
        async move {
            match current {
                Some(channel) => Ok(channel),
                None => answer.await.unwrap_or_else(|_| Err(unreachable(CLOSED))),
            }
        }
    }

    /// A call that changes nothing, within its time.
    fn ask<T: Send + 'static, F>(
        &self,
        ask: impl FnOnce(Channel) -> F + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let channel = self.channel();
        let (env, limit) = (self.env.clone(), self.options.call_timeout);
        Box::pin(async move {
            let asked = ask(channel.await?);
            env.timeout(limit, asked)
                .await
                .unwrap_or_else(|_| Err(unreachable(format!("no answer within {} ms", limit.as_millis()))))
        })
    }
}

impl LogStore for RemoteStore {
    fn id(&self) -> StoreId {
        self.id
    }

    fn append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        self.done(frame.encoded().len(), Change::Append(frame.encoded().clone()))
    }

    fn seal(&self, ledger: LedgerId, mode: Mode) -> BoxFuture<'static, Result<SealAnswer, StoreError>> {
        let seal = proto::Seal { ledger: Some(convert::ledger_message(ledger)), mode: mode.number().into() };
        self.change(0, Change::Seal(seal)).map(|answer| answer?.sealed()).boxed()
    }

    fn repair_append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        self.done(frame.encoded().len(), Change::Repair(frame.encoded().clone()))
    }

    fn read(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
        range: Range<u32>,
    ) -> BoxFuture<'static, Result<Bytes, StoreError>> {
        let id = self.id;
        self.ask(move |channel| read::payload(channel, id, ledger, index, range))
    }

    fn read_frame(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
    ) -> BoxFuture<'static, Result<Frame, StoreError>> {
        let id = self.id;
        self.ask(move |channel| read::frame(channel, id, ledger, index))
    }

    fn directory(
        &self,
        ledger: LedgerId,
        from: FrameIndex,
    ) -> BoxFuture<'static, Result<Directory, StoreError>> {
        let id = self.id;
        self.ask(move |channel| read::directory(channel, id, ledger, from))
    }

    fn is_open(&self, ledger: LedgerId) -> BoxFuture<'static, Result<bool, StoreError>> {
        let id = self.id;
        self.ask(move |channel| read::is_open(channel, id, ledger))
    }

    fn trim(&self, ledger: LedgerId, trim: Trim) -> BoxFuture<'static, Result<(), StoreError>> {
        self.done(0, Change::Trim(convert::trim_message(ledger, trim)))
    }
}
