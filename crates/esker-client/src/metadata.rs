//! Learning topics and leaders.

use std::sync::Arc;

use esker_kafka_wire::messages::MetadataRequest;
use esker_kafka_wire::messages::metadata_request::MetadataRequestTopic;
use esker_kafka_wire::{ErrorCode, KString};

use crate::retry::Backoff;
use crate::{Client, ClientError, Cluster, Topic};

impl Client {
    /// Asks once for the topics named, or for all with `None`. Returns what is known then; a topic that does not
    /// exist is missing in it.
    ///
    /// # Errors
    /// No broker answers.
    pub async fn refresh_once(&self, topics: Option<&[&str]>) -> Result<Arc<Cluster>, ClientError> {
        self.ask(topics, false).await.map(|(cluster, _)| cluster)
    }

    /// Asks again for every topic asked for so far.
    ///
    /// # Errors
    /// As [`Client::refresh_once`].
    pub async fn refresh_known(&self) -> Result<Arc<Cluster>, ClientError> {
        let known = self.cluster();
        let names: Vec<&str> = known.topics.keys().map(|name| &**name).collect();
        self.refresh_once(Some(&names)).await
    }

    /// The first error code of a topic in the answer comes along.
    async fn ask(
        &self,
        topics: Option<&[&str]>,
        create: bool,
    ) -> Result<(Arc<Cluster>, Option<i16>), ClientError> {
        let connection = self.any_connection().await?;
        let as_request = |name: &&str| MetadataRequestTopic {
            name: Some(KString::from(*name)),
            ..MetadataRequestTopic::default()
        };
        let mut request = MetadataRequest {
            topics: topics.map(|names| names.iter().map(as_request).collect()),
            allow_auto_topic_creation: create,
            ..MetadataRequest::default()
        };
        // Before version 1 an empty list means all, before version 4 asking creates.
        if connection.version_of::<MetadataRequest>(i16::MAX)? < 4 {
            request.allow_auto_topic_creation = true;
        }
        let response = connection.call(&request).await?;
        let code = response.topics.iter().map(|topic| topic.error_code).find(|code| *code != 0);
        Ok((self.learn(|known| known.merged(&response, topics.is_none())), code))
    }

    /// The topic, from what is known or by asking. Does not create it.
    ///
    /// # Errors
    /// [`ClientError::UnknownTopic`], or no broker answers.
    pub async fn topic(&self, name: &str) -> Result<Arc<Topic>, ClientError> {
        self.lookup(name, false).await
    }

    /// As [`Client::topic`]; where the settings and the broker allow it, the topic is created when it is missing.
    ///
    /// # Errors
    /// As [`Client::topic`].
    pub async fn topic_or_create(&self, name: &str) -> Result<Arc<Topic>, ClientError> {
        self.lookup(name, self.config().auto_create_topics).await
    }

    async fn lookup(&self, name: &str, create: bool) -> Result<Arc<Topic>, ClientError> {
        if let Some(topic) = self.cluster().topics.get(name).filter(|topic| !topic.partitions.is_empty()) {
            return Ok(Arc::clone(topic));
        }
        let env = self.env();
        // A topic that is being created may take a moment; one that nobody creates is told at once.
        let wait = if create { self.config().retry_for.min(CREATION_WAIT) } else { self.config().retry_for };
        let mut backoff = Backoff::until(self.config(), env.clock.now() + wait);
        loop {
            let error = match self.ask(Some(&[name]), create).await {
                Ok((cluster, code)) => match (cluster.topics.get(name), code) {
                    (Some(topic), _) if !topic.partitions.is_empty() => return Ok(Arc::clone(topic)),
                    (_, code) => refusal(name, code),
                },
                Err(error) => error,
            };
            let missing = matches!(error, ClientError::UnknownTopic(_));
            if !(error.is_retriable() || missing && create) || !backoff.pause(env).await {
                return Err(error);
            }
        }
    }
}

/// The longest wait for a topic that the broker may be creating.
const CREATION_WAIT: std::time::Duration = std::time::Duration::from_secs(5);

fn refusal(name: &str, code: Option<i16>) -> ClientError {
    match code.map(|code| (code, ErrorCode::from_code(code))) {
        None | Some((_, Some(ErrorCode::UnknownTopicOrPartition | ErrorCode::None))) => {
            ClientError::UnknownTopic(name.to_owned())
        }
        Some((_, Some(code))) => {
            ClientError::Refused { what: format!("looking up topic {name:?}"), code, message: None }
        }
        Some((code, None)) => ClientError::UnknownCode { what: format!("looking up topic {name:?}"), code },
    }
}
