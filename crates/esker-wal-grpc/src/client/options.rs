//! Settings of a client.

use std::time::Duration;

/// How long a client waits, and for how much.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Longest time to a connection.
    pub connect_timeout: Duration,
    /// Longest time to an answer once there is a connection. A change that is not answered in time ends the connection.
    pub call_timeout: Duration,
    /// The pause after the first failure; it doubles with each further one, and a random part of up to a half is taken off.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// Most bytes of changes called and not answered, unless there is only one; what goes beyond is refused.
    pub bytes_in_flight: usize,
    /// A silent peer is pinged after so long.
    pub ping_interval: Duration,
    /// And its connection ends when that is not answered.
    pub ping_timeout: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(1),
            call_timeout: Duration::from_secs(5),
            first_pause: Duration::from_millis(20),
            longest_pause: Duration::from_secs(1),
            // A writer drops a store that lags by more.
            bytes_in_flight: 64 << 20,
            ping_interval: Duration::from_secs(1),
            ping_timeout: Duration::from_secs(2),
        }
    }
}
