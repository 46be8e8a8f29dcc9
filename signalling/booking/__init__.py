"""From a request to lessons that hold what they need: checked, booked, changed, told."""
