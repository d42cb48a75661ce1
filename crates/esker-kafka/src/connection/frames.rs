//! Length-prefixed frames from a client that may be slow, silent or hostile.

use std::{net::IpAddr, sync::Arc};

use bytes::{Bytes, BytesMut};
use esker_kafka_wire::ApiKey;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{Closed, FrameStart};
use crate::{broker::Broker, budget::Budget, context::FrameMemory, request_memory::Arrival};

/// Length, API key and version: what is read first, into no buffer of its own.
const START: usize = 8;
/// Key, version and correlation id: the least that a request has.
const MIN_FRAME: usize = 8;

pub(super) struct FrameReader<'a, R> {
    pub(super) broker: &'a Arc<Broker>,
    pub(super) input: R,
    /// Request bytes of this connection.
    pub(super) own_memory: Budget,
    pub(super) address: IpAddr,
}

impl<R: AsyncRead + Unpin> FrameReader<'_, R> {
    /// What the next frame begins with. While the connection is idle it holds no buffer.
    pub(super) async fn start(&mut self) -> Result<FrameStart, Closed> {
        let config = &self.broker.config;
        let env = &self.broker.env;
        let mut head = [0; START];
        let first = env.timeout(config.idle_timeout, self.input.read(&mut head)).await;
        let have = first.map_err(|_| Closed::Idle)??;
        if have == 0 {
            return Err(Closed::ByPeer);
        }
        let mut have = have;
        while have < START {
            // A frame too short for a header may be all that ever comes: judge it by its length alone.
            if let Some(length) =
                head.first_chunk().filter(|_| have >= 4).map(|length| i32::from_be_bytes(*length))
                && length < MIN_FRAME as i32
            {
                return Err(Closed::FrameLength(length));
            }
            let read = env.timeout(config.receive_timeout, self.input.read(&mut head[have..])).await;
            match read.map_err(|_| Closed::Stalled)?? {
                0 => return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
                more => have += more,
            }
        }
        self.judge(head)
    }

    /// The frame that begins so, without its length, and the memory that was granted for it. The connection must have
    /// nothing else to wait for: memory is held from here on.
    pub(super) async fn rest(&mut self, start: &FrameStart) -> Result<(Bytes, FrameMemory), Closed> {
        let bytes = start.length + start.decode_budget();
        let own = self.own_memory.take(bytes).await;
        let broker = self.broker.request_memory.take(self.address, bytes).await;
        let mut frame = BytesMut::with_capacity(start.length);
        frame.extend_from_slice(&start.header);
        self.fill(&mut frame, start.length).await?;
        Ok((frame.freeze(), FrameMemory { own, broker: Some(broker) }))
    }

    /// Refuses lengths that no request of the API may have, before anything is allocated.
    fn judge(&self, head: [u8; START]) -> Result<FrameStart, Closed> {
        let [a, b, c, d, header @ ..] = head;
        let stated = i32::from_be_bytes([a, b, c, d]);
        let [key_high, key_low, version_high, version_low] = header;
        let api_key = i16::from_be_bytes([key_high, key_low]);
        let version = i16::from_be_bytes([version_high, version_low]);
        let most = if api_key == ApiKey::Produce.code() {
            self.broker.config.max_request_bytes
        } else {
            self.broker.config.max_control_request_bytes.min(self.broker.config.max_request_bytes)
        };
        match usize::try_from(stated) {
            Ok(length) if (MIN_FRAME..=most).contains(&length) => {
                Ok(FrameStart { length, api_key, version, header })
            }
            _ => Err(Closed::FrameLength(stated)),
        }
    }

    /// Reads until the frame is whole. Its memory is touched only as bytes arrive.
    async fn fill(&mut self, frame: &mut BytesMut, length: usize) -> Result<(), Closed> {
        let config = &self.broker.config;
        let env = &self.broker.env;
        let memory = &self.broker.request_memory;
        let begun = env.clock.now();
        let mut arrival = Arrival::default();
        while frame.len() < length {
            let asked = env.clock.now();
            let missing = (length - frame.len()) as u64;
            let mut rest = (&mut self.input).take(missing);
            let read = tokio::select! {
                biased;
                read = env.timeout(config.receive_timeout, rest.read_buf(frame)) => read,
                () = memory.pressed_for(config.pressed_receive_timeout) => return Err(Closed::Displaced),
            };
            if read.map_err(|_| Closed::Stalled)?? == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
            if !arrival.goes_on(config, memory, asked, frame.len(), length) {
                return Err(Closed::Displaced);
            }
            let elapsed = env.clock.now() - begun;
            let expected = elapsed.as_secs_f64() * config.min_receive_rate as f64;
            if elapsed > config.receive_timeout && (frame.len() as f64) < expected {
                return Err(Closed::Stalled);
            }
        }
        Ok(())
    }
}
