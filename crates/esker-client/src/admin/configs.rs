//! Settings of topics, brokers and groups.

use esker_kafka_wire::KString;
use esker_kafka_wire::messages::describe_configs_request::DescribeConfigsResource;
use esker_kafka_wire::messages::describe_configs_response::DescribeConfigsResourceResult;
use esker_kafka_wire::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use esker_kafka_wire::messages::{DescribeConfigsRequest, IncrementalAlterConfigsRequest};

use super::SERVER_WAIT;
use crate::retry::with_retry;
use crate::{Client, ClientError};

/// What has settings. The numbers are those on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub enum ResourceKind {
    /// A topic, by name.
    Topic = 2,
    /// A broker, by id.
    Broker = 4,
    /// A group, by name.
    Group = 32,
}

/// One setting as it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEntry {
    /// Its name.
    pub name: String,
    /// Its value; `None` if it is secret or unset.
    pub value: Option<String>,
    /// Whether it was set for this very resource rather than inherited.
    pub is_own: bool,
    /// Whether it cannot be changed.
    pub read_only: bool,
}

/// A change of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigOp {
    /// Sets it.
    Set(String),
    /// Takes it back to what is inherited.
    Delete,
    /// Adds to a list.
    Append(String),
    /// Takes from a list.
    Subtract(String),
}

impl ConfigOp {
    fn parts(&self) -> (i8, Option<&str>) {
        match self {
            Self::Set(value) => (0, Some(value)),
            Self::Delete => (1, None),
            Self::Append(value) => (2, Some(value)),
            Self::Subtract(value) => (3, Some(value)),
        }
    }
}

/// The sources that stand for "set on this topic", "on this broker" and "on this group".
const OWN_SOURCES: [i8; 3] = [1, 2, 8];

fn entry(raw: &DescribeConfigsResourceResult) -> ConfigEntry {
    ConfigEntry {
        name: raw.name.as_str().to_owned(),
        value: raw.value.as_ref().map(|value| value.as_str().to_owned()),
        is_own: OWN_SOURCES.contains(&raw.config_source),
        read_only: raw.read_only,
    }
}

impl Client {
    /// All settings of a resource.
    ///
    /// # Errors
    /// It does not exist.
    pub async fn describe_configs(
        &self,
        kind: ResourceKind,
        name: &str,
    ) -> Result<Vec<ConfigEntry>, ClientError> {
        let request = DescribeConfigsRequest {
            resources: vec![DescribeConfigsResource {
                resource_type: kind as i8,
                resource_name: KString::from(name),
                configuration_keys: None,
            }],
            ..DescribeConfigsRequest::default()
        };
        with_retry!(self, {
            let response = match kind {
                ResourceKind::Broker => self.connection(broker_id(name)?).await?.call(&request).await?,
                _ => self.call_any(&request).await?,
            };
            let mut all = Vec::new();
            for result in &response.results {
                let what = || format!("reading the settings of {name:?}");
                ClientError::check(result.error_code, result.error_message.as_deref(), what)?;
                all.extend(result.configs.iter().map(entry));
            }
            Ok(all)
        })
    }

    /// Changes settings of a resource; those not named stay.
    ///
    /// # Errors
    /// It does not exist, or a setting is refused; then none changes.
    pub async fn alter_configs(
        &self,
        kind: ResourceKind,
        name: &str,
        changes: &[(String, ConfigOp)],
    ) -> Result<(), ClientError> {
        let as_change = |(key, op): &(String, ConfigOp)| {
            let (config_operation, value) = op.parts();
            let name = KString::from(key.as_str());
            AlterableConfig { name, config_operation, value: value.map(KString::from) }
        };
        let request = IncrementalAlterConfigsRequest {
            resources: vec![AlterConfigsResource {
                resource_type: kind as i8,
                resource_name: KString::from(name),
                configs: changes.iter().map(as_change).collect(),
            }],
            validate_only: false,
        };
        with_retry!(self, {
            let response = match kind {
                ResourceKind::Broker => self.connection(broker_id(name)?).await?.call(&request).await?,
                _ => self.call_controller(&request, SERVER_WAIT).await?,
            };
            for result in &response.responses {
                let what = || format!("changing the settings of {name:?}");
                ClientError::check(result.error_code, result.error_message.as_deref(), what)?;
            }
            Ok(())
        })
    }
}

fn broker_id(name: &str) -> Result<i32, ClientError> {
    name.parse().map_err(|_| ClientError::Settings(format!("{name:?} is not a broker's id")))
}
