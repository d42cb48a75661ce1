//! A yardstick for replay: reads every object of a store by plain range requests, so many at once, and drops the bytes.
//!
//! `range_reads URL CONCURRENCY RANGE_BYTES [option=value]...`, options as `object_store_from_url` takes them.
//! Prints one JSON object.
#![allow(clippy::print_stdout, reason = "its result is its output")]

use std::{collections::BTreeMap, error::Error};

use esker_archive::object_store_from_url;
use esker_env::Env;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{ObjectMeta, ObjectStoreExt, path::Path};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| "the crypto provider is set already")?;
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or(format!("{what} is missing"));
    let url = next("URL")?;
    let concurrency: usize = next("CONCURRENCY")?.parse()?;
    let range_bytes: u64 = next("RANGE_BYTES")?.parse()?;
    let options: BTreeMap<String, String> = arguments
        .filter_map(|option| option.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())))
        .collect();

    let opened = object_store_from_url(&url, &options, &BTreeMap::new())?;
    let prefix = Path::from(opened.prefix.as_str());
    let objects: Vec<ObjectMeta> = opened.store.list(Some(&prefix)).try_collect().await?;
    let ranges = objects.iter().flat_map(|object| {
        let starts = (0..object.size).step_by(usize::try_from(range_bytes).unwrap_or(usize::MAX));
        starts.map(|start| (object.location.clone(), start..object.size.min(start + range_bytes)))
    });

    let clock = Env::real().clock;
    let start = clock.now();
    let store = &opened.store;
    let bytes: usize =
        stream::iter(ranges.collect::<Vec<_>>())
            .map(|(location, range)| async move {
                store.get_range(&location, range).await.map(|bytes| bytes.len())
            })
            .buffer_unordered(concurrency)
            .try_fold(0, |sum, length| async move { Ok(sum + length) })
            .await?;
    let seconds = (clock.now() - start).as_secs_f64();
    let rate = bytes as f64 / 1e6 / seconds;
    println!(
        "{{\"objects\": {}, \"bytes\": {bytes}, \"seconds\": {seconds:.3}, \"mb_per_second\": {rate:.1}}}",
        objects.len()
    );
    Ok(())
}
