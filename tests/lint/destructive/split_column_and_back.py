"""One column becomes two; the downgrade puts the halves together again.

Revision ID: split_column_and_back
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "split_column_and_back"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("first_name", sa.String(200)))
    op.add_column("accounts", sa.Column("last_name", sa.String(200)))
    op.execute(
        "UPDATE accounts SET first_name = split_part(name, ' ', 1), last_name = split_part(name, ' ', 2)"
        " WHERE first_name IS NULL"
    )
    op.drop_column("accounts", "name")  # expect: column-dropped


def downgrade():
    op.add_column("accounts", sa.Column("name", sa.String(200)))  # expect: none
    op.execute("UPDATE accounts SET name = first_name || ' ' || last_name WHERE name IS NULL")
    op.alter_column("accounts", "name", existing_type=sa.String(200), nullable=False)
    op.drop_column("accounts", "last_name")  # expect: none
    op.drop_column("accounts", "first_name")  # expect: none
