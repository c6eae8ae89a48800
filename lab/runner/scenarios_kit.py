# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tables of misleading scenarios share: sets of names, and entries of three makes."""

from __future__ import annotations

from .scenario import ALIVE, LOCKUP, LOST_CPU, Scenario
from .scenarios_locks import SETTLE, VARIABLES, sleeping


def names(thread: str, other: str, third: str, victim: str) -> dict[str, str]:
    return {"THREAD": thread, "OTHER": other, "THIRD": third, "VICTIM": victim}


def steps_of(summary: str, expected: str, steps: str, *, module: str = "", names: dict[str, str] | None = None,
           age: int = 30, **settings: object) -> Scenario:
    panics = settings.pop("panics", ALIVE)
    return Scenario(summary, expected, steps, panics, module=module,  # type: ignore[arg-type]
                    settle=SETTLE, variables={**VARIABLES, "AGE": str(age), **(names or {})},
                    **settings)  # type: ignore[arg-type]


def told_sleeping(module: str, names: dict[str, str], summary: str, expected: str, hang: str,
                  innocents: tuple[str, ...] = (), **settings: object) -> Scenario:
    """As in the table of locks; `innocents` are names of threads that must not be accused."""
    more = str(settings.pop("more", "")) + innocents_of(innocents)
    found = sleeping(summary, expected, module, hang, more=more, **settings)  # type: ignore[arg-type]
    return Scenario(**{**found.__dict__, "variables": {**found.variables, **names}})


def innocents_of(names: tuple[str, ...]) -> str:
    return "".join(f'fact "innocents.{place}.comm={name}"\n' for place, name in enumerate(names))


def lost(module: str, names: dict[str, str], summary: str, expected: str, hang: str, told: str, *,
         keep: str = '"$CPU"', panics: tuple[str, ...] = LOST_CPU, hung_when: str = LOCKUP, settle: float = 12.0,
         innocents: tuple[str, ...] = (), accepted: tuple[str, ...] = (), after: str = "",
         parameters: str = "") -> Scenario:
    """Hangs that take CPUs: `told` is told before."""
    return Scenario(summary, expected, f'''
another=$(((CPU + 1) % CPUS))
keep_off {keep}
insert hang={hang} "cpu=$CPU" {parameters} "names=$THREAD,$OTHER,$THIRD" "victim=$VICTIM"
{told}
{innocents_of(innocents)}
began
begin_hang
{after}
crash
''', panics, module=module, hung_when=hung_when, settle=settle, accepted=accepted,
                    variables={**VARIABLES, "AGE": "", **names})


NET = names("nfpx_service", "nfpx_reset", "nfpx_events", "nfpx_query")
STORE = names("vdstor_commit", "vdstor_gc", "vdstor_scrub", "vdstor_io")
RADIO = names("rtwq_fw_dl", "rtwq_scan", "rtwq_tx", "rtwq_mgmt")
MEDIA = names("tvcap_dma", "tvcap_vbi", "tvcap_audio", "tvcap_read")
