use std::path::PathBuf;

use thiserror::Error;

/// Why revision files could not be read.
#[derive(Debug, Error)]
pub enum ScriptError {
    /// The file system said no.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
