//! The metadata schema and its typed transactions over a MetaStore (embedded, in-memory).
