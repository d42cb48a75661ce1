//! Which actions of an access policy the requests so far needed: `GET /-/actions` shows them, a line each with the
//! bucket and the first part of the key (or of the prefix that was listed), `PUT` forgets them.
//!
//! The names are those of Amazon's policies, which are not those of its operations: whoever asks for an object's length
//! needs `GetObject`, and every part of an upload needs `PutObject`.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;
use s3s::{
    S3Request, S3Result,
    access::{S3Access, S3AccessContext},
    dto::{DeleteObjectInput, GetObjectInput, HeadObjectInput, ListObjectsInput, ListObjectsV2Input},
    path::S3Path,
    s3_error,
};

/// Path of the answer. No bucket can be called `-`, so this hides none.
pub(crate) const PATH: &str = "/-/actions";

/// Different lines that are kept; a client that asks for more has names of its own making.
const MOST: usize = 1000;

/// What was needed, and how often: an action, a bucket, and the first part of a key.
#[derive(Debug, Default)]
pub(crate) struct Actions(Mutex<BTreeMap<String, u64>>);

impl Actions {
    fn note(&self, action: &str, bucket: &str, key: &str) {
        let first = key.split('/').next().unwrap_or_default();
        let line = format!("{action} {bucket}/{first}");
        let mut seen = self.0.lock();
        if seen.len() < MOST || seen.contains_key(&line) {
            *seen.entry(line).or_default() += 1;
        }
    }

    /// A line each: `GetObject bucket/first-part-of-the-key=12`.
    pub(crate) fn answer(&self, forget: bool) -> String {
        let mut seen = self.0.lock();
        if forget {
            seen.clear();
        }
        seen.iter().map(|(line, count)| format!("{line}={count}\n")).collect()
    }
}

/// Lets in whoever has the key, as it is without, and notes what that took.
pub(crate) struct Recorder(pub(crate) Arc<Actions>);

/// The actions that an operation needs. An operation that is not here is noted by its own name, with a mark: no policy
/// names that, so a test that compares fails, and whoever sees it adds the operation.
fn needed(operation: &str) -> Option<&'static [&'static str]> {
    Some(match operation {
        "PutObject" | "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" => &["PutObject"],
        "CopyObject" | "UploadPartCopy" => &["GetObject", "PutObject"],
        "DeleteObjects" => &["DeleteObject"],
        "HeadBucket" => &["ListBucket"],
        "AbortMultipartUpload" => &["AbortMultipartUpload"],
        "ListMultipartUploads" => &["ListBucketMultipartUploads"],
        "ListParts" => &["ListMultipartUploadParts"],
        "ListObjectVersions" => &["ListBucketVersions"],
        "GetBucketLocation" => &["GetBucketLocation"],
        _ => return None,
    })
}

/// Operations that are noted once their input is known: a version that is named needs another action, and what is listed
/// is in the query.
const BY_INPUT: [&str; 5] = ["GetObject", "HeadObject", "DeleteObject", "ListObjects", "ListObjectsV2"];

fn versioned(version: bool, with: &'static str, without: &'static str) -> &'static str {
    if version { with } else { without }
}

#[async_trait::async_trait]
impl S3Access for Recorder {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "Signature is required"));
        }
        let (bucket, key) = match context.s3_path() {
            S3Path::Root => ("", ""),
            S3Path::Bucket { bucket } => (&**bucket, ""),
            S3Path::Object { bucket, key } => (&**bucket, &**key),
        };
        let operation = context.s3_op().name();
        match needed(operation) {
            Some(actions) => actions.iter().for_each(|action| self.0.note(action, bucket, key)),
            None if BY_INPUT.contains(&operation) => {}
            None => self.0.note(&format!("?{operation}"), bucket, key),
        }
        Ok(())
    }

    async fn get_object(&self, request: &mut S3Request<GetObjectInput>) -> S3Result<()> {
        let input = &request.input;
        let action = versioned(input.version_id.is_some(), "GetObjectVersion", "GetObject");
        self.0.note(action, &input.bucket, &input.key);
        Ok(())
    }

    async fn head_object(&self, request: &mut S3Request<HeadObjectInput>) -> S3Result<()> {
        let input = &request.input;
        let action = versioned(input.version_id.is_some(), "GetObjectVersion", "GetObject");
        self.0.note(action, &input.bucket, &input.key);
        Ok(())
    }

    async fn delete_object(&self, request: &mut S3Request<DeleteObjectInput>) -> S3Result<()> {
        let input = &request.input;
        let action = versioned(input.version_id.is_some(), "DeleteObjectVersion", "DeleteObject");
        self.0.note(action, &input.bucket, &input.key);
        Ok(())
    }

    async fn list_objects(&self, request: &mut S3Request<ListObjectsInput>) -> S3Result<()> {
        let input = &request.input;
        self.0.note("ListBucket", &input.bucket, input.prefix.as_deref().unwrap_or_default());
        Ok(())
    }

    async fn list_objects_v2(&self, request: &mut S3Request<ListObjectsV2Input>) -> S3Result<()> {
        let input = &request.input;
        self.0.note("ListBucket", &input.bucket, input.prefix.as_deref().unwrap_or_default());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_forgotten_and_bounded() {
        let actions = Actions::default();
        actions.note("GetObject", "b", "prefix/shard/object");
        actions.note("GetObject", "b", "prefix/other");
        actions.note("ListBucket", "b", "");
        assert_eq!(actions.answer(false), "GetObject b/prefix=2\nListBucket b/=1\n");
        assert_eq!(actions.answer(true), "");
        for number in 0..2 * MOST {
            actions.note("GetObject", "b", &format!("{number}/x"));
        }
        assert_eq!(actions.answer(false).lines().count(), MOST);
    }

    #[test]
    fn what_an_operation_needs_is_named_as_policies_name_it() {
        assert_eq!(needed("UploadPart"), Some(&["PutObject"][..]));
        assert_eq!(needed("DeleteObjects"), Some(&["DeleteObject"][..]));
        assert_eq!(needed("PutBucketAcl"), None);
        assert!(BY_INPUT.iter().all(|operation| needed(operation).is_none()), "nothing is noted twice");
    }
}
