"""Starting values of the dose linkage: ten imagined pairs each, then the data speak. Opens nothing."""

from __future__ import annotations

from typing import Final

__all__ = ["EXAM_M", "EXAM_U", "STAY_M", "STAY_U"]

EXAM_M: Final[dict[str, tuple[float, ...]]] = {
    "identifier": (0.02, 0.01, 0.22, 0.25, 0.50),
    "time": (0.01, 0.04, 0.15, 0.20, 0.60),
    "room": (0.03, 0.97),
    "weight": (0.05, 0.10, 0.85),
    "kap": (0.05, 0.08, 0.05, 0.82),
    "fluoroscopy": (0.05, 0.10, 0.85),
    "frames": (0.10, 0.90),
    "birth": (0.005, 0.010, 0.985),
    "sex": (0.003, 0.997),
}
EXAM_U: Final[dict[str, tuple[float, ...]]] = {
    "identifier": (0.55, 0.43, 0.018, 0.001, 0.001),
    "time": (0.001, 0.75, 0.169, 0.06, 0.02),
    "room": (0.55, 0.45),
    "weight": (0.76, 0.19, 0.05),
    "kap": (0.77, 0.18, 0.03, 0.02),
    "fluoroscopy": (0.87, 0.11, 0.02),
    "frames": (0.98, 0.02),
    "birth": (0.85, 0.10, 0.05),
    "sex": (0.50, 0.50),
}
STAY_M: Final[dict[str, tuple[float, ...]]] = {
    "identifier": (0.01, 0.01, 0.30, 0.68),
    "day": (0.01, 0.02, 0.12, 0.85),
    "taken": (0.04, 0.96),
    "birth": (0.005, 0.010, 0.985),
    "sex": (0.003, 0.997),
    "weight": (0.10, 0.20, 0.70),
}
STAY_U: Final[dict[str, tuple[float, ...]]] = {
    "identifier": (0.50, 0.488, 0.010, 0.002),
    "day": (0.01, 0.29, 0.55, 0.15),
    "taken": (0.40, 0.60),
    "birth": (0.85, 0.10, 0.05),
    "sex": (0.50, 0.50),
    "weight": (0.75, 0.17, 0.08),
}
