//! Noticing a death before the lease ends.
//!
//! A reset or refused connection makes a suspicion; only a host that answers twice that nobody listens confirms it, and
//! the session is fenced then. Silence confirms nothing: it may be the network's, and the lease decides. Fencing a living
//! broker by mistake costs a failover and no data.

use std::{sync::Arc, time::Duration};

use esker_core::BrokerId;
use esker_meta::{Authority, SessionKey};

use super::{Controller, Inner};
use crate::{Probe, grpc_endpoint};

/// For one question to a peer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between the two probes.
const AGAIN: Duration = Duration::from_millis(50);

impl Controller {
    /// A connection to the broker was refused or reset. Returns at once; to be called as often as it happens.
    pub fn suspect(&self, broker: BrokerId, why: &str) {
        let view = self.inner.parts.membership.view();
        if let Some(live) =
            view.sessions.get(&broker).filter(|live| live.key != self.inner.parts.session.key())
        {
            self.inner.suspects.lock().entry(live.key).or_insert_with(|| why.to_owned());
            self.inner.suspected.notify_one();
        }
    }
}

impl Inner {
    pub(super) async fn confirm_suspicions(self: Arc<Self>) {
        loop {
            let suspect = self.suspects.lock().pop_first();
            match suspect {
                Some((session, why)) => self.look_into(session, &why).await,
                None => self.suspected.notified().await,
            }
        }
    }

    /// Confirms it oneself as the controller, or when the controller is the suspect; else leaves it to the controller.
    async fn look_into(&self, suspect: SessionKey, why: &str) {
        let elected = *self.elected.lock();
        let authority = match elected {
            Some(me) => Authority::from(me),
            None => {
                let view = self.parts.membership.view();
                match view.standing_controller() {
                    Some(controller) if controller.key != suspect => {
                        let report = self.parts.peers.report(controller.key, suspect, why);
                        match self.parts.env.timeout(PATIENCE, report).await {
                            Ok(Ok(())) => {}
                            Ok(Err(error)) => {
                                tracing::debug!(%error, %suspect, "could not report a suspicion")
                            }
                            Err(error) => tracing::debug!(%error, %suspect, "could not report a suspicion"),
                        }
                        return;
                    }
                    _ => Authority::from(self.parts.session.key()),
                }
            }
        };
        if !self.is_gone(suspect).await {
            tracing::debug!(%suspect, why, "a suspicion was not confirmed");
            return;
        }
        match self.meta().fence_by(authority, suspect).await {
            Ok(()) => tracing::warn!(%suspect, why, "fenced a broker: nobody listens at its address"),
            Err(error) => tracing::warn!(%error, %suspect, "could not fence a broker that seems dead"),
        }
    }

    async fn is_gone(&self, suspect: SessionKey) -> bool {
        for first in [true, false] {
            let view = self.parts.membership.view();
            let Some(at) = view.session(suspect).and_then(grpc_endpoint) else { return false };
            let probe = self.parts.env.timeout(PATIENCE, self.parts.peers.probe(at)).await;
            if probe.unwrap_or(Probe::Silent) != Probe::Refused {
                return false;
            }
            if first {
                self.sleep(AGAIN).await;
            }
        }
        true
    }
}
