//! What is asked of the coordinator. Each call completes when its answer is durable. A call may be dropped at any time;
//! what it asked for happens all the same.

use std::{sync::Arc, time::Duration};

use esker_core::{Action, Classified, ProducerId};
use esker_env::{BoxFuture, Env, Rule, TaskGuard};
use esker_kafka_wire::KString;
use esker_meta::ProducerIds;

use super::{
    error::TransactionError,
    machine::Outside,
    settings::TransactionConfig,
    shard::{Answer, Cx, Shard},
    types::{
        Admission, AdmitRequest, EndProtocol, Producer, TransactionDescription, TransactionGate,
        TransactionPeers, TransactionSummary,
    },
};
use crate::{
    runtime::{Runtime, Token},
    topic::InternalTopic,
};

/// How long a request waits for the end of the transaction before.
const PATIENCE: Duration = Duration::from_millis(100);

/// The transactional ids of this broker. Cheap to clone.
#[derive(Clone)]
pub struct Transactions(pub(super) Arc<Runtime<Shard>>);

/// Ends the coordinator's timing when dropped.
#[must_use = "dropping it ends transaction timeouts and expiration"]
pub struct TransactionsGuard(#[expect(dead_code, reason = "held for its drop")] TaskGuard);

impl Transactions {
    /// The coordinator. Call [`Transactions::start`] once.
    #[must_use]
    pub fn new(
        config: TransactionConfig,
        env: Env,
        topic: Arc<dyn InternalTopic>,
        ids: Arc<ProducerIds>,
        peers: Arc<dyn TransactionPeers>,
    ) -> Self {
        Self(Runtime::new(config, env, topic, Outside::new(peers, ids)))
    }

    /// Loads every partition in the background, and begins to watch deadlines.
    pub fn start(&self) -> TransactionsGuard {
        TransactionsGuard(self.0.start())
    }

    /// Looks at every partition again, because shards have come or gone.
    pub fn ownership_changed(&self) {
        self.0.ownership_changed();
    }

    /// Where an id's state is: the owner of this partition of `__transaction_state` is its coordinator. Creates the topic
    /// when it is missing.
    ///
    /// # Errors
    /// [`TransactionError::Unavailable`] when the topic cannot be created now.
    pub async fn find(&self, transactional_id: &str) -> Result<u32, TransactionError> {
        self.0.find(transactional_id).await
    }

    /// A producer begins with an id, and fences those before it. `expected`: what it was before, when it goes on after an
    /// error.
    ///
    /// # Errors
    /// [`TransactionError::Concurrent`] while an earlier transaction ends; see [`TransactionError`] for others.
    pub async fn init(
        &self,
        transactional_id: &KString,
        timeout: Duration,
        expected: Option<Producer>,
    ) -> Result<Producer, TransactionError> {
        check_id(transactional_id)?;
        let timeout_ms = i32::try_from(timeout.as_millis()).map_err(|_| TransactionError::InvalidTimeout)?;
        if timeout_ms == 0 || timeout > self.0.config.max_timeout {
            return Err(TransactionError::InvalidTimeout);
        }
        self.ask_patiently(transactional_id, |shard, cx, fresh, token| {
            shard.init(cx, transactional_id, (timeout_ms, expected), fresh, token);
        })
        .await
    }

    /// Adds partitions to the producer's transaction, which begins with the first ones.
    ///
    /// # Errors
    /// See [`TransactionError`].
    pub async fn add(
        &self,
        transactional_id: &KString,
        producer: Producer,
        partitions: &[(KString, i32)],
    ) -> Result<(), TransactionError> {
        check_id(transactional_id)?;
        self.ask_patiently(transactional_id, |shard, cx, _, token| {
            shard.add(cx, transactional_id, producer, partitions, token);
        })
        .await
        .map(drop)
    }

    /// Ends the producer's transaction. The producer that it is from then on: with [`EndProtocol::BumpEpoch`], another
    /// one.
    ///
    /// # Errors
    /// See [`TransactionError`].
    pub async fn end(
        &self,
        transactional_id: &KString,
        producer: Producer,
        commit: bool,
        protocol: EndProtocol,
    ) -> Result<Producer, TransactionError> {
        check_id(transactional_id)?;
        self.ask(transactional_id, |shard, cx, fresh, token| {
            shard.end(cx, transactional_id, producer, (commit, protocol), fresh, token);
        })
        .await
    }

    /// An id in full.
    ///
    /// # Errors
    /// [`TransactionError::NotFound`]; others when this broker cannot tell.
    pub async fn describe(
        &self,
        transactional_id: &KString,
    ) -> Result<TransactionDescription, TransactionError> {
        check_id(transactional_id)?;
        self.0.on(transactional_id, |active, _| active.machine.describe(transactional_id)).await?
    }

    /// Every id that this broker coordinates.
    ///
    /// # Errors
    /// [`TransactionError::Loading`] when a partition is still being read.
    pub async fn list(&self) -> Result<Vec<TransactionSummary>, TransactionError> {
        let mut all = Vec::new();
        for row in self.0.rows() {
            match self.0.on_row(&row, |active, _| all.extend(active.machine.list())).await {
                Ok(()) | Err(TransactionError::NotCoordinator) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    async fn admit_each(
        &self,
        request: &AdmitRequest,
    ) -> Result<Vec<Result<(), TransactionError>>, TransactionError> {
        let AdmitRequest { transactional_id: id, producer, epoch, partitions, admission } = request;
        let producer = Producer { id: *producer, epoch: *epoch };
        check_id(id)?;
        match admission {
            Admission::Verify => {
                // Nothing is written that another coordinator would have kept from being durable.
                if !Rule::AnswersConfirmed.is_broken() {
                    self.0.confirm(id).await?;
                }
                self.0.on(id, |active, _| active.machine.verify(id, producer, partitions)).await
            }
            Admission::Add => {
                self.add(id, producer, partitions).await?;
                Ok(vec![Ok(()); partitions.len()])
            }
        }
    }

    /// As [`Transactions::ask`], and again once what is under way is complete, if that is soon: that costs less than having
    /// the client come back.
    async fn ask_patiently(
        &self,
        id: &KString,
        act: impl Fn(&mut Shard, &mut Cx<'_>, Option<ProducerId>, Token),
    ) -> Result<Producer, TransactionError> {
        let give_up = self.0.env.clock.now() + PATIENCE;
        loop {
            let mut completed = std::pin::pin!(self.0.outside.completed(id).notified());
            // Before asking: what is complete by then is not waited for.
            completed.as_mut().enable();
            let answer = self.ask(id, &act).await;
            let left = give_up - self.0.env.clock.now();
            if answer != Err(TransactionError::Concurrent)
                || left.is_zero()
                || self.0.env.timeout(left, completed).await.is_err()
            {
                return answer;
            }
        }
    }

    /// Asks the shard that has the id, again with a new producer id when it needs one.
    async fn ask(
        &self,
        id: &KString,
        act: impl Fn(&mut Shard, &mut Cx<'_>, Option<ProducerId>, Token),
    ) -> Result<Producer, TransactionError> {
        let mut fresh = None;
        let mut confirmed = Rule::AnswersConfirmed.is_broken();
        loop {
            let asked = self.0.ask(id, |shard, cx, token| act(shard, cx, fresh, token), || ()).await?;
            match asked.1 {
                Answer::Done(answer) => return answer,
                Answer::Known(answer) => {
                    if confirmed || answer.is_err_and(|error| error.action() == Action::Retry) {
                        return answer;
                    }
                    // Another broker may have gone on from here: what is repeated by what is in memory may be new there.
                    self.0.confirm(id).await?;
                    confirmed = true;
                }
                Answer::NeedsProducerId => {
                    assert_eq!(fresh, None, "one producer id is enough");
                    fresh = Some(self.new_producer_id().await?);
                }
            }
        }
    }

    async fn new_producer_id(&self) -> Result<ProducerId, TransactionError> {
        self.0.outside.ids.next().await.map_err(|error| {
            tracing::warn!(%error, action = ?error.action(), "no producer id");
            TransactionError::Unavailable
        })
    }
}

impl TransactionGate for Transactions {
    fn admit(&self, request: AdmitRequest) -> BoxFuture<'_, Vec<Result<(), TransactionError>>> {
        Box::pin(async move {
            let each = self.admit_each(&request).await;
            each.unwrap_or_else(|error| vec![Err(error); request.partitions.len()])
        })
    }
}

fn check_id(id: &KString) -> Result<(), TransactionError> {
    if id.is_empty() { Err(TransactionError::InvalidRequest) } else { Ok(()) }
}
