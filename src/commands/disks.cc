// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/disks.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "commands/object.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostQueues = 4096;    // hardware queues of one disk
constexpr std::uint64_t kMostTags = 1u << 20;  // of one disk
constexpr std::uint64_t kMostWords = 1u << 15;
constexpr unsigned kWordBits = 64;

// The part of the driver core that knows the devices of class block.
std::optional<std::uint64_t> block_devices(const Call& call, std::string& broken) {
  const auto at = call.machine().access.symbols.address_of("block_class");
  if (!at) return std::nullopt;
  if (const auto own = Object(call, "class", at->value).pointer({"p"})) return own;
  // v6.4 (7b884b7f24b4): found by the class among all classes.
  const auto set = variable_number(call, "class_kset", 8);
  const auto head = set ? Object(call, "kset", *set).place({"list"}) : std::nullopt;
  if (!head) return std::nullopt;
  const Elements classes = list_elements(call, *head, "subsys_private", "subsys.kobj.entry");
  broken = classes.broken;
  for (const std::uint64_t one : classes.addresses) {
    if (Object(call, "subsys_private", one).pointer({"class"}) == at->value) return one;
  }
  return std::nullopt;
}

class TagReader {
 public:
  TagReader(const Call& call, std::uint64_t queue, const std::optional<std::uint64_t>& now)
      : call_(call), queue_(queue), now_(now), in_flight_(call.machine().access.types.enumerator("MQ_RQ_IN_FLIGHT")) {}

  DiskRequests read() {
    for (const std::uint64_t queue : hardware_queues()) {
      const Object hardware(call_, "blk_mq_hw_ctx", queue);
      // Requests that wait in a scheduler hold a tag of its own only.
      for (const auto& tags : {hardware.pointer({"tags"}), hardware.pointer({"sched_tags"})}) {
        if (tags && seen_.insert(*tags).second) read_tags(Object(call_, "blk_mq_tags", *tags));
      }
    }
    return std::move(found_);
  }

 private:
  std::vector<std::uint64_t> hardware_queues() {
    std::vector<std::uint64_t> queues;
    const Object queue(call_, "request_queue", queue_);
    // v5.16 (4e5cc99e1e48) to v6.18: an xarray in place of the table.
    if (const auto tree = queue.place({"hctx_table"})) {
      const auto walk = call_.machine().xarray.entries(call_.machine().access.memory, VirtualAddress(*tree),
                                                       kMostQueues, [](std::span<const VirtualAddress>) {});
      for (const VirtualAddress one : walk.entries) queues.push_back(one.value);
      found_.broken = walk.broken;
    } else if (const auto table = queue.pointer({"queue_hw_ctx"})) {
      const std::uint64_t count = queue.number({"nr_hw_queues"}).value_or(0);
      for (std::uint64_t i = 0; i < std::min(count, kMostQueues); ++i) {
        const auto one = call_.machine().access.memory.read_u64(VirtualAddress(*table + i * 8));
        if (!one) {
          note("the table of hardware queues cannot be read");
          break;
        }
        if (*one != 0) queues.push_back(*one);
      }
    }
    return queues;
  }

  void read_tags(const Object& tags) {
    found_.has_tags = true;
    const auto requests = tags.pointer({"rqs"});
    const std::uint64_t reserved = tags.number({"nr_reserved_tags"}).value_or(0);
    if (!requests) return note("the table of requests cannot be read");
    // v5.10 to v5.16: pointers to what is embedded before and after.
    read_bits(bitmap(tags, {"__breserved_tags", "breserved_tags"}), *requests, 0);
    read_bits(bitmap(tags, {"__bitmap_tags", "bitmap_tags"}), *requests, reserved);
  }

  std::optional<std::uint64_t> bitmap(const Object& tags, std::initializer_list<std::string_view> names) const {
    const std::string_view plain = *(names.end() - 1);
    const auto field = tags.field({plain});
    if (field && field->size() == 8) return tags.pointer({plain});
    return tags.place({plain});
  }

