//! The endpoint as a program.
#![allow(clippy::print_stdout, reason = "the address is this program's output")]

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Parser;
use esker_test_s3::{ACCESS_KEY, FaultSettings, Options, SECRET_KEY, Server};

/// An S3 endpoint over a directory, for tests.
///
/// Faults can be changed while it runs: `curl -X PUT 'http://HOST:PORT/-/faults?outage=true'`.
///
/// Example: esker-test-s3 --root /tmp/s3 --port 9000 --bucket esker --fail-rate 0.05
#[derive(Debug, Parser)]
#[command(name = "esker-test-s3", verbatim_doc_comment)]
struct Arguments {
    /// Directory of the buckets, created when missing
    #[arg(long)]
    root: PathBuf,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: std::net::IpAddr,
    /// Port to listen on; 0 picks a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Bucket to create; may be repeated
    #[arg(long = "bucket", default_value = "esker")]
    buckets: Vec<String>,
    /// Seed of the faults
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Probability of a 503 answer, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    fail_rate: f64,
    /// Probability that a request is carried out but its answer is lost
    #[arg(long, default_value_t = 0.0)]
    lose_rate: f64,
    /// Probability that an answer's body is cut short
    #[arg(long, default_value_t = 0.0)]
    cut_rate: f64,
    /// Pause before every request, milliseconds
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let server = Server::start(Options {
        root: arguments.root,
        buckets: arguments.buckets,
        listen: SocketAddr::new(arguments.host, arguments.port),
        seed: arguments.seed,
        faults: FaultSettings {
            outage: false,
            fail_rate: arguments.fail_rate,
            lose_rate: arguments.lose_rate,
            cut_rate: arguments.cut_rate,
            latency: Duration::from_millis(arguments.latency_ms),
        },
    })
    .await?;
    println!("listening on {} with access key {ACCESS_KEY}, secret key {SECRET_KEY}", server.endpoint());
    server.wait().await;
    Ok(())
}
