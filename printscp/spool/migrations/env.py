"""What alembic runs: in the transaction it is given, with nothing said."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
