//! Consume, process, produce: what is committed in the source is copied to the output, once.

use std::time::Duration;

use esker_core::{Offset, PartitionId};

use super::{
    reader::Committed,
    session::{Session, Trouble},
    stamp::Copied,
    workload::{Role, Workload},
};

impl Workload {
    /// Copies one partition of the source until another one has the id, or the world winds down; `to_the_end`: until there
    /// is nothing left to copy.
    pub(super) async fn copy(self, role: Role, source: PartitionId, output: PartitionId, to_the_end: bool) {
        loop {
            let mut session = self.session(role).await;
            let copied = self.copy_as(&mut session, role, source, output, to_the_end).await;
            if copied.is_ok() || (!to_the_end && session.client.stopping()) {
                return;
            }
            if !to_the_end {
                return;
            }
        }
    }

    /// As long as the id is its own.
    async fn copy_as(
        &self,
        session: &mut Session,
        role: Role,
        source: PartitionId,
        output: PartitionId,
        to_the_end: bool,
    ) -> Result<(), Trouble> {
        let client = session.client.clone();
        let place = role.progress();
        let mut route = client.route(source);
        loop {
            let mut next = Offset(client.stable_offset(&self.book, &place).await.unwrap_or(0));
            // Until something goes wrong: then the group knows where to go on.
            loop {
                if client.stopping() && !to_the_end {
                    return Ok(());
                }
                let Some(read) = client.read_committed(&self.book, &mut route, next).await else {
                    client.pause(Duration::from_millis(200)).await;
                    continue;
                };
                if read.records.is_empty() {
                    if to_the_end && read.whole {
                        return Ok(());
                    }
                    client.pause(Duration::from_millis(500)).await;
                    next = read.next;
                    continue;
                }
                let ended = match copy(session, &role, &read, output).await {
                    Ok(Copies::All) => session.end(true).await,
                    Ok(Copies::Gone) => {
                        self.book.history.count("copiers gone");
                        return Err(Trouble::Fenced);
                    }
                    Err(Trouble::Abort) => {
                        session.end(false).await?;
                        break;
                    }
                    Err(trouble) => Err(trouble),
                };
                ended?;
                next = read.next;
                client.pause(Duration::from_millis(600)).await;
            }
        }
    }
}

enum Copies {
    All,
    /// The copier is no more.
    Gone,
}

async fn copy(
    session: &mut Session,
    role: &Role,
    read: &Committed,
    output: PartitionId,
) -> Result<Copies, Trouble> {
    let (_, index) = role.progress();
    let copies: Vec<_> = read
        .records
        .iter()
        .map(|record| Some(Copied { index, offset: record.offset, digest: record.digest }))
        .collect();
    let random = session.client.env.random.clone();
    session.begin();
    let offset_first = random.below(3) == 0;
    if offset_first {
        session.commit_offset(&role.progress(), read.next.0).await?;
    }
    session.write(output, &copies).await?;
    match random.below(30) {
        0 => return Ok(Copies::Gone),
        1 => session.client.pause(Duration::from_secs(7)).await,
        _ => {}
    }
    if !offset_first {
        session.commit_offset(&role.progress(), read.next.0).await?;
    }
    // Now and then it changes its mind.
    if random.below(12) == 0 { Err(Trouble::Abort) } else { Ok(Copies::All) }
}
