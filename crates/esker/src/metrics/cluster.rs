//! The cluster as this broker sees it: metadata, brokers, shards.

use std::time::Duration;

use esker_core::{PartitionId, ShardId, shard_map::shard_of};
use esker_log::Stats;
use esker_meta::{CallMetrics, MetaMetrics, StoreState};
use esker_metrics::Page;

use super::Parts;

/// Without an answer for so long, the metadata store counts as not there, though nothing was refused. Never less than two
/// lives of a session, in which six renewals are asked for.
const SILENCE: Duration = Duration::from_secs(10);

pub(super) fn write_counted(page: &mut Page<'_>, meta: &MetaMetrics) {
    let operations: [(&str, &CallMetrics); 6] = [
        ("get", &meta.get),
        ("list", &meta.list),
        ("txn", &meta.txn),
        ("grant", &meta.grant),
        ("keep_alive", &meta.keep_alive),
        ("revoke", &meta.revoke),
    ];
    let mut requests = page.counter("esker_metadata_requests", "Requests to the metadata store");
    for (operation, call) in operations {
        requests.add(&[("operation", operation), ("outcome", "ok")], call.ok.get());
        requests.add(&[("operation", operation), ("outcome", "error")], call.errors.get());
    }
    page.histogram("esker_metadata_request_seconds", "How long each of them took")
        .histogram(&[], &meta.seconds);
}

pub(super) fn write(page: &mut Page<'_>, parts: &Parts, meta: &MetaMetrics, stats: &Stats) {
    let (node, now) = (&parts.node, parts.env.clock.now());
    page.gauge("esker_metadata_connected", "1 while the metadata store answers")
        .value(meta.is_connected(now, SILENCE.max(parts.session_ttl * 2)));
    page.gauge("esker_lease_remaining_seconds", "How long this broker's session lasts if it is not renewed")
        .value(meta.lease_remaining(now, parts.session_ttl).as_secs_f64());
    // A broker alone decides for itself.
    let controller = node.controller();
    let is_controller =
        node.membership().is_none() || controller.is_some_and(|controller| controller.is_elected());
    page.gauge("esker_controller", "1 on the broker that controls the cluster").value(is_controller);

    let all = node.cluster.shards;
    let (mut live, mut draining, mut owned) = (1, 0, stats.shards);
    if let Some(membership) = node.membership() {
        let view = membership.view();
        let is_draining =
            |store| view.stores.get(store).is_some_and(|store| store.state == StoreState::Draining);
        draining = view.sessions.values().filter(|live| is_draining(&live.record.store)).count();
        live = view.sessions.len() - draining;
        owned = (0..all).filter(|shard| view.owner(ShardId(*shard)).is_some()).count();
    }
    page.gauge("esker_brokers", "Brokers with a session, as this one sees it")
        .add(&[("state", "live")], live)
        .add(&[("state", "draining")], draining);
    let moving = controller.map_or(0, |controller| controller.moving().len());
    let blocked: usize = controller
        .map_or(0, |controller| controller.blocked().iter().map(|blocked| blocked.shards.len()).sum());
    page.gauge("esker_shards", "Shards of the cluster, as this broker sees them")
        .add(&[("state", "owned")], owned)
        .add(&[("state", "ownerless")], (all as usize).saturating_sub(owned))
        .add(&[("state", "moving")], moving)
        .add(&[("state", "blocked")], blocked);

    let open: Vec<u32> = node.log.open_shard_epochs().into_iter().map(|(shard, _)| shard.0).collect();
    let (mut partitions, mut led) = (0_usize, 0_usize);
    for topic in node.catalog.all() {
        let topic = &topic.record;
        if topic.deleting {
            continue;
        }
        partitions += topic.partitions as usize;
        let ids = (0..topic.partitions).map(|index| PartitionId { topic: topic.number, index });
        led += ids.filter(|id| open.binary_search(&shard_of(*id, all).0).is_ok()).count();
    }
    page.gauge("esker_shards_led", "Shards that are open here").value(stats.shards);
    page.gauge("esker_partitions", "Partitions of all topics of the cluster").value(partitions);
    page.gauge("esker_partitions_led", "Partitions whose shards are open here").value(led);
    page.gauge(
        "esker_partition_rows",
        "Partitions here that were written or read: they have a row in memory",
    )
    .value(stats.partitions);
}
