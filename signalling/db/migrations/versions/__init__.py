"""The steps themselves, by number."""
