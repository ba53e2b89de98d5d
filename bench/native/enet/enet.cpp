// ENet as a client and a server of package play: the same command line, and the same lines of JSON
// on standard output. ENet has no encryption. One thread drives everything, as its examples do.
//
//	enet server LISTEN EXPECT
//	enet client SERVER stream|bulk|mixed NANOSECONDS
#include <enet/enet.h>

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

enum Lane { kStream, kBulk, kLanes };

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMillisecond = 1'000'000;
constexpr int kStreamRate = 60;           // messages a second
constexpr size_t kStreamBytes = 100;      // of a message
constexpr size_t kBulkBytes = 4096;       // of a message
constexpr size_t kQueuedBytes = 1 << 20;  // that may wait in ENet
constexpr int kSocketBytes = 4 << 20;
constexpr int64_t kDialTime = 20 * kSecond;

int64_t Now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

// Fail tells why the program cannot go on.
[[noreturn]] void Fail(const std::string& what) {
  printf("{\"Error\":\"enet: %s\"}\n", what.c_str());
  fflush(stdout);
  exit(1);
}

// over says that standard input has ended, and with it the measurement.
std::atomic<bool> over{false};

void WatchInput() {
  std::thread([] {
    char b[64];
    while (read(STDIN_FILENO, b, sizeof b) > 0) {
    }
    over = true;
  }).detach();
}

ENetAddress Resolve(const std::string& address) {
  size_t colon = address.rfind(':');
  ENetAddress a{};
  if (colon == std::string::npos || enet_address_set_host(&a, address.substr(0, colon).c_str()) != 0) {
    Fail("no address: " + address);
  }
  a.port = static_cast<enet_uint16>(atoi(address.c_str() + colon + 1));
  return a;
}

ENetHost* Open(const ENetAddress* at) {
  ENetHost* host = enet_host_create(at, 1, kLanes, 0, 0);
  if (host == nullptr) Fail("no socket");
  enet_socket_set_option(host->socket, ENET_SOCKOPT_RCVBUF, kSocketBytes);
  enet_socket_set_option(host->socket, ENET_SOCKOPT_SNDBUF, kSocketBytes);
  return host;
}

// A Listener notes what arrives.
class Listener {
 public:
  explicit Listener(size_t expect) : expect_(expect) {}

  void Took(int lane, const ENetPacket& p) {
    int64_t now = Now(), slot = now - now % kMillisecond;
    if (times_.empty() || times_.back() != slot) {
      times_.push_back(slot);
      bytes_.push_back(0);
    }
    bytes_.back() += static_cast<int64_t>(p.dataLength);
    if (lane != kStream || p.dataLength < sizeof(int64_t) || due_.size() == expect_) return;
    int64_t due;
    memcpy(&due, p.data, sizeof due);
    due_.push_back(due);
    at_.push_back(now);
    if (due_.size() == expect_) {
      puts("{\"All\":true}");
      fflush(stdout);
    }
  }

  void Report() const {
    printf("{\"Heard\":{");
    Array("Due", due_);
    putchar(',');
    Array("At", at_);
    putchar(',');
    Array("Times", times_);
    putchar(',');
    Array("Bytes", bytes_);
    puts("}}");
    fflush(stdout);
  }

 private:
  static void Array(const char* name, const std::vector<int64_t>& v) {
    printf("\"%s\":[", name);
    for (size_t i = 0; i < v.size(); i++) printf(i == 0 ? "%" PRId64 : ",%" PRId64, v[i]);
    putchar(']');
  }

  size_t expect_;
  std::vector<int64_t> due_, at_, times_, bytes_;
};

int Serve(const std::string& address, size_t expect) {
  ENetAddress at = Resolve(address);
  ENetHost* host = Open(&at);
  Listener listener(expect);
  printf("{\"Ready\":true,\"Version\":\"%d.%d.%d\"}\n", ENET_VERSION_MAJOR, ENET_VERSION_MINOR,
         ENET_VERSION_PATCH);
  fflush(stdout);
  while (!over) {
    ENetEvent e;
    for (int r = enet_host_service(host, &e, 5); r > 0; r = enet_host_service(host, &e, 0)) {
      if (e.type != ENET_EVENT_TYPE_RECEIVE) continue;
      listener.Took(e.channelID, *e.packet);
      enet_packet_destroy(e.packet);
    }
  }
  listener.Report();
  return 0;
}

