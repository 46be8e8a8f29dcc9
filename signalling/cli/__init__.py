"""The `tongke` command."""
