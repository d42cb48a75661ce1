use std::sync::Arc;
use std::time::Duration;

use esker_kafka_wire::messages::{
    ApiVersionsRequest, FindCoordinatorRequest, ListOffsetsRequest, MetadataRequest,
};
use tokio::io::AsyncWriteExt;

use crate::testing::{FakeBroker, quick};
use crate::*;

#[tokio::test]
async fn the_newest_common_version_is_spoken() {
    let broker = FakeBroker::new(&[("t", 1)]);
    let client = broker.client().await;
    client.topic("t").await.unwrap();
    let newest = esker_kafka_wire::ApiKey::Metadata.stable_versions().max;
    assert!(broker.state.lock().requests.contains(&(esker_kafka_wire::ApiKey::Metadata, newest)));
}

#[tokio::test]
async fn a_broker_that_refuses_our_version_request_is_asked_in_an_older_one() {
    for oldest in [0, 2] {
        let broker = FakeBroker::new(&[("t", 1)]);
        broker.state.lock().api_versions_max = oldest;
        let client = broker.client().await;
        assert!(client.topic("t").await.is_ok());
        let connection = client.any_connection().await.unwrap();
        assert_eq!(connection.version_of::<ApiVersionsRequest>(i16::MAX).unwrap(), oldest);
    }
}

#[tokio::test]
async fn answers_find_their_requests() {
    let broker = FakeBroker::new(&[("t", 1)]);
    let client = broker.client().await;
    let connection = client.any_connection().await.unwrap();
    let metadata = connection.start(&MetadataRequest::default(), i16::MAX, Duration::ZERO).unwrap();
    let coordinator = connection.call(&FindCoordinatorRequest::default()).await;
    assert!(coordinator.is_ok());
    assert_eq!(metadata.await.unwrap().brokers.len(), 1);
}

#[tokio::test]
async fn a_silent_broker_times_out_and_everything_behind_fails_with_it() {
    let broker = FakeBroker::new(&[("t", 1)]);
    broker.state.lock().mute = Some(esker_kafka_wire::ApiKey::ListOffsets);
    let config = ClientConfig { request_timeout: Duration::from_millis(30), ..quick() };
    let client = broker.client_with(config).await;
    let connection = client.any_connection().await.unwrap();
    let second = connection.start(&ListOffsetsRequest::default(), i16::MAX, Duration::from_secs(60)).unwrap();
    let first = connection.call(&ListOffsetsRequest::default()).await;
    assert!(matches!(first, Err(ClientError::TimedOut { .. })), "{first:?}");
    assert!(matches!(second.await, Err(ClientError::TimedOut { .. })));
    assert!(connection.is_closed());
    // The pool replaces it.
    assert!(client.refresh_once(None).await.is_ok());
}

/// A connector whose far end sends these bytes and nothing else.
struct Garbage(&'static [u8]);

impl Connector for Garbage {
    fn connect<'a>(&'a self, _: &'a str) -> esker_env::BoxFuture<'a, std::io::Result<Box<dyn Stream>>> {
        Box::pin(async {
            let (near, mut far) = tokio::io::duplex(1024);
            far.write_all(self.0).await?;
            // Kept open: the client must not wait for its end.
            std::mem::forget(far);
            Ok(Box::new(near) as Box<dyn Stream>)
        })
    }
}

#[tokio::test]
async fn hostile_answers_are_errors() {
    let cases: [&'static [u8]; 5] = [
        b"\x7f\xff\xff\xff",                                 // a frame of 2 GiB
        b"\xff\xff\xff\xff",                                 // a negative length
        b"\x00\x00\x00\x02\x00\x00",                         // no correlation id
        b"\x00\x00\x00\x04\x00\x00\x00\x63",                 // an answer to nothing
        b"\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\xff\xff", // a body that makes no sense
    ];
    for bytes in cases {
        let client = Client::connect(quick(), Arc::new(Garbage(bytes)), esker_env::Env::real()).await;
        let error = client.map(|_| ()).unwrap_err();
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn an_address_without_a_broker_is_told_at_once() {
    let broker = FakeBroker::new(&[]);
    let config = ClientConfig { bootstrap: vec!["nowhere:1".into()], ..quick() };
    let error =
        Client::connect(config, Arc::new(broker), esker_env::Env::real()).await.map(|_| ()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("nowhere:1") && text.contains("running"), "{text}");
}
