//! Groups, share groups and transactions.

use esker_core::TopicId;
use esker_metrics::{OTHER, Page};

use super::{Parts, kafka::Budget};

/// Writes them, and says what their states take.
pub(super) fn write(page: &mut Page<'_>, parts: &Parts) -> [Budget; 3] {
    let (coordinated, pairs) = (&parts.coordinated, parts.settings.topics as usize);
    let groups = coordinated.groups.stats();
    page.gauge("esker_groups", "Groups that this broker coordinates")
        .add(&[("type", "classic")], groups.classic)
        .add(&[("type", "consumer")], groups.consumer)
        .add(&[("type", "share")], groups.share);
    page.gauge("esker_group_members", "Members of these groups").value(groups.members);
    let lags = coordinated.lag.lags(pairs);
    let mut lag =
        page.gauge("esker_group_lag_records", "Records between what a group has committed and the end");
    for ((group, topic), records) in &lags.by_group {
        lag.add(&[("group", group), ("topic", topic)], *records);
    }
    if lags.by_group.len() >= pairs {
        lag.add(&[("group", OTHER), ("topic", OTHER)], lags.other);
    }

    let shares = coordinated.shares.stats(pairs);
    let mut records = page
        .gauge("esker_share_records", "Records that a share group is not done with, by what they wait for");
    let other = (OTHER.into(), OTHER.to_owned(), shares.other);
    let named = shares.records.iter().map(|((group, topic), depth)| {
        let found = parts.node.catalog.by_id(TopicId(*topic));
        let name = found.map_or_else(|| topic.to_string(), |topic| topic.record.name.clone());
        (group.clone(), name, *depth)
    });
    for (group, topic, depth) in named.chain((shares.records.len() >= pairs).then_some(other)) {
        let states = [
            ("available", depth.available),
            ("acquired", depth.acquired),
            ("deferred", depth.deferred),
            ("dying", depth.dying),
        ];
        for (state, count) in states {
            records.add(&[("group", &group), ("topic", &topic), ("state", state)], count);
        }
    }
    page.counter("esker_dead_letters", "Records that were copied to a topic of dead letters")
        .value(shares.dead_letters);

    let transactions = coordinated.transactions.stats();
    page.gauge("esker_transactions_open", "Transactions that have begun and are not ended everywhere")
        .value(transactions.open);
    page.counter("esker_transactions_committed", "Transactions that ended with a commit")
        .value(transactions.committed);
    page.counter("esker_transactions_aborted", "Transactions that ended with an abort")
        .value(transactions.aborted);
    [
        ("groups", groups.used, groups.limit),
        ("shares", shares.used, shares.limit),
        ("transactions", transactions.used, transactions.limit),
    ]
}
