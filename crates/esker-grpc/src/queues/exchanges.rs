//! Exchanges and their bindings, as clients make and see them.

use std::time::Duration;

use esker_core::TopicNumber;
use esker_meta::{Binding, ExchangeKind, ExchangeRecord, Exchanges, Revision, check_topic_name};
use tonic::Code;

use super::{
    admin::{ATTEMPTS, VISIBLE_WITHIN, busy, unavailable},
    routing::not_found,
};
use crate::{fault::Fault, proto::esker::v1 as api, targets::Targets};

/// Exchanges of a cluster, and bytes of their records, above which none is made or bound. Brokers keep them in memory. It may
/// become a little more when several brokers are asked at the same time.
const MAX_EXCHANGES: usize = 10_000;
const MAX_BYTES: usize = 64 << 20;
/// Exchanges of a page, at most.
const PAGE: usize = 1_000;
/// The pause before an exchange that somebody else has changed is changed again.
const PAUSE: Duration = Duration::from_millis(20);

fn kind_of(number: i32) -> Result<ExchangeKind, Fault> {
    match api::ExchangeKind::try_from(number) {
        Ok(api::ExchangeKind::Direct) => Ok(ExchangeKind::Direct),
        Ok(api::ExchangeKind::Topic) => Ok(ExchangeKind::Topic),
        Ok(api::ExchangeKind::Fanout) => Ok(ExchangeKind::Fanout),
        Ok(api::ExchangeKind::Headers) => Ok(ExchangeKind::Headers),
        Ok(api::ExchangeKind::Unspecified) | Err(_) => {
            Err(Fault::invalid("kind", "direct, topic, fanout or headers"))
        }
    }
}

const fn kind_message(kind: ExchangeKind) -> api::ExchangeKind {
    match kind {
        ExchangeKind::Direct => api::ExchangeKind::Direct,
        ExchangeKind::Topic => api::ExchangeKind::Topic,
        ExchangeKind::Fanout => api::ExchangeKind::Fanout,
        ExchangeKind::Headers => api::ExchangeKind::Headers,
    }
}

fn binding_message(binding: &Binding) -> api::Binding {
    let headers = binding.headers.iter();
    api::Binding {
        queue: binding.queue.clone(),
        routing_key: binding.routing_key.clone(),
        header_match: match (binding.headers.is_empty(), binding.all) {
            (true, _) => api::HeaderMatch::Unspecified.into(),
            (_, true) => api::HeaderMatch::All.into(),
            (_, false) => api::HeaderMatch::Any.into(),
        },
        headers: headers.map(|(key, value)| api::Header { key: key.clone(), value: value.clone() }).collect(),
    }
}

/// A binding as it is kept.
///
/// # Errors
/// An exchange of this kind has no such bindings.
fn binding(kind: ExchangeKind, topic: TopicNumber, asked: &api::Binding) -> Result<Binding, Fault> {
    let by_headers = kind == ExchangeKind::Headers;
    let all = match api::HeaderMatch::try_from(asked.header_match) {
        Ok(api::HeaderMatch::Unspecified) => by_headers,
        Ok(api::HeaderMatch::All) => true,
        Ok(api::HeaderMatch::Any) if by_headers => false,
        _ => return Err(Fault::invalid("binding.header_match", "all or any, of an exchange of headers")),
    };
    let mut headers: Vec<_> =
        asked.headers.iter().map(|header| (header.key.clone(), header.value.clone())).collect();
    headers.sort();
    let routing_key = asked.routing_key.clone();
    let binding = Binding { queue: asked.queue.clone(), routing_key, all, headers, topic };
    match binding.wrong_field(kind) {
        None => Ok(binding),
        Some("queue") => Err(Fault::invalid("binding.queue", "the name of a queue")),
        Some("routing_key") => Err(Fault::invalid(
            "binding.routing_key",
            format!(
                "{kind:?}: only of direct and topic exchanges, at most {} bytes, as a pattern {} words",
                Binding::MAX_KEY,
                Binding::MAX_WORDS
            ),
        )),
        Some("headers") => Err(Fault::invalid(
            "binding.headers",
            format!(
                "{kind:?}: of exchanges of headers alone, 1 to {} of different names, names and values of at most {} bytes",
                Binding::MAX_HEADERS,
                Binding::MAX_HEADER_BYTES
            ),
        )),
        Some(_) => Err(Fault::invalid("binding.header_match", "of exchanges of headers alone")),
    }
}

