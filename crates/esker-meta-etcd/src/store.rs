//! [`EtcdMeta`].

use std::{sync::Arc, time::Duration};

use bytes::{BufMut, Bytes, BytesMut};
use esker_env::{BoxFuture, Env};
use esker_meta::{KeyValue, LeaseId, Listing, MetaError, MetaStore, Op, Revision, Txn, TxnAnswer, Watch};

use crate::{
    EtcdOptions,
    client::{Client, Repeat, SharedClient},
    convert::{get_request, key_value, prefix_end, prefix_start, txn_answer, txn_request},
    fault::Fault,
    proto,
    watch::watch,
};

const RANGE: &str = "/etcdserverpb.KV/Range";
const TXN: &str = "/etcdserverpb.KV/Txn";
const GRANT: &str = "/etcdserverpb.Lease/LeaseGrant";
const REVOKE: &str = "/etcdserverpb.Lease/LeaseRevoke";
const KEEP_ALIVE: &str = "/etcdserverpb.Lease/LeaseKeepAlive";
const TIME_TO_LIVE: &str = "/etcdserverpb.Lease/LeaseTimeToLive";

/// Keys of one answer to a listing. With values as large as the contract allows it still fits one message.
const PAGE: i64 = 1000;

/// A listing begins anew when its revision is compacted away while it is read; this often at most.
const LISTINGS: u32 = 5;

/// The metadata store on etcd. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct EtcdMeta {
    client: SharedClient,
}

impl EtcdMeta {
    /// A store on these endpoints. Connects with the first call, so that this needs no etcd yet.
    ///
    /// # Errors
    /// [`MetaError::Invalid`] for an endpoint or a certificate that cannot be one.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(options: EtcdOptions, env: Env) -> Result<Self, MetaError> {
        Ok(Self { client: Arc::new(Client::new(options, env)?) })
    }

    /// All pages at the revision of the first.
    async fn list_once(&self, prefix: &str) -> Result<Listing, ListError> {
        let range_end = prefix_end(prefix);
        let mut key = prefix_start(prefix.to_owned());
        let mut listing = Listing { revision: Revision::NONE, entries: Vec::new() };
        loop {
            let request = proto::RangeRequest {
                key,
                range_end: range_end.clone(),
                limit: PAGE,
                revision: listing.revision.0,
            };
            let page: proto::RangeResponse = self.client.call(RANGE, request, Repeat::Yes).await?;
            if listing.revision == Revision::NONE {
                listing.revision = revision_of(page.header)?;
            }
            let last = page.kvs.last().map(|last| last.key.clone());
            for found in page.kvs {
                listing.entries.push(key_value(found)?);
            }
            match last {
                Some(last) if page.more => key = after(&last),
                _ => return Ok(listing),
            }
        }
    }

    /// Which of the transaction's leases is the one that is gone; etcd does not say.
    async fn lost_lease(&self, leases: &[LeaseId]) -> Result<LeaseId, MetaError> {
        if let [only] = leases {
            return Ok(*only);
        }
        for lease in leases {
            let request = proto::LeaseTimeToLiveRequest { id: lease.0 };
            match self
                .client
                .call::<_, proto::LeaseTimeToLiveResponse>(TIME_TO_LIVE, request, Repeat::Yes)
                .await
            {
                Ok(found) if found.ttl > 0 => {}
                Ok(_) | Err(Fault::LeaseGone) => return Ok(*lease),
                Err(fault) => return Err(fault.into_error()),
            }
        }
        Err(MetaError::Unavailable("a lease ended and came back".to_owned()))
    }
}

/// Why a listing failed.
enum ListError {
    Fault(Fault),
    Meta(MetaError),
}

impl From<Fault> for ListError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<MetaError> for ListError {
    fn from(error: MetaError) -> Self {
        Self::Meta(error)
    }
}

