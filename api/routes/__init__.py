"""HTTP routes, one module for each noun; each takes a request apart and calls the ledger."""
