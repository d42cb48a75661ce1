//! The world outside: clock, randomness, tasks and disk, behind small traits, with their real implementations.
