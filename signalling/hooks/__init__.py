"""Webhooks: what happened, told to the systems of others, signed and until they have it."""
