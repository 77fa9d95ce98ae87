"""The machine that a service runs on: its settings file, its services, its backups."""
