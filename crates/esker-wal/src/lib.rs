//! The replicated write-ahead log: physical log, store service, ledger writer, seal and repair.
