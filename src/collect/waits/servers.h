// SPDX-License-Identifier: GPL-2.0-or-later
// Servers that file systems depend on, as resources of the snapshot. Those who wait for a request of their own and
// those who wait for a page meet at the same one.
#pragma once

#include "collect/waits/sleepers.h"
#include "kernel/fuse.h"
#include "kernel/rpc.h"

namespace whyhung::collect {

// The process that serves a FUSE connection; the resource is known by the connection's address. False when it is none.
bool add_fuse_server(WaitContext& context, const kernel::FuseView& view, VirtualAddress connection);

// Another machine; the resource is known by the transport's address.
void add_rpc_server(WaitContext& context, const kernel::RpcServer& server);

}  // namespace whyhung::collect
