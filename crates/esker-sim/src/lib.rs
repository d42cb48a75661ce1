//! A seeded world with faults and invariants around the real code (tests only).
