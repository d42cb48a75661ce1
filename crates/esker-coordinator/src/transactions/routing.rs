//! The way to the brokers that lead a transaction's partitions, and to the one that coordinates it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{Offset, PartitionId, ShardId, shard_map::shard_of};
use esker_env::{BoxFuture, Env, Rule};
use esker_kafka_wire::KString;
use esker_meta::{Catalog, Membership, Meta, SessionKey};
use futures::future::join_all;

use super::{
    AdmitRequest, LocalMarkers, MarkerError, MarkerOrder, TransactionError, TransactionGate, TransactionPeers,
};
use crate::{ShareFound, ShareOrder, TRANSACTIONS_TOPIC, partition_of};

/// Most partitions that one request between brokers names.
pub const MAX_PARTITIONS: usize = 1_000;

/// Where a partition is led, as far as this broker knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Here.
    Here,
    /// By another broker's session.
    At(SessionKey),
    /// By nobody for now.
    Nowhere,
}

/// Who leads partitions.
#[derive(Clone)]
pub enum Leaders {
    /// This broker leads all.
    Alone,
    /// Whoever owns their shards.
    Members {
        /// This session.
        own: SessionKey,
        /// Shards of the cluster.
        shards: u32,
        /// Their owners.
        membership: Arc<Membership>,
    },
}

impl Leaders {
    pub(crate) fn place(&self, partition: PartitionId) -> Place {
        match self {
            Self::Alone => Place::Here,
            Self::Members { shards, .. } => self.place_of(shard_of(partition, *shards)),
        }
    }

    pub(crate) fn place_of(&self, shard: ShardId) -> Place {
        let Self::Members { own, membership, .. } = self else { return Place::Here };
        match membership.view().owner(shard) {
            Some(live) if live.key == *own => Place::Here,
            Some(live) => Place::At(live.key),
            None => Place::Nowhere,
        }
    }
}

/// What another broker does when it is asked. The futures end in bounded time.
pub trait RemoteCoordination: Send + Sync + 'static {
    /// As [`TransactionPeers::write_markers`], at most [`MAX_PARTITIONS`], in partitions that it leads.
    ///
    /// # Errors
    /// That it could not be asked, for people: it may have done it.
    fn write_markers(
        &self,
        at: SessionKey,
        order: MarkerOrder,
    ) -> BoxFuture<'_, Result<Vec<Result<(), MarkerError>>, String>>;

    /// As [`TransactionGate::admit`], at most [`MAX_PARTITIONS`], for an id that it coordinates.
    ///
    /// # Errors
    /// That it could not be asked, for people: it may have done it.
    fn admit(
        &self,
        at: SessionKey,
        request: AdmitRequest,
    ) -> BoxFuture<'_, Result<Vec<Result<(), TransactionError>>, String>>;

    /// As [`crate::ShareAdmin::share`], at most [`MAX_PARTITIONS`], of partitions that it leads.
    ///
    /// # Errors
    /// That it could not be asked, for people: it may have done it.
    fn share(&self, at: SessionKey, order: ShareOrder) -> BoxFuture<'_, Result<Vec<ShareFound>, String>>;

    /// As [`crate::SharePeer::append`], to a partition that it leads.
    ///
    /// # Errors
    /// That it could not be asked or did not do it, for people: it may have done it.
    fn append(&self, at: SessionKey, target: PartitionId, batch: Bytes) -> BoxFuture<'_, Result<(), String>>;

    /// The high watermarks of at most [`MAX_PARTITIONS`] partitions that it leads, in their order; `None` where it does not.
    ///
    /// # Errors
    /// That it could not be asked, for people.
    fn ends(
        &self,
        _at: SessionKey,
        _partitions: Vec<PartitionId>,
    ) -> BoxFuture<'_, Result<Vec<Option<Offset>>, String>> {
        Box::pin(async { Err("nobody is asked for ends here".to_owned()) })
    }
}

/// What both ways need.
#[derive(Clone)]
pub struct Routes {
    /// Clock.
    pub env: Env,
    /// Topics.
    pub catalog: Arc<Catalog>,
    /// Who leads their partitions.
    pub leaders: Leaders,
    /// The other brokers; `None` where there are none.
    pub remote: Option<Arc<dyn RemoteCoordination>>,
}

impl Routes {
    fn partition(&self, topic: &str, index: i32) -> Option<PartitionId> {
        let topic = self.catalog.by_name(topic).filter(|topic| !topic.record.deleting)?;
        let index = u32::try_from(index).ok().filter(|index| *index < topic.record.partitions)?;
        Some(PartitionId { topic: topic.record.number, index })
    }
}

/// [`TransactionPeers`] over all brokers.
pub struct MarkerRouter {
    routes: Routes,
    local: LocalMarkers,
    meta: Meta,
}

/// How long markers of this broker's own partitions are waited for. Others have their own limits.
const LOCAL_MARKERS: Duration = Duration::from_secs(10);

impl MarkerRouter {
    /// `local` writes what this broker leads.
    #[must_use]
    pub const fn new(routes: Routes, local: LocalMarkers, meta: Meta) -> Self {
        Self { routes, local, meta }
    }

