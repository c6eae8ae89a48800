# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tables of misleading scenarios share: sets of names, and an entry whose steps are given whole."""

from __future__ import annotations

from .scenario import ALIVE, Scenario
from .scenarios_locks import SETTLE, VARIABLES


def names(thread: str, other: str, third: str, victim: str) -> dict[str, str]:
    return {"THREAD": thread, "OTHER": other, "THIRD": third, "VICTIM": victim}


def steps_of(summary: str, expected: str, steps: str, *, module: str = "", names: dict[str, str] | None = None,
           age: int = 30, **settings: object) -> Scenario:
    panics = settings.pop("panics", ALIVE)
    return Scenario(summary, expected, steps, panics, module=module,  # type: ignore[arg-type]
                    settle=SETTLE, variables={**VARIABLES, "AGE": str(age), **(names or {})},
                    **settings)  # type: ignore[arg-type]


NET = names("nfpx_service", "nfpx_reset", "nfpx_events", "nfpx_query")
STORE = names("vdstor_commit", "vdstor_gc", "vdstor_scrub", "vdstor_io")
RADIO = names("rtwq_fw_dl", "rtwq_scan", "rtwq_tx", "rtwq_mgmt")
MEDIA = names("tvcap_dma", "tvcap_vbi", "tvcap_audio", "tvcap_read")