/// What is said of an exchange. What was bound to queues that are gone is not there any more.
fn message(targets: &Targets, record: &ExchangeRecord, with_bindings: bool) -> api::Exchange {
    let live: Vec<&Binding> =
        record.bindings.iter().filter(|binding| !targets.catalog.is_dropped(binding.topic)).collect();
    api::Exchange {
        name: record.name.clone(),
        kind: kind_message(record.kind).into(),
        binding_count: u32::try_from(live.len()).unwrap_or(u32::MAX),
        bindings: match with_bindings {
            true => live.into_iter().map(binding_message).collect(),
            false => Vec::new(),
        },
    }
}

fn too_many(text: impl Into<String>) -> Fault {
    Fault::refused(Code::ResourceExhausted, "EXCHANGE_LIMIT", text)
}

/// Waits until this broker shows a change.
async fn visible(targets: &Targets, exchanges: &Exchanges, changed: Revision) {
    if targets.env.timeout(VISIBLE_WITHIN, exchanges.reached(changed)).await.is_err() {
        tracing::warn!(revision = %changed, "this broker does not show an exchange's change yet");
    }
}

/// Makes an exchange, if there is none.
///
/// # Errors
/// There is one of another kind, or there are too many, or the metadata store does not answer.
pub(crate) async fn create(
    targets: &Targets,
    asked: &api::CreateExchangeRequest,
) -> Result<api::CreateExchangeResponse, Fault> {
    let name = &asked.name;
    check_topic_name(name).map_err(|why| Fault::invalid("name", format!("{name:?}: {why}")))?;
    if name.starts_with("__") {
        return Err(Fault::invalid("name", "exchanges' names do not begin with \"__\""));
    }
    let kind = kind_of(asked.kind)?;
    let (meta, exchanges) = (targets.admin.meta(), targets.router.exchanges());
    for _ in 0..ATTEMPTS {
        if let Some(known) = meta.exchange(name).await.map_err(|error| unavailable(&error))? {
            if known.record.kind != kind {
                let text = format!("exchange {name:?} is there already, of another kind");
                return Err(Fault::refused(Code::AlreadyExists, "EXCHANGE_EXISTS", text));
            }
            visible(targets, exchanges, known.modified).await;
            let exchange = Some(message(targets, &known.record, true));
            return Ok(api::CreateExchangeResponse { exchange, created: false });
        }
        if exchanges.size().0 >= MAX_EXCHANGES {
            return Err(too_many(format!("there are {MAX_EXCHANGES} exchanges")));
        }
        let record = ExchangeRecord { name: name.clone(), kind, bindings: Vec::new() };
        let made = meta.put_exchange(None, &record).await.map_err(|error| unavailable(&error))?;
        if let Some(made) = made {
            tracing::info!(exchange = name, ?kind, "exchange created");
            visible(targets, exchanges, made).await;
            let exchange = Some(message(targets, &record, true));
            return Ok(api::CreateExchangeResponse { exchange, created: true });
        }
    }
    Err(busy("the exchange was changed at the same time"))
}

/// Deletes an exchange.
///
/// # Errors
/// There is none of this name, or the metadata store does not answer.
pub(crate) async fn delete(
    targets: &Targets,
    asked: &api::DeleteExchangeRequest,
) -> Result<api::DeleteExchangeResponse, Fault> {
    let (meta, exchanges) = (targets.admin.meta(), targets.router.exchanges());
    for _ in 0..ATTEMPTS {
        let known = meta.exchange(&asked.name).await.map_err(|error| unavailable(&error))?;
        let known = known.ok_or_else(|| not_found(&asked.name))?;
        if let Some(gone) = meta.delete_exchange(&known).await.map_err(|error| unavailable(&error))? {
            tracing::info!(exchange = asked.name, "exchange deleted");
            visible(targets, exchanges, gone).await;
            return Ok(api::DeleteExchangeResponse {});
        }
    }
    Err(busy("the exchange was changed at the same time"))
}

