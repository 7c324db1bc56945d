"""The planner: a pure function from a problem, a seed and a budget to a plan. No daemon, database or network.

``problem`` reads the file format, ``limits`` holds its constants, ``rules`` and ``score`` judge any plan without knowing how it was made,
``search`` makes one (``state``, ``chains``, ``construct``, ``level``), ``repair`` mends one, ``why`` explains one.
"""
