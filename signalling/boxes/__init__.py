"""Recorder boxes that publish lessons: started by the bell, each in a process of its own."""
