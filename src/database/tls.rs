use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::Socket;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::DatabaseError;

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SslMode {
    /// Never.
    Disable,
    /// Only when the server refuses a plain connection.
    Allow,
    /// When the server offers it.
    Prefer,
    /// Always; the certificate is verified only where a root certificate file exists.
    Require,
    /// Always, by a trusted authority.
    VerifyCa,
    /// Always, by a trusted authority and for this host name.
    VerifyFull,
}

impl SslMode {
    pub(super) fn parse(text: &str) -> Result<Self, DatabaseError> {
        Ok(match text {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            // asyncpg's `ssl=true` is the default context of Python, which verifies.
            "true" | "True" => Self::VerifyFull,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            other => {
                let reason = format!("is {other}: disable, allow, prefer, require, verify-ca or verify-full is meant");
                return Err(DatabaseError::Setting { name: "sslmode".into(), reason });
            }
        })
    }
}

/// What is asked of a server's certificate, and what is shown to it. Files are read only when a server speaks TLS.
#[derive(Debug, Clone)]
pub(super) struct TlsSettings {
    pub(super) mode: SslMode,
    /// A file, or `system` for the operating system's authorities.
    pub(super) root_certificate: Option<String>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    /// `sslnegotiation=direct`
    pub(super) direct: bool,
    /// Where `.postgresql/` with the default files is looked for.
    pub(super) home: Option<PathBuf>,
}

impl TlsSettings {
    fn default_file(&self, name: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(".postgresql").join(name)).filter(|path| path.exists())
    }

    fn client_config(&self) -> Result<ClientConfig, DatabaseError> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = Arc::new(self.verifier(&provider)?);
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| setting("sslmode", &error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let certificate = self.certificate.clone().or_else(|| self.default_file("postgresql.crt"));
        let mut config = match certificate {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let key = self
                    .key
                    .clone()
                    .or_else(|| self.default_file("postgresql.key"))
                    .ok_or_else(|| setting("sslkey", &"is not given, though there is a client certificate"))?;
                let chain = certificates(&path, "the client certificate")?;
                let parsed =
                    PrivateKeyDer::from_pem_file(&key).map_err(|error| file_error(&key, "the client key", &error))?;
                builder
                    .with_client_auth_cert(chain, parsed)
                    .map_err(|error| file_error(&path, "the client certificate", &error))?
            }
        };
        if self.direct {
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(config)
    }

    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Verifier, DatabaseError> {
        let given = self.root_certificate.as_deref();
        // libpq: `system` makes anything weaker than verify-full an error; here it is simply verified in full.
        let full = self.mode == SslMode::VerifyFull || given == Some("system");
        let verifying = full || matches!(self.mode, SslMode::VerifyCa | SslMode::Require);
        let roots = match given {
            _ if !verifying => None,
            Some("system") => Some(system_roots()?),
            Some(file) if Path::new(file).exists() => Some(file_roots(Path::new(file))?),
            _ => self.default_file("root.crt").filter(|_| given.is_none()).map(|path| file_roots(&path)).transpose()?,
        };
        if roots.is_none() && verifying && self.mode != SslMode::Require {
            let path = given.map(PathBuf::from).unwrap_or_else(|| PathBuf::from("~/.postgresql/root.crt"));
            let reason = "it does not exist: name one by sslrootcert, or sslrootcert=system".to_owned();
            return Err(DatabaseError::SettingFile { what: "the root certificate", path, reason });
        }
        Ok(Verifier { roots, full, provider: Arc::clone(provider) })
    }
}

fn setting(name: &str, reason: &dyn std::fmt::Display) -> DatabaseError {
    DatabaseError::Setting { name: name.to_owned(), reason: reason.to_string() }
}

fn file_error(path: &Path, what: &'static str, reason: &dyn std::fmt::Display) -> DatabaseError {
    DatabaseError::SettingFile { what, path: path.to_owned(), reason: reason.to_string() }
}

fn certificates(path: &Path, what: &'static str) -> Result<Vec<CertificateDer<'static>>, DatabaseError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| file_error(path, what, &error))?;
    if found.is_empty() {
        return Err(file_error(path, what, &"there is no certificate in it"));
    }
    Ok(found)
}

fn file_roots(path: &Path) -> Result<Roots, DatabaseError> {
    let listed = certificates(path, "the root certificate")?;
    let mut store = RootCertStore::empty();
    // A certificate that is no authority (an old or self-signed one) is still trusted as itself.
    store.add_parsable_certificates(listed.iter().cloned());
    Ok(Roots { store, listed })
}

fn system_roots() -> Result<Roots, DatabaseError> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() {
        return Err(setting("sslrootcert", &"is system, but the operating system has no trusted certificates"));
    }
    Ok(Roots { store, listed: Vec::new() })
}

#[derive(Debug)]
struct Roots {
    store: RootCertStore,
    /// The very certificates of the file: a server that shows one of them is trusted, as by OpenSSL.
    listed: Vec<CertificateDer<'static>>,
}

/// libpq's three grades: anything, a trusted authority, a trusted authority and the right name.
#[derive(Debug)]
struct Verifier {
    roots: Option<Roots>,
    full: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(roots) = &self.roots else { return Ok(ServerCertVerified::assertion()) };
        let parsed = ParsedCertificate::try_from(end_entity)?;
        if !roots.listed.iter().any(|listed| listed == end_entity) {
            rustls::client::verify_server_cert_signed_by_trust_anchor(
                &parsed,
                &roots.store,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?;
        }
        if self.full {
            rustls::client::verify_server_name(&parsed, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.unless_anything_goes(verify_tls12_signature(message, certificate, signature, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.unless_anything_goes(verify_tls13_signature(message, certificate, signature, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl Verifier {
    /// A certificate of version 1, as old recipes make them, cannot be read by rustls; where its owner is not verified
    /// anyway, neither need the proof that it is the owner's.
    fn unless_anything_goes(
        &self,
        verified: Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match verified {
            Err(rustls::Error::InvalidCertificate(CertificateError::BadEncoding | CertificateError::Other(_)))
                if self.roots.is_none() =>
            {
                Ok(HandshakeSignatureValid::assertion())
            }
            other => other,
        }
    }
}

type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// TLS whose configuration is built (certificates read) only once a server has agreed to speak it.
#[derive(Clone)]
pub(super) struct LazyTls {
    settings: Arc<TlsSettings>,
}

impl LazyTls {
    pub(super) fn new(settings: &TlsSettings) -> Self {
        Self { settings: Arc::new(settings.clone()) }
    }
}

impl MakeTlsConnect<Socket> for LazyTls {
    type Stream = Stream;
    type TlsConnect = LazyTlsTo;
    type Error = BoxError;

    fn make_tls_connect(&mut self, host: &str) -> Result<LazyTlsTo, BoxError> {
        Ok(LazyTlsTo { settings: Arc::clone(&self.settings), host: host.to_owned() })
    }
}

/// [`LazyTls`] for one host.
pub(super) struct LazyTlsTo {
    settings: Arc<TlsSettings>,
    host: String,
}

impl TlsConnect<Socket> for LazyTlsTo {
    type Stream = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn connect(self, stream: Socket) -> Self::Future {
        Box::pin(async move {
            let config = self.settings.client_config()?;
            let mut maker = MakeRustlsConnect::new(config);
            let connector = <MakeRustlsConnect as MakeTlsConnect<Socket>>::make_tls_connect(&mut maker, &self.host)
                .map_err(|_| io::Error::other(format!("{} is no name that TLS can carry", self.host)))?;
            Ok(connector.connect(stream).await?)
        })
    }
}
