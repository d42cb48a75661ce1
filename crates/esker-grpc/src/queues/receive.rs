//! Receive: messages out; credit, and what became of them, in.

mod delivery;
mod opening;
mod parts;
mod words;

pub(super) use self::opening::group;

use std::{collections::BTreeMap, sync::Arc};

use esker_core::TopicNumber;
use esker_env::Monotonic;
use futures::{FutureExt, Stream, StreamExt, stream};
use prost::Message;
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming};

use self::{
    delivery::delivery,
    opening::{Opened, open},
    parts::{Parts, Taking},
    words::{Gathered, Together},
};
use super::{
    leader::{READ_BYTES, lease_lost},
    line::{ANSWERS, Line, News, Receiver},
    settling::Settling,
};
use crate::{
    PATIENCE,
    budget::{Budget, Intake, Share},
    convert,
    fault::{Fault, Kind},
    produce::{broken, until_gone},
    proto::esker::{
        forward::v1::{self as proto, deliver_request::Request, deliver_response::Response},
        v1 as api,
    },
    targets::{Place, Targets, is_served},
};

/// Receipts of one word, and of all that are not answered above which no more is taken from the client.
const RECEIPTS: usize = 10_000;
/// Requests that are taken together.
const TOGETHER: usize = 256;
/// Questions for messages under way at the same time.
const TAKES: usize = 4;

type Answer = Result<api::ReceiveResponse, Status>;

/// An answer, with what it holds of the memory until the connection has taken it.
type Held = (Answer, Option<Share>);

/// Serves one receiver. `memory` is for what it gets, `place` is its own among all streams.
pub(crate) fn serve(
    targets: &Arc<Targets>,
    memory: &Arc<Budget>,
    intake: Intake,
    place: Share,
    requests: Streaming<api::ReceiveRequest>,
) -> impl Stream<Item = Answer> + Send + use<> {
    // Small ones that wait together are sent together; what they hold of the memory bounds the others.
    let (answers, receiver) = mpsc::channel::<Held>(ANSWERS);
    let (targets, memory) = (Arc::clone(targets), Arc::clone(memory));
    let tasks = targets.env.tasks.clone();
    let task = tasks.spawn_guarded(async move {
        let _place = place;
        let mut client = Client { requests, intake, answers, targets: Arc::clone(&targets) };
        if let Err(fault) = receive(&targets, &memory, &mut client).await {
            client.send((Err(fault.into()), None)).await;
        }
    });
    let held = until_gone(receiver, task).boxed();
    // What an answer holds is let go when the next one is asked for.
    stream::unfold((held, None), |(mut held, _before)| async move {
        let (answer, share): Held = held.next().await?;
        Some((answer, (held, share)))
    })
}

/// The client's two streams.
struct Client {
    requests: Streaming<api::ReceiveRequest>,
    intake: Intake,
    answers: mpsc::Sender<Held>,
    targets: Arc<Targets>,
}

impl Client {
    /// The next message; `None` at the end.
    async fn next(&mut self) -> Result<Option<api::receive_request::Request>, Fault> {
        let Some(message) = self.requests.message().await.map_err(|status| broken(&status))? else {
            return Ok(None);
        };
        drop(self.intake.message(message.encoded_len() + 5));
        message.request.ok_or_else(|| Fault::invalid("request", "an empty message")).map(Some)
    }

    /// Sends an answer, once the one before is on its way. False when nobody listens any more, or takes anything.
    async fn say(&self, response: api::receive_response::Response, share: Option<Share>) -> bool {
        self.send((Ok(api::ReceiveResponse { response: Some(response) }), share)).await
    }

    async fn send(&self, held: Held) -> bool {
        matches!(self.targets.env.timeout(PATIENCE, self.answers.send(held)).await, Ok(Ok(())))
    }
}

/// The client does not listen any more.
struct Gone;

