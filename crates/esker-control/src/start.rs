//! Starting a broker.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use esker_core::{BrokerId, LedgerId, ShardId, StoreId};
use esker_env::Env;
use esker_meta::{
    Cluster, Endpoint, Meta, OpenSessionError, OpenedSession, SessionKey, SessionRecord, ShardRecord,
    StoreRecord, StoreState, Versioned,
};
use tokio::sync::watch;

use crate::{
    BrokerSession, Ledgers, LostLedger, StartError, cleanup, keep_alive::keep_alive, recovery::Inheritance,
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
    let opened = open_session(&meta, &env, &options).await?;
    let lost = watch::Sender::new(false);
    let renewal = keep_alive(meta.clone(), env.clone(), opened, options.session_ttl, lost.clone());
    let renewal = env.tasks.spawn_guarded(renewal);
    match take_over(&meta, &*ledgers, cluster, &options, opened.key).await {
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

async fn take_over(
    meta: &Meta,
    ledgers: &dyn Ledgers,
    cluster: &Cluster,
    options: &StartOptions,
    session: SessionKey,
) -> Result<TakenOver, StartError> {
    let store = StoreRecord { id: options.store, broker: options.broker, state: StoreState::Active };
    let mut attempt = 1;
    let taken = loop {
        let taken = async {
            meta.put_store(session, &store).await?;
            inherit(meta, ledgers, cluster, options, session).await
        };
        match taken.await {
            Err(StartError::Contended(key)) if attempt < ATTEMPTS => {
                tracing::info!(key, attempt, "metadata changed during the recovery; reading it again");
                attempt += 1;
            }
            other => break other?,
        }
    };
    // What could not be cleaned up now can be later.
    if let Err(error) = cleanup::forget_unneeded(meta, ledgers, session).await {
        tracing::warn!(%error, "could not clean up ledgers that nothing needs");
    }
    if let Err(error) = cleanup::forget_orphans(meta, ledgers, session.broker).await {
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
    let mut inheritance = Inheritance::read(meta, cluster, session).await?;
    let lost = inheritance.lost(&ledgers.reachable());
    // A ledger that some store can still be asked about has an unclean recovery of its own, which this is not.
    let acceptable = options.accept_lost_stores && lost.iter().all(|lost| lost.reachable == 0);
    if !lost.is_empty() && !acceptable {
        return Err(StartError::StoresMissing(lost));
    }
    for lost in &lost {
        tracing::error!(%lost, "giving up a ledger, as told: records that only it held are lost");
    }
    let given_up: BTreeSet<LedgerId> = lost.iter().map(|lost| lost.ledger).collect();
    inheritance.seal(meta, ledgers, &given_up, options.accept_lost_stores).await?;
    let shards = inheritance.take_shards(meta, &given_up).await?;
    Ok((shards, lost))
}
