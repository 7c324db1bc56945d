"""Strangers in rooms are known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Strangers in rooms are known."""
    op.create_table('strangers',
    sa.Column('room_id', sa.Text(), nullable=False),
    sa.Column('blind', sa.Text(), nullable=False),
    sa.Column('group_id', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('room_id', 'blind')
    )
    with op.batch_alter_table('strangers', schema=None) as batch_op:
        batch_op.create_index('strangers_by_group', ['group_id', 'blind'], unique=False)
