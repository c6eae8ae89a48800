# SPDX-License-Identifier: GPL-2.0-or-later
"""All cases. Those that no verdict can come of end with exit status 2 and one line of error; where only a part is lost,
the verdict stands and the report lists the gap."""
import cases_content  # noqa: F401
import cases_files  # noqa: F401
import cases_sizes  # noqa: F401
import cases_types  # noqa: F401
from kit import ALL, Kit  # noqa: F401
