"""What goes in and out of the database as files: rosters, timetables, calendars, feeds, a county to try things with."""
