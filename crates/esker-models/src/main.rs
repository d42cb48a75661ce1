//! Runs the models in sizes that tests have no time for: `cargo run -p esker-models --profile quick -- --big`.

use std::{io::Write, process::ExitCode};

use esker_models::{GarbageModel, LedgerMode, LedgerModel, ShardModel, Verdict, WatermarkModel, explore};

type Run = (&'static str, Box<dyn FnOnce() -> Verdict>);

fn ledger(name: &'static str, model: LedgerModel) -> Run {
    (name, Box::new(move || explore(model, false)))
}

fn shard(name: &'static str, model: ShardModel) -> Run {
    (name, Box::new(move || explore(model, false)))
}

fn small() -> Vec<Run> {
    let lane = LedgerModel { rolls: true, ..LedgerModel::default() };
    let moving = ShardModel { moves: 1, ..ShardModel::default() };
    vec![
        ledger("ledger: a roll", lane),
        shard("shard: a move and a death", moving),
        ("deletion", Box::new(|| explore(GarbageModel::default(), false))),
        ("answers", Box::new(|| explore(WatermarkModel { names_epochs: true, without: None }, false))),
    ]
}

fn big() -> Vec<Run> {
    let two = LedgerModel { recoverers: 2, ..LedgerModel::default() };
    let received = LedgerModel { mode: LedgerMode::Received, ..LedgerModel::default() };
    let moving = ShardModel { moves: 1, ..ShardModel::default() };
    vec![
        ledger("ledger: a roll, 2 recoverers", LedgerModel { rolls: true, ..two }),
        ledger("ledger: 3 records, 2 recoverers, a lost disk", {
            LedgerModel { records: 3, disk_losses: 1, ..two }
        }),
        ledger("ledger: a roll, 3 records, a lost disk", {
            LedgerModel { rolls: true, records: 3, disk_losses: 1, ..LedgerModel::default() }
        }),
        ledger("ledger: 2 recoverers, power loss, failed sync, a lost disk", {
            LedgerModel { power_losses: 1, sync_failures: 1, disk_losses: 1, ..two }
        }),
        ledger("ledger: received, 2 recoverers, 2 power losses", {
            LedgerModel { power_losses: 2, recoverers: 2, ..received }
        }),
        ledger("ledger: received, a roll, a power loss", {
            LedgerModel { power_losses: 1, rolls: true, ..received }
        }),
        shard("shard: 3 records, 2 commits, a move and a death", {
            ShardModel { records: 3, commits: 2, ..moving }
        }),
        shard("shard: a move and 2 deaths", ShardModel { deaths: 2, ..moving }),
        shard("shard: 2 moves and a death", ShardModel { moves: 2, records: 1, ..moving }),
        shard("shard: an outage, 2 commits, a move and a death", {
            ShardModel { outage: true, commits: 2, ..moving }
        }),
    ]
}

fn main() -> ExitCode {
    let runs = match std::env::args().nth(1).as_deref() {
        None => small(),
        Some("--big") => big(),
        Some(other) => {
            let _ = writeln!(std::io::stderr(), "unknown argument {other:?}; the one there is: --big");
            return ExitCode::from(2);
        }
    };
    let mut code = ExitCode::SUCCESS;
    for (name, run) in runs {
        let verdict = run();
        // A reader that has gone away does not change what is found.
        let _ = writeln!(std::io::stdout(), "{name}: {verdict}");
        if !verdict.holds() {
            code = ExitCode::FAILURE;
            let _ = writeln!(std::io::stdout(), "{:#?}", verdict.broken);
        }
    }
    code
}
