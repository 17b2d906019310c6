use std::fs::File;
use std::path::{Path, PathBuf};

use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_STRSZ, DT_STRTAB, FileHeader32, FileHeader64, PT_LOAD};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, ReadCache, ReadRef};

/// What an executable asks of the dynamic linker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Dynamic {
    /// DT_NEEDED: names of shared libraries.
    pub(super) needed: Vec<String>,
    /// DT_RUNPATH, else DT_RPATH, with `$ORIGIN` expanded.
    pub(super) search_path: Vec<PathBuf>,
}

/// Reads the dynamic section of an ELF file, and of the file only its headers and that section. `None`: not ELF.
pub(super) fn read(path: &Path) -> Option<Dynamic> {
    let cache = ReadCache::new(File::open(path).ok()?);
    let ident = (&cache).read_bytes_at(0, 5).ok()?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    match ident {
        [0x7f, b'E', b'L', b'F', 2] => read_class::<FileHeader64<Endianness>>(&cache, folder),
        [0x7f, b'E', b'L', b'F', 1] => read_class::<FileHeader32<Endianness>>(&cache, folder),
        _ => None,
    }
}

fn read_class<Elf: FileHeader<Endian = Endianness>>(data: &ReadCache<File>, folder: &Path) -> Option<Dynamic> {
    let header = Elf::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, data).ok()?;
    let Some(entries) = segments.iter().find_map(|segment| segment.dynamic(endian, data).ok().flatten()) else {
        return Some(Dynamic::default()); // linked statically through and through
    };
    let value = |tag| entries.iter().find(|entry| entry.tag(endian) == tag).map(|entry| entry.val(endian));
    let address = value(DT_STRTAB)?;
    let size = value(DT_STRSZ)?;
    let segment = segments.iter().find(|segment| {
        let start: u64 = segment.p_vaddr(endian).into();
        let length: u64 = segment.p_filesz(endian).into();
        segment.p_type(endian) == PT_LOAD && (start..start.saturating_add(length)).contains(&address)
    })?;
    let start: u64 = segment.p_vaddr(endian).into();
    let offset: u64 = segment.p_offset(endian).into();
    let strings = data.read_bytes_at(offset.checked_add(address - start)?, size).ok()?;
    let texts = |tag| {
        let found = entries.iter().filter(move |entry| entry.tag(endian) == tag);
        found.filter_map(|entry| text_at(strings, entry.val(endian))).collect::<Vec<_>>()
    };
    let paths = Some(texts(DT_RUNPATH)).filter(|paths| !paths.is_empty()).unwrap_or_else(|| texts(DT_RPATH));
    Some(Dynamic { needed: texts(DT_NEEDED), search_path: expand(&paths, folder) })
}

fn text_at(strings: &[u8], offset: u64) -> Option<String> {
    let rest = strings.get(usize::try_from(offset).ok()?..)?;
    let end = rest.iter().position(|&byte| byte == 0)?;
    Some(String::from_utf8_lossy(&rest[..end]).into_owned())
}

fn expand(paths: &[String], folder: &Path) -> Vec<PathBuf> {
    let origin = folder.to_string_lossy();
    let parts = paths.iter().flat_map(|path| path.split(':')).filter(|part| !part.is_empty());
    parts.map(|part| PathBuf::from(part.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_this_test_needs() {
        let dynamic = read(&std::env::current_exe().unwrap()).unwrap();
        assert!(dynamic.needed.iter().any(|name| name.starts_with("libc.so")), "{dynamic:?}");
    }

    #[test]
    fn a_text_is_not_elf() {
        assert_eq!(read(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml").as_path()), None);
    }

    #[test]
    fn a_truncated_file_is_no_panic() {
        let folder = tempfile::tempdir().unwrap();
        let whole = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        for length in [5, 20, 64, 100, 400, 1000] {
            let path = folder.path().join(length.to_string());
            std::fs::write(&path, &whole[..length]).unwrap();
            let _ = read(&path);
        }
    }

    #[test]
    fn origin_is_the_folder_of_the_file() {
        let expanded = expand(&["$ORIGIN/../lib:${ORIGIN}:/x".to_owned()], Path::new("/p/bin"));
        assert_eq!(expanded, [Path::new("/p/bin/../lib"), Path::new("/p/bin"), Path::new("/x")]);
    }
}
