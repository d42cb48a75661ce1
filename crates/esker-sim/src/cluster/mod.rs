//! Worlds of several brokers through the real code: each is a real node on its own simulated machine, with its own
//! disk, clock, client of the metadata store and view of the object store. The network between them is simulated below
//! the traits that the gRPC clients implement; gRPC itself has tests of its own.

mod asking;
mod audit;
mod clients;
mod clock;
mod coordination;
mod faults;
mod groups;
mod machine;
mod network;
mod peers;
mod rot;
mod scenario;
mod stores;
mod transactions;
mod world;

pub(crate) use world::run;
