"""What was said: models, recognition, and what makes its text fit to read."""
