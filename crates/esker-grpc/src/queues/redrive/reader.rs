//! A receiver inside this broker, one question at a time.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_core::PartitionId;
use tokio::sync::mpsc;

use crate::{
    convert,
    fault::{Fault, Kind},
    proto::esker::{
        forward::v1::{self as proto, Given, Mark, deliver_request::Request, deliver_response::Response},
        v1::Verdict,
    },
    queues::line::{ANSWERS, Line, News, Receiver},
    targets::{Place, Targets},
};

/// How long an answer is waited for.
const ANSWER: Duration = Duration::from_secs(10);
/// How often a partition is asked again that has nothing now, though there is something in it: somebody else has it in hand, or
/// is reading just now.
const AGAIN: u32 = 5;
/// How long it is waited for before that.
const PAUSE: Duration = Duration::from_millis(500);

pub(super) struct Reader {
    targets: Arc<Targets>,
    receiver: Receiver,
    lines: BTreeMap<Place, (u64, Line)>,
    /// So many lines were opened.
    opened: u64,
    /// So many words were said.
    said: u64,
    news: mpsc::Sender<News>,
    told: mpsc::Receiver<News>,
}

impl Reader {
    pub(super) fn new(targets: &Arc<Targets>, group: String) -> Self {
        let (news, told) = mpsc::channel(ANSWERS);
        let id = uuid::Uuid::from_bytes(targets.env.random.bytes16()).to_string();
        let targets = Arc::clone(targets);
        Self {
            targets,
            receiver: Receiver { group, id, filter: String::new() },
            lines: BTreeMap::new(),
            opened: 0,
            said: 0,
            news,
            told,
        }
    }

    /// Messages of a partition; none when there are none for this receiver.
    ///
    /// # Errors
    /// The partition cannot be asked.
    pub(super) async fn take(
        &mut self,
        partition: PartitionId,
        messages: u32,
        bytes: u64,
    ) -> Result<Vec<Given>, Fault> {
        for _ in 0..AGAIN {
            let given = self.take_now(partition, messages, bytes).await?;
            if !given.is_empty() || self.targets.depth(&self.receiver.group, partition).await?.ready == 0 {
                return Ok(given);
            }
            self.ready(partition).await;
        }
        Ok(Vec::new())
    }

    async fn take_now(
        &mut self,
        partition: PartitionId,
        messages: u32,
        bytes: u64,
    ) -> Result<Vec<Given>, Fault> {
        let give_up = self.targets.env.clock.now() + ANSWER;
        loop {
            let asked = Request::Take(proto::Take {
                partition: Some(convert::partition_message(partition)),
                max_records: messages,
                max_bytes: bytes,
            });
            let fault = match self.ask(partition, asked).await {
                Ok(Response::Taken(taken)) => match taken.fault {
                    None => return Ok(taken.records),
                    Some(fault) => convert::fault(fault),
                },
                Ok(_) => Fault::internal("the answer is to something else"),
                Err(fault) => fault,
            };
            // What was perhaps given out comes back when the line is gone.
            if fault.kind == Kind::Refused || self.targets.env.clock.now() >= give_up {
                return Err(fault);
            }
            self.targets.pause().await;
        }
    }

    /// Says that messages of a partition are done with, and waits until that is durable.
    ///
    /// # Errors
    /// That is not certain: they may come again.
    pub(super) async fn done_with(
        &mut self,
        partition: PartitionId,
        mut marks: Vec<Mark>,
    ) -> Result<(), Fault> {
        if marks.is_empty() {
            return Ok(());
        }
        marks.sort_by_key(|mark| mark.offset);
        self.said += 1;
        let asked = Request::Settle(proto::Settle {
            id: self.said,
            partition: Some(convert::partition_message(partition)),
            verdict: Verdict::Ack.into(),
            marks,
            delay_ms: 0,
        });
        match self.ask(partition, asked).await {
            Ok(Response::Settled(settled)) => {
                let refused = settled.refused.into_iter().find_map(|refused| refused.fault);
                refused.map_or(Ok(()), |fault| Err(convert::fault(fault)))
            }
            Ok(_) => Err(Fault::internal("the answer is to something else")),
            Err(_) => Err(Fault::unknown("what was moved may be moved again: its leader did not answer")),
        }
    }

    /// The line to a partition's leader, by its number.
    fn line(&mut self, partition: PartitionId) -> Result<(Place, u64), Fault> {
        let place = self.targets.place(partition);
        if place == Place::Nowhere {
            return Err(Fault::not_here("nobody has the partition for now"));
        }
        if !self.lines.contains_key(&place) {
            self.opened += 1;
            let line = Line::open(&self.targets, place, self.opened, &self.receiver, &self.news);
            self.lines.insert(place, (self.opened, line));
        }
        Ok((place, self.lines[&place].0))
    }

    async fn ask(&mut self, partition: PartitionId, request: Request) -> Result<Response, Fault> {
        let (place, number) = self.line(partition)?;
        if let Some((_, line)) = self.lines.get(&place) {
            line.say(request);
        }
        let told = &mut self.told;
        let lines = &mut self.lines;
        let answered = async {
            loop {
                match told.recv().await {
                    Some(News::Said(from, response)) => match response {
                        Response::Ready(_) => {}
                        response if from == number => return Ok(response),
                        _ => {}
                    },
                    Some(News::Ended(ended, fault)) => {
                        lines.retain(|_, (known, _)| *known != ended);
                        if ended == number {
                            return Err(fault);
                        }
                    }
                    None => return Err(Fault::internal("a line has ended")),
                }
            }
        };
        let answered = self.targets.env.timeout(ANSWER, answered).await;
        answered.unwrap_or_else(|_| {
            self.lines.remove(&place);
            Err(Fault::unknown("the leader of the dead letters did not answer"))
        })
    }

    /// Waits until a partition may have something again, or a while.
    async fn ready(&mut self, partition: PartitionId) {
        let wanted = convert::partition_message(partition);
        let (told, lines) = (&mut self.told, &mut self.lines);
        let ready = async {
            loop {
                match told.recv().await {
                    Some(News::Said(_, Response::Ready(ready))) if ready.partition == Some(wanted) => return,
                    Some(News::Said(..)) => {}
                    Some(News::Ended(ended, _)) => lines.retain(|_, (known, _)| *known != ended),
                    None => return,
                }
            }
        };
        let _ = self.targets.env.timeout(PAUSE, ready).await;
    }

    /// Gives back what it still has, as if it had not had it.
    pub(super) async fn close(&mut self) {
        for (_, line) in self.lines.values() {
            line.say(Request::Close(proto::Close {}));
        }
        let mut left = self.lines.len();
        let told = &mut self.told;
        let ended = async {
            while left > 0 {
                match told.recv().await {
                    Some(News::Ended(..)) => left -= 1,
                    Some(News::Said(..)) => {}
                    None => break,
                }
            }
        };
        // Else it is given back as of one that has gone.
        let _ = self.targets.env.timeout(ANSWER, ended).await;
    }
}
