//! What a command fails with, and how that is told.

use std::io::Write;
use std::process::ExitCode;

use esker_client::ClientError;
use serde_json::json;

use super::output::Format;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The cluster or the way to it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Standard input or output.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// What the command was to look at.
    #[error("{0}")]
    Found(String),
    /// The arguments or the input.
    #[error("{0}")]
    Usage(String),
}

impl CliError {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }
}

/// Tells the error on standard error, as text or as one line of JSON.
pub(crate) fn report(error: &CliError, format: Format) -> ExitCode {
    let line = match format {
        Format::Text => format!("error: {error}{}", hint(error)),
        Format::Json => {
            let code = match error {
                CliError::Client(error) => error.code().map(|code| code.name()),
                _ => None,
            };
            json!({ "error": error.to_string(), "code": code }).to_string()
        }
    };
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
    ExitCode::FAILURE
}

fn hint(error: &CliError) -> &'static str {
    match error {
        CliError::Client(ClientError::Unreachable { .. }) => {
            "\nhint: start one with `esker dev`, or name another with --bootstrap HOST:PORT or ESKER_BOOTSTRAP"
        }
        _ => "",
    }
}
