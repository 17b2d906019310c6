//! The operation reader on any file: it ends, it does not panic, and every place that it names is a place of the text.

#![no_main]

use std::ops::Range;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use limbec::operation::{self, Body};
use limbec::script::{Imports, RevisionFile};

fuzz_target!(|bytes: &[u8]| {
    let file = RevisionFile::parse(Path::new("/versions/fuzz.py"), bytes.to_vec(), &Imports::new(&[]));
    let operations = operation::read(&file);
    for body in [&operations.upgrade, &operations.downgrade] {
        check(body, file.text());
    }
});

fn check(body: &Body, text: &str) {
    for operation in &body.operations {
        is_of(text, &operation.range);
        is_of(text, &operation.statement);
    }
    for call in &body.not_analysed {
        is_of(text, &call.range);
    }
    for range in [&body.definition, &body.body, &body.raises].into_iter().flatten() {
        is_of(text, range);
    }
}

fn is_of(text: &str, range: &Range<usize>) {
    assert!(text.get(range.clone()).is_some(), "{range:?} is no part of the text, which has {} bytes", text.len());
}
