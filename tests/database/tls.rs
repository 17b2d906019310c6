use limbec::database::{DatabaseError, VersionTableName};

use crate::fixture::{TestDatabase, connect, refusal, server};

/// Needs a test server with `ssl = on` and the certificate of `localhost` in the file `LIMBEC_TEST_POSTGRES_CERT`.
#[test]
fn each_sslmode_means_what_libpq_means() {
    let Some(database) = TestDatabase::create() else { return };
    let Some(certificate) = server("LIMBEC_TEST_POSTGRES_CERT") else { return };
    let encrypted = |query: &str| {
        let mut connection = database.connect(query);
        // The view of all connections, with one row per encrypted one: ours is the only one of this database.
        connection.version_rows(&VersionTableName::default()).expect("an answer");
        let query = "SELECT ssl::text FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE datname = current_database() AND application_name = 'limbec'";
        let answer = database.column(query);
        assert_eq!(answer.len(), 1, "{answer:?}");
        answer[0] == "true"
    };
    assert!(!encrypted("sslmode=disable"));
    assert!(!encrypted("sslmode=allow"));
    assert!(encrypted("sslmode=prefer"));
    assert!(encrypted("sslmode=require"));
    assert!(encrypted(&format!("sslmode=verify-ca&sslrootcert={certificate}")));

    let by_name =
        database.url(&format!("sslmode=verify-full&sslrootcert={certificate}")).replace("127.0.0.1", "localhost");
    connect(&by_name);
    let elsewhere = format!("sslmode=verify-full&sslrootcert={certificate}&host=elsewhere.invalid&hostaddr=127.0.0.1");
    let wrong_name = refusal(&database.url(&elsewhere));
    assert!(matches!(wrong_name, DatabaseError::Tls { .. }), "{wrong_name:?}");
    let no_file = refusal(&database.url("sslmode=verify-ca"));
    assert!(no_file.to_string().contains("sslrootcert"), "{no_file}");
    let stranger = refusal(&database.url("sslmode=verify-full&sslrootcert=system"));
    assert!(matches!(stranger, DatabaseError::Tls { .. }), "{stranger:?}");
}

#[test]
fn a_root_certificate_makes_require_verify() {
    let Some(database) = TestDatabase::create() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let other = directory.path().join("other.crt");
    std::fs::write(&other, OTHER_CERTIFICATE).expect("a file");
    let error = refusal(&database.url(&format!("sslmode=require&sslrootcert={}", other.display())));
    assert!(matches!(error, DatabaseError::Tls { .. }), "{error:?}");
}

/// A self-signed certificate of nobody.
const OTHER_CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBejCCAR+gAwIBAgIUFGK7dh3gqZIhOETNCtRwk3gRxLMwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyMTA3MjczNFoYDzIxMjYxMDI4MDcy
NzM0WjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AASyHhVC7mzMLvShtSIWYAs2Xx+276ufIX+vMoG/Q13MyX8aTfkIwLsRoEjs/sjR
FIas1ooK95el8jfKosx6bkgLo1MwUTAdBgNVHQ4EFgQU9JCaf8DfbUv4ivhjiv00
06aXWhIwHwYDVR0jBBgwFoAU9JCaf8DfbUv4ivhjiv0006aXWhIwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAtUN+qVT9CGR1fIq8gmJv8U2Fm6Mw
QMM9OWrurQtEwscCIQDcZ8HsHE4bZyBgN4wTjGbYrJbzVl4mUIWCcIenM4eYPg==
-----END CERTIFICATE-----
";
