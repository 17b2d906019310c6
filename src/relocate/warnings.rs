//! What `SET SCHEMA` does not mend, and a copy cannot know: names that are written as text, and settings elsewhere.

use regex::Regex;
use serde::Deserialize;

use super::ask::{ask, ask_one};
use super::{Inventory, RelocateError, Request};
use crate::database::{Connection, quote_identifier};

/// Something to look at after the move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// A short name that stays: `function-text`.
    pub code: &'static str,
    /// One sentence without a full stop.
    pub message: String,
    /// What it is about, by name.
    pub objects: Vec<String>,
    /// What to type.
    pub hint: Option<String>,
}

/// Text that the server resolves when it runs, not when it is stored: bodies, constants in expressions, arguments of triggers.
const TEXTS: &str = "SELECT 'function-text' AS code, concat(p.prokind_word, ' ', p.oid::regprocedure) AS name, p.prosrc AS text
    FROM (SELECT oid, prosrc, CASE prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS prokind_word, prolang, proname
        FROM pg_catalog.pg_proc WHERE oid >= 16384) p
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE l.lanname NOT IN ('internal', 'c') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend m
        WHERE m.classid = 'pg_catalog.pg_proc'::regclass AND m.objid = p.oid AND m.deptype = 'e')
    UNION ALL SELECT 'default-text', concat('default of ', d.adrelid::regclass, '.', quote_ident(a.attname)),
        pg_catalog.pg_get_expr(d.adbin, d.adrelid)
    FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    JOIN pg_catalog.pg_class c ON c.oid = d.adrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1
    UNION ALL SELECT 'view-text', concat('view ', c.oid::regclass), pg_catalog.pg_get_viewdef(c.oid)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relkind IN ('v', 'm')
    UNION ALL SELECT 'trigger-text', concat('trigger ', quote_ident(t.tgname), ' on ', t.tgrelid::regclass),
        replace(encode(t.tgargs, 'escape'), '\\000', ' ')
    FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgnargs > 0";

/// A path with the source in it, or without the target; `$user` may be anything.
const PATHS: &str = "SELECT 'function-search-path' AS code, concat('function ', p.oid::regprocedure) AS name,
        substr(c.setting, 13) AS text
    FROM pg_catalog.pg_proc p CROSS JOIN LATERAL unnest(p.proconfig) AS c(setting)
    WHERE c.setting LIKE 'search_path=%' AND p.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend m
        WHERE m.classid = 'pg_catalog.pg_proc'::regclass AND m.objid = p.oid AND m.deptype = 'e')
    UNION ALL SELECT 'search-path-setting', CASE WHEN s.setrole = 0 THEN concat('database ', quote_ident(current_database()))
            WHEN s.setdatabase = 0 THEN concat('role ', s.setrole::regrole)
            ELSE concat('role ', s.setrole::regrole, ' in database ', quote_ident(current_database())) END,
        substr(c.setting, 13)
    FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS c(setting)
    WHERE c.setting LIKE 'search_path=%'
        AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))";

const REST: &str = "SELECT 'default-privileges' AS code, concat('role ', d.defaclrole::regrole) AS name, '' AS text
    FROM pg_catalog.pg_default_acl d JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace WHERE n.nspname = $1
    UNION SELECT 'extension', e.extname, '' FROM pg_catalog.pg_extension e
    JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE n.nspname = $1";

const PUBLICATIONS: &str = "SELECT 'publication' AS code, p.pubname AS name, '' AS text
    FROM pg_catalog.pg_publication_namespace s JOIN pg_catalog.pg_publication p ON p.oid = s.pnpubid
    JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid WHERE n.nspname = $1";

/// PostgreSQL 15.
const PUBLICATIONS_OF_SCHEMAS: u32 = 150_000;

#[derive(Deserialize)]
struct Finding {
    code: String,
    name: String,
    text: String,
}

/// Looks for all of it.
pub(super) fn read(
    connection: &mut Connection,
    request: &Request,
    inventory: &Inventory,
) -> Result<Vec<Warning>, RelocateError> {
    let from = request.from.as_str();
    let mentions = mentions(from);
    let mut paths: Vec<Finding> = ask(connection, PATHS, &[])?;
    let own = ask_one(connection, "SELECT pg_catalog.current_setting('search_path')", &[])?.unwrap_or_default();
    paths.push(Finding { code: "search-path-setting".to_owned(), name: "this connection".to_owned(), text: own });
    let mut found: Vec<Finding> =
        texts(connection, from)?.into_iter().filter(|one| mentions.is_match(&one.text)).collect();
    found.extend(paths.into_iter().filter(|one| {
        let path = path(&one.text);
        path.iter().any(|schema| schema == from) && !path.contains(&request.to)
    }));
    found.extend(ask::<Finding>(connection, REST, &[from])?);
    if super::moving::server_version(connection)? >= PUBLICATIONS_OF_SCHEMAS {
        found.extend(ask::<Finding>(connection, PUBLICATIONS, &[from])?);
    }
    found.extend(inventory.left.iter().map(|object| Finding {
        code: "not-moved".to_owned(),
        name: object.shown(),
        text: String::new(),
    }));
    Ok(KINDS.iter().filter_map(|kind| kind.warning(request, &found)).collect())
}

