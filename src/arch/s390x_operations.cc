// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/s390x_operations.h"

#include <algorithm>
#include <array>

namespace whyhung::arch {
namespace {

using enum S390xEffect;

constexpr S390xEffect kNothing{};
constexpr S390xEffect kReadFirst = kReadsFirst;              // a branch that compares with a constant
constexpr S390xEffect kReadBoth = kReadsFirst | kReadsLast;  // a branch that compares two registers
constexpr S390xEffect kMake = kWritesFirst;                  // from a constant, or an address
constexpr S390xEffect kChange = kReadsFirst | kWritesFirst;  // a shift, a part put into it, a count
constexpr S390xEffect kCopy = kReadsLast | kWritesFirst;
constexpr S390xEffect kTestCopy = kCopy | kTests;
constexpr S390xEffect kCombine = kChange | kReadsLast;
constexpr S390xEffect kAdd = kCombine | kTests;
constexpr S390xEffect kAddThree = kCopy | kReadsMiddle | kTests;
constexpr S390xEffect kAddConstant = kChange | kTests;
constexpr S390xEffect kCompare = kReadBoth | kTests;
constexpr S390xEffect kCompareConstant = kReadsFirst | kTests;
constexpr S390xEffect kLoad = kLoads | kWritesFirst;
constexpr S390xEffect kLoadPart = kLoads | kChange;
constexpr S390xEffect kTestLoad = kLoad | kTests;
constexpr S390xEffect kLoadMany = kLoads | kWritesRange;
constexpr S390xEffect kAddMemory = kLoads | kChange | kTests;
constexpr S390xEffect kCompareMemory = kLoads | kReadsFirst | kTests;
constexpr S390xEffect kStore = kStores | kReadsFirst;
constexpr S390xEffect kStoreMany = kStores;
constexpr S390xEffect kSwap = kLoads | kStores | kCombine | kTests;  // compare and swap
constexpr S390xEffect kFetchAndAdd = kLoads | kStores | kCopy | kTests;
constexpr S390xEffect kTestMemory = kLoads | kTests;  // with a constant
constexpr S390xEffect kPutMemory = kStores;
constexpr S390xEffect kChangeMemory = kLoads | kStores | kTests;
constexpr S390xEffect kMoveMemory = kStores | kFromMemory;
constexpr S390xEffect kMixMemory = kChangeMemory | kFromMemory;
constexpr S390xEffect kCompareTwo = kLoads | kFromMemory | kTests;

// z/Architecture Principles of Operation, appendix B: what compilers make, in the order of the codes.
constexpr auto kOperations = std::to_array<S390xOperation>({
    {0x0400, kNothing},           // spm
    {0x0500, kNothing},           // balr
    {0x0600, kChange},            // bctr
    {0x0700, kNothing},           // bcr
    {0x0a00, kNothing},           // svc
    {0x0b00, kNothing},           // bsm
    {0x0c00, kNothing},           // bassm
    {0x0d00, kNothing},           // basr
    {0x1000, kTestCopy},          // lpr
    {0x1100, kTestCopy},          // lnr
    {0x1200, kTestCopy},          // ltr
    {0x1300, kTestCopy},          // lcr
    {0x1400, kAdd},               // nr
    {0x1500, kCompare},           // clr
    {0x1600, kAdd},               // or
    {0x1700, kAdd},               // xr
    {0x1800, kCopy},              // lr
    {0x1900, kCompare},           // cr
    {0x1a00, kAdd},               // ar
    {0x1b00, kAdd},               // sr
    {0x1e00, kAdd},               // alr
    {0x1f00, kAdd},               // slr
    {0x4000, kStore, 2},          // sth
    {0x4100, kMake},              // la
    {0x4200, kStore, 1},          // stc
    {0x4300, kLoadPart, 1},       // ic
    {0x4400, kNothing},           // ex
    {0x4500, kNothing},           // bal
    {0x4600, kChange},            // bct
    {0x4700, kNothing},           // bc
    {0x4800, kLoad, 2},           // lh
    {0x4900, kCompareMemory, 2},  // ch
    {0x4a00, kAddMemory, 2},      // ah
    {0x4b00, kAddMemory, 2},      // sh
    {0x4d00, kNothing},           // bas
    {0x5000, kStore, 4},          // st
    {0x5400, kAddMemory, 4},      // n
    {0x5500, kCompareMemory, 4},  // cl
    {0x5600, kAddMemory, 4},      // o
    {0x5700, kAddMemory, 4},      // x
    {0x5800, kLoad, 4},           // l
    {0x5900, kCompareMemory, 4},  // c
    {0x5a00, kAddMemory, 4},      // a
    {0x5b00, kAddMemory, 4},      // s
    {0x5e00, kAddMemory, 4},      // al
    {0x5f00, kAddMemory, 4},      // sl
    {0x8200, kNothing},           // lpsw
    {0x8300, kNothing},           // diag
    {0x8400, kChange},            // brxh
    {0x8500, kChange},            // brxle
    {0x8600, kChange},            // bxh
    {0x8700, kChange},            // bxle
    {0x8800, kChange},            // srl
    {0x8900, kChange},            // sll
    {0x8a00, kAddConstant},       // sra
    {0x8b00, kAddConstant},       // sla
    {0x9000, kStoreMany, 4},      // stm
    {0x9100, kTestMemory, 1},     // tm
    {0x9200, kPutMemory, 1},      // mvi
    {0x9400, kChangeMemory, 1},   // ni
    {0x9500, kTestMemory, 1},     // cli
    {0x9600, kChangeMemory, 1},   // oi
    {0x9700, kChangeMemory, 1},   // xi
    {0x9800, kLoadMany, 4},       // lm
    {0x9a00, kNothing},           // lam: access registers
    {0x9b00, kNothing},           // stam
    {0xa500, kChange},            // iihh
    {0xa501, kChange},            // iihl
    {0xa502, kChange},            // iilh
    {0xa503, kChange},            // iill
    {0xa504, kAddConstant},       // nihh
    {0xa505, kAddConstant},       // nihl
    {0xa506, kAddConstant},       // nilh
    {0xa507, kAddConstant},       // nill
    {0xa508, kAddConstant},       // oihh
    {0xa509, kAddConstant},       // oihl
    {0xa50a, kAddConstant},       // oilh
    {0xa50b, kAddConstant},       // oill
    {0xa50c, kMake},              // llihh
    {0xa50d, kMake},              // llihl
    {0xa50e, kMake},              // llilh
    {0xa50f, kMake},              // llill
    {0xa700, kCompareConstant},   // tmlh
    {0xa701, kCompareConstant},   // tmll
    {0xa702, kCompareConstant},   // tmhh
    {0xa703, kCompareConstant},   // tmhl
    {0xa704, kNothing},           // brc
    {0xa705, kNothing},           // bras
    {0xa706, kChange},            // brct
    {0xa707, kChange},            // brctg
    {0xa708, kMake},              // lhi
    {0xa709, kMake},              // lghi
    {0xa70a, kAddConstant},       // ahi
    {0xa70b, kAddConstant},       // aghi
    {0xa70c, kChange},            // mhi
    {0xa70d, kChange},            // mghi
    {0xa70e, kCompareConstant},   // chi
    {0xa70f, kCompareConstant},   // cghi
    {0xaf00, kNothing},           // mc
    {0xb240, kNothing},           // bakr
    {0xb24d, kNothing},           // cpya
    {0xb24e, kNothing},           // sar
    {0xb24f, kCopy},              // ear
    {0xb252, kCombine},           // msr
    {0xb280, kNothing},           // lpp
    {0xb2b2, kNothing},           // lpswe
    {0xb2fa, kNothing},           // niai
    {0xb900, kTestCopy},          // lpgr
    {0xb901, kTestCopy},          // lngr
    {0xb902, kTestCopy},          // ltgr
    {0xb903, kTestCopy},          // lcgr
    {0xb904, kCopy},              // lgr
    {0xb906, kCopy},              // lgbr
    {0xb907, kCopy},              // lghr
    {0xb908, kAdd},               // agr
    {0xb909, kAdd},               // sgr
    {0xb90a, kAdd},               // algr
    {0xb90b, kAdd},               // slgr
    {0xb90c, kCombine},           // msgr
    {0xb912, kTestCopy},          // ltgfr
    {0xb914, kCopy},              // lgfr
    {0xb916, kCopy},              // llgfr
    {0xb917, kCopy},              // llgtr
    {0xb918, kAdd},               // agfr
    {0xb919, kAdd},               // sgfr
    {0xb91a, kAdd},               // algfr
    {0xb91b, kAdd},               // slgfr
    {0xb91c, kCombine},           // msgfr
    {0xb920, kCompare},           // cgr
    {0xb921, kCompare},           // clgr
    {0xb926, kCopy},              // lbr
    {0xb927, kCopy},              // lhr
    {0xb930, kCompare},           // cgfr
    {0xb931, kCompare},           // clgfr
    {0xb946, kChange},            // bctgr
    {0xb980, kAdd},               // ngr
    {0xb981, kAdd},               // ogr
    {0xb982, kAdd},               // xgr
    {0xb984, kCopy},              // llgcr
    {0xb985, kCopy},              // llghr
    {0xb988, kAdd},               // alcgr
    {0xb989, kAdd},               // slbgr
    {0xb994, kCopy},              // llcr
    {0xb995, kCopy},              // llhr
    {0xb9e2, kCombine},           // locgr
    {0xb9e4, kAddThree},          // ngrk
    {0xb9e6, kAddThree},          // ogrk
    {0xb9e7, kAddThree},          // xgrk
    {0xb9e8, kAddThree},          // agrk
    {0xb9e9, kAddThree},          // sgrk
    {0xb9ea, kAddThree},          // algrk
    {0xb9eb, kAddThree},          // slgrk
    {0xb9f2, kCombine},           // locr
    {0xb9f4, kAddThree},          // nrk
    {0xb9f6, kAddThree},          // ork
    {0xb9f7, kAddThree},          // xrk
    {0xb9f8, kAddThree},          // ark
    {0xb9f9, kAddThree},          // srk
    {0xb9fa, kAddThree},          // alrk
    {0xb9fb, kAddThree},          // slrk
    {0xba00, kSwap, 4},           // cs
    {0xc000, kMake},              // larl
    {0xc001, kMake},              // lgfi
    {0xc004, kNothing},           // brcl
    {0xc005, kNothing},           // brasl
    {0xc006, kAddConstant},       // xihf
    {0xc007, kAddConstant},       // xilf
    {0xc008, kChange},            // iihf
    {0xc009, kChange},            // iilf
    {0xc00a, kAddConstant},       // nihf
    {0xc00b, kAddConstant},       // nilf
    {0xc00c, kAddConstant},       // oihf
    {0xc00d, kAddConstant},       // oilf
    {0xc00e, kMake},              // llihf
    {0xc00f, kMake},              // llilf
    {0xc200, kChange},            // msgfi
    {0xc201, kChange},            // msfi
    {0xc204, kAddConstant},       // slgfi
    {0xc205, kAddConstant},       // slfi
    {0xc208, kAddConstant},       // agfi
    {0xc209, kAddConstant},       // afi
    {0xc20a, kAddConstant},       // algfi
    {0xc20b, kAddConstant},       // alfi
    {0xc20c, kCompareConstant},   // cgfi
    {0xc20d, kCompareConstant},   // cfi
    {0xc20e, kCompareConstant},   // clgfi
    {0xc20f, kCompareConstant},   // clfi
    {0xc402, kLoad, 2},           // llhrl
    {0xc404, kLoad, 2},           // lghrl
    {0xc405, kLoad, 2},           // lhrl
    {0xc406, kLoad, 2},           // llghrl
    {0xc407, kStore, 2},          // sthrl
    {0xc408, kLoad, 8},           // lgrl
    {0xc40b, kStore, 8},          // stgrl
    {0xc40c, kLoad, 4},           // lgfrl
    {0xc40d, kLoad, 4},           // lrl
    {0xc40e, kLoad, 4},           // llgfrl
    {0xc40f, kStore, 4},          // strl
    {0xc600, kNothing},           // exrl
    {0xc602, kNothing},           // pfdrl
    {0xc604, kCompareMemory, 2},  // cghrl
    {0xc605, kCompareMemory, 2},  // chrl
    {0xc606, kCompareMemory, 2},  // clghrl
    {0xc607, kCompareMemory, 2},  // clhrl
    {0xc608, kCompareMemory, 8},  // cgrl
    {0xc60a, kCompareMemory, 8},  // clgrl
    {0xc60c, kCompareMemory, 4},  // cgfrl
    {0xc60d, kCompareMemory, 4},  // crl
    {0xc60e, kCompareMemory, 4},  // clgfrl
    {0xc60f, kCompareMemory, 4},  // clrl
    {0xcc06, kChange},            // brcth
    {0xd200, kMoveMemory},        // mvc
    {0xd400, kMixMemory},         // nc
    {0xd500, kCompareTwo},        // clc
    {0xd600, kMixMemory},         // oc
    {0xd700, kMixMemory},         // xc
    {0xdc00, kMoveMemory},        // tr
    {0xe302, kTestLoad, 8},       // ltg
    {0xe304, kLoad, 8},           // lg
    {0xe308, kAddMemory, 8},      // ag
    {0xe309, kAddMemory, 8},      // sg
    {0xe30a, kAddMemory, 8},      // alg
    {0xe30b, kAddMemory, 8},      // slg
    {0xe30f, kLoad, 8},           // lrvg
    {0xe312, kTestLoad, 4},       // lt
    {0xe314, kLoad, 4},           // lgf
    {0xe315, kLoad, 2},           // lgh
    {0xe316, kLoad, 4},           // llgf
    {0xe317, kLoad, 4},           // llgt
    {0xe31e, kLoad, 4},           // lrv
    {0xe31f, kLoadPart, 2},       // lrvh
    {0xe320, kCompareMemory, 8},  // cg
    {0xe321, kCompareMemory, 8},  // clg
    {0xe324, kStore, 8},          // stg
    {0xe32f, kStore, 8},          // strvg
    {0xe330, kCompareMemory, 4},  // cgf
    {0xe331, kCompareMemory, 4},  // clgf
    {0xe332, kTestLoad, 4},       // ltgf
    {0xe334, kCompareMemory, 2},  // cgh
    {0xe336, kNothing},           // pfd
    {0xe33e, kStore, 4},          // strv
    {0xe33f, kStore, 2},          // strvh
    {0xe346, kChange},            // bctg
    {0xe347, kNothing},           // bic
    {0xe350, kStore, 4},          // sty
    {0xe354, kAddMemory, 4},      // ny
    {0xe355, kCompareMemory, 4},  // cly
    {0xe356, kAddMemory, 4},      // oy
    {0xe357, kAddMemory, 4},      // xy
    {0xe358, kLoad, 4},           // ly
    {0xe359, kCompareMemory, 4},  // cy
    {0xe35a, kAddMemory, 4},      // ay
    {0xe35b, kAddMemory, 4},      // sy
    {0xe35e, kAddMemory, 4},      // aly
    {0xe35f, kAddMemory, 4},      // sly
    {0xe370, kStore, 2},          // sthy
    {0xe371, kMake},              // lay
    {0xe372, kStore, 1},          // stcy
    {0xe373, kLoadPart, 1},       // icy
    {0xe376, kLoad, 1},           // lb
    {0xe377, kLoad, 1},           // lgb
    {0xe378, kLoad, 2},           // lhy
    {0xe379, kCompareMemory, 2},  // chy
    {0xe380, kAddMemory, 8},      // ng
    {0xe381, kAddMemory, 8},      // og
    {0xe382, kAddMemory, 8},      // xg
    {0xe390, kLoad, 1},           // llgc
    {0xe391, kLoad, 2},           // llgh
    {0xe394, kLoad, 1},           // llc
    {0xe395, kLoad, 2},           // llh
    {0xe544, kPutMemory, 2},      // mvhhi
    {0xe548, kPutMemory, 8},      // mvghi
    {0xe54c, kPutMemory, 4},      // mvhi
    {0xe554, kTestMemory, 2},     // chhsi
    {0xe555, kTestMemory, 2},     // clhhsi
    {0xe558, kTestMemory, 8},     // cghsi
    {0xe559, kTestMemory, 8},     // clghsi
    {0xe55c, kTestMemory, 4},     // chsi
    {0xe55d, kTestMemory, 4},     // clfhsi
    {0xeb04, kLoadMany, 8},       // lmg
    {0xeb0a, kTestCopy},          // srag
    {0xeb0b, kTestCopy},          // slag
    {0xeb0c, kCopy},              // srlg
    {0xeb0d, kCopy},              // sllg
    {0xeb14, kSwap, 4},           // csy
    {0xeb1c, kCopy},              // rllg
    {0xeb1d, kCopy},              // rll
    {0xeb24, kStoreMany, 8},      // stmg
    {0xeb25, kNothing},           // stctg: control registers
    {0xeb2f, kNothing},           // lctlg
    {0xeb30, kSwap, 8},           // csg
    {0xeb44, kChange},            // bxhg
    {0xeb45, kChange},            // bxleg
    {0xeb51, kTestMemory, 1},     // tmy
    {0xeb52, kPutMemory, 1},      // mviy
    {0xeb54, kChangeMemory, 1},   // niy
    {0xeb55, kTestMemory, 1},     // cliy
    {0xeb56, kChangeMemory, 1},   // oiy
    {0xeb57, kChangeMemory, 1},   // xiy
    {0xeb6a, kChangeMemory, 4},   // asi
    {0xeb6e, kChangeMemory, 4},   // alsi
    {0xeb71, kNothing},           // lpswey
    {0xeb7a, kChangeMemory, 8},   // agsi
    {0xeb7e, kChangeMemory, 8},   // algsi
    {0xebdc, kTestCopy},          // srak
    {0xebdd, kTestCopy},          // slak
    {0xebde, kCopy},              // srlk
    {0xebdf, kCopy},              // sllk
    {0xebe4, kFetchAndAdd, 8},    // lang
    {0xebe6, kFetchAndAdd, 8},    // laog
    {0xebe7, kFetchAndAdd, 8},    // laxg
    {0xebe8, kFetchAndAdd, 8},    // laag
    {0xebea, kFetchAndAdd, 8},    // laalg
    {0xebf4, kFetchAndAdd, 4},    // lan
    {0xebf6, kFetchAndAdd, 4},    // lao
    {0xebf7, kFetchAndAdd, 4},    // lax
    {0xebf8, kFetchAndAdd, 4},    // laa
    {0xebfa, kFetchAndAdd, 4},    // laal
    {0xec44, kChange},            // brxhg
    {0xec45, kChange},            // brxlg
    {0xec54, kAdd},               // rnsbg
    {0xec55, kAdd},               // risbg
    {0xec56, kAdd},               // rosbg
    {0xec57, kAdd},               // rxsbg
    {0xec59, kCombine},           // risbgn
    {0xec64, kReadBoth},          // cgrj
    {0xec65, kReadBoth},          // clgrj
    {0xec76, kReadBoth},          // crj
    {0xec77, kReadBoth},          // clrj
    {0xec7c, kReadFirst},         // cgij
    {0xec7d, kReadFirst},         // clgij
    {0xec7e, kReadFirst},         // cij
    {0xec7f, kReadFirst},         // clij
    {0xecd8, kTestCopy},          // ahik
    {0xecd9, kTestCopy},          // aghik
    {0xecda, kTestCopy},          // alhsik
    {0xecdb, kTestCopy},          // alghsik
    {0xece4, kReadBoth},          // cgrb
    {0xece5, kReadBoth},          // clgrb
    {0xecf6, kReadBoth},          // crb
    {0xecf7, kReadBoth},          // clrb
    {0xecfc, kReadFirst},         // cgib
    {0xecfd, kReadFirst},         // clgib
    {0xecfe, kReadFirst},         // cib
    {0xecff, kReadFirst},         // clib
});
static_assert(std::ranges::is_sorted(kOperations, {}, &S390xOperation::code));

}  // namespace

const S390xOperation* find_s390x_operation(std::uint16_t code) {
  const auto found = std::ranges::lower_bound(kOperations, code, {}, &S390xOperation::code);
  return found != kOperations.end() && found->code == code ? &*found : nullptr;
}

}  // namespace whyhung::arch
