//! How long a filter takes for a message: `cargo run --release -p esker-filter --example speed`.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "it is run by hand, and tells the time")]

use std::{error::Error, hint::black_box, time::Instant};

use esker_core::batch::{BatchBuilder, BatchView, Compression, NewRecord};
use esker_filter::Filter;

/// What is asked of a message as most are.
const USUAL: [&str; 10] = [
    "true",
    "priority >= 5",
    "headers.region == 'eu'",
    "headers.region == 'eu' && priority >= 5",
    "headers.region == 'us' && priority >= 5",
    "headers.absent == 'eu'",
    "has(headers.absent) && headers.absent == 'eu'",
    "headers.region in ['us', 'eu', 'ap'] && int(headers.n) > 40",
    "key.startsWith('order-') && headers['content-type'].contains('json')",
    "headers.exists(h, h.startsWith('x-'))",
];

/// What is asked of one with 256 headers of 4 KiB, and of 10,000 small ones: the worst that is let in.
const WORST: [&str; 4] = [
    "headers.h0 == 'eu'",
    "headers.exists(h, h.startsWith('x-'))",
    "headers.all(h, headers[h].contains('aab') || headers[h].contains('aac') || headers[h] == 'a' || size(headers[h]) > 9)",
    "headers.exists(h, int(headers[h]) > 1 || int(headers[h]) > 2 || int(headers[h]) > 3 || int(headers[h]) == 4)",
];

fn main() -> Result<(), Box<dyn Error>> {
    let usual: [(&[u8], Option<&[u8]>); 6] = [
        (b"traceparent", Some(b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")),
        (b"content-type", Some(b"application/json")),
        (b"region", Some(b"eu")),
        (b"tenant", Some(b"acme")),
        (b"esker.priority", Some(b"7")),
        (b"n", Some(b"42")),
    ];
    measure("6 headers", &usual, &USUAL, 200_000)?;
    let names: Vec<String> = (0..10_000).map(|n| format!("h{n}")).collect();
    let headers = |count, value| -> Vec<(&[u8], Option<&[u8]>)> {
        names.iter().take(count).map(|name| (name.as_bytes(), Some(value))).collect()
    };
    measure("256 headers of 4 KiB", &headers(256, &[b'a'; 4096]), &WORST, 200)?;
    measure("10,000 headers", &headers(10_000, b"1"), &WORST, 200)
}

fn measure(
    what: &str,
    headers: &[(&[u8], Option<&[u8]>)],
    filters: &[&str],
    rounds: u32,
) -> Result<(), Box<dyn Error>> {
    let mut batch = BatchBuilder::new(Compression::None);
    let value = Some(&[0_u8; 512][..]);
    batch.push(&NewRecord { timestamp: 1, key: Some(b"order-7"), value, headers })?;
    let batch = BatchView::parse(&batch.build()?)?;
    let records = batch.records(1 << 22)?;
    let record = records.iter().next().ok_or("the batch is empty")??;
    println!("{what}");
    for text in filters {
        let filter = Filter::parse(text).map_err(|error| format!("{text}: {error}"))?;
        let mut matched = 0_u32;
        let begin = Instant::now();
        for _ in 0..rounds {
            matched += u32::from(filter.matches(black_box(&record)));
        }
        let each = begin.elapsed() / rounds;
        println!("{:>9} ns  {:<5}  {text}", each.as_nanos(), matched == rounds);
    }
    Ok(())
}