/// With the source as search path, so that only what is text in the text still has its name.
fn texts(connection: &mut Connection, from: &str) -> Result<Vec<Finding>, RelocateError> {
    let mut transaction = connection.begin()?;
    transaction.run(&format!("SET LOCAL search_path = {}", quote_identifier(from)))?;
    ask(transaction.connection(), TEXTS, &[from])
}

struct Kind {
    code: &'static str,
    message: &'static str,
    hint: Option<&'static str>,
}

/// `{from}` and `{to}` are the schemas, `{quoted}` is the target as SQL.
const KINDS: [Kind; 10] = [
    Kind {
        code: "function-text",
        message: "bodies that name {from} in their text go on looking there",
        hint: Some("write them anew, with the name {to} or with none"),
    },
    Kind {
        code: "default-text",
        message: "defaults that name {from} in a text go on looking there",
        hint: Some("ALTER TABLE … ALTER COLUMN … SET DEFAULT nextval('…'::regclass)"),
    },
    Kind { code: "view-text", message: "views that name {from} in a text go on looking there", hint: None },
    Kind { code: "trigger-text", message: "triggers whose arguments name {from} hand on that name", hint: None },
    Kind {
        code: "function-search-path",
        message: "functions that set a search_path with {from} do not find {to}",
        hint: Some("ALTER FUNCTION … SET search_path = {quoted}"),
    },
    Kind {
        code: "search-path-setting",
        message: "a search_path that has {from} and lacks {to} finds none of the moved tables by their bare names",
        hint: Some("ALTER ROLE … SET search_path = {quoted}, …, or the same of the database"),
    },
    Kind {
        code: "default-privileges",
        message: "default privileges in {from} do not hold in {to}",
        hint: Some("ALTER DEFAULT PRIVILEGES FOR ROLE … IN SCHEMA {quoted} GRANT …"),
    },
    Kind {
        code: "publication",
        message: "publications of the whole schema {from} lose the tables",
        hint: Some("ALTER PUBLICATION … ADD TABLES IN SCHEMA {quoted}"),
    },
    Kind {
        code: "not-moved",
        message: "what PostgreSQL cannot move, or lets only a superuser move, stays in {from}",
        hint: None,
    },
    Kind {
        code: "extension",
        message: "extensions stay in {from}, which has to be on the search_path for their bare names",
        hint: None,
    },
];

impl Kind {
    fn warning(&self, request: &Request, found: &[Finding]) -> Option<Warning> {
        let objects: Vec<String> =
            found.iter().filter(|one| one.code == self.code).map(|one| one.name.clone()).collect();
        let fill = |text: &str| {
            let quoted = quote_identifier(&request.to);
            text.replace("{from}", &request.from).replace("{to}", &request.to).replace("{quoted}", &quoted)
        };
        (!objects.is_empty()).then(|| Warning {
            code: self.code,
            message: fill(self.message),
            objects,
            hint: self.hint.map(fill),
        })
    }
}

/// `public.` or `"public".` before a name, as SQL reads them.
fn mentions(schema: &str) -> Regex {
    let quoted = regex::escape(&quote_identifier(schema));
    let is_plain = schema.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && schema.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let bare = if is_plain { format!(r#"|(?i:(?:^|[^\w$."]){})"#, regex::escape(schema)) } else { String::new() };
    // Any text makes a valid pattern once it is escaped; one that matches nothing warns of nothing.
    Regex::new(&format!(r#"(?:{quoted}{bare})\s*\.\s*["\p{{L}}_]"#)).unwrap_or_else(|_| never())
}

fn never() -> Regex {
    #[expect(clippy::unwrap_used, reason = "a constant")]
    Regex::new("$^").unwrap()
}

/// The schemas of a `search_path`.
fn path(text: &str) -> Vec<String> {
    let mut schemas = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = match rest.strip_prefix('"') {
            Some(inner) => quoted_name(inner),
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].trim().to_lowercase(), &rest[end..])
            }
        };
        schemas.push(name);
        rest = after.trim_start().trim_start_matches(',').trim_start();
    }
    schemas
}

/// Up to the closing quote, and what is behind it.
fn quoted_name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((_, character)) = characters.next() {
        if character != '"' {
            name.push(character);
        } else if characters.next_if(|(_, next)| *next == '"').is_some() {
            name.push('"');
        } else {
            break;
        }
    }
    let after = characters.peek().map_or("", |(at, _)| &text[*at..]);
    (name, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_found_where_sql_would_read_it() {
        let public = mentions("public");
        for text in ["SELECT * FROM public.t", "PUBLIC . \"T\"", "\"public\".t", "(public.f())", "nextval('public.s'"] {
            assert!(public.is_match(text), "{text}");
        }
        for text in ["republic.t", "x.public.t", "public", "public_t", "\"Public\".t", "'public'.", "_public.t"] {
            assert!(!public.is_match(text), "{text}");
        }
        assert!(mentions("a \"b\"").is_match("FROM \"a \"\"b\"\"\".t"));
        assert!(!mentions("Old").is_match("FROM old.t"));
        assert!(mentions("Old").is_match("FROM \"Old\".t"));
    }

    #[test]
    fn a_path_is_split_as_the_server_does() {
        assert_eq!(path("\"$user\", public"), ["$user", "public"]);
        assert_eq!(path("\"a, \"\"b\"\"\",Public"), ["a, \"b\"", "public"]);
        assert_eq!(path(""), [""; 0]);
    }
}
