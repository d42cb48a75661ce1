//! A client of queues, for the command line.

use esker_env::Env;
use esker_wal_grpc::{Channel, ClientOptions, Connection, tcp};
use futures::Stream;
use http::uri::PathAndQuery;
use tokio::sync::mpsc;
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::{forward::stream_of, proto::esker::v1 as api};

/// Queues at any broker's API port.
pub struct QueueClient(Connection);

impl QueueClient {
    /// Connects to `host:port` over TCP.
    ///
    /// # Errors
    /// Why there is no connection, for people.
    pub async fn connect(address: &str, env: &Env) -> Result<Self, String> {
        let connection = Connection::open(address.to_owned(), &tcp(), env, &ClientOptions::default()).await?;
        Ok(Self(connection))
    }

    /// Makes a queue, or changes one.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn create(&self, asked: api::CreateQueueRequest) -> Result<api::CreateQueueResponse, Status> {
        self.ask("/esker.v1.Queues/CreateQueue", asked).await
    }

    /// A queue's settings and depth.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn get(&self, asked: api::GetQueueRequest) -> Result<api::GetQueueResponse, Status> {
        self.ask("/esker.v1.Queues/GetQueue", asked).await
    }

    /// Moves dead letters back.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn redrive(&self, asked: api::RedriveRequest) -> Result<api::RedriveResponse, Status> {
        self.ask("/esker.v1.Queues/Redrive", asked).await
    }

    /// Makes an exchange.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn create_exchange(
        &self,
        asked: api::CreateExchangeRequest,
    ) -> Result<api::CreateExchangeResponse, Status> {
        self.ask("/esker.v1.Queues/CreateExchange", asked).await
    }

    /// Deletes an exchange.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn delete_exchange(
        &self,
        asked: api::DeleteExchangeRequest,
    ) -> Result<api::DeleteExchangeResponse, Status> {
        self.ask("/esker.v1.Queues/DeleteExchange", asked).await
    }

    /// Binds a queue to an exchange.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn bind(&self, asked: api::BindRequest) -> Result<api::BindResponse, Status> {
        self.ask("/esker.v1.Queues/Bind", asked).await
    }

    /// Takes a binding away.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn unbind(&self, asked: api::UnbindRequest) -> Result<api::UnbindResponse, Status> {
        self.ask("/esker.v1.Queues/Unbind", asked).await
    }

    /// An exchange with its bindings.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn exchange(&self, asked: api::GetExchangeRequest) -> Result<api::GetExchangeResponse, Status> {
        self.ask("/esker.v1.Queues/GetExchange", asked).await
    }

    /// A page of exchanges.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn exchanges(
        &self,
        asked: api::ListExchangesRequest,
    ) -> Result<api::ListExchangesResponse, Status> {
        self.ask("/esker.v1.Queues/ListExchanges", asked).await
    }

    /// Publishes a message and waits for the reply to it.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn request(&self, asked: api::RequestRequest) -> Result<api::RequestResponse, Status> {
        self.ask("/esker.v1.Queues/Request", asked).await
    }

    /// Replies to a request.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn reply(&self, asked: api::ReplyRequest) -> Result<api::ReplyResponse, Status> {
        self.ask("/esker.v1.Queues/Reply", asked).await
    }

    /// Publishes what comes by the channel, until it is closed.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn publish(
        &self,
        requests: mpsc::UnboundedReceiver<api::PublishRequest>,
    ) -> Result<Streaming<api::PublishResponse>, Status> {
        self.talk("/esker.v1.Queues/Publish", stream_of(requests)).await
    }

    /// Receives. The channel's first message opens the stream; closing it closes the receiver.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn receive(
        &self,
        requests: mpsc::UnboundedReceiver<api::ReceiveRequest>,
    ) -> Result<Streaming<api::ReceiveResponse>, Status> {
        self.talk("/esker.v1.Queues/Receive", stream_of(requests)).await
    }

    /// Reads records. The channel's first message opens the stream.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn consume(
        &self,
        requests: mpsc::UnboundedReceiver<api::ConsumeRequest>,
    ) -> Result<Streaming<api::ConsumeResponse>, Status> {
        self.talk("/esker.v1.Streams/Consume", stream_of(requests)).await
    }

    async fn ready(&self) -> Result<tonic::client::Grpc<Channel>, Status> {
        let mut grpc = self.0.channel().grpc();
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        Ok(grpc)
    }

    async fn ask<Q, A>(&self, path: &'static str, asked: Q) -> Result<A, Status>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        let mut grpc = self.ready().await?;
        let path = PathAndQuery::from_static(path);
        Ok(grpc.unary(Request::new(asked), path, ProstCodec::<Q, A>::default()).await?.into_inner())
    }

    async fn talk<Q, A>(
        &self,
        path: &'static str,
        requests: impl Stream<Item = Q> + Send + 'static,
    ) -> Result<Streaming<A>, Status>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        let mut grpc = self.ready().await?;
        let codec = ProstCodec::<Q, A>::default();
        let path = PathAndQuery::from_static(path);
        Ok(grpc.streaming(Request::new(requests), path, codec).await?.into_inner())
    }
}
