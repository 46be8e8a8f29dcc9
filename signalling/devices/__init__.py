"""Displays and recorder boxes in classrooms: how they are paired, what they are told, what they tell."""
