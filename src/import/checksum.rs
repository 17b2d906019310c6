//! Checksums as other tools compute them.

use md5::Md5;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Flyway's (`ChecksumCalculator`): CRC-32 over the lines without their ends and without a byte order mark, as Java's `int`.
pub(super) fn flyway(source: &[u8]) -> i32 {
    let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    let mut hasher = crc32fast::Hasher::new();
    // The ends of lines are what readLine takes for one.
    source.split(|byte| matches!(byte, b'\n' | b'\r')).for_each(|line| hasher.update(line));
    hasher.finalize().cast_signed()
}

/// sqlx's: SHA-384 of the file, in hexadecimal digits.
pub(super) fn sqlx(source: &[u8]) -> String {
    hexadecimal(&Sha384::digest(source))
}

/// Whether a checksum is one of a file's, by its length: MD5, SHA-256, SHA-384 or SHA-512, of the file or of its text without blanks around it.
/// `None`: it is none of these.
pub(super) fn is_of(checksum: &str, source: &[u8]) -> Option<bool> {
    let digest: fn(&[u8]) -> String = match checksum.len() {
        32 => |bytes| hexadecimal(&Md5::digest(bytes)),
        64 => |bytes| hexadecimal(&Sha256::digest(bytes)),
        96 => |bytes| hexadecimal(&Sha384::digest(bytes)),
        128 => |bytes| hexadecimal(&Sha512::digest(bytes)),
        _ => return None,
    };
    if !checksum.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some([source, source.trim_ascii()].iter().any(|bytes| digest(bytes).eq_ignore_ascii_case(checksum)))
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_marks_change_nothing_for_flyway() {
        // What Python's zlib.crc32 says of the lines joined.
        assert_eq!(
            flyway(b"create table t (a int);\ninsert into t values (1);\n"),
            flyway(b"\xef\xbb\xbfcreate table t (a int);\r\ninsert into t values (1);")
        );
        assert_eq!(flyway(b"123456789"), 0xcbf4_3926_u32.cast_signed());
        assert_eq!(flyway(b""), 0);
    }

    #[test]
    fn the_kind_of_a_checksum_is_told_by_its_length() {
        assert_eq!(is_of("900150983cd24fb0d6963f7d28e17f72", b"abc"), Some(true));
        assert_eq!(is_of("900150983CD24FB0D6963F7D28E17F72", b"abc\n"), Some(true));
        assert_eq!(is_of("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", b"abd"), Some(false));
        assert_eq!(is_of("manual", b"abc"), None);
        assert_eq!(is_of("zz0150983cd24fb0d6963f7d28e17f72", b"abc"), None);
    }
}
