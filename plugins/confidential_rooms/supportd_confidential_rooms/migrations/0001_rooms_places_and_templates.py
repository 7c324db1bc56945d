"""Rooms, places and templates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Rooms, places and templates."""
    op.create_table('confidential_rooms_drifts',
    sa.Column('group_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('key', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('setting', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('by_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=True),
    sa.Column('at', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('group_id', 'key', 'setting')
    )
    op.create_table('confidential_rooms_facts',
    sa.Column('group_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('name', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('value', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('at', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('group_id', 'name')
    )
    op.create_table('confidential_rooms_places',
    sa.Column('group_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('key', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('person_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('state', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('since', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('group_id', 'key', 'person_id')
    )
    op.create_table('confidential_rooms_rooms',
    sa.Column('group_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('key', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('template', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('cap', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('keep_days', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('state', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('about', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=True),
    sa.Column('asked_by', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=True),
    sa.Column('made', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('group_id', 'key')
    )
    op.create_table('confidential_rooms_templates',
    sa.Column('group_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('key', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('base', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('changes', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.PrimaryKeyConstraint('group_id', 'key')
    )
