use sha2::{Digest, Sha256};

use crate::database::VersionTableName;

/// The name of MySQL's `GET_LOCK` for one version table: such names are the server's, not the database's, ignore case and have at
/// most 64 characters. `database` is the one connected to.
pub fn lock_name(database: &str, table: &VersionTableName) -> String {
    let schema = table.schema.as_deref().unwrap_or(database);
    let digest = Sha256::digest(format!("{schema}\0{}", table.name).as_bytes());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("limbec:{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_a_database() {
        let table = VersionTableName::default();
        let name = lock_name("app", &table);
        assert_eq!(name, lock_name("other", &table.clone().in_schema(Some("app".into()))));
        assert_ne!(name, lock_name("other", &table));
        assert_ne!(name, lock_name("app", &VersionTableName::new("versions")));
        assert!(name.len() <= 64, "{name}");
    }
}
