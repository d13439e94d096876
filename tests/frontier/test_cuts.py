"""The cut against all cuts of small random graphs."""

import random
import time

import pytest

from fusion.frontier.cuts import Price, cheapest


def random_prices(seed, size=11):
    """A DAG of tensors, later ones reading up to three of those before, with few different costs so that many tie."""
    source = random.Random(seed)
    prices = {}
    for number in range(size):
        parents = source.sample(range(number), k=min(number, source.randint(1, 3)))
        load = None if source.random() < 0.15 else source.choice([0, 1, 2, 5, 9, 20])
        run = source.choice([0, 1, 3, 8, 30])
        prices[f"t{number}"] = Price(tuple(f"t{parent}" for parent in parents), run, load)
    return prices


def varying_of(prices, seed):
    """One tensor or two and all that depends on them."""
    source = random.Random(seed)
    found = set(source.sample(list(prices)[1:], k=source.randint(1, 2)))
    for name, price in prices.items():
        if found.intersection(price.parents):
            found.add(name)
    return found


def cost(prices, varying, cut):
    return sum(prices[name].load for name in cut.loaded) + sum(
        prices[name].run for name in cut.run if name not in varying
    )


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_the_cut_costs_as_little_as_the_best_of_all_cuts(least_cost, start):
    for seed in range(start, start + 100):
        prices = random_prices(seed, size=9)
        varying = varying_of(prices, seed)

        cut = cheapest(prices, varying)

        assert cost(prices, varying, cut) == least_cost(prices, varying), seed


def test_what_is_computed_has_all_it_reads():
    for seed in range(80):
        prices = random_prices(seed, size=30)
        varying = varying_of(prices, seed)

        cut = cheapest(prices, varying)

        there = {*cut.loaded, *cut.run}
        assert varying <= set(cut.run)
        assert not varying & set(cut.loaded)
        assert all(parent in there for name in cut.run for parent in prices[name].parents)
        assert all(prices[name].load is not None for name in cut.loaded)
        read = {parent for name in cut.run for parent in prices[name].parents}
        assert set(cut.loaded) <= read
        assert set(cut.run) - varying <= read


def test_of_tensors_that_cost_the_same_the_last_is_read():
    prices = {
        "x": Price((), 50, 9),
        "map": Price(("x",), 100, 9),
        "flat": Price(("map",), 0, 9),
        "head": Price(("flat",), 1, None),
    }

    assert cheapest(prices, {"head"}).loaded == ("flat",)


def test_what_costs_nothing_to_compute_is_not_read():
    prices = {"x": Price((), 0, 1), "y": Price(("x",), 0, 1), "head": Price(("y",), 1, None)}

    assert cheapest(prices, {"head"}) == cheapest(prices, ["head"])
    assert cheapest(prices, {"head"}).loaded == ()
    assert cheapest(prices, {"head"}).run == ("x", "y", "head")


def test_one_tensor_is_computed_again_while_what_comes_of_it_is_read():
    prices = {
        "photo": Price((), 3, 100),
        "deep": Price(("photo",), 1000, 1),
        "own": Price(("photo",), 0, None),
        "head": Price(("own", "deep"), 0, None),
    }

    cut = cheapest(prices, {"own", "head"})

    assert cut.loaded == ("deep",)
    assert cut.run == ("photo", "own", "head")


def test_a_net_of_eight_hundred_layers_takes_less_than_half_a_second():
    source = random.Random(0)
    prices = {"t0": Price((), 3, 1000)}
    for number in range(1, 800):
        parents = {number - 1, max(0, number - source.randint(1, 8))}
        run, load = source.randint(1, 1000), source.randint(1, 1000)
        prices[f"t{number}"] = Price(tuple(f"t{each}" for each in sorted(parents)), run, load)

    start = time.process_time()
    cut = cheapest(prices, {"t798", "t799"})
    seconds = time.process_time() - start

    assert cut.run[-1] == "t799"
    assert seconds < 0.5
