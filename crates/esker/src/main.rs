//! The `esker` binary.

fn main() {}
