//! From an exchange to the queues of a message, from memory alone.

mod compiled;
mod patterns;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_env::Env;
use esker_meta::{Catalog, Exchange, Exchanges, Topic};
use parking_lot::RwLock;
use tonic::Code;

use self::compiled::{Bound, Compiled};
use crate::{fault::Fault, proto::esker::v1 as api, targets::is_served};

/// How long an exchange, or a bound queue, that this broker has not heard of is waited for: another one may have made it a
/// moment ago.
const NEW: Duration = Duration::from_secs(1);

/// The exchanges, ready for use.
pub(crate) struct Router {
    env: Env,
    exchanges: Arc<Exchanges>,
    catalog: Arc<Catalog>,
    /// Those that were used, as they were then.
    compiled: RwLock<BTreeMap<String, Arc<Compiled>>>,
}

/// What is known of the topic behind a bound queue.
enum Known {
    There(Arc<Topic>),
    Gone,
    NotYet,
}

impl Router {
    pub(crate) fn new(env: &Env, exchanges: Arc<Exchanges>, catalog: Arc<Catalog>) -> Self {
        Self { env: env.clone(), exchanges, catalog, compiled: RwLock::default() }
    }

    pub(super) const fn exchanges(&self) -> &Arc<Exchanges> {
        &self.exchanges
    }

    /// An exchange, from memory; one that is not there is waited for.
    ///
    /// # Errors
    /// There is none of this name.
    pub(super) async fn exchange(&self, name: &str) -> Result<Exchange, Fault> {
        if let Some(exchange) = self.exchanges.by_name(name) {
            return Ok(exchange);
        }
        let mut changed = self.exchanges.changed();
        let appears = async {
            loop {
                if let Some(exchange) = self.exchanges.by_name(name) {
                    return Some(exchange);
                }
                changed.changed().await.ok()?;
            }
        };
        let found = self.env.timeout(NEW, appears).await.ok().flatten();
        found.ok_or_else(|| not_found(name))
    }

    fn compiled(&self, exchange: &Exchange) -> Arc<Compiled> {
        let name = &exchange.record.name;
        if let Some(known) = self.compiled.read().get(name)
            && known.revision == exchange.modified
        {
            return Arc::clone(known);
        }
        let made = Arc::new(Compiled::new(exchange));
        let mut compiled = self.compiled.write();
        if compiled.len() >= self.exchanges.size().0 {
            compiled.retain(|name, _| self.exchanges.by_name(name).is_some());
        }
        compiled.insert(name.clone(), Arc::clone(&made));
        made
    }

    /// The topics of all queues that are to have a message, each once.
    ///
    /// # Errors
    /// There are none, there is no such exchange, or it is not known yet what is behind a queue's name.
    pub(super) async fn route(
        &self,
        name: &str,
        key: &str,
        headers: &[api::Header],
    ) -> Result<Vec<Arc<Topic>>, Fault> {
        let exchange = self.exchange(name).await?;
        let compiled = self.compiled(&exchange);
        let mut topics = Vec::new();
        for bound in compiled.matching(key, headers) {
            match self.known(bound) {
                Known::There(topic) => topics.push(topic),
                Known::Gone => pass_over(name, bound),
                Known::NotYet => match self.appears(bound).await? {
                    Some(topic) => topics.push(topic),
                    None => pass_over(name, bound),
                },
            }
        }
        if topics.is_empty() {
            let text = format!("no queue is bound to exchange {name:?} for this message");
            return Err(Fault::refused(Code::NotFound, "UNROUTABLE", text));
        }
        Ok(topics)
    }

    fn known(&self, bound: &Bound) -> Known {
        match self.catalog.by_number(bound.topic) {
            Some(topic) if is_served(&topic) => Known::There(topic),
            Some(_) => Known::Gone,
            None if self.catalog.is_dropped(bound.topic) => Known::Gone,
            None => Known::NotYet,
        }
    }

    /// Waits for news of a topic that was made after all that this broker knows. It must not be passed over: it is bound.
    async fn appears(&self, bound: &Bound) -> Result<Option<Arc<Topic>>, Fault> {
        let mut changed = self.catalog.changed();
        let appears = async {
            loop {
                match self.known(bound) {
                    Known::There(topic) => return Some(topic),
                    Known::NotYet if changed.changed().await.is_ok() => {}
                    Known::Gone | Known::NotYet => return None,
                }
            }
        };
        self.env.timeout(NEW, appears).await.map_err(|_| {
            let text = format!("this broker has not heard of queue {:?} yet", bound.queue);
            Fault::refused(Code::Unavailable, "STORAGE", text).retry(NEW)
        })
    }
}

fn pass_over(exchange: &str, bound: &Bound) {
    if bound.is_news() {
        tracing::warn!(exchange, queue = bound.queue, "a bound queue was deleted and is passed over");
    }
}

pub(super) fn not_found(name: &str) -> Fault {
    let shown: String = name.chars().take(249).collect();
    Fault::refused(Code::NotFound, "EXCHANGE_NOT_FOUND", format!("exchange {shown:?} does not exist"))
}
