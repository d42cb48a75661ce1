//! Object stores from URLs and settings.
//!
//! Nothing is read from the process's environment: the binary hands it in. (The Google client alone looks by itself
//! for `GCE_METADATA_*` and the well-known credentials file of `gcloud`, when no credentials are given.)

use std::{collections::BTreeMap, path::Path, str::FromStr, sync::Arc, time::Duration};

use object_store::{
    ClientOptions, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    azure::{AzureConfigKey, MicrosoftAzureBuilder},
    gcp::{GoogleCloudStorageBuilder, GoogleConfigKey},
    local::LocalFileSystem,
    memory::InMemory,
};
use url::Url;

use crate::ArchiveError;

/// A store and the prefix below which the URL says to keep everything.
#[derive(Clone, Debug)]
pub struct OpenedStore {
    /// The bucket, container or directory.
    pub store: Arc<dyn ObjectStore>,
    /// Path in it, without slashes at its ends; empty for all of it. For `file://` always empty.
    pub prefix: String,
}

/// Opens the store that a URL names: `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`,
/// `file:///absolute/dir` (created when missing), or `memory:///`.
///
/// `options` are named as the object_store crate names them (`endpoint`, `region`, `allow_http`, `access_key_id`,
/// `secret_access_key`, `unsigned_payload`, ...), plus `path_style` for S3 (true by default). `environment` stands
/// for the process's environment: its `AWS_*`, `GOOGLE_*` or `AZURE_*` variables fill in what `options` leave open.
///
/// Payloads of uploads are signed, except over TLS, which protects them already.
///
/// # Errors
/// When the URL or an option is not understood, the provider refuses its settings, or the directory cannot be made.
pub fn object_store_from_url(
    url: &str,
    options: &BTreeMap<String, String>,
    environment: &BTreeMap<String, String>,
) -> Result<OpenedStore, ArchiveError> {
    let parsed = Url::parse(url).map_err(|error| bad(format!("{url:?} is not a URL: {error}")))?;
    let prefix = parsed.path().trim_matches('/').to_owned();
    let refused = |error: object_store::Error| bad(format!("{url}: {error}"));
    let store: Arc<dyn ObjectStore> = match parsed.scheme() {
        "s3" | "s3a" => {
            let (mut options, mut builder) = (options.clone(), AmazonS3Builder::new());
            if let Some(style) = options.remove("path_style") {
                let hosted =
                    style.parse::<bool>().map_err(|_| bad(format!("path_style {style:?}: true or false")))?;
                builder = builder.with_virtual_hosted_style_request(!hosted);
            }
            let settings = settings::<AmazonS3ConfigKey>(&options, environment, "AWS_")?;
            let endpoint = settings.iter().find(|(key, _)| *key == AmazonS3ConfigKey::Endpoint);
            let plain = endpoint.is_some_and(|(_, endpoint)| endpoint.starts_with("http://"));
            // Single deletes: not every S3-compatible store knows the bulk request.
            builder = builder.with_disable_bulk_delete(true).with_unsigned_payload(!plain).with_url(url);
            builder = builder.with_client_options(client(plain)).with_retry(one_attempt());
            builder =
                settings.into_iter().fold(builder, |builder, (key, value)| builder.with_config(key, value));
            Arc::new(builder.build().map_err(refused)?)
        }
        "gs" => {
            let builder = GoogleCloudStorageBuilder::new().with_url(url);
            let builder = builder.with_client_options(client(false)).with_retry(one_attempt());
            let builder = settings::<GoogleConfigKey>(options, environment, "GOOGLE_")?
                .into_iter()
                .fold(builder, |builder, (key, value)| builder.with_config(key, value));
            Arc::new(builder.build().map_err(refused)?)
        }
        "az" | "azure" | "abfs" | "abfss" => {
            let builder = MicrosoftAzureBuilder::new().with_url(url);
            let builder = builder.with_client_options(client(false)).with_retry(one_attempt());
            let builder = settings::<AzureConfigKey>(options, environment, "AZURE_")?
                .into_iter()
                .fold(builder, |builder, (key, value)| builder.with_config(key, value));
            Arc::new(builder.build().map_err(refused)?)
        }
        "file" => {
            no_options(url, options)?;
            let dir =
                parsed.to_file_path().map_err(|()| bad(format!("{url}: write file:///absolute/path")))?;
            return Ok(OpenedStore { store: Arc::new(directory(&dir)?), prefix: String::new() });
        }
        "memory" => {
            no_options(url, options)?;
            Arc::new(InMemory::new())
        }
        other => return Err(bad(format!("{url}: unknown scheme {other:?}, use s3, gs, az, file or memory"))),
    };
    Ok(OpenedStore { store, prefix })
}

