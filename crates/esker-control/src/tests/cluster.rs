//! Several brokers on simulated time, over one in-memory metadata store and stores that are no more than their contract.

mod failover;
mod moves;
mod races;
mod schedules;
mod store_directory;
mod stores;
mod world;
