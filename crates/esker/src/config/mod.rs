//! Configuration: `esker.toml`, overridden by `ESKER_SECTION__KEY`, overridden by flags.

mod load;
#[cfg(test)]
mod page_tests;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use load::{ConfigError, load};
pub(crate) use settings::{
    Config, Logging, MetaSettings, MetricsSettings, Replication as ReplicationSettings, Traces,
};
