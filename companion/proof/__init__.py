"""What shows that the service works: the chain over the audit, the heartbeat, the drill, and the report of times."""
