//! `GET /archive/list`, `/archive/inspect?object=NAME` and `/archive/verify`: what the command line asks of a broker
//! that runs, since the broker alone has the embedded metadata open. One request at a time.

use bytes::Bytes;
use esker_archive::ArchiveError;
use http_body_util::Full;
use hyper::{Response, StatusCode, header};
use serde::Serialize;

use super::{Http, text};
use crate::archive::ObjectName;

/// Answers a GET below `/archive/`; `None` when there is no such page.
pub(super) async fn answer(http: &Http, page: &str, query: Option<&str>) -> Option<Response<Full<Bytes>>> {
    if !matches!(page, "list" | "inspect" | "verify") {
        return None;
    }
    let Some(access) = http.archive.get() else {
        return Some(text(StatusCode::SERVICE_UNAVAILABLE, "the broker is starting\n"));
    };
    let Ok(_turn) = http.archive_turn.try_acquire() else {
        let busy = "another request for the archive is being answered: try again later\n";
        return Some(text(StatusCode::TOO_MANY_REQUESTS, busy));
    };
    Some(match page {
        "list" => document(access.list().await),
        "verify" => document(access.verify(&|_, _, _| {}).await),
        _ => {
            let named =
                query.and_then(|query| query.split('&').find_map(|part| part.strip_prefix("object=")));
            match ObjectName::parse(named.unwrap_or_default()) {
                Err(why) => text(StatusCode::BAD_REQUEST, format!("{why}\n")),
                Ok(name) => match access.inspect(name).await.transpose() {
                    None => text(StatusCode::NOT_FOUND, format!("no manifest refers to an object {name}\n")),
                    Some(Err(error @ ArchiveError::Missing { .. })) => {
                        text(StatusCode::NOT_FOUND, format!("{error}\n"))
                    }
                    Some(found) => document(found),
                },
            }
        }
    })
}

fn document<T: Serialize>(found: Result<T, ArchiveError>) -> Response<Full<Bytes>> {
    let body = match found {
        Ok(found) => serde_json::to_vec(&found).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match body {
        Ok(body) => {
            let mut response = text(StatusCode::OK, body);
            let kind = header::HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}
