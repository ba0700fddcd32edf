"""Finds how an orbit repeats itself. Nothing beside the standard library is needed."""

TOLERANCE = 1e-6


def period(orbit):
    """Smallest number of steps after which the orbit is where it was; 0 where there is none up to half its length."""
    values = [float(value) for value in orbit]
    for steps in range(1, len(values) // 2 + 1):
        if all(abs(a - b) < TOLERANCE for a, b in zip(values, values[steps:])):
            return steps
    return 0