const fn bad(why: String) -> ArchiveError {
    ArchiveError::Config(why)
}

/// One attempt a request: [`crate::RequestConfig`] rules repetitions, on the clock that the simulator controls.
fn one_attempt() -> RetryConfig {
    RetryConfig { max_retries: 0, ..RetryConfig::default() }
}

fn client(plain_http: bool) -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(plain_http)
        .with_connect_timeout(Duration::from_secs(5))
        // The archive's own limit of an attempt is shorter by default; this one ends what nobody waits for any more.
        .with_timeout(Duration::from_secs(120))
        .with_pool_idle_timeout(Duration::from_secs(60))
        .with_pool_max_idle_per_host(64)
}

fn no_options(url: &str, options: &BTreeMap<String, String>) -> Result<(), ArchiveError> {
    options.keys().next().map_or(Ok(()), |key| Err(bad(format!("{url} has no option {key:?}"))))
}

/// Environment first, so that options win.
fn settings<K: FromStr>(
    options: &BTreeMap<String, String>,
    environment: &BTreeMap<String, String>,
    family: &str,
) -> Result<Vec<(K, String)>, ArchiveError> {
    let mut settings = Vec::new();
    for (name, value) in environment.iter().filter(|(name, _)| name.starts_with(family)) {
        // Other tools share the family, so a variable that means nothing here is no mistake.
        if let Ok(key) = name.to_ascii_lowercase().parse() {
            settings.push((key, value.clone()));
        }
    }
    for (name, value) in options {
        let key = name.parse().map_err(|_| bad(format!("unknown object store option {name:?}")))?;
        settings.push((key, value.clone()));
    }
    Ok(settings)
}

/// A directory as a store. A write returns once the file and every directory entry that leads to it are synced: the
/// log is trimmed after an upload, so an upload must survive a power loss.
#[allow(clippy::disallowed_methods, reason = "the store of the filesystem works on the filesystem")]
fn directory(dir: &Path) -> Result<LocalFileSystem, ArchiveError> {
    let made = || {
        std::fs::create_dir_all(dir)?;
        for parent in dir.ancestors().skip(1) {
            std::fs::File::open(parent)?.sync_all()?;
        }
        Ok(())
    };
    made().map_err(|error: std::io::Error| bad(format!("directory {}: {error}", dir.display())))?;
    let store = LocalFileSystem::new_with_prefix(dir).map_err(|error| bad(error.to_string()))?;
    Ok(store.with_fsync(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    fn open(url: &str, options: &[(&str, &str)]) -> Result<OpenedStore, String> {
        object_store_from_url(url, &map(options), &map(&[("AWS_REGION", "mars-1"), ("AWS_PAGER", "")]))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn urls_lead_to_stores_and_mistakes_are_named() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let keys = [("access_key_id", "a"), ("secret_access_key", "b")];
        let s3 = open("s3://bucket/some/where/", &keys).unwrap();
        assert_eq!(s3.prefix, "some/where");
        assert!(s3.store.to_string().contains("bucket"), "{}", s3.store);
        assert_eq!(open("memory:///", &[]).unwrap().prefix, "");
        assert!(open("s3://bucket", &[("acces_key", "a")]).unwrap_err().contains("\"acces_key\""));
        assert!(open("s3://bucket", &[("path_style", "maybe")]).unwrap_err().contains("path_style"));
        assert!(open("ftp://host/x", &[]).unwrap_err().contains("unknown scheme"));
        assert!(open("memory:///", &[("region", "x")]).unwrap_err().contains("no option"));
        assert!(open("bucket", &[]).unwrap_err().contains("not a URL"));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b c");
        let url = Url::from_file_path(&path).unwrap();
        assert_eq!(open(url.as_str(), &[]).unwrap().prefix, "");
        assert!(path.is_dir());
    }
}
