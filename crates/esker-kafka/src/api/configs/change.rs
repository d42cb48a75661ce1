//! Changing a topic's configuration, for both APIs that do.

use std::collections::BTreeMap;

use esker_kafka_wire::ErrorCode;
use esker_meta::TopicError;

use super::{BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, TOPIC};
use crate::{api::refusal::Refusal, broker::Broker};

type Overrides = BTreeMap<String, String>;

/// Attempts when the topic changes at the same time.
const ATTEMPTS: usize = 10;

/// Whether this kind of resource has a configuration that clients can change: only topics do.
pub(crate) fn check_resource(kind: i8) -> Result<(), Refusal> {
    let why = match kind {
        TOPIC => return Ok(()),
        BROKER => "a broker's configuration is changed in esker.toml",
        BROKER_LOGGER => "log levels are changed in esker.toml",
        CLIENT_METRICS => "client metrics are not collected",
        GROUP => "the configuration of groups cannot be changed yet",
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
