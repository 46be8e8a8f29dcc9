"""The school's time and what is planned in it, without a database and without a clock."""
