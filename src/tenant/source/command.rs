use std::io::{Read, Seek};
use std::path::Path;
use std::time::Duration;

use super::file::{json, text_of};
use crate::config::ListedTenant;
use crate::program::{Program, Streams, end_of};
use crate::tenant::TenantError;

/// How much of what a command says on standard error is shown: its end.
const SAID_BYTES: u64 = 4 * 1024;

/// The tenants that a command prints as JSON; it runs in the folder of the settings, without a shell.
pub(super) fn run(words: &[String], folder: &Path, limit: Duration) -> Result<Vec<ListedTenant>, TenantError> {
    let program = Program { words, folder, limit, streams: Streams::Apart };
    // Arguments may hold secrets; the program's name does not.
    let name = program.name().to_owned();
    let failed = |reason: String, said: String| TenantError::Command { program: name.clone(), reason, said };
    let ran = || -> std::io::Result<_> {
        let mut ended = program.run("")?;
        let said = end_of(&mut ended.stderr, SAID_BYTES)?;
        let mut bytes = Vec::new();
        ended.stdout.rewind()?;
        ended.stdout.read_to_end(&mut bytes)?;
        Ok((ended.status, bytes, said))
    };
    let (status, bytes, said) = ran().map_err(|error| failed(format!("cannot be run: {error}"), String::new()))?;
    match status {
        Some(status) if status.success() => {}
        Some(status) => return Err(failed(format!("failed ({status})"), said)),
        None => return Err(failed(format!("was stopped after {} s", limit.as_secs_f64()), said)),
    }
    let listed = text_of(&bytes).and_then(json);
    listed.map_err(|fault| {
        let line = fault.line.map(|line| format!(", line {line}")).unwrap_or_default();
        failed(format!("printed no list of tenants{line}: {}", fault.reason), said)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(script: &str) -> Result<Vec<String>, (String, String)> {
        let words = ["sh", "-c", script].map(str::to_owned);
        let folder = tempfile::tempdir().unwrap();
        match run(&words, folder.path(), Duration::from_millis(700)) {
            Ok(tenants) => Ok(tenants.into_iter().map(|tenant| tenant.name).collect()),
            Err(error @ TenantError::Command { .. }) => {
                let sentence = error.to_string();
                let TenantError::Command { said, .. } = error else { unreachable!() };
                Err((sentence.replace("the command `sh` that lists the tenants ", ""), said))
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_command_prints_json_and_may_talk_beside_it() {
        assert_eq!(ran("echo note >&2; echo '[\"acme\", {\"name\": \"foo\"}]'").unwrap(), ["acme", "foo"]);
    }

    #[test]
    fn a_command_that_fails_says_why() {
        let failed = |script: &str| ran(script).unwrap_err();
        assert_eq!(failed("echo why >&2; exit 3"), ("failed (exit status: 3)".to_owned(), "why\n".to_owned()));
        assert_eq!(failed("echo begun >&2; sleep 600").0, "was stopped after 0.7 s");
        assert_eq!(failed("echo; echo 'acme'").0, "printed no list of tenants, line 2: it is no JSON: expected value");
        assert!(failed("true").0.starts_with("printed no list of tenants, line 1: it is no JSON: EOF"));
        assert_eq!(failed("printf '[\"\\377\"]'").0, "printed no list of tenants, line 1: it is not UTF-8");
        let words = ["no-such-program".to_owned(), "password".to_owned()];
        let missing = run(&words, Path::new("/"), Duration::from_secs(1)).unwrap_err().to_string();
        assert!(
            missing.starts_with("the command `no-such-program` that lists the tenants cannot be run: "),
            "{missing}"
        );
    }
}
