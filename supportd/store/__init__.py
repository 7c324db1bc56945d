"""What is kept: the only room with SQLAlchemy, beside the plugins' own rows in the sdk."""
