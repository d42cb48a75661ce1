//! Starts, stops and crashes against the in-memory metadata store and stores that are no more than their contract.

mod cluster;
mod real;
mod scenarios;
mod seeds;
mod world;
