"""Duties, offers and who holds what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Duties, offers and who holds what."""
    op.create_table('rota_asked',
    sa.Column('group_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('slot', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('person_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.PrimaryKeyConstraint('group_id', 'slot', 'person_id')
    )
    op.create_table('rota_duties',
    sa.Column('group_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('key', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('kind', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('days', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('begins', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('ends', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('load', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('heavy', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('weight', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('group_id', 'key')
    )
    op.create_table('rota_gave',
    sa.Column('group_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('person_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('slots', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.PrimaryKeyConstraint('group_id', 'person_id')
    )
    op.create_table('rota_givers',
    sa.Column('group_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('person_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('offer', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('kinds', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('standing', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.PrimaryKeyConstraint('group_id', 'person_id')
    )
    op.create_table('rota_slots',
    sa.Column('group_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('key', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('kind', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('starts', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('ends', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('load', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('heavy', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('weight', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('state', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('holder', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=True),
    sa.Column('asking', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.PrimaryKeyConstraint('group_id', 'key')
    )
    op.create_table('rota_weeks',
    sa.Column('group_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('person_id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('week', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('share', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('group_id', 'person_id', 'week')
    )
