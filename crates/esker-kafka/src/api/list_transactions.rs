//! ListTransactions: the transactional ids that this broker coordinates.

use esker_coordinator::{TransactionState as State, TransactionSummary};
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        ListTransactionsRequest, ListTransactionsResponse, list_transactions_response::TransactionState,
    },
};
use regex::{Regex, RegexBuilder};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::ListTransactions;

/// Bytes that a compiled pattern may take.
const PATTERN_BYTES: usize = 256 << 10;

pub(crate) async fn handle(context: Context, request: ListTransactionsRequest) -> ListTransactionsResponse {
    let refuse = |error: ErrorCode| ListTransactionsResponse {
        error_code: error.code(),
        ..ListTransactionsResponse::default()
    };
    let Ok(pattern) = request.transactional_id_pattern.as_ref().map(whole).transpose() else {
        return refuse(ErrorCode::InvalidRegularExpression);
    };
    let (known, unknown): (Vec<KString>, Vec<KString>) =
        request.state_filters.iter().cloned().partition(|name| State::of_name(name).is_some());
    let all = match context.broker.transactions.list().await {
        Ok(all) => all,
        Err(error) => return refuse(error.code()),
    };
    let now_ms = context.broker.env.clock.wall_ms();
    let passes = |found: &TransactionSummary| {
        let of_state =
            request.state_filters.is_empty() || known.iter().any(|name| *name == found.state.as_str());
        let of_producer = request.producer_id_filters.is_empty()
            || request.producer_id_filters.contains(&found.producer.id.0);
        let old_enough =
            request.duration_filter < 0 || now_ms.saturating_sub(found.started_ms) > request.duration_filter;
        let named = pattern.as_ref().is_none_or(|pattern| pattern.is_match(&found.transactional_id));
        of_state && of_producer && old_enough && named
    };
    let transaction_states = all
        .into_iter()
        .filter(passes)
        .map(|found| TransactionState {
            transactional_id: found.transactional_id,
            producer_id: found.producer.id.0,
            transaction_state: KString::from_static(found.state.as_str()),
        })
        .collect();
    ListTransactionsResponse {
        unknown_state_filters: unknown,
        transaction_states,
        ..ListTransactionsResponse::default()
    }
}

/// A pattern that is to match whole ids. An empty one matches all.
fn whole(pattern: &KString) -> Result<Regex, regex::Error> {
    let pattern = if pattern.is_empty() { ".*" } else { pattern.as_str() };
    // By itself first: brackets that it leaves open must not close those around it.
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build()?;
    RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(PATTERN_BYTES).build()
}
