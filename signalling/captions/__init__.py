"""Live captions: what the teacher says, shown in the room while she speaks."""
