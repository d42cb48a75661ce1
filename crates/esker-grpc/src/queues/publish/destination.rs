//! Where a message goes: to a queue, or to those that an exchange finds for it.

use std::sync::Arc;

use esker_meta::{Binding, Topic};
use esker_share::Heeds;

use crate::{fault::Fault, proto::esker::v1 as api, targets::Targets};

/// Where a message goes.
pub(crate) enum Destination {
    Queue(Arc<Topic>),
    /// Each gets a copy; one or more.
    Queues(Vec<Arc<Topic>>),
}

/// What is heeded of what a message says: of several queues each heeds what it heeds.
pub(crate) fn heeds(targets: &Targets, queue: &str, exchange: &str) -> Heeds {
    match exchange.is_empty() {
        true => targets.admin.heeds(queue),
        false => Heeds { times: true, priority: true, order: true },
    }
}

/// Finds it, for a message with these headers.
///
/// # Errors
/// It contradicts itself, or there is no such queue, exchange or binding.
pub(crate) async fn find(
    targets: &Targets,
    queue: &str,
    (exchange, key): (&str, &str),
    headers: &[api::Header],
) -> Result<Destination, Fault> {
    if exchange.is_empty() {
        if !key.is_empty() {
            return Err(Fault::invalid("routing_key", "it is for an exchange, and none is named"));
        }
        return targets.topic(queue).await.map(Destination::Queue);
    }
    if !queue.is_empty() {
        return Err(Fault::invalid("exchange", "a message is for a queue or for an exchange"));
    }
    if key.len() > Binding::MAX_KEY {
        let text = format!("a routing key has at most {} bytes", Binding::MAX_KEY);
        return Err(Fault::invalid("routing_key", text));
    }
    targets.router.route(exchange, key, headers).await.map(Destination::Queues)
}
