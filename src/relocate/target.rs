use serde::Deserialize;

use super::ask::{ask, ask_one};
use super::{RelocateError, Request, Warning};
use crate::database::{Connection, OWN_SCHEMA, check_schema_name, quote_identifier};

/// The two schemas of a request, as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schemas {
    /// Whether the target is there.
    pub(super) has_target: bool,
    /// What makes it, with its grants.
    pub(super) statements: Vec<String>,
    pub(super) warnings: Vec<Warning>,
}

const SCHEMAS: &str = "SELECT n.nspname AS name FROM pg_catalog.pg_namespace n
    WHERE left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema' ORDER BY 1";

#[derive(Deserialize)]
struct Name {
    name: String,
}

const SOURCE: &str = "SELECT r.rolname AS owner, pg_catalog.pg_has_role(r.oid, 'MEMBER') AS can_give,
        r.rolname = current_user AS is_mine,
        coalesce((SELECT json_agg(json_build_object('grantee', g.grantee, 'privilege', a.privilege_type,
                'grantable', a.is_grantable, 'has', (SELECT pg_catalog.has_schema_privilege(g.oid, t.oid, a.privilege_type)
                    FROM pg_catalog.pg_namespace t WHERE t.nspname = $2 AND g.oid <> 0)))
            FROM pg_catalog.aclexplode(n.nspacl) a
            JOIN (SELECT oid, quote_ident(rolname) AS grantee FROM pg_catalog.pg_roles UNION ALL SELECT 0, 'PUBLIC') g
                ON g.oid = a.grantee
            WHERE a.grantee <> n.nspowner), '[]') AS grants
    FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner WHERE n.nspname = $1";

#[derive(Deserialize)]
struct Source {
    owner: String,
    can_give: bool,
    is_mine: bool,
    grants: Vec<Grant>,
}

#[derive(Deserialize)]
struct Grant {
    grantee: String,
    privilege: String,
    grantable: bool,
    has: Option<bool>,
}

impl Schemas {
    /// Looks at both.
    ///
    /// # Errors
    /// One that cannot be moved from or to.
    pub(super) fn read(connection: &mut Connection, request: &Request) -> Result<Self, RelocateError> {
        let Request { from, to, .. } = request;
        request.check()?;
        let known: Vec<Name> = ask(connection, SCHEMAS, &[])?;
        let Some(source) = ask::<Source>(connection, SOURCE, &[from, to])?.into_iter().next() else {
            let database = ask_one(connection, "SELECT current_database()::text", &[])?.unwrap_or_default();
            let known = known.into_iter().map(|row| row.name).collect();
            return Err(RelocateError::NoSuchSchema { schema: from.clone(), database, known });
        };
        let has_target = known.iter().any(|row| row.name == *to);
        let mut warnings = Vec::new();
        let statements = if has_target {
            warnings.extend(missing_usage(request, &source));
            Vec::new()
        } else {
            warnings.extend(uncopied(request, &source));
            creation(to, &source)
        };
        Ok(Self { has_target, statements, warnings })
    }
}

impl Request {
    /// Whether the two names are some that can be moved from and to; no database is asked.
    ///
    /// # Errors
    /// One of them is not, or both are the same.
    pub fn check(&self) -> Result<(), RelocateError> {
        if self.from == self.to {
            return Err(RelocateError::SameSchema { schema: self.from.clone() });
        }
        [&self.from, &self.to].into_iter().try_for_each(|schema| check_name(self, schema))
    }
}

fn check_name(request: &Request, schema: &str) -> Result<(), RelocateError> {
    let reserved = |reason: String| RelocateError::Reserved { schema: schema.to_owned(), reason };
    check_schema_name(schema).map_err(|error| reserved(error.to_string()))?;
    // Where the settings put limbec's tables into a schema of the application, they stay behind or go along one by one.
    if schema == OWN_SCHEMA && request.own_schema == OWN_SCHEMA {
        return Err(reserved("is limbec's own".to_owned()));
    }
    Ok(())
}

fn creation(to: &str, source: &Source) -> Vec<String> {
    let target = quote_identifier(to);
    let owner = if source.can_give && !source.is_mine {
        format!(" AUTHORIZATION {}", quote_identifier(&source.owner))
    } else {
        String::new()
    };
    let mut statements = vec![format!("CREATE SCHEMA {target}{owner}")];
    for grant in source.grants.iter().filter(|grant| grant.privilege == "USAGE") {
        let option = if grant.grantable { " WITH GRANT OPTION" } else { "" };
        statements.push(format!("GRANT USAGE ON SCHEMA {target} TO {}{option}", grant.grantee));
    }
    statements
}

fn uncopied(request: &Request, source: &Source) -> Option<Warning> {
    let creators: Vec<String> =
        source.grants.iter().filter(|grant| grant.privilege == "CREATE").map(|grant| grant.grantee.clone()).collect();
    (!creators.is_empty()).then(|| Warning {
        code: "schema-grants",
        message: format!("the right to create objects in {} is not given for {}", request.from, request.to),
        objects: creators,
        hint: Some(format!("GRANT CREATE ON SCHEMA {} TO …", quote_identifier(&request.to))),
    })
}

fn missing_usage(request: &Request, source: &Source) -> Option<Warning> {
    let lacking = |grant: &&Grant| grant.privilege == "USAGE" && grant.has == Some(false);
    let roles: Vec<String> = source.grants.iter().filter(lacking).map(|grant| grant.grantee.clone()).collect();
    (!roles.is_empty()).then(|| Warning {
        code: "schema-grants",
        message: format!("roles that may use {} may not use {}, which exists already", request.from, request.to),
        hint: Some(format!("GRANT USAGE ON SCHEMA {} TO {}", quote_identifier(&request.to), roles.join(", "))),
        objects: roles,
    })
}
