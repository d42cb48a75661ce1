//! The Kafka protocol codec, sans I/O, generated from the protocol's message descriptors.
