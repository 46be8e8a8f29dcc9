"""Steps from one state of the tables to the next. A new one: `python -m signalling.db.migrations "what it does"`."""
