"""What a schema of a PostgreSQL database holds, told from outside."""

import os
import re
import subprocess
from pathlib import Path

import psycopg2

from support import databases


def script(url: str, text: str) -> None:
    """Run many statements in one transaction, without a meaning for `:` and `%`."""
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(text)
    finally:
        connection.close()


def dump(url: str, schema: str) -> "list[str]":
    """The schema as pg_dump tells it, with its rows, under the name S, in an order that does not depend on the name."""
    program = str(Path(os.environ.get("LIMBEC_TEST_POSTGRES_BIN", "")) / "pg_dump")
    quoted = '"' + schema.replace('"', '""') + '"'
    command = [program, "--inserts", "--schema", quoted, url.replace("+psycopg2", "")]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # What is quoted only where it has to be: `public` is not.
    text = text.replace(quoted + ".", "S.").replace(schema + ".", "S.")
    parts = re.split(r"\n--\n-- (?:Name|Data for Name|TOC)", text)
    parts[-1] = parts[-1].partition("\n--\n-- PostgreSQL database dump complete")[0]
    kept = [part for part in parts[1:] if "Type: SCHEMA;" not in part and "SCHEMA " not in part.splitlines()[0]]
    return sorted(re.sub(r"Schema: .*; Owner:", "Schema: S; Owner:", part).strip() for part in kept)


def without_grants(parts: "list[str]") -> "list[str]":
    """Without the grants, those on the schema among them."""
    return [part for part in parts if "ACL" not in part.splitlines()[0]]


def objects_in(url: str, schema: str) -> "list[str]":
    """Everything that depends on the schema, by kind and name, sorted."""
    query = (
        "SELECT i.type || ' ' || i.identity FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) i "
        "WHERE d.refclassid = 'pg_namespace'::regclass AND d.deptype = 'n' AND d.refobjid = "
        f"(SELECT oid FROM pg_namespace WHERE nspname = '{schema}')"
    )
    return sorted(row[0] for row in databases.fetch(url, query))
