//! `CreateQueue`: the topics of a queue, and the configs of its group.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_coordinator::{HEEDS_ORDER, HEEDS_PRIORITY, HEEDS_TIMES, ShareStates};
use esker_core::PartitionId;
use esker_env::Env;
use esker_log::{Log, LogError, topic_config::DEDUPLICATION_WINDOW};
use esker_meta::{
    GroupConfigs, GroupOverrides, Meta, MetaError, NewTopic, Topic, TopicError, check_topic_name,
    topic_names_collide,
};
use esker_share::Heeds;
use tonic::Code;

use crate::{
    QueueParts, dedup,
    fault::Fault,
    proto::esker::v1 as api,
    targets::{Targets, is_served},
};

const LIMIT: &str = "share.delivery.count.limit";
const LEASE: &str = "share.record.lock.duration.ms";
const RESET: &str = "share.auto.offset.reset";
const DEAD_LETTERS: &str = "errors.deadletterqueue.topic.name";
const COPY: &str = "errors.deadletterqueue.copy.record.enable";
/// A topic that dead letters may be written to says so with this.
const TAKES_DEAD_LETTERS: &str = "errors.deadletterqueue.group.enable";
/// How the names of topics for dead letters begin.
const DEAD_PREFIX: &str = "dlq.";
/// For how long ids may count, milliseconds.
const WINDOWS: std::ops::RangeInclusive<u64> = 1_000..=86_400_000;
/// Attempts when somebody else changes the same thing at the same time.
pub(super) const ATTEMPTS: usize = 10;
/// How long it is waited until this broker shows what was made.
pub(super) const VISIBLE_WITHIN: Duration = Duration::from_secs(5);

/// What queues are made with.
pub(crate) struct Admin {
    env: Env,
    log: Log,
    meta: Meta,
    group_configs: Arc<GroupConfigs>,
    shares: ShareStates,
    default_partitions: u32,
    max_partitions: u32,
    replication_factor: u16,
}

impl Admin {
    pub(crate) fn new(env: &Env, log: &Log, parts: &QueueParts) -> Self {
        Self {
            env: env.clone(),
            log: log.clone(),
            meta: parts.meta.clone(),
            group_configs: Arc::clone(&parts.group_configs),
            shares: parts.shares.clone(),
            default_partitions: parts.default_partitions,
            max_partitions: parts.max_partitions,
            replication_factor: parts.replication_factor,
        }
    }

    /// What a group heeds of what messages say.
    pub(super) fn heeds(&self, group: &str) -> Heeds {
        self.shares.overrides(group).heeds
    }

    pub(super) const fn meta(&self) -> &Meta {
        &self.meta
    }

    /// What is set for a queue and one of its groups.
    pub(crate) fn describe(&self, topic: &Topic, group: &str) -> api::Queue {
        let limits = self.shares.limits(group);
        api::Queue {
            name: topic.record.name.clone(),
            group: group.to_owned(),
            partitions: topic.record.partitions,
            delivery_limit: limits.max_deliveries.into(),
            lease_ms: u32::try_from(limits.lock.as_millis()).unwrap_or(u32::MAX),
            dead_letter_topic: self.group_configs.value(group, DEAD_LETTERS).unwrap_or_default(),
            times: limits.heeds.times,
            priority: limits.heeds.priority,
            key_order: limits.heeds.order,
            deduplication_window_ms: dedup::window_ms(topic, &self.log),
        }
    }

    /// Where a group's dead letters are, if it has any.
    pub(super) fn dead_letters(&self, group: &str) -> Option<String> {
        self.group_configs.value(group, DEAD_LETTERS).filter(|topic| !topic.is_empty())
    }

    /// Sets up a group that reads dead letters: all of them, and it gives none up before it must.
    pub(super) async fn set_reading_group(&self, group: &str) -> Result<(), Fault> {
        let config = self.shares.config();
        let (limit, lease) = (config.max_delivery_limit.to_string(), config.max_lock.as_millis().to_string());
        let defaults = [(RESET, "earliest"), (LIMIT, limit.as_str()), (LEASE, lease.as_str())];
        self.set_group(group, &BTreeMap::new(), &defaults).await
    }

