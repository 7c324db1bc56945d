"""The core's migrations, oldest first; made by ``python -m supportd.store.newmigration``."""
