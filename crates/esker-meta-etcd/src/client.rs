//! Calls to one endpoint at a time, with a limit on time, failover and authentication.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use esker_env::{BoxFuture, Env, Monotonic};
use esker_meta::MetaError;
use http::uri::PathAndQuery;
use parking_lot::Mutex;
use prost::Message;
use tokio::sync::watch;
use tonic::{
    Request, Status, Streaming,
    client::Grpc,
    metadata::AsciiMetadataValue,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};
use tonic_prost::ProstCodec;

use crate::{Credentials, EtcdOptions, fault::Fault, proto};

/// Most bytes of one message: a page of a listing full of the largest values that the contract allows.
const MAX_MESSAGE: usize = 1 << 30;

/// A dead connection is noticed after these two together, also when nothing is asked. etcd closes connections on
/// which it is pinged more often than every 5 s.
const PING_INTERVAL: Duration = Duration::from_secs(6);
const PING_TIMEOUT: Duration = Duration::from_secs(3);

/// Whether a call may be made again when its answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    Yes,
    No,
}

/// One attempt at a call: the connection and the finished head of the request.
type Attempt<T> = dyn Fn(Grpc<Channel>, Head) -> BoxFuture<'static, Result<T, Status>> + Send + Sync;

/// What every request carries besides its message.
pub(crate) struct Head(Option<AsciiMetadataValue>);

impl Head {
    pub(crate) fn around<T>(self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let metadata = request.metadata_mut();
        // A member without a leader then refuses at once, and ends watches, instead of leaving everyone waiting.
        metadata.insert("hasleader", AsciiMetadataValue::from_static("true"));
        if let Some(token) = self.0 {
            metadata.insert("token", token);
        }
        request
    }
}

/// A token and how many were had before it.
#[derive(Clone, Default)]
struct Token {
    value: Option<AsciiMetadataValue>,
    /// etcd has no authentication: it needs none.
    unneeded: bool,
}

/// Shared by the store and its watches.
pub(crate) type SharedClient = Arc<Client>;

pub(crate) struct Client {
    pub(crate) env: Env,
    channels: Vec<Channel>,
    names: Vec<String>,
    credentials: Option<Credentials>,
    request_timeout: Duration,
    /// Counts failovers; modulo the number of endpoints it is the one in use.
    position: watch::Sender<u64>,
    token: Mutex<Token>,
    /// One authentication at a time: etcd makes passwords slow to check. Held while waiting for etcd, on purpose.
    authenticating: tokio::sync::Mutex<()>,
}

