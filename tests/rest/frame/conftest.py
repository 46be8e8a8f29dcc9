from tests.people.conftest import cheap, clock, office, open_office

__all__ = ["cheap", "clock", "office", "open_office"]
