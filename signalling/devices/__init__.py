"""Displays and recorder boxes in classrooms."""