async fn receive(targets: &Arc<Targets>, memory: &Arc<Budget>, client: &mut Client) -> Result<(), Fault> {
    let first = targets.env.timeout(PATIENCE, client.next()).await;
    let first = first.map_err(|_| Fault::invalid("open", "the stream was not opened in time"))??;
    let Some(api::receive_request::Request::Open(asked)) = first else {
        return Err(Fault::invalid("open", "the first message opens the stream"));
    };
    let Opened { group, topic, partitions, queue } = open(targets, &asked).await?;
    let filter = asked.filter;
    let opened = api::receive_response::Response::Opened(api::ReceiveOpened { queue: Some(queue) });
    if !client.say(opened, None).await {
        return Ok(());
    }
    let (news, told) = mpsc::channel(ANSWERS);
    let id = uuid::Uuid::from_bytes(targets.env.random.bytes16()).to_string();
    let mut receiving = Receiving {
        targets: Arc::clone(targets),
        memory: Arc::clone(memory),
        receiver: Receiver { group, id, filter },
        topic,
        credit: (0, 0),
        parts: Parts::new(partitions),
        lines: BTreeMap::new(),
        opened: 0,
        settling: Settling::default(),
        news,
    };
    receiving.add(asked.credit.unwrap_or_default());
    match receiving.run(client, told).await {
        Ok(()) | Err(Ended::Gone(Gone)) => Ok(()),
        Err(Ended::Fault(fault)) => Err(fault),
    }
}

/// Why a receiver's stream ends early.
enum Ended {
    Gone(Gone),
    Fault(Fault),
}

impl From<Gone> for Ended {
    fn from(gone: Gone) -> Self {
        Self::Gone(gone)
    }
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A line, and when something was heard of it, or it had nothing to say.
struct Known {
    line: Line,
    heard: Monotonic,
}

/// A stream that has been opened.
struct Receiving {
    targets: Arc<Targets>,
    memory: Arc<Budget>,
    receiver: Receiver,
    topic: TopicNumber,
    /// Messages and bytes; bytes are below zero after a message that was larger.
    credit: (u64, i128),
    parts: Parts,
    lines: BTreeMap<u64, Known>,
    /// So many lines were opened.
    opened: u64,
    settling: Settling,
    news: mpsc::Sender<News>,
}

impl Receiving {
    async fn run(&mut self, client: &mut Client, mut told: mpsc::Receiver<News>) -> Result<(), Ended> {
        let answers = client.answers.clone();
        let mut more = true;
        loop {
            let now = self.targets.env.clock.now();
            if more {
                self.look_after(now, client).await?;
                self.ask(now);
            } else if self.settling.is_empty() {
                return self.close(told).await;
            }
            let room = more && self.settling.receipts() < RECEIPTS;
            let pause = self.parts.next_look() - now;
            tokio::select! {
                Some(news) = told.recv() => self.hear(news, client).await?,
                request = client.next(), if room => match request? {
                    Some(api::receive_request::Request::Credit(credit)) => self.add(credit),
                    Some(api::receive_request::Request::Settle(said)) => more = self.settle(said, client).await?,
                    Some(api::receive_request::Request::Open(_)) => return Err(opened_twice().into()),
                    None => more = false,
                },
                () = self.targets.env.clock.sleep(pause) => {}
                () = answers.closed() => return Ok(()),
            }
        }
    }

    fn add(&mut self, api::ReceiveCredit { messages, bytes }: api::ReceiveCredit) {
        self.credit.0 = self.credit.0.saturating_add(messages.into());
        self.credit.1 = self.credit.1.saturating_add(bytes.into());
    }

    /// Attaches partitions to their leaders, those of a queue that has grown too, and gives up lines that are silent for too long.
    async fn look_after(&mut self, now: Monotonic, client: &Client) -> Result<(), Ended> {
        if !self.parts.is_due(now) {
            return Ok(());
        }
        match self.targets.catalog.by_number(self.topic).filter(|topic| is_served(topic)) {
            Some(topic) => self.parts.grow(self.topic, topic.record.partitions.min(opening::MAX_PARTITIONS)),
            None => {
                let text = "the queue was deleted";
                return Err(Fault::refused(Code::NotFound, "TOPIC_NOT_FOUND", text).into());
            }
        }
        let silent: Vec<u64> = self
            .lines
            .iter()
            .filter(|(number, known)| {
                let asked = self.settling.is_asked(**number) || self.parts.is_asked(**number);
                asked && now - known.heard > parts::SILENCE
            })
            .map(|(number, _)| *number)
            .collect();
        for number in silent {
            self.end(number, client).await?;
        }
        let moved = self.parts.away(|partition, line| {
            let place = self.targets.place(partition);
            self.lines.get(&line).is_none_or(|known| known.line.place != place)
        });
        for partition in moved {
            let place = self.targets.place(partition);
            if place == Place::Nowhere {
                continue;
            }
            let known =
                self.lines.iter().find(|(_, known)| known.line.place == place).map(|(number, _)| *number);
            let number = known.unwrap_or_else(|| {
                self.opened += 1;
                let line = Line::open(&self.targets, place, self.opened, &self.receiver, &self.news);
                self.lines.insert(self.opened, Known { line, heard: now });
                self.opened
            });
            self.parts.attach(partition, number);
        }
        self.parts.looked(now);
        Ok(())
    }

