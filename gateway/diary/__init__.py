"""Absences and sessions as calendars outside say (iCalendar, RFC 5545), behind `ports.Diary`.

`diary` keeps what was read last, `source` fetches a calendar, `expand` makes its events into single occurrences in a
process of its own, and `reading` runs that. Nothing is imported here: that process starts with this file.
"""
