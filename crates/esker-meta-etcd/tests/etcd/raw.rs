//! Calls that only tests make.

use http::uri::PathAndQuery;
use prost::Message;
use tonic::{Request, Status, client::Grpc, transport::Endpoint};
use tonic_prost::ProstCodec;

/// A call to one endpoint in plain text.
pub(crate) async fn call<Q, A>(endpoint: &str, path: &'static str, message: Q) -> Result<A, Status>
where
    Q: Message + 'static,
    A: Message + Default + 'static,
{
    let channel = Endpoint::from_shared(format!("http://{endpoint}")).unwrap().connect_lazy();
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec = ProstCodec::<Q, A>::default();
    Ok(grpc.unary(Request::new(message), PathAndQuery::from_static(path), codec).await?.into_inner())
}

/// Any answer of which nothing is read, and any request without fields.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Nothing {}

#[derive(Clone, PartialEq, Message)]
struct Header {
    #[prost(uint64, tag = 2)]
    member_id: u64,
    #[prost(int64, tag = 3)]
    revision: i64,
}

#[derive(Clone, PartialEq, Message)]
struct MemberStatus {
    #[prost(message, optional, tag = 1)]
    header: Option<Header>,
    #[prost(uint64, tag = 4)]
    leader: u64,
}

/// Whether the member leads.
pub(crate) async fn leads(endpoint: &str) -> Result<bool, Status> {
    let status: MemberStatus = call(endpoint, "/etcdserverpb.Maintenance/Status", Nothing {}).await?;
    Ok(status.header.is_some_and(|header| header.member_id == status.leader))
}

#[derive(Clone, PartialEq, Message)]
struct Compaction {
    #[prost(int64, tag = 1)]
    revision: i64,
    #[prost(bool, tag = 2)]
    physical: bool,
}

#[derive(Clone, PartialEq, Message)]
struct Range {
    #[prost(bytes = "vec", tag = 1)]
    key: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Found {
    #[prost(message, optional, tag = 1)]
    header: Option<Header>,
}

/// The store's revision, once this member shows all that was committed before.
async fn caught_up(endpoint: &str) -> i64 {
    let found: Found = call(endpoint, "/etcdserverpb.KV/Range", Range { key: b"/".to_vec() }).await.unwrap();
    found.header.unwrap().revision
}

/// Makes every member forget everything up to now. A member that lags compacts later than it is answered.
pub(crate) async fn compact(endpoints: &[String]) {
    let compaction = Compaction { revision: caught_up(&endpoints[0]).await, physical: false };
    call::<_, Nothing>(&endpoints[0], "/etcdserverpb.KV/Compact", compaction).await.unwrap();
    for endpoint in endpoints {
        caught_up(endpoint).await;
    }
}

/// A message of up to two texts, which is what the calls around users are.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Texts {
    #[prost(string, tag = 1)]
    pub(crate) first: String,
    #[prost(string, tag = 2)]
    pub(crate) second: String,
}

#[derive(Clone, PartialEq, Message)]
struct Permission {
    /// 2: read and write.
    #[prost(int32, tag = 1)]
    kind: i32,
    #[prost(bytes = "vec", tag = 2)]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = 3)]
    range_end: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct GrantPermission {
    #[prost(string, tag = 1)]
    role: String,
    #[prost(message, optional, tag = 2)]
    permission: Option<Permission>,
}

/// Users `root` and `esker` (password `secret`), the latter for keys below `/esker/`; then asks for them.
pub(crate) async fn enable_users(endpoint: &str) {
    let texts = |first: &str, second: &str| Texts { first: first.to_owned(), second: second.to_owned() };
    let permission = Permission { kind: 2, key: b"/esker/".to_vec(), range_end: b"/esker0".to_vec() };
    let grant = GrantPermission { role: "esker".to_owned(), permission: Some(permission) };
    for name in ["root", "esker"] {
        call::<_, Nothing>(endpoint, "/etcdserverpb.Auth/RoleAdd", texts(name, "")).await.unwrap();
        call::<_, Nothing>(endpoint, "/etcdserverpb.Auth/UserAdd", texts(name, "secret")).await.unwrap();
        call::<_, Nothing>(endpoint, "/etcdserverpb.Auth/UserGrantRole", texts(name, name)).await.unwrap();
    }
    call::<_, Nothing>(endpoint, "/etcdserverpb.Auth/RoleGrantPermission", grant).await.unwrap();
    call::<_, Nothing>(endpoint, "/etcdserverpb.Auth/AuthEnable", Nothing {}).await.unwrap();
}
