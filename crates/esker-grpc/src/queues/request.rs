//! Request and reply: a message whose publisher waits for what its receiver has to say. The request is a message like any other, durable, with
//! the `address` of whoever waits among its headers; the `post` writes it. The reply is handed over in memory, by way of the broker whose
//! table of `waiting` requests has it, and kept nowhere.

mod address;
mod post;
mod waiting;

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;
use tonic::Code;

pub(crate) use self::{
    address::Address,
    waiting::{Waiting, gone},
};
use self::{
    post::{Parcel, Post},
    waiting::Handed,
};
use super::{
    message::{expire, put_headers},
    publish::{Outcome, find, heeds},
};
use crate::{budget::Share, fault::Fault, proto::esker::v1 as api, targets::Targets};

/// The header with the address for the reply.
pub(crate) const REPLY_TO: &str = "esker.reply-to";
/// How long a reply is waited for at most, and if the request does not say.
const LONGEST: Duration = Duration::from_secs(300);
const DEFAULT: Duration = Duration::from_secs(30);
/// How long it is waited for where the request was written, once the reply is there: one is faster than the other.
const WRITTEN: Duration = Duration::from_secs(1);

/// Requests of this broker's clients, and replies to any.
pub(crate) struct Requests {
    targets: Arc<Targets>,
    waiting: Arc<Waiting>,
    post: Post,
}

/// What is known of where a request is.
#[derive(Default)]
struct Written {
    published: Option<api::Published>,
    copies: Vec<api::QueueCopy>,
}

impl Requests {
    pub(crate) fn new(targets: &Arc<Targets>, waiting: &Arc<Waiting>) -> Self {
        Self { targets: Arc::clone(targets), waiting: Arc::clone(waiting), post: Post::open(targets) }
    }

    /// Publishes a request and waits for its reply.
    ///
    /// # Errors
    /// It was not published, or not for certain, or nobody has replied in time.
    pub(crate) async fn request(
        &self,
        asked: api::RequestRequest,
        share: Share,
    ) -> Result<api::RequestResponse, Fault> {
        let api::RequestRequest { queue, message, exchange, routing_key, timeout_ms } = asked;
        let limit = limit(timeout_ms)?;
        let mut message = message.unwrap_or_default();
        if message.headers.iter().any(|header| header.key == REPLY_TO) {
            let text =
                format!("{REPLY_TO} is the broker's to say: a request says elsewhere where else replies go");
            return Err(Fault::invalid("message.headers", text));
        }
        if !message.deduplication_id.is_empty() {
            let text = "a request has none: the reply to the first one of an id goes to that one's publisher";
            return Err(Fault::invalid("message.deduplication_id", text));
        }
        let Targets { env, .. } = &*self.targets;
        let (now, give_up) = (env.clock.wall_ms(), env.clock.now() + limit);
        let heeds = || heeds(&self.targets, &queue, &exchange);
        put_headers(&mut message, now, heeds)?;
        if heeds().times {
            // Nobody should work for one who has gone.
            expire(
                &mut message,
                now.saturating_add_unsigned(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)),
            );
        }
        let mut place = self.waiting.begin()?;
        let value = Some(place.address().to_string().into());
        message.headers.push(api::Header { key: REPLY_TO.to_owned(), value });
        let to = find(&self.targets, &queue, (&exchange, &routing_key), &message.headers).await?;
        let (told, mut outcome) = oneshot::channel();
        self.post.send(Parcel { to, message, share, give_up, told })?;
        let mut written = None;
        let come = reply_of(&mut place.come, &mut outcome, &mut written);
        let Ok(come) = env.timeout(give_up - env.clock.now(), come).await else {
            return Err(no_reply(limit, written.as_ref()));
        };
        let Handed { reply, .. } = come?;
        if written.is_none() {
            // What it says of an error is not so: the request was received.
            let told = env.timeout(WRITTEN, outcome).await.ok().and_then(Result::ok);
            written = told.and_then(|told| known(told).ok());
        }
        let Written { published, copies } = written.unwrap_or_default();
        Ok(api::RequestResponse { reply: Some(reply), published, copies })
    }

    /// Hands a reply to whoever waits for it, at whichever broker.
    ///
    /// # Errors
    /// Nobody waits for it, or it is not known whether it got there.
    pub(crate) async fn reply(
        &self,
        asked: api::ReplyRequest,
        share: Share,
    ) -> Result<api::ReplyResponse, Fault> {
        let api::ReplyRequest { reply_to, reply } = asked;
        let address: Address = reply_to.parse()?;
        let reply = reply.unwrap_or_default();
        if address.broker == self.waiting.broker() {
            self.waiting.hand(&address, reply, Some(share))?;
            return Ok(api::ReplyResponse {});
        }
        // Whoever was there is not in the cluster any more.
        let (at, remote) = self.targets.broker(address.broker).ok_or_else(gone)?;
        remote.reply(at, reply_to, reply).await?;
        Ok(api::ReplyResponse {})
    }
}