  void read_bits(const std::optional<std::uint64_t>& at, std::uint64_t requests, std::uint64_t first) {
    if (!at) return note("the tags cannot be read");
    const Object bits(call_, "sbitmap_queue", *at);
    const auto words = bits.number({"sb.map_nr"});
    const auto shift = bits.number({"sb.shift"});
    const auto depth = bits.number({"sb.depth"});
    const auto map = bits.pointer({"sb.map"});
    const auto size = call_.machine().access.types.size_of("sbitmap_word");
    if (!words || !shift || !depth || *shift > 6) return note("the tags cannot be read");
    if (*depth == 0) return;
    if (!map || !size) return note("the tags cannot be read");
    for (std::uint64_t i = 0; i < std::min(*words, kMostWords) && !call_.context.is_stopped(); ++i) {
      const Object word(call_, "sbitmap_word", *map + i * *size);
      const auto set = word.number({"word"});
      if (!set) return note("the tags cannot be read");
      // v5.0 (ea86ea2cdced): what was given back lately stands in a word of its own.
      const std::uint64_t taken = *set & ~word.number({"cleared"}).value_or(0);
      for (unsigned bit = 0; bit < kWordBits; ++bit) {
        const std::uint64_t tag = (i << *shift) + bit;
        if ((taken >> bit & 1) != 0 && bit < (1u << *shift) && tag < *depth) add(requests, first + tag);
      }
    }
  }

  void add(std::uint64_t requests, std::uint64_t tag) {
    if (left_ == 0) return note("there are more tags than are looked at");
    --left_;
    const auto at = call_.machine().access.memory.read_u64(VirtualAddress(requests + tag * 8));
    if (!at) return note(fmt::format("the request with the tag {} cannot be read", tag));
    const Object request(call_, "request", *at);
    // The tags of one driver may serve several disks.
    if (*at == 0 || request.number({"q"}) != queue_ || !requests_.insert(*at).second) return;
    DiskRequest one;
    one.address = *at;
    one.tag = tag;
    one.is_write = (request.number({"cmd_flags"}).value_or(0) & 1) != 0;
    const auto state = request.number({"state"});
    one.is_in_flight = !state || !in_flight_ || *state == static_cast<std::uint64_t>(*in_flight_);
    one.sector = request.number({"__sector"});
    one.bytes = request.number({"__data_len"});
    const auto start = request.number({"start_time_ns"});
    if (start && *start != 0 && now_ && *now_ >= *start) one.age_nanoseconds = *now_ - *start;
    found_.requests.push_back(one);
  }

  void note(std::string_view what) {
    if (found_.broken.empty()) found_.broken = what;
  }

  const Call& call_;
  std::uint64_t queue_;
  std::optional<std::uint64_t> now_;
  std::optional<std::int64_t> in_flight_;
  std::set<std::uint64_t> seen_, requests_;
  std::uint64_t left_ = kMostTags;
  DiskRequests found_;
};

}  // namespace

Result<Disks> all_disks(const Call& call) {
  Disks all;
  const auto devices = block_devices(call, all.broken);
  const auto disk_type = call.machine().access.symbols.address_of("disk_type");
  const auto head = devices ? Object(call, "subsys_private", *devices).place({"klist_devices.k_list"}) : std::nullopt;
  // v5.11 (0d02129e76ed): the device is in the block device; before, in the disk.
  const auto in_disk = call.machine().access.types.member("gendisk", "part0.__dev");
  const auto in_block_device = call.machine().access.types.member("block_device", "bd_device");
  if (!head || !disk_type || (!in_disk && !in_block_device))
    return fail(ErrorKind::kNotFound, "how this kernel keeps its disks is not known");
  const Elements found = list_elements(call, *head, "device_private", "knode_class.n_node");
  if (all.broken.empty()) all.broken = found.broken;
  for (const std::uint64_t one : found.addresses) {
    if (call.context.is_stopped()) break;
    const auto device = Object(call, "device_private", one).pointer({"device"});
    if (!device || Object(call, "device", *device).pointer({"type"}) != disk_type->value) continue;
    const std::uint64_t gendisk =
        in_disk ? *device - in_disk->offset
                : Object(call, "block_device", *device - in_block_device->offset).pointer({"bd_disk"}).value_or(0);
    const Object disk(call, "gendisk", gendisk);
    const auto major = disk.number({"major"});
    if (!major) continue;
    all.disks.push_back({*major, gendisk, disk.text({"disk_name"}).value_or("?"), disk.pointer({"queue"}).value_or(0)});
  }
  return all;
}

DiskRequests requests_of(const Call& call, std::uint64_t queue, const std::optional<std::uint64_t>& now) {
  return TagReader(call, queue, now).read();
}

}  // namespace whyhung::commands
