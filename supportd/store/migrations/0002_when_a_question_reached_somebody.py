"""When a question reached somebody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """When a question reached somebody."""
    with op.batch_alter_table('ask_people', schema=None) as batch_op:
        batch_op.add_column(sa.Column('sent_at', sa.BigInteger(), nullable=True))
    # Questions that wait for an answer now: words that come from here on may answer them.
    op.execute(
        "UPDATE ask_people SET sent_at = COALESCE((SELECT ended FROM outbox WHERE outbox.id = ask_people.row_id),"
        " (SELECT opened FROM asks WHERE asks.id = ask_people.ask_id)) WHERE event_id IS NOT NULL"
    )