    /// Asks for messages, as many as there is credit for.
    fn ask(&mut self, now: Monotonic) {
        while self.credit.0 > 0 && self.credit.1 > 0 && self.parts.asked() < TAKES {
            let Some((partition, number)) = self.parts.next() else { return };
            // Half, so that one that takes its time does not keep the others waiting.
            let messages = self.credit.0.div_ceil(2);
            let bytes = u64::try_from(self.credit.1).unwrap_or(u64::MAX).div_ceil(2).min(READ_BYTES);
            let Some(memory) = self.memory.take(bytes as usize) else {
                self.parts.not_now(partition, now);
                return;
            };
            let Some(known) = self.lines.get_mut(&number) else { continue };
            if !self.settling.is_asked(number) && !self.parts.is_asked(number) {
                known.heard = now;
            }
            known.line.say(Request::Take(proto::Take {
                partition: Some(convert::partition_message(partition)),
                max_records: u32::try_from(messages).unwrap_or(u32::MAX),
                max_bytes: bytes,
            }));
            self.credit.0 -= messages;
            self.credit.1 -= i128::from(bytes);
            self.parts.asking(partition, Taking { messages, bytes, memory });
        }
    }

    async fn hear(&mut self, news: News, client: &Client) -> Result<(), Ended> {
        let (number, response) = match news {
            News::Said(number, response) => (number, response),
            News::Ended(number, fault) => {
                tracing::debug!(%fault, group = self.receiver.group, "a receiver's way to a leader has ended");
                return self.end(number, client).await;
            }
        };
        let Some(known) = self.lines.get_mut(&number) else { return Ok(()) };
        known.heard = self.targets.env.clock.now();
        match response {
            Response::Taken(taken) => self.taken(number, taken, client).await,
            Response::Ready(proto::Ready { partition }) => {
                if let Ok(partition) = convert::partition(partition) {
                    self.parts.ready(partition, number);
                }
                Ok(())
            }
            Response::Settled(proto::Settled { id, refused }) => {
                for answer in self.settling.answered(id, refused) {
                    self.say_settled(Some(answer), client).await?;
                }
                Ok(())
            }
        }
    }

    async fn taken(&mut self, number: u64, taken: proto::Taken, client: &Client) -> Result<(), Ended> {
        let Ok(partition) = convert::partition(taken.partition) else { return Ok(()) };
        let Some(Taking { messages, bytes, mut memory }) = self.parts.taken(partition, number) else {
            return Ok(());
        };
        self.credit.0 += messages;
        self.credit.1 += i128::from(bytes);
        if let Some(fault) = taken.fault {
            let fault = convert::fault(fault);
            if fault.kind == Kind::Refused {
                return Err(fault.with("partition", &partition.index).into());
            }
            tracing::debug!(%fault, %partition, "looking for the partition's leader");
            self.parts.lose(partition, self.targets.env.clock.now());
            return Ok(());
        }
        if taken.records.is_empty() {
            self.parts.wait(partition, number);
            return Ok(());
        }
        self.parts.attach(partition, number);
        let deliveries: Vec<api::Delivery> =
            taken.records.into_iter().filter_map(|given| delivery(partition.index, given)).collect();
        let total: u64 = deliveries.iter().map(|delivery| delivery.cost).sum();
        self.credit.0 = self.credit.0.saturating_sub(deliveries.len() as u64);
        self.credit.1 -= i128::from(total);
        // One that is larger than what was asked for is held all the same.
        let _ = memory.grow((total as usize).saturating_sub(memory.bytes()));
        let held = memory.split(total as usize);
        let messages = api::Messages { deliveries, lease_ms: taken.lease_ms };
        match client.say(api::receive_response::Response::Messages(messages), Some(held)).await {
            true => Ok(()),
            false => Err(Gone.into()),
        }
    }

