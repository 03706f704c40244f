"""A change of sum y / sum s between two periods taken apart, by definition, from sums over units.

    decomposition({value: (before, after)}) -> {part: (value, error)}, {value: the same}

`before` and `after` are (n, y, s, yy, ss, ys).  All in fractions: values by the formula, errors by
the derivatives of that formula in each sum, carried along with it (dual numbers), and the spread of
the sums over units that are independent: sum phi^2 - (sum phi)^2 / n.
"""
import fractions

PARTS = ("within", "weight", "mix", "total")


def rates(values):
    """{value: ([u], [d], [r])} of both periods; what one lacks, the other lends."""
    totals = [sum(v[p][0] for v in values.values()) for p in (0, 1)]
    found = {}
    for value, periods in values.items():
        n, y, s = ([period[i] for period in periods] for i in range(3))
        there = [not n[p] == 0 for p in (0, 1)]
        divides = [there[p] and not s[p] == 0 for p in (0, 1)]
        d = [s[p] / n[p] if there[p] else None for p in (0, 1)]
        r = [y[p] / s[p] if divides[p] else None for p in (0, 1)]
        d = [d[p] if d[p] is not None else d[1 - p] if d[1 - p] is not None else 0 for p in (0, 1)]
        r = [r[p] if r[p] is not None else r[1 - p] if r[1 - p] is not None else 0 for p in (0, 1)]
        found[value] = ([n[p] / totals[p] for p in (0, 1)], d, r)
    return found


def parts_of(values):
    """{value: [within, weight, mix]}; None where something would be divided by nothing."""
    if any(s == 0 and y != 0 for periods in values.values() for _, y, s, *_ in periods):
        return None
    found = rates(values)
    sums = {(p, q): sum(u[p] * d[q] for u, d, _ in found.values()) for p in (0, 1) for q in (0, 1)}
    if any(total == 0 for total in sums.values()):
        return None
    made = {}
    for value, (u, d, r) in found.items():
        x = {(p, q): u[p] * d[q] / sums[p, q] for p in (0, 1) for q in (0, 1)}
        middle = (r[0] + r[1]) / 2
        made[value] = [(x[0, 0] + x[1, 1]) / 2 * (r[1] - r[0]),
                       middle * ((x[0, 1] - x[0, 0]) + (x[1, 1] - x[1, 0])) / 2,
                       middle * ((x[1, 0] - x[0, 0]) + (x[1, 1] - x[0, 1])) / 2]
    return made


def figures(values):
    """All parts of all values in one list, then those of the whole."""
    parts = parts_of(values)
    rows = [row + [sum(row)] for row in parts.values()]
    return rows + [[sum(column) for column in zip(*rows)]]


class Dual:
    """A number and its derivative."""

    def __init__(self, value, slope=0):
        self.value, self.slope = fractions.Fraction(value), fractions.Fraction(slope)

    def __add__(self, other):
        other = dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other):
        other = dual(other)
        return Dual(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other):
        other = dual(other)
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def __truediv__(self, other):
        other = dual(other)
        return Dual(self.value / other.value,
                    (self.slope * other.value - self.value * other.slope) / other.value ** 2)

    def __rsub__(self, other):
        return dual(other) - self

    def __rtruediv__(self, other):
        return dual(other) / self

    def __eq__(self, other):
        return self.value == dual(other).value

    __radd__, __rmul__ = __add__, __mul__


def dual(number):
    return number if isinstance(number, Dual) else Dual(number)


def slopes_of(values, name, p):
    """What each figure moves by with the n, y and s of one value in one period."""
    for i in range(3):
        period = list(values[name][p])
        period[i] = Dual(period[i], 1)
        moved = [tuple(period) if q == p else values[name][q] for q in (0, 1)]
        yield [[dual(x).slope for x in row] for row in figures({**values, name: tuple(moved)})]


def errors(values):
    """The same shape as figures."""
    variances = None
    for p in (0, 1):
        total = sum(periods[p][0] for periods in values.values())
        squares = sums = None
        for name in values:
            n, y, s, yy, ss, ys = values[name][p]
            if n == 0:
                continue
            slopes = list(slopes_of(values, name, p))
            square = [[a * a * n + b * b * yy + c * c * ss + 2 * a * b * y + 2 * a * c * s
                       + 2 * b * c * ys for a, b, c in zip(*rows)] for rows in zip(*slopes)]
            mean = [[a * n + b * y + c * s for a, b, c in zip(*rows)] for rows in zip(*slopes)]
            squares = square if squares is None else add(squares, square)
            sums = mean if sums is None else add(sums, mean)
        spread = [[a - b * b / total for a, b in zip(*rows)] for rows in zip(squares, sums)]
        variances = spread if variances is None else add(variances, spread)
    return [[float(x) ** .5 for x in row] for row in variances]


def add(one, other):
    return [[a + b for a, b in zip(*rows)] for rows in zip(one, other)]


def decomposition(values):
    """None where a part would be divided by nothing."""
    exact = {v: tuple(tuple(map(fractions.Fraction, period)) for period in periods)
             for v, periods in values.items()}
    if parts_of(exact) is None:
        return None, None
    rows = [dict(zip(PARTS, zip(value, error)))
            for value, error in zip(figures(exact), errors(exact))]
    return rows[-1], dict(zip(values, rows))
