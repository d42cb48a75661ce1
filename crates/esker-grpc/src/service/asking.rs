//! Requests that wait for replies, and replies.

use std::{pin::pin, sync::Arc};

use prost::Message;
use tokio::sync::oneshot;
use tonic::{body::Body, server::Grpc};
use tonic_prost::ProstCodec;

use super::{StreamsService, late};
use crate::{
    PATIENCE,
    budget::{CountedBody, Intake},
    method::Method,
    proto::esker::v1 as api,
};

impl StreamsService {
    /// It has to come in time, and then may wait for as long as it says. When the client goes, this is dropped.
    pub(super) async fn request<B>(
        &self,
        request: http::Request<CountedBody<B>>,
        intake: Intake,
    ) -> http::Response<Body>
    where
        B: hyper::body::Body + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    {
        let (come, whole) = oneshot::channel();
        let mut first = Some((come, intake));
        let asking = Arc::clone(&self.0.asking);
        let method = Method(move |asked: api::RequestRequest| {
            let (come, intake) = first.take().expect("a call has one request");
            // Nobody hears it if it came too late.
            let _ = come.send(());
            // What it held beyond its message is not held while it waits.
            let share = intake.message(asked.encoded_len() + 5);
            let asking = Arc::clone(&asking);
            async move { Ok(asking.request(asked, share).await?) }
        });
        let codec = ProstCodec::<api::RequestResponse, api::RequestRequest>::default();
        let mut grpc = Grpc::new(codec).max_decoding_message_size(self.0.config.message_bytes);
        let mut answered = pin!(grpc.unary(method, request));
        tokio::select! {
            biased;
            answer = &mut answered => return answer,
            whole = self.0.targets.env.timeout(PATIENCE, whole) => if whole.is_err() {
                return late();
            },
        }
        answered.await
    }

    pub(super) async fn reply<B>(
        &self,
        request: http::Request<CountedBody<B>>,
        intake: Intake,
    ) -> http::Response<Body>
    where
        B: hyper::body::Body + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    {
        let asking = Arc::clone(&self.0.asking);
        let method = Method(move |asked: api::ReplyRequest| {
            let share = intake.message(asked.encoded_len() + 5);
            let asking = Arc::clone(&asking);
            async move { Ok(asking.reply(asked, share).await?) }
        });
        let codec = ProstCodec::<api::ReplyResponse, api::ReplyRequest>::default();
        let mut grpc = Grpc::new(codec).max_decoding_message_size(self.0.config.message_bytes);
        self.in_time(grpc.unary(method, request)).await
    }
}
