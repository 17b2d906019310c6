//! The ini reader on any text: it ends and does not panic, and every value can be asked for.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use limbec::config::{DEFAULT_SECTION, Ini};

fuzz_target!(|text: &str| {
    let Ok(ini) = Ini::parse(text, Path::new("/alembic.ini"), "/project") else { return };
    let sections: Vec<String> = ini.sections().map(str::to_owned).collect();
    for section in sections.iter().map(String::as_str).chain([DEFAULT_SECTION, "", "absent"]) {
        for (name, value) in ini.items(section).ok().flatten().unwrap_or_default() {
            assert!(ini.has_option(section, &name), "[{section}] has no {name}, which is among its items");
            assert_eq!(ini.get(section, &name).ok().flatten(), Some(value));
        }
    }
});
