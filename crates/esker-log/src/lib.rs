//! Shards and partitions: offsets, producers, watermarks. One append, one read.
