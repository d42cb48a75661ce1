//! What the brokers' own port needs of this broker's requests.

use std::sync::Arc;

use crate::queues::Waiting;

/// This broker's requests that wait for their replies, which other brokers may bring. Cheap to clone.
#[derive(Clone)]
pub struct Replies(pub(crate) Arc<Waiting>);
