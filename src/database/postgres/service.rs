use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::database::{DatabaseError, Environment};

/// The settings of a service: from PGSERVICEFILE or `~/.pg_service.conf`, then from PGSYSCONFDIR's `pg_service.conf`.
pub(super) fn settings(service: &str, environment: &Environment) -> Result<BTreeMap<String, String>, DatabaseError> {
    let own = environment
        .get("PGSERVICEFILE")
        .map(PathBuf::from)
        .or_else(|| environment.home().map(|home| home.join(".pg_service.conf")));
    let system = environment.get("PGSYSCONFDIR").map(|dir| PathBuf::from(dir).join("pg_service.conf"));
    for path in own.into_iter().chain(system) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if let Some(found) = section(&text, service) {
            return Ok(found);
        }
    }
    Err(DatabaseError::Setting {
        name: "service".into(),
        reason: format!("names {service}, which no service file has"),
    })
}

fn section(text: &str, service: &str) -> Option<BTreeMap<String, String>> {
    let mut found: Option<BTreeMap<String, String>> = None;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            if found.is_some() {
                break;
            }
            if name == service {
                found = Some(BTreeMap::new());
            }
        } else if let (Some(settings), Some((key, value))) = (&mut found, line.split_once('=')) {
            settings.entry(key.to_owned()).or_insert_with(|| value.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::section;

    #[test]
    fn only_the_named_section_is_read() {
        let text = "[a]\nhost=x\n# c\n\n[b]\nhost=y\nport=6\n[c]\nhost=z\n";
        let found = section(text, "b").expect("section b");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [("host".into(), "y".into()), ("port".into(), "6".into())]);
        assert!(section(text, "d").is_none());
    }
}
