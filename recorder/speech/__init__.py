"""What was said: models, recognition, cleaning, live captions."""