    /// Takes what the client says of its messages, and whatever it has said besides by now. False when it has said its last.
    async fn settle(&mut self, first: api::Settle, client: &mut Client) -> Result<bool, Ended> {
        let (mut gathered, mut words) = (Gathered::default(), Vec::new());
        words.push(self.gather(first, &mut gathered)?);
        let mut end = Ok(true);
        for _ in 1..TOGETHER {
            if self.settling.receipts() + gathered.receipts() >= RECEIPTS {
                break;
            }
            let Some(next) = client.next().now_or_never() else { break };
            let taken = match next {
                Ok(Some(api::receive_request::Request::Settle(said))) => {
                    self.gather(said, &mut gathered).map(|word| words.push(word))
                }
                Ok(Some(api::receive_request::Request::Credit(credit))) => {
                    self.add(credit);
                    Ok(())
                }
                Ok(Some(api::receive_request::Request::Open(_))) => Err(opened_twice()),
                Ok(None) => {
                    end = Ok(false);
                    break;
                }
                Err(fault) => Err(fault),
            };
            if let Err(fault) = taken {
                // What was said before it counts.
                end = Err(fault.into());
                break;
            }
        }
        for question in gathered.into_questions() {
            words.extend(self.put(question));
        }
        for word in words {
            let answer = self.settling.complete(word);
            self.say_settled(answer, client).await?;
        }
        end
    }

    /// Puts a question to a leader. The words to which there will be no answer, because the way there has ended.
    fn put(&mut self, question: Together) -> Vec<u64> {
        let marks = question.marks();
        let Together { partition, line, verdict, delay_ms, words, .. } = question;
        let Some(known) = self.lines.get_mut(&line) else {
            let fault = lease_lost("the partition is on its way to another broker");
            for (word, marks) in &words {
                self.settling.fail(*word, partition.index, marks, &fault);
            }
            return words.into_iter().map(|(word, _)| word).collect();
        };
        if !self.settling.is_asked(line) && !self.parts.is_asked(line) {
            known.heard = self.targets.env.clock.now();
        }
        let id = self.settling.ask(line, partition.index, words);
        let partition = Some(convert::partition_message(partition));
        known.line.say(Request::Settle(proto::Settle { id, partition, verdict, marks, delay_ms }));
        Vec::new()
    }

    /// Takes a word apart by partition. Its number.
    fn gather(&mut self, said: api::Settle, gathered: &mut Gathered) -> Result<u64, Fault> {
        words::check(&said)?;
        let api::Settle { id, verdict, mut receipts, delay_ms } = said;
        receipts.sort_by_key(|receipt| (receipt.partition, receipt.offset, receipt.delivery_count));
        receipts.dedup();
        let word = self.settling.begin(id);
        for of_one in receipts.chunk_by(|one, other| one.partition == other.partition) {
            let index = of_one[0].partition;
            let mark = |receipt: &api::Receipt| proto::Mark {
                offset: receipt.offset,
                count: receipt.delivery_count,
            };
            let marks: Vec<proto::Mark> = of_one.iter().map(mark).collect();
            match self.parts.line_of(index) {
                Some(to) => {
                    self.settling.await_part(word);
                    gathered.add(word, to, (verdict, delay_ms), marks);
                }
                None => {
                    let fault = lease_lost("the partition is on its way to another broker, or there is none");
                    self.settling.fail(word, index, &marks, &fault);
                }
            }
        }
        Ok(word)
    }

    async fn say_settled(&self, answer: Option<api::Settled>, client: &Client) -> Result<(), Ended> {
        let Some(answer) = answer else { return Ok(()) };
        match client.say(api::receive_response::Response::Settled(answer), None).await {
            true => Ok(()),
            false => Err(Gone.into()),
        }
    }

    /// A line is no more: its partitions are looked for again.
    async fn end(&mut self, number: u64, client: &Client) -> Result<(), Ended> {
        self.lines.remove(&number);
        for Taking { messages, bytes, .. } in self.parts.line_ended(number) {
            self.credit.0 += messages;
            self.credit.1 += i128::from(bytes);
        }
        for answer in self.settling.ended(number) {
            self.say_settled(Some(answer), client).await?;
        }
        Ok(())
    }

    /// The client has said its last, and has its answers: it has looked at nothing of what it still has.
    async fn close(&mut self, mut told: mpsc::Receiver<News>) -> Result<(), Ended> {
        for known in self.lines.values() {
            known.line.say(Request::Close(proto::Close {}));
        }
        let mut left = self.lines.len();
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
        let _ = self.targets.env.timeout(parts::SILENCE, ended).await;
        Ok(())
    }
}

fn opened_twice() -> Fault {
    Fault::invalid("open", "the stream is open already")
}
