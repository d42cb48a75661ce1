//! Offsets go with their topics.

use std::{collections::BTreeMap, sync::Arc};

use esker_core::TopicId;
use esker_env::{TaskGuard, Tasks};
use esker_kafka_wire::KString;
use esker_meta::Catalog;

use crate::{Groups, ShareStates};

/// Follows the catalog, and has every group forget its offsets, and what it is done with, in topics that are deleted. Ends when the guard is
/// dropped.
pub fn forget_deleted_topics(
    tasks: &Tasks,
    catalog: &Arc<Catalog>,
    groups: &Groups,
    shares: Option<&ShareStates>,
) -> TaskGuard {
    let (catalog, groups, shares) = (Arc::clone(catalog), groups.clone(), shares.cloned());
    tasks.spawn_vital_guarded("forgetting deleted topics", async move {
        let mut changed = catalog.changed();
        let mut known = topics(&catalog);
        while changed.changed().await.is_ok() {
            let now = topics(&catalog);
            let gone: Vec<(KString, TopicId)> = known
                .into_iter()
                .filter(|(id, _)| !now.contains_key(id))
                .map(|(id, name)| (name, id))
                .collect();
            if !gone.is_empty() {
                groups.topics_deleted(&gone);
                if let Some(shares) = &shares {
                    let ids: Vec<_> = gone.iter().map(|(_, id)| id.0).collect();
                    shares.topics_deleted(&ids);
                }
            }
            known = now;
        }
    })
}

fn topics(catalog: &Catalog) -> BTreeMap<TopicId, KString> {
    let topics = catalog.all().into_iter().filter(|topic| !topic.record.deleting);
    topics.map(|topic| (topic.record.id, KString::from(topic.record.name.as_str()))).collect()
}
