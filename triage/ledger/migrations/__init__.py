"""Alembic's revisions of the tables; `triage.ledger.store.upgrade` runs them."""
