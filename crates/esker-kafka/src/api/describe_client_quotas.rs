//! DescribeClientQuotas: none are set.

use esker_kafka_wire::{
    ApiKey,
    messages::{DescribeClientQuotasRequest, DescribeClientQuotasResponse},
};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::DescribeClientQuotas;

pub(crate) async fn handle(_: Context, _: DescribeClientQuotasRequest) -> DescribeClientQuotasResponse {
    DescribeClientQuotasResponse { entries: Some(Vec::new()), ..DescribeClientQuotasResponse::default() }
}
