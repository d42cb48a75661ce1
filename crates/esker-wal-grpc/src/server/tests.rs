//! What a client that keeps to no rule can do.

#[path = "../../../esker-wal/tests/common/mod.rs"]
mod common;

use bytes::Bytes;
use futures::FutureExt;
use http::uri::PathAndQuery;
use http_body_util::Full;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tonic::{Code, Request};

use super::*;
use crate::{
    client::{Channel, Connection, tcp},
    proto::{write_request::Change, write_response},
};
use common::{FSYNC, Host, RECEIVED, frame, ledger, small};
use esker_core::FrameIndex;

/// A store behind a port, and one raw connection to it.
struct Port {
    host: Host,
    address: String,
    connection: Connection,
}

impl Port {
    async fn open(options: ServerOptions) -> Self {
        let host = Host::started(1, small()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let service = StoreService::new(host.as_log_store(), options.clone());
        let env = host.env.clone();
        host.env.tasks.spawn(async move { serve(service, tcp_incoming(listener), &env, &options).await });
        let options = crate::ClientOptions::default();
        let connection = Connection::open(address.clone(), &tcp(), &host.env, &options).await.unwrap();
        Self { host, address, connection }
    }

    fn request(&self, sequence: u64, change: Change) -> proto::WriteRequest {
        proto::WriteRequest { store: convert::store_bytes(self.host.id()), sequence, change: Some(change) }
    }

    fn append(&self, sequence: u64, index: u64) -> proto::WriteRequest {
        self.request(sequence, append(FSYNC, 1, index))
    }

    async fn stream(&self) -> (mpsc::UnboundedSender<proto::WriteRequest>, Streaming<proto::WriteResponse>) {
        let (send, requests) = mpsc::unbounded_channel();
        let requests = stream::unfold(requests, |mut requests| async {
            requests.recv().await.map(|request| (request, requests))
        });
        let mut grpc = self.connection.channel.grpc();
        grpc.ready().await.unwrap();
        let path = PathAndQuery::from_static(WRITE);
        let answers = grpc.streaming(Request::new(requests), path, ProstCodec::default()).await.unwrap();
        (send, answers.into_inner())
    }

    /// What a stream of these requests ends with.
    async fn end(&self, requests: impl IntoIterator<Item = proto::WriteRequest>) -> Status {
        let (send, mut answers) = self.stream().await;
        requests.into_iter().for_each(|request| send.send(request).unwrap());
        drop(send);
        loop {
            match answers.message().await {
                Ok(answer) => drop(answer.expect("the stream ends with a status")),
                Err(status) => return status,
            }
        }
    }

    async fn frames(&self) -> usize {
        self.host.store().directory(ledger(1), FrameIndex(0)).await.unwrap().len()
    }

    /// Serves on, also on the connection of before.
    async fn assert_serves(&self) {
        let (send, mut answers) = self.stream().await;
        let at = self.frames().await as u64;
        send.send(self.append(0, at)).unwrap();
        let answer = answers.message().await.unwrap().unwrap();
        assert_eq!(answer.result, Some(write_response::Result::Done(proto::Unit {})));
    }
}

fn append(mode: esker_core::Mode, number: u64, index: u64) -> Change {
    Change::Append(frame(ledger(number), mode, index, 100).encoded().clone())
}

async fn raw(channel: &Channel, path: &str, body: impl Into<Bytes>) -> Status {
    let request = http::Request::post(format!("http://store.esker{path}"))
        .header("content-type", "application/grpc")
        .body(Body::new(Full::new(body.into())))
        .unwrap();
    let response = channel.clone().call(request).await.unwrap();
    if let Some(status) = Status::from_header_map(response.headers()) {
        return status;
    }
    use http_body_util::BodyExt;
    let rest = response.into_body().collect().await.unwrap();
    Status::from_header_map(rest.trailers().unwrap()).unwrap()
}

#[tokio::test]
async fn requests_that_are_none_end_the_stream_and_name_the_reason() {
    let port = Port::open(ServerOptions::default()).await;
    let bent = |at: usize| {
        let mut bytes = frame(ledger(1), FSYNC, 0, 100).encoded().to_vec();
        bytes[at] ^= 1;
        Change::Append(bytes.into())
    };
    let ledger_of = |broker| Some(proto::LedgerId { broker, number: 1 });
    let seal = |mode, ledger| Change::Seal(proto::Seal { ledger, mode });
    let trim = |what| Change::Trim(proto::Trim { ledger: ledger_of(1), what });
    for (change, reason) in [
        (bent(0), "magic"),
        (bent(30), "header"),
        (bent(200), "payload"),
        (Change::Append(Bytes::new()), "short"),
        (Change::Repair(vec![0; 500].into()), "magic"),
        (seal(9, ledger_of(1)), "mode 9"),
        (seal(1, ledger_of(-1)), "broker -1"),
        (seal(1, None), "no ledger"),
        (trim(None), "no trim point"),
        (trim(Some(proto::trim::What::Before(u64::MAX))), "index"),
    ] {
        let status = port.end([port.request(0, change)]).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.message().contains(reason), "{status}");
    }
    let nothing = proto::WriteRequest { change: None, ..port.append(0, 0) };
    assert_eq!(port.end([nothing]).await.code(), Code::InvalidArgument);
    let bad_id = proto::WriteRequest { store: Bytes::from_static(b"abc"), ..port.append(0, 0) };
    assert_eq!(port.end([bad_id]).await.code(), Code::InvalidArgument);
    let other = proto::WriteRequest { store: Bytes::from_static(&[7; 16]), ..port.append(0, 0) };
    assert_eq!(port.end([other]).await.code(), Code::NotFound);
    assert_eq!(port.host.store().ledgers(), []);
    // What came before counts, what comes after does not.
    let status = port.end([port.append(0, 0), port.append(1, 1), port.append(3, 2), port.append(2, 2)]).await;
    assert!(status.message().contains("change 3 where 2"), "{status}");
    assert_eq!(port.frames().await, 2);
    port.assert_serves().await;
}

