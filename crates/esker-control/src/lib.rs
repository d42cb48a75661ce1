//! Sessions, recovery of dead sessions and shard ownership.
