//! Consumer group coordination on the log.
