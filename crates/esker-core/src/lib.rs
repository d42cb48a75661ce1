//! Ids, epochs, errors and byte formats (record batch, frame, object, manifest). No I/O, no clock.
