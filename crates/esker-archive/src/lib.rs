//! Sealed data in object storage: object writer and reader, manifest, cache, retention, garbage.
