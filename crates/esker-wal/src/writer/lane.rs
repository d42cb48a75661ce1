//! The settings of a lane.

use std::time::Duration;

use esker_core::Mode;

use crate::LaneWatch;

/// What a lane's frames look like, and how long it bears with a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneConfig {
    /// How long the first batch of a frame waits for more.
    pub window: Duration,
    /// A frame does not wait once this many payload bytes are there.
    pub window_bytes: usize,
    /// Most payload bytes of a frame, unless a single batch is larger.
    pub frame_bytes: usize,
    /// Most batches of a frame.
    pub frame_entries: usize,
    /// Most frames sent and not committed.
    pub frames_in_flight: usize,
    /// Most encoded bytes sent and not committed, unless a single frame is larger. Also the most that is on its way to one
    /// store.
    pub bytes_in_flight: usize,
    /// A store whose oldest unacknowledged frame is older than this lags: the lane rolls away from it. A store that cannot
    /// be reached for so long is given up.
    pub lag_time: Duration,
    /// A store that is more than these encoded bytes behind the commit point is given up, unless the write quorum
    /// needs it. Bounds what is kept in memory for slow stores.
    pub lag_bytes: usize,
    /// How long fewer than W stores may be left before the writer fails, while it looks for another copyset.
    pub quorum_time: Duration,
    /// Where what happens is counted.
    pub watch: LaneWatch,
}

impl LaneConfig {
    /// The lane of this mode. `fsync`, `received` and `diskless` wait for nothing; `throughput` waits for 5 ms or 1 MiB.
    #[must_use]
    pub fn for_mode(mode: Mode) -> Self {
        let waits = mode == Mode::Throughput;
        Self {
            window: Duration::from_millis(if waits { 5 } else { 0 }),
            window_bytes: if waits { 1 << 20 } else { 0 },
            frame_bytes: 4 << 20,
            frame_entries: 4096,
            frames_in_flight: 8,
            bytes_in_flight: 16 << 20,
            lag_time: Duration::from_secs(1),
            lag_bytes: 64 << 20,
            quorum_time: Duration::from_secs(10),
            watch: LaneWatch::default(),
        }
    }
}
