//! Measures the real server over HTTP against the ceilings that `BENCHMARKS.md` names, and prints its table.
//!
//! `cargo bench` measures every case, `cargo bench -- get_job post_one` only these, and `--quick` takes less time.
//! `--list` prints the names.

#![forbid(unsafe_code)]

mod alternate;
mod bench;
mod cases;
mod ceiling;
mod client;
mod latency;
mod load;
mod points;
mod postgres;
mod report;
mod request;
mod servers;
mod stores;
mod verified;
mod watched;

use std::{
    error::Error,
    process::{Command, ExitCode, Stdio},
};

use bench::Bench;
use cases::{CASES, Case};

/// Result of a step, or the reason of its failure.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// Programs that this one requires, with their arguments for a check. `benches/run` installs them.
const TOOLS: [(&str, &str); 2] = [("wrk", "--version"), ("victoria-metrics", "-version")];

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("benchmark: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the chosen cases. Returns whether every case could be measured.
fn run() -> Outcome<bool> {
    // Cargo passes --bench to every benchmark.
    let arguments = std::env::args().skip(1).filter(|word| word != "--bench");
    let arguments: Vec<_> = arguments.collect();
    if let [first, file] = &arguments[..]
        && first == ceiling::ARGUMENT
    {
        ceiling::serve(file.as_ref())?;
        return Ok(true);
    }
    if arguments.iter().any(|word| word == "--list") {
        CASES.iter().for_each(|case| println!("{}", case.name));
        return Ok(true);
    }
    let (options, names): (Vec<_>, Vec<_>) = arguments.iter().partition(|word| word.starts_with("--"));
    if let Some(unknown) = options.iter().find(|word| **word != "--quick") {
        return Err(format!("there is no option {unknown}; there are --quick and --list").into());
    }
    let chosen = choose(&names)?;
    demand_tools()?;
    let bench = Bench::new(!options.is_empty())?;
    let mut report = report::Report::default();
    for case in chosen {
        eprintln!("\n{}: {}", case.name, case.title);
        let measured = (case.measure)(&bench);
        if let Err(error) = &measured {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            eprintln!("  failed: {error}{cause}");
        }
        report.add(case, measured);
    }
    println!("\n{report}");
    Ok(!report.has_failures())
}

/// Returns the cases with these names, in the order of the table; all of them if there are no names.
fn choose(names: &[&String]) -> Outcome<Vec<&'static Case>> {
    for name in names {
        if !CASES.iter().any(|case| case.name == name.as_str()) {
            let known: Vec<_> = CASES.iter().map(|case| case.name).collect();
            let known = known.join(", ");
            return Err(format!("there is no case {name}; there are {known}").into());
        }
    }
    let is_chosen = |case: &&Case| names.is_empty() || names.iter().any(|name| case.name == name.as_str());
    Ok(CASES.iter().filter(is_chosen).collect())
}

fn demand_tools() -> Outcome<()> {
    let is_missing = |tool: &&(&str, &str)| {
        let (name, harmless) = tool;
        Command::new(name)
            .arg(harmless)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_err()
    };
    let missing: Vec<_> = TOOLS.iter().filter(is_missing).map(|tool| tool.0).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" and ");
    Err(format!("{names} must be installed (packages of Debian); benches/run does that").into())
}
