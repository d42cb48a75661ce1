//! Over real HTTP, against an S3 endpoint of another make.

use std::collections::BTreeMap;

use esker_test_s3::{ACCESS_KEY, FaultSettings, Options, SECRET_KEY, Server};

use super::*;
use crate::{ArchiveError, object_store_from_url};

struct Endpoint {
    server: Server,
    _dir: tempfile::TempDir,
}

impl Endpoint {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(Options::new(dir.path(), "bucket")).await.unwrap();
        Self { server, _dir: dir }
    }

    fn world(&self) -> World {
        let endpoint = self.server.endpoint();
        let options = [
            ("endpoint", endpoint.as_str()),
            ("region", "us-east-1"),
            ("access_key_id", ACCESS_KEY),
            ("secret_access_key", SECRET_KEY),
            ("unsigned_payload", "true"),
        ];
        let options = options.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let opened =
            object_store_from_url("s3://bucket/some/prefix", &BTreeMap::from(options), &BTreeMap::new())
                .unwrap();
        World::on(opened.store)
    }
}

#[tokio::test]
async fn uploads_survive_reopening_over_http() {
    let endpoint = Endpoint::start().await;
    offload::uploads_survive_reopening(endpoint.world()).await;
}

#[tokio::test]
async fn failures_lost_answers_and_cut_bodies_are_repeated() {
    let endpoint = Endpoint::start().await;
    let mut world = endpoint.world();
    world.config.requests.backoff = Duration::from_millis(1);
    world.config.requests.deadline = Duration::from_secs(60);
    let rates = FaultSettings { fail_rate: 0.2, lose_rate: 0.1, cut_rate: 0.1, ..FaultSettings::default() };
    endpoint.server.faults().set(rates);
    offload::uploads_survive_reopening(world).await;
    assert!(endpoint.server.faults().injected() > 10);
}

#[tokio::test]
async fn an_outage_ends_in_an_error_in_time_and_its_end_in_success() {
    let endpoint = Endpoint::start().await;
    let mut world = endpoint.world();
    world.config.requests.deadline = Duration::from_millis(300);
    let shard = world.next_owner().await;
    shard.parts.claim().await.unwrap();
    endpoint.server.faults().set_outage(true);
    let error = shard.offload(one(upload(partition(0), 0..100, 100))).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Deadline { operation: "put", .. }), "{error}");
    endpoint.server.faults().set_outage(false);
    shard.offload(one(upload(partition(0), 0..100, 100))).await.unwrap();
    check_content(&world.next_owner().await, partition(0), 0..100, 100, 1000).await;
}

#[tokio::test]
async fn wrong_credentials_are_the_operator_s_affair_at_once() {
    let endpoint = Endpoint::start().await;
    let options = [
        ("endpoint", endpoint.server.endpoint()),
        ("region", "us-east-1".to_owned()),
        ("access_key_id", ACCESS_KEY.to_owned()),
        ("secret_access_key", "wrong".to_owned()),
    ];
    let options = options.map(|(key, value)| (key.to_owned(), value)).into();
    let opened = object_store_from_url("s3://bucket", &options, &BTreeMap::new()).unwrap();
    let shard = World::on(opened.store).next_owner().await;
    let error = shard.offload(one(upload(partition(0), 0..100, 100))).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Refused { .. }), "{error}");
    assert_eq!(esker_core::Classified::action(&error), esker_core::Action::Operator);
}
