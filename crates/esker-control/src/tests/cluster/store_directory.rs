//! Finding stores by their ids.

use std::{ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{BrokerId, FrameIndex, LedgerId, Mode, StoreId, frame::Frame};
use esker_env::BoxFuture;
use esker_meta::{Endpoint, Keys, Membership, MemoryMeta, Meta, SessionRecord};
use esker_wal::{Directory, LogStore, SealAnswer, StoreError, Trim};
use parking_lot::Mutex;

use super::world::store_of;
use crate::{ClusterStores, RemoteStores, StoreDirectory};

/// A store of which only the id matters.
struct Named(StoreId);

fn away<T: Send + 'static>() -> BoxFuture<'static, Result<T, StoreError>> {
    Box::pin(async { Err(StoreError::Closed) })
}

impl LogStore for Named {
    fn id(&self) -> StoreId {
        self.0
    }

    fn append(&self, _: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        away()
    }

    fn seal(&self, _: LedgerId, _: Mode) -> BoxFuture<'static, Result<SealAnswer, StoreError>> {
        away()
    }

    fn repair_append(&self, _: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        away()
    }

    fn read(
        &self,
        _: LedgerId,
        _: FrameIndex,
        _: Range<u32>,
    ) -> BoxFuture<'static, Result<Bytes, StoreError>> {
        away()
    }

    fn read_frame(&self, _: LedgerId, _: FrameIndex) -> BoxFuture<'static, Result<Frame, StoreError>> {
        away()
    }

    fn directory(&self, _: LedgerId, _: FrameIndex) -> BoxFuture<'static, Result<Directory, StoreError>> {
        away()
    }

    fn is_open(&self, _: LedgerId) -> BoxFuture<'static, Result<bool, StoreError>> {
        away()
    }

    fn trim(&self, _: LedgerId, _: Trim) -> BoxFuture<'static, Result<(), StoreError>> {
        away()
    }
}

#[derive(Default)]
struct Clients(Mutex<Vec<(&'static str, StoreId, u16)>>);

impl RemoteStores for Clients {
    fn connect(&self, store: StoreId, at: &Endpoint) -> Arc<dyn LogStore> {
        self.0.lock().push(("connect", store, at.port));
        Arc::new(Named(store))
    }

    fn moved(&self, store: StoreId, to: &Endpoint) {
        self.0.lock().push(("moved", store, to.port));
    }
}

#[tokio::test(start_paused = true)]
async fn stores_of_living_brokers_are_found_and_followed() {
    let env = super::world::env(0);
    let meta = Meta::new(Arc::new(MemoryMeta::new(env.clone())), Keys::new("").unwrap(), env.clone());
    let record = |port| SessionRecord {
        broker: BrokerId(2),
        endpoints: ["kafka", "grpc"]
            .map(|listener| Endpoint { listener: listener.into(), host: "host".into(), port })
            .into(),
        rack: None,
        store: store_of(2),
    };
    let ttl = Duration::from_secs(60);
    let membership = Membership::start(meta.clone()).await.unwrap();
    let clients = Arc::new(Clients::default());
    let own = Arc::new(Named(store_of(1)));
    let stores = ClusterStores::start(own, Arc::clone(&membership), Arc::clone(&clients) as _, &env);
    assert_eq!(stores.store(store_of(1)).unwrap().id(), store_of(1));
    assert!(stores.store(store_of(2)).is_none());
    let first = meta.open_session(&record(1000), ttl).await.unwrap();
    membership.wait_until(|view| view.serving(store_of(2)).is_some()).await;
    assert_eq!(stores.reachable(), [store_of(1), store_of(2)].into());
    let client = stores.store(store_of(2)).unwrap();
    assert!(Arc::ptr_eq(&client, &stores.store(store_of(2)).unwrap()), "one client of each store");
    meta.close_session(&first).await.unwrap();
    membership.wait_until(|view| view.serving(store_of(2)).is_none()).await;
    assert!(stores.store(store_of(2)).is_none());
    assert_eq!(stores.reachable(), [store_of(1)].into());
    // Back at another address: whoever still has the client is taken along without asking.
    meta.open_session(&record(2000), ttl).await.unwrap();
    membership.wait_until(|view| view.serving(store_of(2)).is_some()).await;
    env.clock.sleep(Duration::from_millis(1)).await;
    assert_eq!(*clients.0.lock(), [("connect", store_of(2), 1000), ("moved", store_of(2), 2000)]);
    assert!(Arc::ptr_eq(&client, &stores.store(store_of(2)).unwrap()));
}
