"""Time of the rota: wall time and a zone are kept, instants are worked out late, each boundary once.

- ``wall``: a `Wall` is what a clock on the wall shows, and where; `tiled` turns spans of wall time into windows of instants.
- ``recurrence``: a `Pattern` is a duty that comes back; it is expanded on wall times only, never on instants.
- ``cells``: week, day and part of the day of a window, as the planner counts them.

An ambiguous start is the first of its two instants and an ambiguous end the last, so that two windows rather overlap than leave a gap.
**Where the end of one span is the start of another of the same chain, both are one instant: the first.** So no minute of a tiled week is
lost or doubled: whoever's duty begins in an hour that comes twice begins when it comes first, and has all of the second. A time that the
clocks skip becomes the instant of the change; a span that lies wholly in what is skipped has no minutes. All durations are taken in UTC,
since subtracting two times of one zone misses the change between them.
"""

from supportd_rota.times.cells import Cell, cell
from supportd_rota.times.recurrence import Dated, Pattern, expand, monday_of
from supportd_rota.times.wall import Span, Wall, Window, minutes, tiled

__all__ = ["Cell", "Dated", "Pattern", "Span", "Wall", "Window", "cell", "expand", "minutes", "monday_of", "tiled"]
