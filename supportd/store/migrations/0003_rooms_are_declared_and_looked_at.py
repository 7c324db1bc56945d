"""Rooms are declared and looked at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Rooms are declared and looked at."""
    with op.batch_alter_table('groups', schema=None) as batch_op:
        batch_op.add_column(sa.Column('shut', sa.BigInteger(), nullable=True))

    with op.batch_alter_table('rooms', schema=None) as batch_op:
        batch_op.add_column(sa.Column('declared', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('seen', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('changes', sa.Integer(), nullable=True))
        batch_op.drop_column('spec')
