//! The suite of every `MetaStore`, on one member and on three. Every case has a cluster of its own: compaction, which
//! one of them asks for, is the whole cluster's.

use std::time::Duration;

use esker_env::Env;
use esker_meta::conformance::Subject;

use crate::{cluster::Cluster, raw, store};

/// etcd grants no lease shorter than one and a half election timeouts.
const TTL: Duration = Duration::from_secs(2);

fn subject(size: usize) -> Subject {
    let cluster = Cluster::start(size);
    let endpoints = cluster.endpoints();
    let members = endpoints.clone();
    Subject {
        store: store(endpoints),
        prefix: "/esker/test".to_owned(),
        env: Env::real(),
        ttl: TTL,
        forget: Box::new(move || {
            let members = members.clone();
            Box::pin(async move { raw::compact(&members).await })
        }),
        keep: Box::new(cluster),
    }
}

async fn one() -> Subject {
    subject(1)
}

async fn three() -> Subject {
    subject(3)
}

mod one_member {
    esker_meta::meta_store_conformance!(super::one);
}

mod three_members {
    esker_meta::meta_store_conformance!(super::three);
}