// A Client sends over one connection.
class Client {
 public:
  explicit Client(const std::string& address) : host_(Open(nullptr)) {
    ENetAddress to = Resolve(address);
    peer_ = enet_host_connect(host_, &to, kLanes, 0);
    for (int64_t until = Now() + kDialTime; peer_ != nullptr && !open_ && Now() < until && !over;) Wait(10);
    if (!open_) Fail("not connected");
  }

  // Send queues a message; false: the queue is full.
  bool Send(Lane lane, const void* data, size_t n) {
    if (queued_ >= kQueuedBytes) return false;
    ENetPacket* p = enet_packet_create(data, n, ENET_PACKET_FLAG_RELIABLE);
    p->userData = this;
    p->freeCallback = [](ENetPacket* gone) { static_cast<Client*>(gone->userData)->queued_ -= gone->dataLength; };
    queued_ += n;
    if (enet_peer_send(peer_, lane, p) < 0) {
      enet_packet_destroy(p);
      Fail("the connection is over");
    }
    return true;
  }

  void Flush() { enet_host_flush(host_); }

  // Wait serves the connection, for some milliseconds at most.
  void Wait(int milliseconds) {
    ENetEvent e;
    for (int r = enet_host_service(host_, &e, milliseconds); r > 0; r = enet_host_service(host_, &e, 0)) {
      if (e.type == ENET_EVENT_TYPE_CONNECT) open_ = true;
      if (e.type == ENET_EVENT_TYPE_DISCONNECT && !over) Fail("disconnected");
      if (e.type == ENET_EVENT_TYPE_RECEIVE) enet_packet_destroy(e.packet);
    }
  }

 private:
  ENetHost* host_;
  ENetPeer* peer_ = nullptr;
  bool open_ = false;
  size_t queued_ = 0;
};

int Play(const std::string& address, const std::string& workload, int64_t span) {
  const bool streams = workload != "bulk", bulks = workload != "stream";
  Client client(address);
  const int64_t begin = Now(), end = begin + span;
  const int64_t messages = streams ? (span * kStreamRate + kSecond - 1) / kSecond : 0;
  printf("{\"Begin\":%" PRId64 "}\n", begin);
  fflush(stdout);
  std::vector<char> small(kStreamBytes), large(kBulkBytes);
  int64_t sent = 0;
  while (!over && (sent < messages || (bulks && Now() < end))) {
    const int64_t due = sent < messages ? begin + sent * kSecond / kStreamRate : end;
    const int64_t now = Now();
    if (sent < messages && now >= due) {
      memcpy(small.data(), &due, sizeof due);
      if (client.Send(kStream, small.data(), small.size())) {
        client.Flush();
        sent++;
      } else {
        client.Wait(1);
      }
      continue;
    }
    bool room = bulks && now < end;
    while (room) room = client.Send(kBulk, large.data(), large.size());
    // ENet waits in whole milliseconds; the last one is spent asking.
    client.Wait(static_cast<int>(std::min<int64_t>((due - now) / kMillisecond, bulks ? 1 : 20)));
  }
  printf("{\"Sent\":%" PRId64 "}\n", sent);
  fflush(stdout);
  while (!over) client.Wait(5);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (enet_initialize() != 0) Fail("cannot be initialized");
  WatchInput();
  const std::string command = argc > 1 ? argv[1] : "";
  int code = 2;
  if (command == "server" && argc == 4) code = Serve(argv[2], strtoull(argv[3], nullptr, 10));
  if (command == "client" && argc == 5) code = Play(argv[2], argv[3], atoll(argv[4]));
  fflush(stdout);
  _exit(code);  // the thread that watches the input goes with us
}
