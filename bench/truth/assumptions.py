"""What is assumed of a simulated working day. No survey stands behind these numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a working day is like. Shares are in [0, 1]; times of day in hours, lengths in minutes.

    `..._a_day` are means for a person who is at work.
    """

    opens: float = 7.0
    closes: float = 19.0
    absent: float = 0.15

    arrival: tuple[float, float] = (8.5, 0.6)
    """Mean and standard deviation."""
    at_work: tuple[float, float] = (8.75, 0.7)
    """Hours from arrival to leaving, lunch included."""
    lunch: tuple[float, float] = (12.25, 0.4)
    lunch_minutes: tuple[float, float] = (30, 60)
    long_breaks_a_day: float = 1.5
    """Away from the desk long enough that Zoom notices: a talk in person, a walk."""
    long_break_minutes: tuple[float, float] = (15, 60)
    short_breaks_a_day: float = 4.0
    """Only Teams notices."""
    short_break_minutes: tuple[float, float] = (3, 15)
    zoom_idle_minutes: float = 15.0
    """Zoom shows Away after this long without a touch (its default)."""
    teams_idle_minutes: float = 5.0
    mobile_before_work: float = 0.15
    """Share of people who read Zoom on their way to work: signed in on mobile only."""

    meetings_a_day: float = 3.5
    meetings_spread: float = 0.5
    """How unlike people are: the mean of one person is drawn from a gamma distribution with this
    coefficient of variation."""
    on_the_hour: float = 0.75
    """The other meetings start at half past."""
    join_offset_minutes: tuple[float, float] = (0.5, 1.5)
    """When one joins, against the start on paper: mean and standard deviation."""
    meeting_minutes: tuple[tuple[int, float], ...] = (
        (15, 0.10),
        (25, 0.20),
        (30, 0.30),
        (50, 0.15),
        (60, 0.20),
        (90, 0.05),
    )
    overruns: float = 0.25
    overrun_minutes: float = 4.0
    presents: float = 0.25
    """Share of meetings in which a person shares their screen, once."""
    calls_a_day: float = 2.0
    call_minutes: float = 6.0

    zoom_dnd_a_day: float = 0.15
    zoom_busy_a_day: float = 0.10
    hand_set_minutes: tuple[float, float] = (20, 90)
    calendar_events_a_day: float = 0.5
    """Events without a Zoom meeting that Zoom shows as In a calendar event."""

    teams_always: float = 0.65
    """Share of people whose Teams client runs all day; the next share opens and closes it."""
    teams_sometimes: float = 0.20
    teams_call_a_day: float = 0.3
    in_teams_calendar: float = 0.6
    """Share of meetings that Microsoft's own calendar knows of and shows as In a meeting."""
    teams_status_a_day: float = 0.08
    """Statuses that people set by hand in Teams."""
    teams_status_left: float = 0.02
    """Share of people who have such a status all day."""

    busy_only: float = 0.15
    full: float = 0.05
    quiet: float = 0.0
    """Shares of people with these styles; the rest has `mirror`."""

    delay_seconds: float = 1.0
    """Median delay of a webhook; the logarithm has a standard deviation of `delay_sigma`."""
    delay_sigma: float = 0.9
    late: float = 0.01
    """By Zoom's retries: 5 minutes later, 25, or 85 (facts of Zoom's documentation)."""
    late_minutes: tuple[tuple[int, float], ...] = ((5, 0.6), (25, 0.25), (85, 0.15))
    lost: float = 0.01
    repeated: float = 0.01
