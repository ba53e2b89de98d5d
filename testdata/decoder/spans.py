"""Sets of numbers as sorted spans: what came, what was acknowledged, which bytes of a message."""

from bisect import bisect_right


class Spans:
    def __init__(self):
        self.lows, self.highs = [], []  # inclusive

    def add(self, low, high):
        i = bisect_right(self.lows, low)
        if i and self.highs[i - 1] >= low - 1:
            i -= 1
        j = i
        while j < len(self.lows) and self.lows[j] <= high + 1:
            low, high = min(low, self.lows[j]), max(high, self.highs[j])
            j += 1
        self.lows[i:j], self.highs[i:j] = [low], [high]

    def has(self, low, high=None):
        i = bisect_right(self.lows, low)
        return bool(i) and self.highs[i - 1] >= (low if high is None else high)

    def missing(self):
        """The lowest number from 0 on that is not here."""
        return self.highs[0] + 1 if self.lows and self.lows[0] == 0 else 0

    def top(self):
        return self.highs[-1] if self.highs else -1