    async fn write(&self, order: MarkerOrder) -> Vec<Result<(), MarkerError>> {
        let mut results = vec![Err(MarkerError::UnknownPartition); order.partitions.len()];
        let mut by_place: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        for (at, (topic, index)) in order.partitions.iter().enumerate() {
            if let Some(id) = self.routes.partition(topic, *index) {
                by_place.entry(self.routes.leaders.place(id)).or_default().push(at);
            }
        }
        let chunks =
            by_place.iter().flat_map(|(place, ats)| ats.chunks(MAX_PARTITIONS).map(|ats| (*place, ats)));
        let asked = chunks.map(|(place, ats)| {
            let partitions = ats.iter().map(|at| order.partitions[*at].clone()).collect();
            let part = MarkerOrder { partitions, ..order.clone() };
            async move { (ats, self.write_at(place, part).await) }
        });
        for (ats, answers) in join_all(asked).await {
            for (at, answer) in ats.iter().zip(answers) {
                results[*at] = answer;
            }
        }
        for (result, (topic, index)) in results.iter_mut().zip(&order.partitions) {
            if *result == Err(MarkerError::UnknownPartition) {
                *result = Err(self.unknown(topic, *index).await);
            }
        }
        results
    }

    async fn write_at(&self, place: Place, order: MarkerOrder) -> Vec<Result<(), MarkerError>> {
        let count = order.partitions.len();
        let all = |why: String| vec![Err(MarkerError::Unavailable(why)); count];
        match (place, &self.routes.remote) {
            (Place::Here, _) => {
                let written = self.routes.env.timeout(LOCAL_MARKERS, self.local.write(&order)).await;
                written.unwrap_or_else(|elapsed| all(elapsed.to_string()))
            }
            (Place::At(session), Some(remote)) => match remote.write_markers(session, order).await {
                Ok(answers) if answers.len() == count => answers,
                Ok(answers) => all(format!("{session} answers for {} of {count} partitions", answers.len())),
                Err(why) => all(why),
            },
            (Place::At(_) | Place::Nowhere, _) => all("nobody who can be reached leads it now".to_owned()),
        }
    }

    /// A partition that somebody does not know may be one that he does not know yet. Taking it for deleted would leave its
    /// transaction open for ever.
    async fn unknown(&self, topic: &str, index: i32) -> MarkerError {
        match self.meta.topic(topic).await {
            Ok(Some(topic)) if !topic.record.deleting => {
                let exists = u32::try_from(index).is_ok_and(|index| index < topic.record.partitions);
                if exists {
                    MarkerError::Unavailable("the partition is not known to its leader yet".to_owned())
                } else {
                    MarkerError::UnknownPartition
                }
            }
            Ok(_) => MarkerError::UnknownPartition,
            Err(error) => MarkerError::Unavailable(error.to_string()),
        }
    }
}

impl TransactionPeers for MarkerRouter {
    fn write_markers(&self, order: MarkerOrder) -> BoxFuture<'_, Vec<Result<(), MarkerError>>> {
        Box::pin(self.write(order))
    }
}

/// [`TransactionGate`] over all brokers.
pub struct GateRouter {
    routes: Routes,
    local: Arc<dyn TransactionGate>,
}

/// How long this broker's own coordinator is waited for.
const LOCAL_ADMISSION: Duration = Duration::from_secs(5);

impl GateRouter {
    /// `local` answers for what this broker coordinates.
    #[must_use]
    pub const fn new(routes: Routes, local: Arc<dyn TransactionGate>) -> Self {
        Self { routes, local }
    }

    /// Who coordinates a transactional id.
    fn place(&self, id: &KString) -> Place {
        let topic = self.routes.catalog.by_name(TRANSACTIONS_TOPIC).filter(|topic| !topic.record.deleting);
        topic.map_or(Place::Nowhere, |topic| {
            let index = partition_of(id, topic.record.partitions);
            self.routes.leaders.place(PartitionId { topic: topic.record.number, index })
        })
    }

    async fn ask(&self, request: AdmitRequest) -> Vec<Result<(), TransactionError>> {
        let count = request.partitions.len();
        let unavailable = || vec![Err(TransactionError::Unavailable); count];
        let id = request.transactional_id.clone();
        if Rule::AdmissionAsked.is_broken() {
            return vec![Ok(()); count];
        }
        match (self.place(&id), &self.routes.remote) {
            (Place::Here, _) => {
                let admitted = self.routes.env.timeout(LOCAL_ADMISSION, self.local.admit(request)).await;
                admitted.unwrap_or_else(|_| unavailable())
            }
            (Place::At(session), Some(remote)) => match remote.admit(session, request).await {
                Ok(answers) if answers.len() == count => answers,
                Ok(answers) => {
                    tracing::warn!(%session, got = answers.len(), count, "a coordinator answers for too few partitions");
                    unavailable()
                }
                Err(error) => {
                    tracing::info!(%session, error, transactional_id = %id, "a coordinator cannot be asked");
                    unavailable()
                }
            },
            (Place::At(_) | Place::Nowhere, _) => unavailable(),
        }
    }
}

impl TransactionGate for GateRouter {
    fn admit(&self, request: AdmitRequest) -> BoxFuture<'_, Vec<Result<(), TransactionError>>> {
        Box::pin(async move {
            if request.partitions.len() <= MAX_PARTITIONS {
                return self.ask(request).await;
            }
            let mut results = Vec::with_capacity(request.partitions.len());
            for partitions in request.partitions.chunks(MAX_PARTITIONS) {
                results.extend(
                    self.ask(AdmitRequest { partitions: partitions.to_vec(), ..request.clone() }).await,
                );
            }
            results
        })
    }
}
