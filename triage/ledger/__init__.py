"""The ledger (台账): what was told, what was suggested, what was decided, and where it stands.

The only package that knows SQL. `store` opens the database, `records` and `decisions` write,
`queries` reads, `keys` guards. Every function takes a Session and none commits: one request is one
transaction, opened and closed once at the edge with `store.writing()` or `store.reading()`.
"""