impl Client {
    pub(crate) fn new(options: EtcdOptions, env: Env) -> Result<Self, MetaError> {
        let EtcdOptions { endpoints, tls, credentials, request_timeout } = options;
        if endpoints.is_empty() {
            return Err(MetaError::Invalid("no etcd endpoint".to_owned()));
        }
        let scheme = if tls.is_some() { "https" } else { "http" };
        let tls = tls.map(|tls| {
            let config = match tls.ca {
                Some(ca) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca)),
                None => ClientTlsConfig::new().with_native_roots(),
            };
            match tls.identity {
                Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
                None => config,
            }
        });
        let connect = |name: &String| {
            let endpoint = Endpoint::from_shared(format!("{scheme}://{name}"))?
                .connect_timeout(request_timeout / 3)
                .tcp_nodelay(true)
                .http2_keep_alive_interval(PING_INTERVAL)
                .keep_alive_timeout(PING_TIMEOUT)
                .keep_alive_while_idle(true);
            let endpoint = match tls.clone() {
                Some(tls) => endpoint.tls_config(tls)?,
                None => endpoint,
            };
            Ok(endpoint.connect_lazy())
        };
        let connected = endpoints.iter().map(connect).collect::<Result<_, tonic::transport::Error>>();
        let channels = connected.map_err(|error| {
            let cause =
                std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            MetaError::Invalid(format!("etcd endpoint or certificate: {error}{cause}"))
        })?;
        // Each broker begins somewhere else.
        let position = watch::Sender::new(env.random.below(endpoints.len() as u64));
        Ok(Self {
            env,
            channels,
            names: endpoints,
            credentials,
            request_timeout,
            position,
            token: Mutex::default(),
            authenticating: tokio::sync::Mutex::new(()),
        })
    }

    /// Where calls go; reports each failover.
    pub(crate) fn position(&self) -> watch::Receiver<u64> {
        self.position.subscribe()
    }

    /// How long an endpoint may take. For a transaction too: what was passed on to a leader that just died is never
    /// answered, and whoever waits longer only learns later that it must look.
    pub(crate) fn attempt_timeout(&self) -> Duration {
        self.request_timeout / 3
    }

    /// Leaves an endpoint that failed, unless somebody has already.
    pub(crate) fn leave(&self, position: u64, why: &Fault) {
        let left = self.position.send_if_modified(|current| {
            let still = *current == position;
            *current += u64::from(still);
            still
        });
        if left {
            tracing::debug!(endpoint = self.name(position), ?why, "leaving an etcd endpoint");
        }
    }

    fn index(&self, position: u64) -> usize {
        (position % self.channels.len() as u64) as usize
    }

    pub(crate) fn name(&self, position: u64) -> &str {
        &self.names[self.index(position)]
    }

    fn grpc(&self, position: u64) -> Grpc<Channel> {
        Grpc::new(self.channels[self.index(position)].clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    /// A call with one answer.
    pub(crate) async fn call<Q, A>(&self, path: &'static str, message: Q, repeat: Repeat) -> Result<A, Fault>
    where
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        self.retry(repeat, &move |grpc, head| Box::pin(unary(grpc, head.around(message.clone()), path))).await
    }

    /// The first answer to the only message of a two-way stream.
    pub(crate) async fn ask<Q, A>(&self, path: &'static str, message: Q) -> Result<A, Fault>
    where
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        let ask = move |grpc: Grpc<Channel>, head: Head| -> BoxFuture<'static, Result<A, Status>> {
            let request = head.around(futures::stream::iter([message.clone()]));
            Box::pin(async move {
                let mut answers = streaming(grpc, request, path).await?;
                answers
                    .message()
                    .await?
                    .ok_or_else(|| Status::unavailable("the stream ended without an answer"))
            })
        };
        self.retry(Repeat::Yes, &ask).await
    }

    /// Opens a two-way stream that stays open on our side, at the endpoint of `position`.
    pub(crate) async fn open<Q, A>(
        &self,
        position: u64,
        path: &'static str,
        message: Q,
    ) -> Result<Streaming<A>, Fault>
    where
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        let open =
            move |grpc: Grpc<Channel>, head: Head| -> BoxFuture<'static, Result<Streaming<A>, Status>> {
                use futures::StreamExt;
                let messages = futures::stream::iter([message.clone()]).chain(futures::stream::pending());
                Box::pin(streaming(grpc, head.around(messages), path))
            };
        self.attempt(position, self.attempt_timeout(), &open).await
    }

    /// Attempts until one succeeds, fails for good, or time is up.
    async fn retry<T>(&self, repeat: Repeat, attempt: &Attempt<T>) -> Result<T, Fault> {
        let deadline = self.env.clock.now() + self.request_timeout;
        let mut failures = 0_u32;
        loop {
            let limit = self.attempt_timeout().min(deadline - self.env.clock.now());
            let position = *self.position.borrow();
            let fault = match self.attempt(position, limit, attempt).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            match fault {
                Fault::Refused(_) | Fault::Token(_) => {}
                Fault::Lost(_) if repeat == Repeat::Yes => {}
                other => return Err(other),
            }
            failures += 1;
            let pause = self.pause(failures);
            if self.out_of_time(deadline, pause) {
                return Err(fault);
            }
            self.env.clock.sleep(pause).await;
        }
    }

    /// Nothing while there are endpoints that have not been asked, then longer and longer.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        let round = failures / self.channels.len() as u32;
        match round {
            0 => Duration::ZERO,
            round => {
                Duration::from_millis(25).saturating_mul(1 << round.min(5)).min(Duration::from_millis(500))
            }
        }
    }

    fn out_of_time(&self, deadline: Monotonic, pause: Duration) -> bool {
        self.env.clock.now() + pause >= deadline
    }

    /// One attempt at one endpoint, which is left when it fails.
    async fn attempt<T>(&self, position: u64, limit: Duration, attempt: &Attempt<T>) -> Result<T, Fault> {
        let token = self.token.lock().clone();
        let made = async {
            let token = self.authenticated(position, token).await?;
            let failed = match attempt(self.grpc(position), Head(token.value.clone())).await {
                Ok(answer) => return Ok(answer),
                Err(status) => Fault::of(&status),
            };
            Err(match failed {
                Fault::Token(why) if self.credentials.is_none() => {
                    Fault::Broken(format!("{why}: it asks for a user and a password"))
                }
                Fault::Token(why) => {
                    self.forget(&token);
                    Fault::Token(why)
                }
                other => other,
            })
        };
        let fault = match self.env.timeout(limit, made).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(fault)) => fault,
            Err(_) => Fault::Lost(format!("no answer within {} ms", limit.as_millis())),
        };
        if let Fault::Refused(_) | Fault::Lost(_) = fault {
            self.leave(position, &fault);
        }
        Err(fault.at(self.name(position)))
    }

    /// A token, where one is needed.
    async fn authenticated(&self, position: u64, known: Token) -> Result<Token, Fault> {
        let Some(Credentials { user, password }) = &self.credentials else { return Ok(known) };
        if known.value.is_some() || known.unneeded {
            return Ok(known);
        }
        let _one = self.authenticating.lock().await;
        let meanwhile = self.token.lock().clone();
        if meanwhile.value.is_some() || meanwhile.unneeded {
            return Ok(meanwhile);
        }
        let message = proto::AuthenticateRequest { name: user.clone(), password: password.clone() };
        let answer: Result<proto::AuthenticateResponse, _> =
            unary(self.grpc(position), Request::new(message), "/etcdserverpb.Auth/Authenticate").await;
        let token = match answer {
            Ok(answer) => {
                let value = AsciiMetadataValue::try_from(Bytes::from(answer.token))
                    .map_err(|_| Fault::Broken("etcd gave a token that cannot be sent".to_owned()))?;
                Token { value: Some(value), unneeded: false }
            }
            Err(status) if status.message().contains("authentication is not enabled") => {
                tracing::warn!("etcd asks for no user and password, though they are configured");
                Token { value: None, unneeded: true }
            }
            // Whatever was lost, it was not yet the call.
            Err(status) => {
                return Err(match Fault::of(&status) {
                    Fault::Lost(why) | Fault::Token(why) => Fault::Refused(why),
                    other => other,
                });
            }
        };
        *self.token.lock() = token.clone();
        Ok(token)
    }

    /// Forgets a token that etcd does not know, unless there is a newer one.
    fn forget(&self, token: &Token) {
        let mut current = self.token.lock();
        if current.value == token.value {
            *current = Token::default();
        }
    }
}

