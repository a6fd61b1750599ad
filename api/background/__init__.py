"""What goes on beside the requests: the outbox and the duties of the clock."""
