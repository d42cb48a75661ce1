//! Keeping a session alive, and noticing its end.

use std::time::Duration;

use esker_core::{Action, Classified};
use esker_env::{Env, watch};
use esker_meta::{Meta, MetaError, OpenedSession};

/// Keeps the session alive until it is over for certain; then `lost` becomes true. When somebody else makes it true, the
/// session is ended.
///
/// Silence of the metadata store is no such certainty: without it the broker goes on serving, fenced by its stores and
/// by the transactions that it cannot make.
pub(crate) async fn keep_alive(
    meta: Meta,
    env: Env,
    session: OpenedSession,
    ttl: Duration,
    lost: watch::Sender<bool>,
) {
    let pause = ttl / 3;
    let mut failures = 0_u32;
    let mut given_up = lost.subscribe();
    loop {
        let pause = env.timeout(pause, async {
            let _ = given_up.wait_for(|lost| *lost).await;
        });
        if pause.await.is_ok() {
            // The broker itself says so (rule W4). The others need not wait for the lease to find its shards, and
            // its place as the controller, free.
            if let Err(error) = meta.close_session(&session).await {
                tracing::warn!(%error, session = %session.key, "could not close a session that is over");
            }
            return;
        }
        let renewed = match env.timeout(ttl, meta.keep_alive(&session)).await {
            Ok(renewed) => renewed,
            Err(elapsed) => Err(MetaError::Unavailable(elapsed.to_string())),
        };
        match renewed {
            Ok(()) => failures = 0,
            Err(MetaError::LeaseGone(_)) => {
                tracing::error!(session = %session.key, "the session is over: it was fenced, or its lease ran out");
                lost.send_replace(true);
                return;
            }
            Err(error) => {
                failures += 1;
                // Once, then now and then: an outage of the metadata store is long at this rate.
                if failures.is_power_of_two() || error.action() == Action::Operator {
                    tracing::warn!(%error, failures, session = %session.key, "could not keep the session alive");
                }
            }
        }
    }
}