/// Changes an exchange as `to` says, unless that says `None`. Whether it was changed.
async fn change(
    targets: &Targets,
    name: &str,
    to: impl Fn(&ExchangeRecord) -> Result<Option<ExchangeRecord>, Fault>,
) -> Result<bool, Fault> {
    let (meta, exchanges) = (targets.admin.meta(), targets.router.exchanges());
    for _ in 0..ATTEMPTS {
        let known = meta.exchange(name).await.map_err(|error| unavailable(&error))?;
        let known = known.ok_or_else(|| not_found(name))?;
        let Some(mut record) = to(&known.record)? else {
            visible(targets, exchanges, known.modified).await;
            return Ok(false);
        };
        // Nothing comes back to a queue that is gone.
        record.bindings.retain(|binding| !targets.catalog.is_dropped(binding.topic));
        let grows = record.bindings.len() > known.record.bindings.len();
        if !record.fits() || (grows && exchanges.size().1 >= MAX_BYTES) {
            let most = ExchangeRecord::MAX_BINDINGS;
            return Err(too_many(format!(
                "an exchange has at most {most} bindings of {} KiB, all of them have {} MiB",
                ExchangeRecord::MAX_BYTES >> 10,
                MAX_BYTES >> 20
            )));
        }
        let changed = meta.put_exchange(Some(known.modified), &record).await;
        if let Some(changed) = changed.map_err(|error| unavailable(&error))? {
            visible(targets, exchanges, changed).await;
            return Ok(true);
        }
        targets.env.clock.sleep(PAUSE).await;
    }
    Err(busy("the exchange was changed at the same time"))
}

/// Binds a queue.
///
/// # Errors
/// There is no such exchange or queue, the exchange cannot have such a binding, or the metadata store does not answer.
pub(crate) async fn bind(targets: &Targets, asked: &api::BindRequest) -> Result<api::BindResponse, Fault> {
    let wanted = asked.binding.clone().unwrap_or_default();
    // The queue is looked for once the exchange is known to be there.
    targets.router.exchange(&asked.exchange).await?;
    let topic = targets.topic(&wanted.queue).await?.record.number;
    let created =
        change(targets, &asked.exchange, |record| Ok(record.with(&binding(record.kind, topic, &wanted)?)));
    Ok(api::BindResponse { created: created.await? })
}

/// Takes a binding away.
///
/// # Errors
/// There is no such exchange, it cannot have such a binding, or the metadata store does not answer.
pub(crate) async fn unbind(
    targets: &Targets,
    asked: &api::UnbindRequest,
) -> Result<api::UnbindResponse, Fault> {
    let wanted = asked.binding.clone().unwrap_or_default();
    // Whatever topic it was.
    let any = TopicNumber(1);
    let removed =
        change(targets, &asked.exchange, |record| Ok(record.without(&binding(record.kind, any, &wanted)?)));
    Ok(api::UnbindResponse { removed: removed.await? })
}

/// An exchange with its bindings.
///
/// # Errors
/// There is none of this name.
pub(crate) async fn describe(
    targets: &Targets,
    asked: &api::GetExchangeRequest,
) -> Result<api::GetExchangeResponse, Fault> {
    let known = targets.router.exchange(&asked.name).await?;
    Ok(api::GetExchangeResponse { exchange: Some(message(targets, &known.record, true)) })
}

/// A page of exchanges by name.
///
/// # Errors
/// The page is too large.
pub(crate) fn list(
    targets: &Targets,
    asked: &api::ListExchangesRequest,
) -> Result<api::ListExchangesResponse, Fault> {
    let size = match asked.page_size as usize {
        0 => PAGE,
        size if size <= PAGE => size,
        _ => return Err(Fault::invalid("page_size", format!("a page has at most {PAGE} exchanges"))),
    };
    let found = targets.router.exchanges().page(&asked.prefix, &asked.page_token, size + 1);
    let page = &found[..found.len().min(size)];
    let next_page_token = match page.last() {
        Some(last) if found.len() > size => last.record.name.clone(),
        _ => String::new(),
    };
    let exchanges = page.iter().map(|known| message(targets, &known.record, false)).collect();
    Ok(api::ListExchangesResponse { exchanges, next_page_token })
}
