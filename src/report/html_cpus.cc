// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_cpus.h"

#include <algorithm>

#include <fmt/format.h>

#include "report/victims.h"
#include "report/words.h"

namespace whyhung::report {
namespace {

using diagnose::CpuBucket;
using diagnose::Rung;

constexpr int kWidth = 240;
constexpr int kHeight = 24;

std::string_view colour_of(CpuBucket bucket) {
  switch (bucket) {
    case CpuBucket::kCulprit: return "held";
    case CpuBucket::kVictim:
    case CpuBucket::kWorking: return "busy";
    case CpuBucket::kIdle:
    case CpuBucket::kOffline:
    case CpuBucket::kUnknown: return "rest";
  }
  return {};
}

std::string_view words_of(Rung rung) {
  switch (rung) {
    case Rung::kAlive: return "yes";
    case Rung::kDead: return "no";
    case Rung::kUnknown: return "not known";
  }
  return {};
}

class Writer {
 public:
  Writer(HtmlWriter& html, const CpuPicture& picture) : html_(html), picture_(picture) {}

  void write() {
    html_.begin_section();
    html_.raw("<section id=\"cpus\"><h2>The CPUs at the end</h2>\n");
    html_.raw("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"the CPUs\"><table>\n<thead><tr>");
    for (const std::string_view title : {"CPU", "", "runs", "since"}) cell("th", title);
    html_.raw(fmt::format("<th scope=\"col\">the last {} s</th>", seconds_text(picture_.span)));
    for (const std::string_view title : {"watchdog", "interrupts", "softirqs", "programs"}) cell("th", title);
    html_.raw("</tr></thead>\n<tbody>\n");
    for (const CpuPicture::Row& row : picture_.rows) write(row);
    html_.raw("</tbody></table></div>\n");
    html_.raw(
        "<p class=\"key\">A bar shows how long the task has had the CPU, up to the dump at its right end; striped: the "
        "culprit. &#9650; the watchdog ran there last; | the CPU took its last tick. The last three columns say what "
        "could still run.</p>\n");
    if (!picture_.others.empty()) html_.raw("<p class=\"quiet\">Not shown: ").text(picture_.others).raw(".</p>\n");
    html_.raw("</section>\n");
  }

 private:
  void cell(std::string_view element, std::string_view text) {
    if (element == "th" && text.empty()) {
      html_.raw("<td></td>");
    } else if (element == "th") {
      html_.raw("<th scope=\"col\">").text(text).raw("</th>");
    } else {
      html_.raw("<td>").text(text).raw("</td>");
    }
  }

  void write(const CpuPicture::Row& row) {
    const bool is_bad = row.bucket == CpuBucket::kCulprit;
    html_.raw(is_bad ? "<tr class=\"bad\">" : "<tr>").raw(fmt::format("<th scope=\"row\">{}</th>", row.cpu));
    html_.raw("<td class=\"narrow\">").text(bucket_words(row.bucket, false)).raw("</td>");
    html_.raw("<td>").text(row.task);
    if (!row.place.empty()) html_.raw(row.task.empty() ? "in " : " in ").sentence(row.place);
    html_.raw("</td><td class=\"narrow\">").text(age(row.held)).raw("</td><td class=\"bar\">");
    write_bar(row);
    html_.raw("</td><td class=\"narrow\">").text(age(row.watchdog)).raw("</td>");
    cell("td", words_of(row.lives.hardirq));
    cell("td", words_of(row.lives.softirq));
    cell("td", words_of(row.lives.threads));
    html_.raw("</tr>\n");
  }

  static std::string age(const std::optional<std::uint64_t>& age) {
    return age ? seconds_text(*age) + " s" : std::string();
  }

  // From the left edge, where the shown time begins.
  int at(std::uint64_t age) const {
    const double share = static_cast<double>(std::min(age, picture_.span)) / static_cast<double>(picture_.span);
    return kWidth - static_cast<int>(share * kWidth);
  }

  void write_bar(const CpuPicture::Row& row) {
    html_.raw(fmt::format(
        "<svg viewBox=\"0 0 {0} {1}\" preserveAspectRatio=\"none\" width=\"{0}\" height=\"{1}\" aria-hidden=\"true\">",
        kWidth, kHeight));
    html_.raw(fmt::format("<path class=\"axis\" d=\"M0 {0}H{1}\" stroke=\"#999\"/>", kHeight - 7, kWidth));
    if (row.held) {
      const int begin = std::min(at(*row.held), kWidth - 2);
      html_.raw(fmt::format("<rect class=\"{}\" x=\"{}\" y=\"3\" width=\"{}\" height=\"11\" fill=\"#789\"/>",
                            colour_of(row.bucket), begin, kWidth - begin));
      if (row.bucket == CpuBucket::kCulprit) {
        std::string stripes;
        for (int x = begin + 6; x < kWidth; x += 8) stripes += fmt::format("M{} 3L{} 14", x, x - 4);
        html_.raw(fmt::format("<path class=\"stripe\" d=\"{}\" stroke=\"#fff\"/>", stripes));
      }
    }
    if (row.watchdog) {
      const int x = std::clamp(at(*row.watchdog), 4, kWidth - 4);
      html_.raw(fmt::format("<path class=\"mark\" d=\"M{} {}l4 7h-8z\"/>", x, kHeight - 8));
    }
    if (row.silent) {
      const int x = std::clamp(at(*row.silent), 1, kWidth - 2);
      html_.raw(fmt::format("<rect class=\"mark\" x=\"{}\" y=\"0\" width=\"2\" height=\"17\"/>", x));
    }
    html_.raw("</svg>");
  }

  HtmlWriter& html_;
  const CpuPicture& picture_;
};

}  // namespace

void write_cpus(HtmlWriter& html, const CpuPicture& picture) {
  if (!picture.rows.empty()) Writer(html, picture).write();
}

}  // namespace whyhung::report
