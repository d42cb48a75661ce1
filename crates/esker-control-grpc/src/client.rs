//! Calls on one connection, and the client that a CLI uses.

use std::time::Duration;

use esker_control::PeerError;
use esker_core::{Action, BrokerId, FrameIndex, LedgerId, ShardId};
use esker_env::Env;
use esker_meta::SessionKey;
use esker_wal_grpc::{Channel, ClientOptions, Connection, Connector, tcp};
use http::uri::PathAndQuery;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use crate::{
    ACCEPT_LOSS_PATH, ASSESS_LOSS_PATH, DRAIN_PATH, DRAINED_PATH, LOSS, LossView, MAX_ANSWER,
    MOVE_SHARD_PATH, OTHERS, REPORT_PATH, STATUS_PATH, convert,
    error::{cut, peer_error, refused},
    proto,
    view::ClusterView,
};

/// Requests on a connection, without a deadline.
pub(crate) struct Calls(pub(crate) Channel);

impl Calls {
    async fn ask<Q, A>(&self, path: &'static str, asked: Q) -> Result<A, Status>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        let mut grpc = self.0.grpc().max_decoding_message_size(MAX_ANSWER);
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = PathAndQuery::from_static(path);
        let answer = grpc.unary(Request::new(asked), path, ProstCodec::<Q, A>::default()).await?;
        Ok(answer.into_inner())
    }

    pub(crate) async fn move_shard(
        &self,
        owner: SessionKey,
        shard: ShardId,
        to: SessionKey,
    ) -> Result<(), Status> {
        let asked = proto::MoveShardRequest {
            meant: Some(convert::session_message(owner)),
            shard: shard.0,
            to: Some(convert::session_message(to)),
        };
        let proto::MoveShardResponse {} = self.ask(MOVE_SHARD_PATH, asked).await?;
        Ok(())
    }

    pub(crate) async fn report(
        &self,
        controller: SessionKey,
        suspect: SessionKey,
        why: &str,
    ) -> Result<(), Status> {
        let asked = proto::ReportRequest {
            meant: Some(convert::session_message(controller)),
            suspect: Some(convert::session_message(suspect)),
            why: cut(why).to_owned(),
        };
        let proto::ReportResponse {} = self.ask(REPORT_PATH, asked).await?;
        Ok(())
    }
}

/// Asks one broker, whatever its session is. Its connection ends with it, and is not made again.
pub struct ControlClient {
    connection: Connection,
    env: Env,
    /// Longest time to an answer.
    limit: Duration,
}

impl ControlClient {
    /// Connects to `host:port` over TCP, with the usual deadlines. An address at which something silent listens is found
    /// out by the first call.
    ///
    /// # Errors
    /// When there is no connection within a second.
    pub async fn connect(address: &str, env: &Env) -> Result<Self, PeerError> {
        Self::connect_with(
            address,
            env,
            &tcp(),
            &ClientOptions { call_timeout: OTHERS, ..Default::default() },
        )
        .await
    }

    /// The same, over another network or with other deadlines.
    ///
    /// # Errors
    /// When there is no connection in time.
    pub async fn connect_with(
        address: &str,
        env: &Env,
        connector: &Connector,
        options: &ClientOptions,
    ) -> Result<Self, PeerError> {
        let connection = Connection::open(address.to_owned(), connector, env, options)
            .await
            .map_err(|why| peer_error(format!("{address}: {why}"), Action::Retry))?;
        Ok(Self { connection, env: env.clone(), limit: options.call_timeout })
    }

    /// The cluster's state as this broker sees it.
    ///
    /// # Errors
    /// What the broker says, or that it cannot be asked.
    pub async fn status(&self) -> Result<ClusterView, PeerError> {
        let asked = proto::StatusRequest { meant: None };
        let answer: proto::StatusResponse = self.ask(STATUS_PATH, asked).await?;
        serde_json::from_str(&answer.json)
            .map_err(|error| peer_error(format!("its status cannot be read: {error}"), Action::GiveUp))
    }

    /// Begins to drain a broker.
    ///
    /// # Errors
    /// What the broker says, or that it cannot be asked.
    pub async fn drain(&self, broker: BrokerId) -> Result<(), PeerError> {
        let asked = proto::DrainRequest { meant: None, broker: broker.0 };
        let proto::DrainResponse {} = self.ask(DRAIN_PATH, asked).await?;
        Ok(())
    }

    /// Whether a broker can be stopped for good.
    ///
    /// # Errors
    /// What the broker says, or that it cannot be asked.
    pub async fn drained(&self, broker: BrokerId) -> Result<bool, PeerError> {
        let asked = proto::DrainedRequest { meant: None, broker: broker.0 };
        let answer: proto::DrainedResponse = self.ask(DRAINED_PATH, asked).await?;
        Ok(answer.drained)
    }

    /// What an unclean recovery of a ledger would lose.
    ///
    /// # Errors
    /// What the broker says, or that it cannot be asked.
    pub async fn assess_loss(&self, ledger: LedgerId) -> Result<LossView, PeerError> {
        let asked = proto::AssessLossRequest { ledger: Some(convert::ledger_message(ledger)) };
        let answer: proto::AssessLossResponse = self.ask_within(LOSS, ASSESS_LOSS_PATH, asked).await?;
        serde_json::from_str(&answer.json)
            .map_err(|error| peer_error(format!("its answer cannot be read: {error}"), Action::GiveUp))
    }

    /// Recovers a ledger uncleanly, if what would be lost is still what was assessed. Its end.
    ///
    /// # Errors
    /// What the broker says, or that it cannot be asked: it may have happened then.
    pub async fn accept_loss(&self, ledger: LedgerId, token: &str) -> Result<FrameIndex, PeerError> {
        let asked = proto::AcceptLossRequest {
            ledger: Some(convert::ledger_message(ledger)),
            token: token.to_owned(),
        };
        let answer: proto::AcceptLossResponse = self.ask_within(LOSS, ACCEPT_LOSS_PATH, asked).await?;
        Ok(FrameIndex(answer.end))
    }

    async fn ask<Q, A>(&self, path: &'static str, asked: Q) -> Result<A, PeerError>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        self.ask_within(self.limit, path, asked).await
    }

    async fn ask_within<Q, A>(&self, limit: Duration, path: &'static str, asked: Q) -> Result<A, PeerError>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        let calls = Calls(self.connection.channel().clone());
        match self.env.timeout(limit, calls.ask(path, asked)).await {
            Ok(answer) => answer.map_err(|status| refused(&status)),
            Err(_) => Err(overdue(limit)),
        }
    }
}

pub(crate) fn overdue(limit: Duration) -> PeerError {
    peer_error(format!("no answer within {} ms", limit.as_millis()), Action::Retry)
}
