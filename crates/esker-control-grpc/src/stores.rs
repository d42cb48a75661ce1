//! Other brokers' stores.

use std::{
    collections::BTreeMap,
    net::Ipv6Addr,
    sync::{Arc, Weak},
};

use esker_control::RemoteStores;
use esker_core::StoreId;
use esker_env::Env;
use esker_meta::Endpoint;
use esker_wal::LogStore;
use esker_wal_grpc::{ClientOptions, Connector, OnLost, RemoteStore};
use parking_lot::Mutex;

/// `host:port`, an IPv6 address in brackets.
#[must_use]
pub fn endpoint_text(at: &Endpoint) -> String {
    if at.host.parse::<Ipv6Addr>().is_ok() {
        format!("[{}]:{}", at.host, at.port)
    } else {
        format!("{}:{}", at.host, at.port)
    }
}

/// Makes [`RemoteStore`]s.
pub struct GrpcStores {
    env: Env,
    connector: Connector,
    options: ClientOptions,
    on_unreachable: OnLost,
    clients: Mutex<BTreeMap<StoreId, Weak<RemoteStore>>>,
}

impl GrpcStores {
    /// `on_unreachable` is told each time that no connection to a store could be made, or that one ended or answered
    /// too late; not when the store has moved. It must not block.
    #[must_use]
    pub fn new(env: &Env, connector: Connector, options: ClientOptions, on_unreachable: OnLost) -> Self {
        Self { env: env.clone(), connector, options, on_unreachable, clients: Mutex::default() }
    }
}

impl RemoteStores for GrpcStores {
    fn connect(&self, store: StoreId, at: &Endpoint) -> Arc<dyn LogStore> {
        let client = Arc::new(RemoteStore::watched(
            store,
            endpoint_text(at),
            &self.env,
            Arc::clone(&self.connector),
            self.options.clone(),
            Arc::clone(&self.on_unreachable),
        ));
        self.clients.lock().insert(store, Arc::downgrade(&client));
        client
    }

    fn moved(&self, store: StoreId, to: &Endpoint) {
        if let Some(client) = self.clients.lock().get(&store).and_then(Weak::upgrade) {
            client.set_endpoint(endpoint_text(to));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_stands_in_brackets() {
        for (host, text) in [
            ("broker-1", "broker-1:9094"),
            ("10.0.0.1", "10.0.0.1:9094"),
            ("::1", "[::1]:9094"),
            ("[::1]", "[::1]:9094"),
        ] {
            let endpoint = Endpoint { listener: "grpc".to_owned(), host: host.to_owned(), port: 9094 };
            assert_eq!(endpoint_text(&endpoint), text);
        }
    }
}
