//! Signed device readings, durable and proven.

use anyhow::Result;
use chancery_testing::{
    ingest::Source,
    numbers::{Number, quantile},
    process::{City, CityOptions},
};

use crate::{limit, stream};

/// Asked for: operations a second under one signature for many, and when each is signed.
const BATCHED: f64 = 25_000.0;
const EACH: f64 = 10_000.0;
/// Asked for: milliseconds from acknowledgement to final proof, of 99 in 100.
const PROOF_MS: f64 = 2000.0;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Operations in submissions of many; 0 leaves them out.
    #[arg(long, default_value_t = 500_000)]
    batched: usize,
    /// Operations under one signature in those.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Operations that are signed each; 0 leaves them out.
    #[arg(long, default_value_t = 150_000)]
    single: usize,
    /// Bytes of a reading.
    #[arg(long, default_value_t = 256)]
    bytes: usize,
    /// Connections that stream.
    #[arg(long, default_value_t = 2)]
    connections: usize,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let limit = limit::on_all_cores()?;
    println!("Ed25519 verification, all cores: {limit:.0}/s");
    let folder = tempfile::tempdir()?;
    let city = City::start(&CityOptions::new(&folder.path().join("city")))?;
    let source = Source::register(folder.path(), &city.gateway)?;
    let warm_up = stream::prepare(&source, 0..10_000, arguments.batch, arguments.bytes)?;
    stream::stream(&city.gateway, warm_up, arguments.connections).await?;
    for (name, operations, batch, asked) in [
        (format!("ingest, {} under one signature", arguments.batch), arguments.batched, arguments.batch, BATCHED),
        ("ingest, each signed".to_owned(), arguments.single, 1, EACH),
    ] {
        if operations == 0 {
            continue;
        }
        let lines = stream::prepare(&source, 0..operations, batch, arguments.bytes)?;
        let result = stream::stream(&city.gateway, lines, arguments.connections).await?;
        let per_second = operations as f64 / result.elapsed.as_secs_f64();
        let (acknowledged, proven) = (&result.acknowledged, &result.proven);
        println!(
            "{name}: {operations} operations of {} bytes; acknowledged p50 {:.0} ms, p99 {:.0} ms; final proof after acknowledgement p50 {:.0} ms, most \
             {:.0} ms over {} samples; all recorded {:.0} ms after the last",
            arguments.bytes,
            quantile(acknowledged, 0.5),
            quantile(acknowledged, 0.99),
            quantile(proven, 0.5),
            quantile(proven, 1.0),
            proven.len(),
            result.tail_ms,
        );
        Number::at_least(&name, asked, "operations/s", per_second)
            .beside(per_second / batch as f64 / limit, "Ed25519 verification on all cores, in signatures")
            .print()?;
        let most = quantile(proven, 0.99);
        Number::below(format!("{name}: from acknowledgement to final proof, p99"), PROOF_MS, "ms", most).print()?;
    }
    Ok(())
}
