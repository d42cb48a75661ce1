//! Transactional producers: of each id there is one after the other, and often an earlier one that does not know that it
//! was replaced.

use std::time::Duration;

use esker_core::PartitionId;

use super::{
    session::{Session, Trouble},
    workload::{Role, Workload},
};

/// What becomes of a producer after a transaction.
enum After {
    GoOn,
    /// It is gone, perhaps in the middle of a transaction.
    Gone,
}

impl Workload {
    /// Writes transactions to the source until another one has the id, or the world winds down.
    pub(super) async fn produce(self, role: Role, partitions: Vec<PartitionId>) {
        let mut session = self.session(role).await;
        while !session.client.stopping() {
            match one(&mut session, &role, &partitions).await {
                Ok(After::GoOn) => {}
                Ok(After::Gone) => {
                    self.book.history.count("producers gone");
                    return;
                }
                Err(Trouble::Abort) => {
                    if session.end(false).await.is_err() {
                        return;
                    }
                }
                Err(Trouble::Fenced) => return,
            }
            session.client.pause(Duration::from_millis(800)).await;
        }
    }

    /// One transaction to every partition, which is committed.
    pub(super) async fn produce_last(self, role: Role, partitions: Vec<PartitionId>) {
        loop {
            let mut session = self.session(role).await;
            session.begin();
            let mut written = Ok(());
            for &partition in &partitions {
                if written.is_ok() {
                    written = session.write(partition, &[None]).await;
                }
            }
            if session.end(written.is_ok()).await.is_ok() && written.is_ok() {
                return;
            }
        }
    }
}

async fn one(session: &mut Session, role: &Role, partitions: &[PartitionId]) -> Result<After, Trouble> {
    let env = session.client.env.clone();
    session.begin();
    let number = session.current.expect("just begun");
    let writes = 1 + env.random.below(4);
    for write in 0..writes {
        let partition = partitions[env.random.below(partitions.len() as u64) as usize];
        let records = vec![None; 1 + env.random.below(6) as usize];
        session.write(partition, &records).await?;
        if write == 0 && env.random.below(3) == 0 {
            // Its numbers only grow, and what is committed is never overtaken.
            session.commit_offset(&role.progress(), number.cast_signed()).await?;
        }
        match env.random.below(24) {
            0 => return Ok(After::Gone),
            1 => session.client.pause(Duration::from_secs(7)).await,
            _ => session.client.pause(Duration::from_millis(100)).await,
        }
    }
    session.end(env.random.below(4) > 0).await?;
    Ok(After::GoOn)
}
