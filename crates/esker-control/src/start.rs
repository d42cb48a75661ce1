//! Starting a broker.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use esker_core::{BrokerId, LedgerId, ShardId, StoreId};
use esker_env::{Env, TaskGuard, watch};
use esker_meta::{
    Cluster, Endpoint, LedgerRecord, Meta, OpenSessionError, OpenedSession, SessionKey, SessionRecord,
    ShardRecord, StoreRecord, StoreState, Versioned,
};

use crate::{
    BrokerSession, Ledgers, LostLedger, StartError, cleanup,
    keep_alive::keep_alive,
    recovery::{Inheritance, NoEpochsLeft, SealError},
};

/// Who starts, and how.
#[derive(Clone, Debug)]
pub struct StartOptions {
    /// The broker's id.
    pub broker: BrokerId,
    /// Where it listens.
    pub endpoints: Vec<Endpoint>,
    /// Its failure domain.
    pub rack: Option<String>,
    /// Its own store. The process must hold it exclusively: an earlier session on the same store is then dead for
    /// certain, and is taken over without waiting for its lease.
    pub store: StoreId,
    /// How long the session outlives its last renewal.
    pub session_ttl: Duration,
    /// Give up ledgers of which no store can be asked, and what stores that can be asked no longer hold of others.
    pub accept_lost_stores: bool,
}

/// Times that a recovery begins anew because a record changed under it.
const ATTEMPTS: u32 = 5;

/// Opens a session, takes over what earlier sessions of the broker left, and claims the shards that nobody owns.
///
/// Cut short at any point, and started again, it comes to the same end. `env.tasks` runs the renewal of the session.
///
/// # Errors
/// [`StartError`]; the session is closed then.
pub async fn start_broker(
    meta: Meta,
    env: Env,
    ledgers: Arc<dyn Ledgers>,
    cluster: &Cluster,
    options: StartOptions,
) -> Result<BrokerSession, StartError> {
    let started = Started::open(&meta, &env, &options).await?;
    let taken = take_over(&meta, &*ledgers, cluster, &options, started.opened.key).await;
    started.finish(meta, ledgers, taken).await
}

/// Opens a session and announces the store, and leaves everything else to the controller: it recovers what earlier
/// sessions left, also those of this broker, and assigns shards ([`StartOptions::accept_lost_stores`] is without effect).
/// The store should be served to others by then, since recoveries may wait for it.
///
/// # Errors
/// [`StartError`]; the session is closed then.
pub async fn join_cluster(
    meta: Meta,
    env: Env,
    ledgers: Arc<dyn Ledgers>,
    options: StartOptions,
) -> Result<BrokerSession, StartError> {
    let started = Started::open(&meta, &env, &options).await?;
    let announced = announce(&meta, &options, started.opened.key).await;
    started.finish(meta, ledgers, announced.map(|()| TakenOver::default())).await
}

/// A session that is kept alive while the rest of the start goes on.
struct Started {
    opened: OpenedSession,
    lost: watch::Sender<bool>,
    renewal: TaskGuard,
}

impl Started {
    async fn open(meta: &Meta, env: &Env, options: &StartOptions) -> Result<Self, StartError> {
        let opened = open_session(meta, env, options).await?;
        let lost = watch::Sender::new(false);
        let renewal = keep_alive(meta.clone(), env.clone(), opened, options.session_ttl, lost.clone());
        Ok(Self { opened, lost, renewal: env.tasks.spawn_vital_guarded("renewing the session", renewal) })
    }

    async fn finish(
        self,
        meta: Meta,
        ledgers: Arc<dyn Ledgers>,
        taken: Result<TakenOver, StartError>,
    ) -> Result<BrokerSession, StartError> {
        let Self { opened, lost, renewal } = self;
        match taken {
            Ok((shards, losses)) => {
                let shards = shards.into_iter().map(|(id, shard)| (id, shard.record)).collect();
                Ok(BrokerSession::new(meta, ledgers, opened, shards, losses, lost, renewal))
            }
            Err(error) => {
                drop(renewal);
                if let Err(error) = meta.close_session(&opened).await {
                    tracing::warn!(%error, session = %opened.key, "could not close the session; it ends with its lease");
                }
                Err(error)
            }
        }
    }
}