impl Fault {
    /// The same, naming the endpoint.
    fn at(self, endpoint: &str) -> Self {
        let named = |why: String| format!("etcd at {endpoint}: {why}");
        match self {
            Self::Refused(why) => Self::Refused(named(why)),
            Self::Lost(why) => Self::Lost(named(why)),
            Self::Token(why) => Self::Token(named(why)),
            Self::Invalid(why) => Self::Invalid(named(why)),
            Self::Broken(why) => Self::Broken(named(why)),
            Self::LeaseGone | Self::Compacted => self,
        }
    }
}

async fn unary<Q, A>(mut grpc: Grpc<Channel>, request: Request<Q>, path: &'static str) -> Result<A, Status>
where
    Q: Message + 'static,
    A: Message + Default + 'static,
{
    grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
    let codec = ProstCodec::<Q, A>::default();
    Ok(grpc.unary(request, PathAndQuery::from_static(path), codec).await?.into_inner())
}

async fn streaming<Q, A>(
    mut grpc: Grpc<Channel>,
    request: Request<impl futures::Stream<Item = Q> + Send + 'static>,
    path: &'static str,
) -> Result<Streaming<A>, Status>
where
    Q: Message + 'static,
    A: Message + Default + 'static,
{
    grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
    let codec = ProstCodec::<Q, A>::default();
    Ok(grpc.streaming(request, PathAndQuery::from_static(path), codec).await?.into_inner())
}
