"""The worked example of the file format, as JSON data."""

from __future__ import annotations

from typing import Any

WORKED: dict[str, Any] = {
    "n": 3,
    "weeks": 2,
    "members": [
        {"id": 0, "cap": 4.0, "carry": 6.0, "weeks": [1, 1]},
        {"id": 1, "cap": 2.5, "carry": 1.0, "weeks": [1, 0.5]},
        {"id": 2, "cap": 1.5, "carry": 0.5, "weeks": [1, 0]},
    ],
    "slots": [
        {"id": 0, "w": 0, "d": 0, "b": 0, "duty": "welcome_half", "load": 20, "heavy": 0, "pr": 3, "el": [0, 1, 2]},
        {"id": 1, "w": 0, "d": 0, "b": 0, "duty": "mod", "load": 15, "heavy": 0, "pr": 4, "el": [0, 1]},
        {"id": 2, "w": 0, "d": 3, "b": 2, "duty": "listen", "load": 40, "heavy": 1, "pr": 4, "el": [0, 1]},
        {"id": 3, "w": 0, "d": 5, "b": 0, "duty": "digest", "load": 20, "heavy": 0, "pr": 1, "el": [1, 2]},
        {"id": 4, "w": 1, "d": 2, "b": 2, "duty": "listen", "load": 40, "heavy": 1, "pr": 4, "el": [0, 1]},
        {"id": 5, "w": 1, "d": 4, "b": 1, "duty": "mod", "load": 15, "heavy": 0, "pr": 4, "el": [0, 1]},
        {"id": 6, "w": 1, "d": 5, "b": 0, "duty": "digest", "load": 20, "heavy": 0, "pr": 1, "el": [2]},
    ],
}
#: The best plan for it.
BEST = [2, 0, 1, 2, 0, 1, None]
