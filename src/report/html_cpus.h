// SPDX-License-Identifier: GPL-2.0-or-later
// The picture of the CPUs in a page: a table, with a bar for each of them.
#pragma once

#include "report/cpu_picture.h"
#include "report/html_writer.h"

namespace whyhung::report {

void write_cpus(HtmlWriter& html, const CpuPicture& picture);

}  // namespace whyhung::report
