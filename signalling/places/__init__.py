"""Regions, schools, classrooms, classes, calendars and bell tables: made, changed, closed, never in the way of lessons
that are booked already."""
