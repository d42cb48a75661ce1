//! Telling the coordinator that the member lives, and hearing what it wants.

use std::sync::Arc;

use esker_kafka_wire::messages::HeartbeatRequest;
use esker_kafka_wire::{ErrorCode, KString};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::GroupConfig;
use crate::admin::Committer;
use crate::{Client, ClientError};

/// What the coordinator wants of the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Join again.
    Rejoin,
    /// The member is forgotten: join as a new one.
    Lost,
    /// Another process has its instance id: stop.
    Fenced,
}

impl Signal {
    /// What an error of the coordinator means for the membership, if anything.
    pub(super) fn of(error: &ClientError) -> Option<Self> {
        match error.code()? {
            ErrorCode::RebalanceInProgress | ErrorCode::IllegalGeneration => Some(Self::Rejoin),
            ErrorCode::UnknownMemberId => Some(Self::Lost),
            ErrorCode::FencedInstanceId => Some(Self::Fenced),
            _ => None,
        }
    }
}

/// The last signal not yet heeded.
#[derive(Default)]
pub(super) struct Beat {
    signal: Mutex<Option<Signal>>,
    told: Notify,
}

impl Beat {
    pub(super) fn take(&self) -> Option<Signal> {
        self.signal.lock().take()
    }

    fn tell(&self, signal: Signal) {
        *self.signal.lock() = Some(signal);
        self.told.notify_one();
    }

    /// Completes once there is a signal.
    pub(super) async fn signalled(&self) {
        while self.signal.lock().is_none() {
            self.told.notified().await;
        }
    }
}

/// Sends heartbeats until the coordinator wants something else.
pub(super) async fn run(client: Client, config: GroupConfig, member: Committer, beat: Arc<Beat>) {
    let request = HeartbeatRequest {
        group_id: KString::from(config.group.as_str()),
        generation_id: member.generation,
        member_id: KString::from(member.member.as_str()),
        group_instance_id: member.instance.as_deref().map(KString::from),
    };
    let env = client.env().clone();
    loop {
        env.clock.sleep(config.heartbeat).await;
        let sent = async {
            let connection = client.coordinator_connection(&config.group).await?;
            let response = connection.call(&request).await?;
            ClientError::check(response.error_code, None, || format!("a heartbeat to {:?}", config.group))
        };
        let Err(error) = sent.await else { continue };
        match Signal::of(&error) {
            // Goes on: the group expects heartbeats until the member has joined again.
            Some(Signal::Rejoin) => beat.tell(Signal::Rejoin),
            Some(signal) => return beat.tell(signal),
            None => tracing::debug!(%error, "heartbeat failed, trying again"),
        }
    }
}
