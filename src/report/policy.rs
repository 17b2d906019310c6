use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("tables.js");

/// What every page has around its content (frame.html).
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) style: &'static str,
    pub(super) script: &'static str,
    /// Nothing is loaded, and nothing runs but these two: <https://www.w3.org/TR/CSP3/#framework-directive-source-list>.
    pub(super) policy: String,
    /// limbec's.
    pub(super) version: &'static str,
}

impl Frame {
    pub(super) fn new() -> Self {
        let policy = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
            hash(STYLE),
            hash(SCRIPT)
        );
        Self { style: STYLE, script: SCRIPT, policy, version: env!("CARGO_PKG_VERSION") }
    }
}

fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_and_script_end_where_their_elements_do() {
        for text in [STYLE, SCRIPT] {
            // Either would end the element, or change its hash: an HTML parser reads a carriage return as a newline.
            assert!(!text.contains("</") && !text.contains("<!--") && !text.contains('\r'));
        }
    }

    #[test]
    fn the_hash_is_that_of_the_specification() {
        // The example of CSP 3, section 2.3.1.
        assert_eq!(hash("alert('Hello, world.');"), "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
    }
}