#[tokio::test]
async fn messages_beyond_the_limit_are_refused_before_they_are_read() {
    let options = ServerOptions { message_bytes: 10_000, ..ServerOptions::default() };
    let port = Port::open(options).await;
    let large = Change::Append(frame(ledger(1), FSYNC, 0, 20_000).encoded().clone());
    assert_eq!(port.end([port.request(0, large)]).await.code(), Code::OutOfRange);
    let channel = port.connection.channel.clone();
    // A length of 4 GiB, and nothing behind it.
    for path in [WRITE, READ, READ_FRAME, DIRECTORY, IS_OPEN] {
        let status = raw(&channel, path, vec![0, 0xff, 0xff, 0xff, 0xff]).await;
        assert_eq!(status.code(), Code::OutOfRange, "{path}: {status}");
        let status = raw(&channel, path, b"\x07nonsense".to_vec()).await;
        assert_eq!(status.code(), Code::Internal, "{path}: {status}");
        // Five bytes that are no message.
        let status = raw(&channel, path, b"\x00\x00\x00\x00\x05\xff\xff\xff\xff\xff".to_vec()).await;
        assert_ne!(status.code(), Code::Ok, "{path}: {status}");
    }
    assert_eq!(raw(&channel, "/esker.store.v1.Store/Format", Bytes::new()).await.code(), Code::Unimplemented);
    port.assert_serves().await;
}

#[tokio::test]
async fn bytes_that_are_no_http_end_their_connection_only() {
    let port = Port::open(ServerOptions::default()).await;
    for bytes in [
        &b"\x00\xff\x00\xff"[..],
        &[0xa5; 4096],
        b"GET / HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        let mut socket = TcpStream::connect(&port.address).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        socket.shutdown().await.unwrap();
        let mut said = Vec::new();
        // Reset or closed: over in either case.
        let _ = socket.read_to_end(&mut said).await;
    }
    port.assert_serves().await;
}

#[tokio::test]
async fn silent_connections_are_closed() {
    let options = ServerOptions { first_request: Duration::from_millis(50), ..ServerOptions::default() };
    let port = Port::open(options).await;
    port.assert_serves().await;
    assert_closed(&port.address).await;
    port.assert_serves().await;
}

#[tokio::test]
async fn surplus_connections_are_closed() {
    let hour = Duration::from_secs(3600);
    let port =
        Port::open(ServerOptions { connections: 1, first_request: hour, ..ServerOptions::default() }).await;
    port.assert_serves().await;
    for _ in 0..3 {
        assert_closed(&port.address).await;
    }
    port.assert_serves().await;
}

/// A connection to there ends, though nothing is said on it.
async fn assert_closed(address: &str) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let mut said = Vec::new();
    // Reset or closed: over in either case.
    let _ = socket.read_to_end(&mut said).await;
}

#[tokio::test]
async fn a_stream_is_read_no_further_than_its_share() {
    for options in [
        ServerOptions { stream_changes: 2, ..ServerOptions::default() },
        ServerOptions { stream_bytes: 800, ..ServerOptions::default() },
    ] {
        let port = Port::open(options).await;
        port.host.disk.set_slow(Some((Duration::from_secs(3600), 1)));
        let (send, answers) = port.stream().await;
        for n in 0..6 {
            send.send(port.append(n, n)).unwrap();
        }
        while port.frames().await < 2 {
            tokio::task::yield_now().await;
        }
        // What is asked later, and answered, came over the same connection behind all six.
        for _ in 0..20 {
            assert_eq!(
                raw(&port.connection.channel, "/none", Bytes::new()).await.code(),
                Code::Unimplemented
            );
        }
        assert_eq!(port.frames().await, 2);
        drop(answers);
    }
}

#[tokio::test]
async fn answers_come_as_things_are_done() {
    let port = Port::open(ServerOptions::default()).await;
    port.host.disk.set_slow(Some((Duration::from_secs(3600), 1)));
    let (send, mut answers) = port.stream().await;
    send.send(port.append(0, 0)).unwrap();
    while port.frames().await == 0 {
        tokio::task::yield_now().await;
    }
    port.host.disk.set_slow(None);
    send.send(port.request(1, append(RECEIVED, 2, 0))).unwrap();
    assert_eq!(answers.message().await.unwrap().unwrap().sequence, 1);
    assert!(answers.message().now_or_never().is_none());
}
