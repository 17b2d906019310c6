use std::path::{Path, PathBuf};

/// The number of the C interface between limbec and the engine (`python/src/lib.rs`, `ABI`).
pub(super) const ENGINE_ABI: u32 = 1;

/// The engine's file: the one given, or beside this executable (a checkout), or in the `site-packages` of the prefix
/// in whose `bin` this executable lies (a wheel). `None` if there is none, as after `cargo install`.
pub(super) fn find(given: Option<&Path>, executable: Option<&Path>) -> Option<PathBuf> {
    if let Some(given) = given {
        return Some(given.to_owned());
    }
    let folder = executable?.parent()?;
    let beside = [folder.join(FILE), folder.join("deps").join(FILE)];
    beside.into_iter().find(|path| path.is_file()).or_else(|| installed(folder.parent()?))
}

const FILE: &str = if cfg!(target_os = "macos") { "liblimbec_engine.dylib" } else { "liblimbec_engine.so" };

fn installed(prefix: &Path) -> Option<PathBuf> {
    for lib in ["lib", "lib64"] {
        let Ok(entries) = prefix.join(lib).read_dir() else { continue };
        let versions = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("python3"));
        for version in versions {
            for packages in ["site-packages", "dist-packages"] {
                let path = version.path().join(packages).join("limbec/_engine.abi3.so");
                if path.is_file() {
                    return Some(path);
                }
            }
        }
    }
    None
}