/// Waits for the reply, and for what becomes of the request on the way.
async fn reply_of(
    come: &mut oneshot::Receiver<Handed>,
    outcome: &mut oneshot::Receiver<Outcome>,
    written: &mut Option<Written>,
) -> Result<Handed, Fault> {
    let ended = |_| Fault::internal("the place of a request was lost");
    tokio::select! {
        biased;
        handed = &mut *come => return handed.map_err(ended),
        told = outcome => {
            let told = told.map_err(|_| Fault::unknown("the writing of the request was given up"))?;
            *written = Some(known(told)?);
        }
    }
    come.await.map_err(ended)
}

/// Where a request is now.
///
/// # Errors
/// It is nowhere, or that is not known.
fn known(outcome: Outcome) -> Result<Written, Fault> {
    match outcome {
        Outcome::Published(published) => Ok(Written { published: Some(published), copies: Vec::new() }),
        Outcome::Routed(copies) => Ok(Written { published: None, copies }),
        Outcome::Failed(fault, copies) if copies.is_empty() => Err(fault),
        // One of those who have it may reply.
        Outcome::Failed(_, copies) => Ok(Written { published: None, copies }),
    }
}

fn limit(timeout_ms: u32) -> Result<Duration, Fault> {
    let limit = match timeout_ms {
        0 => DEFAULT,
        millis => Duration::from_millis(u64::from(millis)),
    };
    if limit > LONGEST {
        return Err(Fault::invalid("timeout_ms", format!("at most {}", LONGEST.as_millis())));
    }
    Ok(limit)
}

fn no_reply(limit: Duration, written: Option<&Written>) -> Fault {
    let text = format!("nobody has replied within {} ms", limit.as_millis());
    let fault = Fault::refused(Code::DeadlineExceeded, "NO_REPLY", text);
    match written {
        None => fault.with("written", &"unknown"),
        Some(Written { published: Some(at), .. }) => {
            fault.with("written", &true).with("partition", &at.partition).with("offset", &at.offset)
        }
        Some(Written { copies, .. }) => fault.with("written", &true).with("copies", &copies.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_bounded() {
        assert_eq!(limit(0).expect("the default"), Duration::from_secs(30));
        assert_eq!(limit(1).expect("short"), Duration::from_millis(1));
        assert_eq!(limit(300_000).expect("long"), LONGEST);
        for bad in [300_001, u32::MAX] {
            assert_eq!(limit(bad).expect_err("too long").reason, "INVALID_REQUEST");
        }
    }

    #[test]
    fn who_waits_in_vain_is_told_where_the_request_is() {
        let at = |fault: Fault| fault.metadata.into_iter().collect::<Vec<_>>();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let second = Duration::from_secs(1);
        assert_eq!(at(no_reply(second, None)), [pair("written", "unknown")]);
        let there = known(Outcome::Published(api::Published { partition: 3, offset: 5, duplicate: false }))
            .expect("there");
        let expected = [pair("offset", "5"), pair("partition", "3"), pair("written", "true")];
        assert_eq!(at(no_reply(second, Some(&there))), expected);
        // Of an exchange, one of the queues may do.
        let copies = vec![api::QueueCopy::default()];
        let there = known(Outcome::Failed(Fault::unknown("?"), copies)).expect("one has it");
        assert_eq!(at(no_reply(second, Some(&there))), [pair("copies", "1"), pair("written", "true")]);
        assert!(known(Outcome::Failed(Fault::unknown("?"), Vec::new())).is_err());
    }

    #[tokio::test]
    async fn a_reply_that_overtakes_the_news_of_the_request_counts() {
        let waiting = Waiting::new(
            esker_core::BrokerId(1),
            Arc::new(esker_env::RealRandom),
            9,
            crate::budget::Budget::new(100),
        );
        let mut place = waiting.begin().expect("room");
        let (told, mut outcome) = oneshot::channel();
        waiting.hand(&place.address(), api::Reply::default(), None).expect("it waits");
        told.send(Outcome::Failed(Fault::unknown("?"), Vec::new())).expect("somebody listens");
        let mut written = None;
        let handed = reply_of(&mut place.come, &mut outcome, &mut written).await.expect("a reply");
        assert_eq!((handed.reply, written.is_none()), (api::Reply::default(), true));
        // Without one, the news is the answer.
        let mut place = waiting.begin().expect("room");
        let (told, mut outcome) = oneshot::channel();
        told.send(Outcome::Failed(Fault::unknown("?"), Vec::new())).expect("somebody listens");
        let fault = reply_of(&mut place.come, &mut outcome, &mut written).await.expect_err("no reply");
        assert_eq!(fault, Fault::unknown("?"));
    }
}