    fn check(&self, asked: &api::CreateQueueRequest) -> Result<(), Fault> {
        let name = &asked.name;
        check_topic_name(name).map_err(|why| Fault::invalid("name", format!("{name:?}: {why}")))?;
        if name.starts_with("__") || name.starts_with(DEAD_PREFIX) {
            return Err(Fault::invalid("name", "queues' names do not begin with \"__\" or \"dlq.\""));
        }
        if asked.partitions > self.max_partitions {
            return Err(Fault::invalid("partitions", format!("at most {}", self.max_partitions)));
        }
        let config = self.shares.config();
        let bounds = u32::from(config.min_delivery_limit)..=u32::from(config.max_delivery_limit);
        if asked.delivery_limit != 0 && !bounds.contains(&asked.delivery_limit) {
            let text = format!("{} to {} on this broker", bounds.start(), bounds.end());
            return Err(Fault::invalid("delivery_limit", text));
        }
        let bounds = config.min_lock.as_millis()..=config.max_lock.as_millis();
        if asked.lease_ms != 0 && !bounds.contains(&u128::from(asked.lease_ms)) {
            let text = format!("{} to {} on this broker", bounds.start(), bounds.end());
            return Err(Fault::invalid("lease_ms", text));
        }
        let dead = &asked.dead_letter_topic;
        if !dead.is_empty() && (!dead.starts_with(DEAD_PREFIX) || check_topic_name(dead).is_err()) {
            return Err(Fault::invalid("dead_letter_topic", "a topic whose name begins with \"dlq.\""));
        }
        if asked.deduplication_window_ms.is_some_and(|window| window != 0 && !WINDOWS.contains(&window)) {
            let text = format!("{} to {}, or 0 for none", WINDOWS.start(), WINDOWS.end());
            return Err(Fault::invalid("deduplication_window_ms", text));
        }
        Ok(())
    }

    /// Makes a topic, unless there is one. Whether it was made.
    async fn make_topic(&self, new: &NewTopic) -> Result<(Topic, bool), Fault> {
        let catalog = self.log.catalog();
        if let Some(topic) = catalog.by_name(&new.name).filter(|topic| !topic.record.deleting) {
            return Ok(((*topic).clone(), false));
        }
        let all = catalog.all();
        if let Some(other) = all
            .iter()
            .find(|other| other.record.name != new.name && topic_names_collide(&new.name, &other.record.name))
        {
            let text = format!("{:?} is too much like topic {:?}", new.name, other.record.name);
            return Err(Fault::invalid("name", text));
        }
        match self.meta.create_topic(new).await {
            Ok(topic) => {
                tracing::info!(topic = new.name, partitions = new.partitions, "topic created for a queue");
                self.wait_visible(&topic).await;
                Ok((topic, true))
            }
            // Somebody else was faster, or it is being deleted.
            Err(TopicError::TopicExists(_)) => match self.meta.topic(&new.name).await {
                Ok(Some(topic)) if !topic.record.deleting => {
                    self.wait_visible(&topic).await;
                    Ok((topic, false))
                }
                _ => Err(busy("the topic of this name is being deleted")),
            },
            Err(TopicError::Meta(error)) => Err(unavailable(&error)),
            Err(error) => Err(Fault::invalid("name", error.to_string())),
        }
    }

    async fn wait_visible(&self, topic: &Topic) {
        let shown = async {
            self.log.catalog().reached(topic.modified).await;
            let last = PartitionId { topic: topic.record.number, index: topic.record.partitions - 1 };
            // One that another broker leads is served there.
            while matches!(self.log.offsets(last), Err(LogError::UnknownPartition(_))) {
                self.env.clock.sleep(Duration::from_millis(5)).await;
            }
        };
        if self.env.timeout(VISIBLE_WITHIN, shown).await.is_err() {
            tracing::warn!(topic = %topic.record.name, "the topic is not served yet");
        }
    }

    /// Sets the window of a queue's topic, if it has another one.
    async fn set_window(&self, mut topic: Topic, window_ms: u64) -> Result<Topic, Fault> {
        let window = window_ms.to_string();
        for _ in 0..ATTEMPTS {
            let mut configs = topic.record.configs.clone();
            let before = configs.insert(DEDUPLICATION_WINDOW.to_owned(), window.clone());
            if before.as_ref() == Some(&window)
                || (before.is_none() && window_ms == dedup::window_ms(&topic, &self.log))
            {
                return Ok(topic);
            }
            match self.meta.set_topic_configs(&topic, configs).await {
                Ok(changed) => {
                    tracing::info!(topic = %changed.record.name, window_ms, "deduplication window changed");
                    self.wait_visible(&changed).await;
                    return Ok(changed);
                }
                Err(TopicError::Changed(_)) => match self.meta.topic(&topic.record.name).await {
                    Ok(Some(now)) if now.record.number == topic.record.number && !now.record.deleting => {
                        topic = now
                    }
                    Ok(_) => return Err(busy("the topic of this name is being deleted")),
                    Err(error) => return Err(unavailable(&error)),
                },
                Err(TopicError::Meta(error)) => return Err(unavailable(&error)),
                Err(TopicError::UnknownTopic(_)) => {
                    return Err(busy("the topic of this name is being deleted"));
                }
                Err(error) => return Err(Fault::invalid("deduplication_window_ms", error.to_string())),
            }
        }
        Err(busy("the queue's topic was changed at the same time"))
    }

