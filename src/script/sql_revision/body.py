# The SQL is in the files of this name that end with .up.sql and .down.sql. What
# follows is the same in every such revision: Alembic runs it, and limbec, as long
# as nobody changes it, runs the SQL without it.
TOKEN = r"""
    | (?P<quoted>[eE]'(?:[^'\\]|\\.|'')*'(?:\s*(?:--[^\n]*)?\n(?:\s|--[^\n]*\n)*'(?:[^'\\]|\\.|'')*')*
      | '(?:[^']|'')*' | "(?:[^"]|"")*")
    | (?P<body>\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)
    | (?P<variable>(?<![\w'"`&$}])\$\{\w+(?::literal)?\}(?![\w'"`&$]))
    | (?P<word>\w(?:\w|\$(?!\{))*) | (?P<mark>[();]) | (?P<other>\S)
    """
POSTGRES = re.compile(r"--[^\n\r]* | (?P<comment>/\*)" + TOKEN, re.DOTALL | re.VERBOSE)
OTHERS = re.compile(
    r"--[^\n]* | (?P<comment>/\*) | (?P<name>`(?:[^`]|``)*` | \[[^]]*\])" + TOKEN,
    re.DOTALL | re.VERBOSE,
)
BLANK = r"(?:\s|--[^\n]*\n|/\*.*?\*/)+"
ROUTINE = re.compile(
    rf"create{BLANK}(?:or{BLANK}replace{BLANK})?(?:function|procedure)\b",
    re.DOTALL | re.IGNORECASE,
)


def upgrade() -> None:
    run_sql("up")


def downgrade() -> None:
    run_sql("down")


def run_sql(direction: str) -> None:
    path = Path(__file__).with_suffix(f".{direction}.sql")
    if not path.is_file():
        raise RuntimeError(f"revision {revision} cannot go {direction}: no {path.name}")
    text = path.read_bytes().decode("utf-8-sig")
    head = re.match(r"(?:\s+|--[^\n]*|/\*.*?\*/)*", text, re.DOTALL)[0]
    directives = re.findall(r"^\s*--\s*limbec:\s*(\S+)[ \t]*(\S*)", head, re.MULTILINE)
    given = context.get_x_argument(as_dictionary=True)
    names = [name for kind, name in directives if kind == "variable"]
    values = {name: given.get(name) for name in names}
    values["schema"] = given["schema"] if "schema" in given else schema()
    migration = op.get_context()
    if any(kind == "no-transaction" for kind, _ in directives):
        with migration.autocommit_block():
            execute(migration, text, values)
    else:
        execute(migration, text, values)


def execute(migration, text: str, values: dict) -> None:
    for statement in split(migration.dialect.name, text, values):
        if migration.as_sql:
            migration.impl.static_output(statement + ";")
        else:
            # No parameters at all: a driver must not look for % and : in the text.
            options = {"no_parameters": True}
            op.get_bind().exec_driver_sql(statement, execution_options=options)


def split(dialect: str, text: str, values: dict):
    """The statements, their variables replaced."""
    tokens = POSTGRES if dialect == "postgresql" else OTHERS
    statement, start, end, at, brackets, last, body = "", None, 0, 0, 0, "", False
    while token := tokens.search(text, at):
        statement += text[at : token.start()]
        at, kind, found = token.end(), token.lastgroup, token[0]
        if kind == "comment":
            at = end_of_comment(dialect, text, at)
            found = text[token.start() : at]
        elif kind == "variable":
            found = replaced(token, values)
        elif kind == "body":
            known = "|".join(map(re.escape, sorted(values)))
            pattern = rf"\$\{{(?:{known})(?::literal)?\}}"
            tag = f"${token['tag']}$"
            found = re.sub(
                pattern, lambda match, tag=tag: replaced(match, values, tag), found
            )
        if kind is None or kind == "comment":
            statement += found
            continue
        if found == ";" and is_complete(dialect, statement, body, brackets):
            if start is not None:
                yield statement[start:end]
            statement, start, brackets, last, body = "", None, 0, "", False
            continue
        if start is None:
            start = len(statement)
        word = found.lower()
        if found in "()":
            brackets = max(brackets + (1 if found == "(" else -1), 0)
        elif word == "atomic" and last == "begin" and brackets == 0:
            body = ROUTINE.match(statement, start) is not None
        elif word == "end" and last in (";", "atomic"):
            body = False
        statement, last = statement + found, word
        end = len(statement)
    if start is not None:
        yield statement[start:end]


def is_complete(dialect: str, statement: str, body: bool, brackets: int) -> bool:
    if dialect == "sqlite":
        import sqlite3

        return not statement.strip() or sqlite3.complete_statement(statement + ";")
    return not body and brackets == 0


def end_of_comment(dialect: str, text: str, at: int) -> int:
    depth = 1
    for mark in re.compile(r"/\*|\*/").finditer(text, at):
        if mark[0] == "*/":
            depth -= 1
        elif dialect == "postgresql":
            depth += 1
        if depth == 0:
            return mark.end()
    return len(text)


def replaced(match, values: dict, tag=None) -> str:
    name, _, literal = match[0][2:-1].partition(":")
    value = values.get(name)
    if value is None:
        raise RuntimeError(f"revision {revision} needs -x {name}=VALUE")
    if tag and (tag in value or re.search(r"['\\\r\n]", value)):
        raise RuntimeError(f"the value of {name} cannot stand in a text in {tag}")
    if not literal:
        return '"' + value.replace('"', '""') + '"'
    text = "'" + value.replace("'", "''") + "'"
    if op.get_context().dialect.name == "postgresql" and "\\" in value:
        return "E" + text.replace("\\", "\\\\")
    return text


def schema():
    migration = op.get_context()
    if migration.version_table_schema:
        return migration.version_table_schema
    if migration.dialect.name == "sqlite":
        return "main"
    if migration.as_sql:
        return None
    return op.get_bind().exec_driver_sql("SELECT current_schema()").scalar()
