//! Becoming the controller, and noticing that one is not any more.

use std::time::Duration;

use esker_meta::Controller as Elected;

use super::Inner;

impl Inner {
    /// Completes once this broker is the controller.
    pub(super) async fn win(&self) -> Elected {
        let own = self.parts.session.key();
        let mut changed = self.parts.membership.changed();
        loop {
            changed.borrow_and_update();
            let view = self.parts.membership.view();
            if view.standing_controller().is_none_or(|holder| holder.key == own) {
                match self.meta().campaign(self.parts.session.opened()).await {
                    Ok(Some(elected)) if elected.session == own => return elected,
                    Ok(_) => {}
                    Err(error) => tracing::debug!(%error, "could not stand for election"),
                }
                // The view may be behind; or the store is away.
                self.sleep(Duration::from_millis(100)).await;
            } else {
                let idle = self.parts.env.clock.sleep(self.config.idle_interval);
                tokio::select! {
                    biased;
                    _ = changed.changed() => {}
                    () = idle => {}
                }
            }
        }
    }

    /// Completes once somebody else was elected after `me`, or nobody holds the key.
    pub(super) async fn deposed(&self, me: Elected) {
        // The view lags behind one's own election at first.
        let membership = &self.parts.membership;
        let elected = |view: &esker_meta::MembershipView| view.controller.map(|found| found.elected);
        membership.wait_until(|view| elected(view).is_some_and(|elected| elected >= me.elected)).await;
        membership.wait_until(|view| elected(view) != Some(me.elected)).await;
    }
}
