"""Record how SQLAlchemy reads and renders generated URLs, for the unit tests of src/database/url.rs.

Run with a Python that has SQLAlchemy 2.1: python tests/database/record_urls.py > tests/database/urls.jsonl
"""

import json
import random

from sqlalchemy.engine.url import make_url

NAMES = [
    "postgresql",
    "postgres",
    "postgresql+psycopg2",
    "postgresql+asyncpg",
    "sqlite",
    "sqlite+aiosqlite",
    "mysql+x_y",
    "été",
    "a-b",
    "",
]
USERS = ["", "u", "me@corp", "a%40b", "ü", "a+b", "a%20b", "%zz", "%", "%C3", "x y", "a%2Fb", "a%3Ab"]
PASSWORDS = [None, "", "p", "p:w", "p/w", "p%40w", "p+w", "%F0%9F", "ö?", "p#w", "[x]", "p%2Bw"]
HOSTS = ["", "h", "h.example.com", "[::1]", "[fe80::1%25eth0]", "[", "[]", "[a]b", "h1,h2", "10.0.0.1", "H_x"]
PORTS = [None, "5432", "0", "", "x", "+5", "-1", " 5 ", "5_4", "5__4", "00012", "5.0"]
DATABASES = [None, "", "db", "a/b", "/abs/p.db", "ü b", "a%20b", "a+b", "x%3Fy", ":memory:", "file:p.db", "a@b", "a#b"]
QUERIES = [
    None, "", "a=1", "b=2&a=1", "a=1&a=2", "a=", "a", "=1", "a=1&&b=2", "host=/tmp&port=5", "host=h1:1&host=h2:2",
    "x=a+b", "x=a%2Bb", "x=ü", "x=%zz", "x=1;y=2", "x=a=b", "options=-csearch_path%3Da%2Cb", "x=a@b", "q=1?r=2", "é=1",
]  # fmt: skip


def generate(chance: random.Random) -> str:
    url = chance.choice(NAMES[:6] if chance.random() < 0.9 else NAMES) + chance.choice(["://"] * 30 + [":/", ":", "//"])
    if chance.random() < 0.7:
        password = chance.choice(PASSWORDS)
        url += chance.choice(USERS) + ("" if password is None else ":" + password) + "@"
    url += chance.choice(HOSTS)
    if (port := chance.choice(PORTS if chance.random() < 0.5 else PORTS[:2])) is not None:
        url += ":" + port
    if (database := chance.choice(DATABASES)) is not None:
        url += "/" + database
    if (query := chance.choice(QUERIES)) is not None:
        url += "?" + query
    return url


def answer(text: str) -> dict[str, str] | None:
    try:
        url = make_url(text)
    except Exception:
        return None
    return {"hidden": url.render_as_string(), "shown": url.render_as_string(hide_password=False)}


def main() -> None:
    chance = random.Random(20261121)
    for text in dict.fromkeys(generate(chance) for _ in range(800)):
        print(json.dumps({"url": text, "answer": answer(text)}, ensure_ascii=False))


if __name__ == "__main__":
    main()
