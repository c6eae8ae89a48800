# SPDX-License-Identifier: GPL-2.0-or-later
"""The runner of the lab: fetches kernels, builds what the guest needs, boots it,
causes the hang and takes the dump. Started by `lab/lab`."""
