//! Changing the configuration of a topic or a group, for both APIs that do.

use std::{collections::BTreeMap, time::Duration};

use esker_kafka_wire::ErrorCode;
use esker_meta::TopicError;

use super::{BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, TOPIC, group_table::check_group_configs};
use crate::{api::refusal::Refusal, broker::Broker};

type Overrides = BTreeMap<String, String>;

/// Attempts when the topic changes at the same time.
const ATTEMPTS: usize = 10;

/// How long a change waits until this broker shows it.
const VISIBLE_WITHIN: Duration = Duration::from_secs(5);

/// Whether this kind of resource has a configuration that clients can change: topics and groups do.
pub(crate) fn check_resource(kind: i8) -> Result<(), Refusal> {
    let why = match kind {
        TOPIC | GROUP => return Ok(()),
        BROKER => "a broker's configuration is changed in esker.toml",
        BROKER_LOGGER => "log levels are changed in esker.toml",
        CLIENT_METRICS => "client metrics are not collected",
        _ => "unknown resource type",
    };
    Err(Refusal::new(ErrorCode::InvalidRequest, why))
}

/// Replaces a topic's overrides by what `change` makes of them. `change` may run several times.
pub(crate) async fn change_topic(
    broker: &Broker,
    name: &str,
    validate_only: bool,
    change: impl Fn(&Overrides) -> Result<Overrides, Refusal>,
) -> Result<(), Refusal> {
    let unknown = || {
        Refusal::new(ErrorCode::UnknownTopicOrPartition, "This server does not host this topic-partition.")
    };
    let mut topic = (*broker.topic(name).ok_or_else(unknown)?).clone();
    for _ in 0..ATTEMPTS {
        let configs = change(&topic.record.configs)?;
        if validate_only || configs == topic.record.configs {
            return Ok(());
        }
        match broker.meta.set_topic_configs(&topic, configs).await {
            Ok(changed) => {
                tracing::info!(topic = name, "topic configuration changed");
                broker.wait_visible(&changed).await;
                return Ok(());
            }
            Err(TopicError::Changed(_)) => topic = broker.meta.topic(name).await?.ok_or_else(unknown)?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(TopicError::Changed(name.to_owned()).into())
}

/// Replaces what is set for a group by what `change` makes of it. The group need not exist. `change` may run several
/// times.
pub(crate) async fn change_group(
    broker: &Broker,
    name: &str,
    validate_only: bool,
    change: impl Fn(&Overrides) -> Result<Overrides, Refusal>,
) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(Refusal::new(ErrorCode::InvalidRequest, "The resource name must not be empty."));
    }
    for _ in 0..ATTEMPTS {
        let known = broker.group_configs.of(name);
        let before = known.as_ref().map(|known| known.record.clone()).unwrap_or_default();
        let configs = change(&before)?;
        check_group_configs(broker, &configs)?;
        if validate_only || configs == before {
            return Ok(());
        }
        let known = known.map(|known| known.modified);
        if let Some(changed) = broker.meta.set_group_configs(name, known, &configs).await? {
            tracing::info!(group = name, "group configuration changed");
            let shown = broker.group_configs.reached(changed);
            if broker.env.timeout(VISIBLE_WITHIN, shown).await.is_err() {
                tracing::warn!(group = name, "this broker does not show the change yet");
            }
            return Ok(());
        }
        // Somebody else's change has not come round to this broker.
        broker.env.clock.sleep(Duration::from_millis(20)).await;
    }
    Err(Refusal::new(ErrorCode::RequestTimedOut, "the group's configuration was changed at the same time"))
}
