use std::fmt;

use rand::distr::{Alphanumeric, SampleString};

/// Letters and digits of a generated password: 190 bits, and nothing that a URL or a shell would have to quote.
const LENGTH: usize = 32;

/// The password of a role. Neither `Debug` nor an error shows it, and the server gets its verifier alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A new one, of the system's secure random numbers.
    pub fn generate() -> Self {
        Self(Alphanumeric.sample_string(&mut rand::rng(), LENGTH))
    }

    /// One that somebody has chosen.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The password itself, for a file that only its owner reads: never print or log it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What PostgreSQL keeps of it (RFC 5803, each time with another salt): sent instead of the password, so that neither the server's
    /// log nor `pg_stat_activity` has that.
    pub(super) fn verifier(&self) -> String {
        postgres_protocol::password::scram_sha_256(self.0.as_bytes())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let password = Password::generate();
        assert_eq!(format!("{password:?}"), "***");
        assert_eq!(password.expose().len(), LENGTH);
        assert_ne!(password, Password::generate());
        let verifier = password.verifier();
        assert!(verifier.starts_with("SCRAM-SHA-256$4096:") && !verifier.contains(password.expose()));
        assert_ne!(verifier, password.verifier());
    }
}
