//! `/groups/<name>`: what operators have set for single groups.

use std::{collections::BTreeMap, sync::Arc};

use esker_env::{TaskGuard, watch};
use parking_lot::{Mutex, RwLock};

use crate::{
    Event, Expect, KeyValue, Meta, MetaError, Revision, Txn, Versioned,
    codec::{Source, encode},
    membership::follow::{News, follow},
    meta::Settled,
    proto,
};

/// The configs of one group that differ from the brokers'.
pub type GroupOverrides = BTreeMap<String, String>;

/// Most bytes of a group's name and all its config names and values.
const MAX_BYTES: usize = 64 << 10;

/// The configs of all groups that have some, in memory: listed once, then kept by a watch. They may lag behind the
/// store; [`GroupConfigs::reached`] waits until they show a known change.
pub struct GroupConfigs {
    shared: Arc<Shared>,
    _task: Mutex<TaskGuard>,
}

struct Shared {
    prefix: String,
    view: RwLock<BTreeMap<String, Versioned<GroupOverrides>>>,
    /// The revision of the last change shown.
    shown: watch::Sender<Revision>,
}

impl GroupConfigs {
    /// Lists them, and keeps following them with a task of the `Env` until this is dropped.
    ///
    /// # Errors
    /// When the store fails or a record cannot be read.
    pub async fn start(meta: Meta) -> Result<Arc<Self>, MetaError> {
        let prefix = meta.keys().groups();
        let listing = meta.store().list(prefix.clone()).await?;
        let shared = Arc::new(Shared {
            prefix: prefix.clone(),
            view: RwLock::default(),
            shown: watch::Sender::new(listing.revision),
        });
        for entry in &listing.entries {
            shared.put(entry)?;
        }
        let (tasks, following) = (meta.env().tasks.clone(), Arc::clone(&shared));
        let task = tasks.spawn_vital_guarded(
            "following groups' configs",
            follow(meta, prefix, listing.revision, move |news| following.apply(&news)),
        );
        Ok(Arc::new(Self { shared, _task: Mutex::new(task) }))
    }

    /// What is set for a group.
    #[must_use]
    pub fn of(&self, group: &str) -> Option<Versioned<GroupOverrides>> {
        self.shared.view.read().get(group).cloned()
    }

    /// One config of a group, if it is set.
    #[must_use]
    pub fn value(&self, group: &str, key: &str) -> Option<String> {
        self.shared.view.read().get(group)?.record.get(key).cloned()
    }

    /// The groups for which something is set, ascending.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        self.shared.view.read().keys().cloned().collect()
    }

    /// Completes once the change of this revision is shown. Bound it with a timeout.
    pub async fn reached(&self, revision: Revision) {
        // The sender lives as long as `self`.
        let _ = self.shared.shown.subscribe().wait_for(|shown| *shown >= revision).await;
    }
}

impl Shared {
    fn put(&self, entry: &KeyValue) -> Result<(), MetaError> {
        let (source, message) = Source::message::<proto::GroupConfigs>(entry)?;
        let group = entry.key.strip_prefix(&self.prefix).ok_or_else(|| source.bad("name"))?;
        let configs = Versioned { record: message.configs, modified: entry.modified };
        self.view.write().insert(group.to_owned(), configs);
        Ok(())
    }

    fn apply(&self, news: &News<'_>) {
        let put = |entry: &KeyValue| {
            if let Err(error) = self.put(entry) {
                tracing::error!(%error, "cannot read a group's configs; keeping them as they were");
            }
        };
        let shown = match news {
            News::All(entries) => {
                self.view.write().clear();
                entries.iter().for_each(put);
                entries.iter().map(|entry| entry.modified).max()
            }
            News::Changes(events) => {
                for event in *events {
                    match event {
                        Event::Put(entry) => put(entry),
                        Event::Delete { key, .. } => {
                            self.view.write().remove(key.strip_prefix(&self.prefix).unwrap_or(key));
                        }
                    }
                }
                events.last().map(Event::revision)
            }
        };
        if let Some(shown) = shown {
            self.shown.send_replace(shown);
        }
    }
}

impl Meta {
    /// Puts the configs of a group in place of those that the caller knows (of revision `known`; `None` for none).
    /// `None` when there are others by now: look again.
    ///
    /// # Errors
    /// When the store fails, or the configs are too large.
    pub async fn set_group_configs(
        &self,
        group: &str,
        known: Option<Revision>,
        configs: &GroupOverrides,
    ) -> Result<Option<Revision>, MetaError> {
        let bytes: usize = configs.iter().map(|(key, value)| key.len() + value.len()).sum();
        if group.is_empty() || group.len() + bytes > MAX_BYTES {
            return Err(MetaError::Invalid("a group's name and configs take at most 64 KiB".to_owned()));
        }
        let key = self.keys().group(group);
        let expected = known.map_or(Expect::Absent, Expect::Modified);
        let txn = Txn::new().when(&key, expected);
        let txn = if configs.is_empty() && known.is_some() {
            txn.delete(&key)
        } else {
            txn.put(&key, encode(&proto::GroupConfigs { configs: configs.clone() }))
        };
        match self.settle(txn, Some(&key)).await? {
            Settled::Done(revision) => Ok(Some(revision)),
            Settled::Refused(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use esker_env::Env;

    use super::*;
    use crate::{Keys, MemoryMeta};

    #[tokio::test]
    async fn what_is_set_is_shown_and_guarded() {
        let env = Env::real();
        let store = Arc::new(MemoryMeta::new(env.clone()));
        let meta = Meta::new(store, Keys::new("").unwrap(), env);
        let shown = GroupConfigs::start(meta.clone()).await.unwrap();
        let set = |value: &str| GroupOverrides::from([("k".to_owned(), value.to_owned())]);
        let name = "a/b \u{e4}";
        let first = meta.set_group_configs(name, None, &set("1")).await.unwrap().expect("nobody else");
        shown.reached(first).await;
        assert_eq!(shown.value(name, "k").as_deref(), Some("1"));
        assert_eq!(meta.set_group_configs(name, None, &set("2")).await.unwrap(), None, "it has some");
        let second = meta.set_group_configs(name, Some(first), &set("3")).await.unwrap().expect("its own");
        let again = GroupConfigs::start(meta.clone()).await.unwrap();
        assert_eq!(again.of(name), Some(Versioned { record: set("3"), modified: second }));
        let gone = meta.set_group_configs(name, Some(second), &GroupOverrides::new()).await.unwrap();
        shown.reached(gone.expect("its own")).await;
        assert!(shown.groups().is_empty());
    }
}
