use super::entry::from_row;
use crate::config::ListedTenant;
use crate::database::{Access, Connection, DatabaseError, DatabaseUrl, Environment};
use crate::tenant::TenantError;

/// The tenants that a query on the common database gives, by the names of its columns: `name`, `url`, `schema` and `tags` (an array, a
/// JSON list, or a text with commas); others are passed over.
pub(super) fn run(
    sql: &str,
    common: &DatabaseUrl,
    environment: &Environment,
) -> Result<Vec<ListedTenant>, TenantError> {
    let place = || format!("the query on {}", common.obfuscated());
    // Reading would take it for a database without tables.
    if let Some(path) = common.sqlite_file().ok().flatten().filter(|path| !path.exists()) {
        return Err(TenantError::Source { place: place(), reason: format!("there is no file {}", path.display()) });
    }
    let read = || -> Result<Vec<String>, DatabaseError> {
        Connection::open(common, environment, Access::Read)?.rows_as_json(sql)
    };
    let rows = read().map_err(|error| TenantError::Source { place: place(), reason: error.to_string() })?;
    let tenant = |(index, row): (usize, &String)| {
        from_row(row).map_err(|reason| TenantError::Source { place: format!("{}, row {}", place(), index + 1), reason })
    };
    rows.iter().enumerate().map(tenant).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(sql: &str) -> Result<Vec<ListedTenant>, String> {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::parse(&format!("sqlite:///{}/common.db", folder.path().display())).unwrap();
        Connection::open(&url, &Environment::default(), Access::Write).unwrap();
        run(sql, &url, &Environment::default())
            .map_err(|error| error.to_string().replace(&folder.path().display().to_string(), ""))
    }

    #[test]
    fn columns_count_by_name() {
        let sql = "SELECT 'eu, big' AS tags, 17 AS id, name, NULL AS url FROM (SELECT 'acme' AS name UNION SELECT 'foo'); -- all";
        let tenants = rows(&sql.replace("; -- all", ";")).unwrap();
        assert_eq!(tenants[0].tags, ["eu", "big"]);
        assert_eq!((tenants[0].name.as_str(), tenants[1].name.as_str()), ("acme", "foo"));
        assert_eq!(rows("SELECT 17 AS name, '[\"a\"]' AS tags -- numbers").unwrap()[0].tags, ["a"]);
    }

    #[test]
    fn what_cannot_be_a_tenant_is_named_by_its_row() {
        let place = "cannot read the tenants from the query on sqlite:////common.db";
        let fault = |sql: &str| rows(sql).unwrap_err();
        assert_eq!(fault("SELECT 1 AS id, 2 AS x"), format!("{place}, row 1: there is no column 'name', only id, x"));
        assert_eq!(
            fault("SELECT 'a' AS name UNION ALL SELECT '../b'"),
            format!("{place}, row 2: '../b' cannot be a tenant's name: it has a slash")
        );
        assert_eq!(fault("SELECT NULL AS name"), format!("{place}, row 1: 'name' should be a text"));
        assert!(fault("SELEC").contains("syntax error"));
        assert!(fault("SELECT CAST(x'ff' AS TEXT) AS name").starts_with(place));
        assert!(fault("DELETE FROM sqlite_master").starts_with(place));
    }
}
