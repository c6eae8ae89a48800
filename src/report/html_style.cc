// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_writer.h"

namespace whyhung::report {

// Every pair of ink and paper has a contrast of 4.5 at least, in the light and in the dark.
std::string_view page_style() {
  return R"css(
:root{color-scheme:light dark;--ink:#1d2228;--soft:#515b66;--paper:#fff;--card:#f6f7f9;--edge:#d3d9e0;--bad:#a8201a;--bad-fill:#fdecea;
--good:#15643a;--good-fill:#e6f4ea;--doubt:#7a4f00;--doubt-fill:#fff4da;--link:#0a569e;--held:#a8201a;--busy:#4b6b8a;--rest:#c3cbd3}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#a7b1bb;--paper:#14181c;--card:#1c2127;--edge:#39424b;--bad:#ff9a8d;
--bad-fill:#3b1a17;--good:#84d8a4;--good-fill:#14301f;--doubt:#f2c568;--doubt-fill:#33270d;--link:#8abcf0;--held:#ff9a8d;--busy:#7fa3c7;--rest:#4a545e}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1.25rem 4rem;max-width:72rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
code,pre,.stack,.log,.bar text{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,"Liberation Mono",monospace;font-size:.86em}
code.address{color:var(--soft)}
a{color:var(--link)}
a.word{color:inherit;text-decoration:underline dotted;text-underline-offset:.2em}
h1{font-size:1.75rem;line-height:1.25;margin:.6rem 0 .4rem;text-wrap:balance}
h2{font-size:1.2rem;margin:2.4rem 0 .6rem;padding-top:.5rem;border-top:1px solid var(--edge)}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
p{margin:.5rem 0}
.status{display:inline-block;padding:.15rem .7rem;border-radius:.3rem;font-weight:700;letter-spacing:.04em;border:2px solid currentColor}
.status.bad,strong.bad{color:var(--bad)}.status.bad{background:var(--bad-fill)}
.status.good,strong.good{color:var(--good)}.status.good{background:var(--good-fill)}
.status.doubtful,strong.doubtful{color:var(--doubt)}.status.doubtful{background:var(--doubt-fill)}
.sure{margin-left:.7rem;color:var(--soft)}
.lead{font-size:1.06rem;max-width:52rem}
.facts{color:var(--soft);font-size:.9rem;display:flex;flex-wrap:wrap;gap:.1rem 1.2rem;padding:0;margin:.8rem 0 0;list-style:none}
dl.rows{display:grid;grid-template-columns:6rem 1fr;gap:.35rem 1rem;margin:1rem 0;padding:1rem 1.2rem;background:var(--card);
border:1px solid var(--edge);border-radius:.5rem}
dl.rows dt{color:var(--soft);font-weight:600;grid-column:1}dl.rows dd{margin:0;grid-column:2}
dl.machine{display:grid;grid-template-columns:9rem 1fr;gap:.15rem 1rem;margin:.6rem 0}dl.machine dt{color:var(--soft)}dl.machine dd{margin:0}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));gap:1rem}
.pair>div,.stack-card{background:var(--card);border:1px solid var(--edge);border-radius:.5rem;padding:.7rem 1rem}
.stack-card{margin:.6rem 0}.stack-card.culprit{border-left:5px solid var(--bad)}
.pair .who,.stack-card h3{margin:0 0 .3rem}.pair .who{font-weight:700}
ol.stack{margin:.2rem 0 0;padding-left:2.4rem;color:var(--soft)}ol.stack li{line-height:1.45}ol.stack code{color:var(--ink)}
ol.stack .module{font-weight:700}.source{color:var(--soft);display:block}
.tag{display:inline-block;border:1px solid currentColor;border-radius:.25rem;padding:0 .4rem;font-size:.8rem;font-weight:600;margin-right:.4rem}
.tag.bad{color:var(--bad)}.quiet{color:var(--soft)}
.scroll{overflow-x:auto;border:1px solid var(--edge);border-radius:.5rem;background:var(--paper)}
.scroll svg{display:block;margin:0 auto}
table{border-collapse:collapse;width:100%;min-width:52rem;font-size:.92rem}
th,td{overflow-wrap:normal;text-align:left;vertical-align:top;padding:.4rem .7rem;border-bottom:1px solid var(--edge)}
tr:last-child td,tr:last-child th{border-bottom:0}thead th{color:var(--soft);font-weight:600;white-space:nowrap}
tbody th{white-space:nowrap}tr.bad th{color:var(--bad)}td.narrow{white-space:nowrap}td code{overflow-wrap:anywhere}
td.bar{min-width:15rem;padding-left:0;padding-right:0}.bar svg{display:block;width:100%;height:1.7rem}
.bar .held{fill:var(--held)}.bar .busy{fill:var(--busy)}.bar .rest{fill:var(--rest)}
.bar .stripe{stroke:var(--paper);stroke-width:2}.bar .mark{fill:var(--ink)}.bar .axis{stroke:var(--edge);stroke-width:1}
.key{font-size:.88rem;color:var(--soft);margin:.4rem 0}
ol.chain{padding-left:1.6rem}ol.chain>li{margin:.55rem 0}
details{margin:.2rem 0}summary{cursor:pointer;color:var(--link)}
details.evidence{font-size:.9rem}details.evidence ul{margin:.2rem 0 .4rem;padding-left:1.1rem;color:var(--soft)}
dl.items dt{font-weight:600;margin-top:.4rem}dl.items dd{margin:0 0 0 1rem}
.log{white-space:pre-wrap;list-style:none;margin:0;padding:.7rem 1rem;line-height:1.45}.log .stamp{color:var(--soft)}
.log .marked{background:var(--bad-fill);font-weight:700}.log .gap{color:var(--soft);font-style:italic}
pre{white-space:pre-wrap;background:var(--card);border:1px solid var(--edge);border-radius:.5rem;padding:.7rem 1rem}
dl.words div{padding:.25rem .4rem;border-radius:.3rem}dl.words div:target{background:var(--doubt-fill)}
dl.words dt{font-weight:600}dl.words dd{margin:0 0 0 1rem}
footer{margin-top:3rem;padding-top:.8rem;border-top:1px solid var(--edge);color:var(--soft);font-size:.88rem}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
@media (max-width:40rem){body{padding:1rem .8rem 3rem}h1{font-size:1.4rem}dl.rows,dl.machine{grid-template-columns:1fr;gap:0}
dl.rows dd{grid-column:1}dl.rows dd,dl.machine dd{margin-bottom:.5rem}.sure{display:block;margin:.4rem 0 0}ol.stack{padding-left:2rem}}
@media print{body{max-width:none;padding:0;font-size:10.5pt}h2{break-after:avoid}.stack-card,.pair>div,li,tr{break-inside:avoid}
.scroll{overflow:visible}.scroll svg{max-width:100%;height:auto}details::details-content{content-visibility:visible;display:block}
a.word{text-decoration:none}table{min-width:0}td.bar{min-width:9rem}}
)css";
}

}  // namespace whyhung::report
