"""Who is not to be admitted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Who is not to be admitted."""
    op.create_table('kept_out',
    sa.Column('group_id', sa.Text(), nullable=False),
    sa.Column('blind', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('group_id', 'blind')
    )
