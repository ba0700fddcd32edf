"""Prices European call options by simulation. Needs numpy."""

import numpy


def simulate(strikes, seed, paths, spot, rate, volatility, years):
    """Payoffs of `paths` simulated prices, discounted: their sum and the sum of their squares, for each strike."""
    normal = numpy.random.default_rng(seed).standard_normal(paths)
    drift = (rate - volatility**2 / 2) * years
    prices = spot * numpy.exp(drift + volatility * numpy.sqrt(years) * normal)
    payoffs = numpy.exp(-rate * years) * numpy.maximum(prices[:, None] - strikes[None, :], 0.0)
    return {"sum": payoffs.sum(axis=0), "squares": (payoffs**2).sum(axis=0)}