fn revision_of(header: Option<proto::ResponseHeader>) -> Result<Revision, MetaError> {
    match header {
        Some(header) if header.revision > 0 => Ok(Revision(header.revision)),
        _ => Err(MetaError::Broken("etcd answered without a revision".to_owned())),
    }
}

/// The first key after `key`.
fn after(key: &Bytes) -> Bytes {
    let mut next = BytesMut::with_capacity(key.len() + 1);
    next.put_slice(key);
    next.put_u8(0);
    next.freeze()
}

impl MetaStore for EtcdMeta {
    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<KeyValue>, MetaError>> {
        Box::pin(async move {
            let found: Result<proto::RangeResponse, _> =
                self.client.call(RANGE, get_request(key), Repeat::Yes).await;
            found.map_err(Fault::into_error)?.kvs.into_iter().next().map(key_value).transpose()
        })
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Listing, MetaError>> {
        Box::pin(async move {
            for _ in 0..LISTINGS {
                match self.list_once(&prefix).await {
                    Ok(listing) => return Ok(listing),
                    Err(ListError::Fault(Fault::Compacted)) => {}
                    Err(ListError::Fault(fault)) => return Err(fault.into_error()),
                    Err(ListError::Meta(error)) => return Err(error),
                }
            }
            Err(Fault::Compacted.into_error())
        })
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, MetaError>> {
        Box::pin(async move {
            txn.check()?;
            let leases = leases_of(&txn);
            match self.client.call(TXN, txn_request(txn), Repeat::No).await {
                Ok(answer) => txn_answer(answer),
                Err(Fault::LeaseGone) => Err(MetaError::LeaseGone(self.lost_lease(&leases).await?)),
                Err(fault) => Err(fault.into_txn_error()),
            }
        })
    }

    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId, MetaError>> {
        Box::pin(async move {
            let seconds = ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0);
            let ttl = i64::try_from(seconds.max(1))
                .map_err(|_| MetaError::Invalid(format!("a time to live of {seconds} s")))?;
            // Repeated after a lost answer: the lease of that one, if there is one, ends by itself.
            let granted: Result<proto::LeaseGrantResponse, _> =
                self.client.call(GRANT, proto::LeaseGrantRequest { ttl }, Repeat::Yes).await;
            let granted = granted.map_err(Fault::into_error)?;
            if !granted.error.is_empty() || granted.id <= 0 {
                return Err(MetaError::Broken(format!("etcd granted no lease: {}", granted.error)));
            }
            Ok(LeaseId(granted.id))
        })
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>> {
        Box::pin(async move {
            let request = proto::LeaseKeepAliveRequest { id: lease.0 };
            match self.client.ask::<_, proto::LeaseKeepAliveResponse>(KEEP_ALIVE, request).await {
                Ok(kept) if kept.ttl > 0 => Ok(()),
                Ok(_) | Err(Fault::LeaseGone) => Err(MetaError::LeaseGone(lease)),
                Err(fault) => Err(fault.into_error()),
            }
        })
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>> {
        Box::pin(async move {
            let request = proto::LeaseRevokeRequest { id: lease.0 };
            match self.client.call::<_, proto::LeaseRevokeResponse>(REVOKE, request, Repeat::Yes).await {
                Ok(_) | Err(Fault::LeaseGone) => Ok(()),
                Err(fault) => Err(fault.into_error()),
            }
        })
    }

    fn watch(&self, prefix: String, from: Revision) -> Watch {
        watch(Arc::clone(&self.client), prefix, from)
    }
}

fn leases_of(txn: &Txn) -> Vec<LeaseId> {
    let lease = |op: &Op| match op {
        Op::Put { lease, .. } => *lease,
        Op::Delete { .. } | Op::Get { .. } => None,
    };
    let mut leases: Vec<_> = txn.then.iter().chain(&txn.otherwise).filter_map(lease).collect();
    leases.sort_unstable();
    leases.dedup();
    leases
}
