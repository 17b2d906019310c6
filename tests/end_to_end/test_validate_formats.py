"""What `limbec validate` writes for other programs, read by their rules."""

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from support.projects import run

# Of OASIS: https://docs.oasis-open.org/sarif/sarif/v2.1.0/
SARIF_SCHEMA = Path(__file__).with_name("sarif-schema-2.1.0.json")

REVISION = """from alembic import op

revision = "3f9d1c7a52be"
down_revision = None


def upgrade():
    op.create_index("i", "users", ["a"])


def downgrade():
    op.drop_table("users")
"""


@pytest.fixture
def report(tmp_path, limbec_bin):
    """Writes the report of a project with findings of several kinds."""
    versions = tmp_path / "migrations/versions"
    versions.mkdir(parents=True)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    (versions / "with a blank, é.py").write_text(REVISION)
    (versions / "broken.py").write_text("def upgrade(:\n")
    (versions / "other.py").write_text(REVISION.replace("3f9d1c7a52be", "8a64e0b7d913"))

    def write(form: str) -> str:
        outcome = run(limbec_bin, "validate", "--format", form, cwd=tmp_path)
        assert outcome.status == 1, outcome
        return outcome.out

    return write


def test_sarif_follows_its_schema(report):
    log = json.loads(report("sarif"))
    schema = json.loads(SARIF_SCHEMA.read_text())
    jsonschema.validators.validator_for(schema)(schema).validate(log)
    results = log["runs"][0]["results"]
    assert "unreadable-revision" in {result["ruleId"] for result in results}
    uris = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results}
    assert "migrations/versions/with%20a%20blank,%20%C3%A9.py" in uris


def test_every_format_has_the_same_findings(report):
    findings = json.loads(report("json"))["findings"]
    issues = json.loads(report("gitlab"))
    assert [issue["check_name"] for issue in issues] == [finding["rule"] for finding in findings]
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    cases = ElementTree.fromstring(report("junit")).iter("testcase")
    assert [case.get("name").split(":")[0] for case in cases] == [finding["rule"] for finding in findings]
    assert report("github").count("\n::") + 1 == len(findings) == len(report("concise").splitlines())