    /// Sets configs of a group, beside those that it has.
    async fn set_group(
        &self,
        group: &str,
        set: &BTreeMap<&str, String>,
        defaults: &[(&str, &str)],
    ) -> Result<(), Fault> {
        for _ in 0..ATTEMPTS {
            let known = self.group_configs.of(group);
            let before = known.as_ref().map(|known| known.record.clone()).unwrap_or_default();
            let mut configs: GroupOverrides = before.clone();
            for (key, value) in defaults {
                configs.entry((*key).to_owned()).or_insert_with(|| (*value).to_owned());
            }
            configs.extend(set.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
            if configs == before {
                return Ok(());
            }
            let known = known.map(|known| known.modified);
            let changed = self.meta.set_group_configs(group, known, &configs).await;
            if let Some(changed) = changed.map_err(|error| unavailable(&error))? {
                let shown = self.group_configs.reached(changed);
                if self.env.timeout(VISIBLE_WITHIN, shown).await.is_err() {
                    tracing::warn!(group, "this broker does not show the change yet");
                }
                return Ok(());
            }
            // Somebody else's change has not come round to this broker.
            self.env.clock.sleep(Duration::from_millis(20)).await;
        }
        Err(busy("the queue's settings were changed at the same time"))
    }
}

pub(super) fn busy(why: &str) -> Fault {
    Fault::refused(Code::Unavailable, "STORAGE", why).retry(Duration::from_secs(1))
}

pub(super) fn unavailable(error: &MetaError) -> Fault {
    busy(&error.to_string())
}

/// Makes a queue, or changes one.
///
/// # Errors
/// The request makes no sense, or the metadata store does not answer.
pub(crate) async fn create(
    targets: &Targets,
    asked: &api::CreateQueueRequest,
) -> Result<api::CreateQueueResponse, Fault> {
    let admin = &targets.admin;
    admin.check(asked)?;
    let partitions = if asked.partitions == 0 { admin.default_partitions } else { asked.partitions };
    let new = |name: &str, configs: BTreeMap<String, String>| NewTopic {
        name: name.to_owned(),
        partitions,
        replication_factor: admin.replication_factor,
        configs,
    };
    let window = asked.deduplication_window_ms;
    let configs = window.map(|window| (DEDUPLICATION_WINDOW.to_owned(), window.to_string()));
    let (mut topic, created) = admin.make_topic(&new(&asked.name, configs.into_iter().collect())).await?;
    let count = topic.record.partitions;
    if asked.partitions != 0 && asked.partitions != count {
        let text = format!("the queue has {count} partitions");
        return Err(Fault::refused(Code::AlreadyExists, "QUEUE_EXISTS", text).with("partitions", &count));
    }
    if let Some(window) = window {
        topic = admin.set_window(topic, window).await?;
    }
    let mut set = BTreeMap::new();
    if asked.delivery_limit != 0 {
        set.insert(LIMIT, asked.delivery_limit.to_string());
    }
    if asked.lease_ms != 0 {
        set.insert(LEASE, asked.lease_ms.to_string());
    }
    if !asked.dead_letter_topic.is_empty() {
        let takes = BTreeMap::from([(TAKES_DEAD_LETTERS.to_owned(), "true".to_owned())]);
        let (dead, _) = admin.make_topic(&new(&asked.dead_letter_topic, takes)).await?;
        if dead.record.configs.get(TAKES_DEAD_LETTERS).is_none_or(|value| value != "true") {
            let text = format!("the topic takes no dead letters: set {TAKES_DEAD_LETTERS}=true for it");
            return Err(Fault::invalid("dead_letter_topic", text));
        }
        set.insert(DEAD_LETTERS, asked.dead_letter_topic.clone());
    }
    let heeds =
        [(HEEDS_TIMES, asked.times), (HEEDS_PRIORITY, asked.priority), (HEEDS_ORDER, asked.key_order)];
    set.extend(heeds.into_iter().filter_map(|(key, said)| Some((key, said?.to_string()))));
    let defaults = [(RESET, "earliest"), (COPY, "true"), (HEEDS_TIMES, "true")];
    admin.set_group(&asked.name, &set, &defaults).await?;
    debug_assert!(is_served(&topic), "checked by its name");
    Ok(api::CreateQueueResponse { queue: Some(admin.describe(&topic, &asked.name)), created })
}
