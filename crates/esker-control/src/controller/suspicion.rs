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

/// A session that somebody suspects.
pub(super) struct Suspicion {
    why: String,
    /// Another broker's: whom it asks looks into it, and never asks on. Two that each take the other for the controller
    /// would pass it around without end.
    reported: bool,
}

impl Controller {
    /// A connection to the broker was refused or reset. Returns at once; to be called as often as it happens.
    pub fn suspect(&self, broker: BrokerId, why: &str) {
        self.suspicion(broker, why, false);
    }

    /// Another broker suspects `broker`, and takes this one for the controller. Returns at once.
    pub fn suspect_reported(&self, broker: BrokerId, why: &str) {
        self.suspicion(broker, why, true);
    }

    fn suspicion(&self, broker: BrokerId, why: &str, reported: bool) {
        let view = self.inner.parts.membership.view();
        let own = self.inner.parts.session.key();
        let Some(live) = view.sessions.get(&broker).filter(|live| live.key != own) else { return };
        let new = || Suspicion { why: why.to_owned(), reported };
        self.inner.suspects.lock().entry(live.key).or_insert_with(new).reported |= reported;
        self.inner.suspected.notify_one();
    }
}

impl Inner {
    pub(super) async fn confirm_suspicions(self: Arc<Self>) {
        loop {
            let suspect = self.suspects.lock().pop_first();
            match suspect {
                Some((session, suspicion)) => self.look_into(session, suspicion).await,
                None => self.suspected.notified().await,
            }
        }
    }

    /// Whom to leave a suspicion to. Nobody when this broker was asked itself, or the controller is the suspect. Nor when
    /// it is this broker that seems to be the controller and does not know of it: it was deposed, or elected a moment ago.
    fn whom_to_ask(&self, suspect: SessionKey, reported: bool) -> Option<SessionKey> {
        let own = self.parts.session.key();
        let view = self.parts.membership.view();
        let controller = view.standing_controller().map(|live| live.key)?;
        (!reported && controller != suspect && controller != own).then_some(controller)
    }

    /// Confirms it oneself as the controller, or when there is nobody to ask; else leaves it to the controller.
    async fn look_into(&self, suspect: SessionKey, Suspicion { why, reported }: Suspicion) {
        let elected = *self.elected.lock();
        let authority = match (elected, self.whom_to_ask(suspect, reported)) {
            (Some(me), _) => Authority::from(me),
            (None, None) => Authority::from(self.parts.session.key()),
            (None, Some(controller)) => {
                let report = self.parts.peers.report(controller, suspect, &why);
                match self.parts.env.timeout(PATIENCE, report).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::debug!(%error, %suspect, "could not report a suspicion"),
                    Err(error) => tracing::debug!(%error, %suspect, "could not report a suspicion"),
                }
                return;
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
