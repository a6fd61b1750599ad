"""PostgreSQL chains and writes the events of a transaction by itself, in one call."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# The lock is that of `triage.ledger.chain`. Each statement in here sees what stands when it begins:
# whoever had the lock before has committed by then.
_APPEND_EVENTS = """
CREATE FUNCTION append_events(
    spelt text[], ats timestamptz[], actors text[], kinds text[], submission_ids text[],
    entry_ids bigint[], payloads text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before text;
    link text;
BEGIN
    PERFORM pg_advisory_xact_lock(8390884922812071938);
    SELECT hash INTO before FROM event ORDER BY id DESC LIMIT 1;
    FOR n IN 1 .. cardinality(spelt) LOOP
        link := encode(sha256(convert_to(coalesce(before, '') || spelt[n], 'UTF8')), 'hex');
        INSERT INTO event (at, actor, kind, submission_id, entry_id, payload, previous_hash, hash)
        VALUES (ats[n], actors[n], kinds[n], submission_ids[n], entry_ids[n], payloads[n]::json,
            before, link);
        before := link;
    END LOOP;
END $$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_APPEND_EVENTS)