/// Opens the session, once an earlier one of the same id is over.
async fn open_session(meta: &Meta, env: &Env, options: &StartOptions) -> Result<OpenedSession, StartError> {
    let record = SessionRecord {
        broker: options.broker,
        endpoints: options.endpoints.clone(),
        rack: options.rack.clone(),
        store: options.store,
    };
    // A dead process's lease runs out in this time; one that lasts longer is being renewed.
    let patience = env.clock.now() + options.session_ttl * 2 + Duration::from_secs(1);
    loop {
        match meta.open_session(&record, options.session_ttl).await {
            Ok(opened) => return Ok(opened),
            Err(OpenSessionError::Alive(live)) if live.record.store == options.store => {
                tracing::info!(session = %live.key, "ending the session of this store's earlier process");
                meta.fence(live.key).await?;
            }
            Err(OpenSessionError::Alive(live)) if env.clock.now() < patience => {
                tracing::info!(session = %live.key, "waiting for the broker's earlier session to end");
                env.clock.sleep((options.session_ttl / 4).min(Duration::from_millis(500))).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

type TakenOver = (BTreeMap<ShardId, Versioned<ShardRecord>>, Vec<LostLedger>);

/// Says which store the broker serves, and that it may take ledgers (again, after a drain).
async fn announce(meta: &Meta, options: &StartOptions, session: SessionKey) -> Result<(), StartError> {
    let store = StoreRecord { id: options.store, broker: options.broker, state: StoreState::Active };
    uncontended(async || Ok(meta.put_store(session, &store).await?)).await
}

/// Begins anew, a few times, when a record changed meanwhile.
async fn uncontended<T>(step: impl AsyncFn() -> Result<T, StartError>) -> Result<T, StartError> {
    let mut attempt = 1;
    loop {
        match step().await {
            Err(StartError::Contended(key)) if attempt < ATTEMPTS => {
                tracing::info!(key, attempt, "metadata changed during the start; reading it again");
                attempt += 1;
            }
            other => return other,
        }
    }
}

async fn take_over(
    meta: &Meta,
    ledgers: &dyn Ledgers,
    cluster: &Cluster,
    options: &StartOptions,
    session: SessionKey,
) -> Result<TakenOver, StartError> {
    announce(meta, options, session).await?;
    let taken = uncontended(async || inherit(meta, ledgers, cluster, options, session).await).await?;
    // What could not be cleaned up now can be later.
    if let Err(error) = cleanup::forget_own_unneeded(meta, ledgers, session).await {
        tracing::warn!(%error, "could not clean up ledgers that nothing needs");
    }
    if let Err(error) = cleanup::forget_orphans(meta, ledgers).await {
        tracing::warn!(%error, "could not clean up what the store holds of forgotten ledgers");
    }
    Ok(taken)
}

async fn inherit(
    meta: &Meta,
    ledgers: &dyn Ledgers,
    cluster: &Cluster,
    options: &StartOptions,
    session: SessionKey,
) -> Result<TakenOver, StartError> {
    // Of one broker at most one session stands.
    if !meta.session_stands(session).await? {
        return Err(StartError::SessionLost(session));
    }
    let mut inheritance = Inheritance::read(meta, session.broker, |writer| writer != session).await?;
    let reachable = ledgers.reachable();
    let lost = inheritance.lost(&reachable);
    // A ledger that some store can still be asked about has an unclean recovery of its own, which this is not.
    let acceptable = options.accept_lost_stores && lost.iter().all(|lost| lost.reachable == 0);
    if !lost.is_empty() && !acceptable {
        return Err(StartError::StoresMissing(lost));
    }
    for lost in &lost {
        tracing::error!(%lost, "giving up a ledger, as told: records that only it held are lost");
    }
    let given_up: BTreeSet<LedgerId> = lost.iter().map(|lost| lost.ledger).collect();
    // Where too few stores are left no shard needs it, or it would be lost: the cleanup drops its descriptor.
    let skip = |ledger: &LedgerRecord| {
        let here = ledger.copyset.iter().filter(|store| reachable.contains(store)).count();
        given_up.contains(&ledger.id) || here < ledger.read_quorum()
    };
    let unsealed = inheritance.seal(meta, ledgers, session.into(), skip, options.accept_lost_stores).await;
    if let Some((ledger, error)) = unsealed.into_iter().next() {
        return Err(match error {
            SealError::Ledger(source) => StartError::Ledger { ledger, source },
            SealError::Guarded(error) => error.into(),
        });
    }
    let mut owned = BTreeMap::new();
    let moves = inheritance.moves(cluster.shards, &given_up, |_, shard| {
        let owner = shard.and_then(ShardRecord::owned_by);
        let mine = owner.is_none_or(|owner| owner.broker == session.broker && owner != session);
        mine.then_some(session)
    });
    let moves = moves.map_err(|NoEpochsLeft(shard)| StartError::NoEpochsLeft(shard))?;
    for (id, shard) in inheritance.shards() {
        if shard.record.owned_by() == Some(session) {
            owned.insert(*id, shard.clone());
        }
    }
    owned.extend(meta.move_shards(session, &moves).await?);
    Ok((owned, lost))
}
