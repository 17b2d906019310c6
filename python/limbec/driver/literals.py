"""Parameters written into their statements, where the server surely takes the text for what the driver would send."""

import datetime
import re

PLACEHOLDERS = {
    "pyformat": re.compile(r"%(?:\((?P<name>[^)]+)\)s|(?P<percent>%))"),
    "format": re.compile(r"%(?:(?P<next>s)|(?P<percent>%))"),
    "qmark": re.compile(r"(?P<next>\?)"),
    "numeric_dollar": re.compile(r"\$(?P<number>\d+)"),
    "named": re.compile(r"(?<![:\w\\]):(?P<name>\w+)(?!:)"),
}
# Those that SQLAlchemy writes after a parameter for drivers that bind on the server.
CAST = re.compile(r"::(?:VARCHAR|TEXT|INTEGER|BIGINT|SMALLINT|BOOLEAN|DATE|TIMESTAMP WITHOUT TIME ZONE|JSONB|JSON)\b")
# What SQL reads as one token, or skips: a placeholder in there is none, or is a part of something else.
CLOSED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$""", re.DOTALL)
COMMENT = re.compile(r"--|/\*")
# A number there is the number of a column, unlike a parameter.
COUNTED = re.compile(r"\b(?:order|group)\s+by\b", re.IGNORECASE)


class NoLiteral(Exception):
    """A parameter has no literal that is surely the same."""


def inlined(dialect, statement, parameters, typed):
    """The statement with its parameters as literals."""
    placeholder = PLACEHOLDERS.get(dialect.paramstyle)
    if placeholder is None:
        raise NoLiteral(f"parameters of the style {dialect.paramstyle}")
    if not parameters and dialect.paramstyle not in ("format", "pyformat"):
        return statement
    written, at, position, closed = [], 0, 0, None
    for match in placeholder.finditer(statement):
        if match.start() < at:
            continue
        written.append(statement[at : match.start()])
        at, found = match.end(), match.groupdict()
        if found.get("percent"):
            written.append("%")
            continue
        if found.get("name"):
            value = parameters[found["name"]]
        elif found.get("number"):
            value = parameters[int(found["number"]) - 1]
        else:
            value, position = parameters[position], position + 1
        cast = CAST.match(statement, at)
        at = cast.end() if cast else at
        closed = closed_spans(dialect, statement) if closed is None else closed
        check_neighbours(statement, match.start(), at, closed)
        written.append(literal(dialect, value, cast.group() if cast else "", typed))
    return "".join([*written, statement[at:]])


def closed_spans(dialect, statement):
    """Where quoted texts and names are; it is only called for statements with parameters."""
    spans = [match.span() for match in CLOSED.finditer(statement)]
    outside = CLOSED.sub(lambda match: " " * len(match.group()), statement)
    if COMMENT.search(outside):
        raise NoLiteral("there are comments beside it")
    odd = "'\"`[" if dialect.name == "sqlite" else "'\""
    if "\\" in statement or any(letter in outside for letter in odd):
        raise NoLiteral("where quotes end beside it is not certain")
    if COUNTED.search(outside):
        raise NoLiteral("a number would count columns in ORDER BY or GROUP BY")
    return spans


def check_neighbours(statement, start, end, closed):
    """A literal has to be one token, whatever stands beside it."""
    if any(first < end and start < last for first, last in closed):
        raise NoLiteral("it stands within quotes")
    before, after = statement[:start][-1:], statement[end : end + 1]
    if not (before in "(,=" or before.isspace()) or not (after in "),=;" or after.isspace()):
        raise NoLiteral("it touches what stands beside it")


def literal(dialect, value, cast, typed):
    """A value as SQL, where it is certain that the server takes it for what the driver would send."""
    kind, is_postgres = type(value), dialect.name == "postgresql"
    if value is None:
        text = "NULL"
    elif kind is bool:
        text = str(value).lower() if is_postgres else str(int(value))
    elif kind is int:
        # By itself, the type of psycopg's parameters depends on their size.
        if is_postgres and not cast and dialect.driver != "psycopg2":
            raise NoLiteral("a number whose type the driver chooses")
        negative = f" {value}" if dialect.driver == "psycopg2" else f"({value})"
        text = negative if value < 0 and typed else str(value)
    elif kind is str and "\0" not in value and "\\" not in value:
        text = "'" + value.replace("'", "''") + "'"
    elif kind is datetime.date:
        text, cast = f"'{value.isoformat()}'", cast or "::date"
    elif kind is datetime.datetime and value.tzinfo is None and is_postgres:
        text, cast = f"'{value.isoformat(sep=' ')}'", cast or "::timestamp"
    else:
        raise NoLiteral(f"a value of type {kind.__name__}")
    return text + cast if typed and is_postgres else text
