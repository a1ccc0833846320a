/*
 * Load for a relay under test: two-way G.711 calls at 20 ms, each packet stamped with the time at which it left.
 *
 *   load SECONDS WARMUP_SECONDS SAMPLES_FILE < streams
 *
 * A line of `streams` is `OWN_PORT RELAY_PORT`, two lines a call (its side A, its side B), all on 127.0.0.1. What is sent
 * from one side of a call is expected on the other. Delays are taken from just before sendto() to the kernel's own stamp
 * of the arrival (SO_TIMESTAMPNS), so that this process's turn on the processor is no part of them. Packets sent within
 * WARMUP_SECONDS are relayed like the others and counted by nobody.
 *
 * Writes each delay as a native uint32, µs, to SAMPLES_FILE, and one line of JSON to stdout.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define STREAMS_MAX 1024
#define PACKET_BYTES 172
#define PTIME_NS 20000000LL
#define MAGIC 0x54415445u

/* What stands in the payload behind the RTP header. */
struct stamp {
  uint32_t magic;
  uint32_t stream;
  uint32_t number;
  uint32_t padding;
  int64_t sent_ns;
};

struct stream {
  int fd;
  uint32_t relay_port;
  uint8_t *seen; /* by the number of the other side's packet */
};

static struct stream streams[STREAMS_MAX];
static int stream_count;
static uint32_t packets_each, warmup_each;
static uint32_t *delays;
static uint64_t delay_count, delay_max, duplicates, strangers;

static int64_t now_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int open_port(int port) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1, bytes = 1 << 20;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0) die("bind");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0) die("SO_TIMESTAMPNS");
  return fd;
}

static void send_one(uint32_t index, uint32_t number) {
  uint8_t packet[PACKET_BYTES];
  uint16_t sequence = htons((uint16_t)(number + 65000)); /* wraps early on */
  uint32_t timestamp = htonl(number * 160u), ssrc = htonl(0x10000000u + index);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(streams[index].relay_port)};
  struct stamp stamp = {MAGIC, index, number, 0, 0};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  memset(packet, 0xff, sizeof packet);
  packet[0] = 0x80;
  packet[1] = 0;
  memcpy(packet + 2, &sequence, 2);
  memcpy(packet + 4, &timestamp, 4);
  memcpy(packet + 8, &ssrc, 4);
  stamp.sent_ns = now_ns(CLOCK_REALTIME);
  memcpy(packet + 12, &stamp, sizeof stamp);
  sendto(streams[index].fd, packet, sizeof packet, 0, (struct sockaddr *)&to, sizeof to);
}

static int64_t arrival_of(struct msghdr *message) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS) continue;
    struct timespec t;
    memcpy(&t, CMSG_DATA(c), sizeof t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
  }
  return now_ns(CLOCK_REALTIME);
}

static void receive_all(int index) {
  uint8_t packet[2048], control[128];
  for (;;) {
    struct iovec vector = {packet, sizeof packet};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t length = recvmsg(streams[index].fd, &message, 0);
    if (length < 0) return;
    struct stamp stamp;
    if (length < PACKET_BYTES) continue;
    memcpy(&stamp, packet + 12, sizeof stamp);
    if (stamp.magic != MAGIC || stamp.stream != (uint32_t)(index ^ 1) || stamp.number >= packets_each) {
      strangers++;
      continue;
    }
    if (stamp.number < warmup_each) continue;
    if (streams[index].seen[stamp.number]++) {
      duplicates++;
      continue;
    }
    int64_t delay_us = (arrival_of(&message) - stamp.sent_ns) / 1000;
    if (delay_count < delay_max) delays[delay_count++] = delay_us < 0 ? 0 : (uint32_t)delay_us;
  }
}

int main(int argc, char **argv) {
  int own, relay;
  if (argc != 4) return 2;
  warmup_each = (uint32_t)(atof(argv[2]) * 50);
  packets_each = warmup_each + (uint32_t)(atof(argv[1]) * 50);
  while (stream_count < STREAMS_MAX && scanf("%d %d", &own, &relay) == 2) {
    struct stream *stream = &streams[stream_count++];
    stream->fd = open_port(own);
    stream->relay_port = (uint32_t)relay;
    stream->seen = calloc(packets_each, 1);
  }
  if (stream_count == 0 || stream_count % 2 != 0) return 2;
  delay_max = (uint64_t)(packets_each - warmup_each) * stream_count;
  delays = malloc(delay_max * sizeof *delays);

  int poll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = STREAMS_MAX};
  epoll_ctl(poll, EPOLL_CTL_ADD, timer, &event);
  for (int i = 0; i < stream_count; i++) {
    event.data.u32 = (uint32_t)i;
    epoll_ctl(poll, EPOLL_CTL_ADD, streams[i].fd, &event);
  }

  /* The streams are spread evenly over the 20 ms, as those of callers who know nothing of each other. */
  int64_t start = now_ns(CLOCK_MONOTONIC) + 100000000LL, late_max = 0;
  uint64_t sent = 0, total = (uint64_t)packets_each * stream_count;
  int64_t end = start + (int64_t)packets_each * PTIME_NS + 1000000000LL;
  for (;;) {
    int64_t now = now_ns(CLOCK_MONOTONIC), due = end;
    while (sent < total) {
      due = start + (int64_t)(sent / stream_count) * PTIME_NS +
            (int64_t)(sent % stream_count) * PTIME_NS / stream_count;
      if (due > now) break;
      if (now - due > late_max && sent / stream_count >= warmup_each) late_max = now - due;
      send_one((uint32_t)(sent % stream_count), (uint32_t)(sent / stream_count));
      sent++;
      now = now_ns(CLOCK_MONOTONIC);
      due = end;
    }
    if (now >= end) break;
    struct itimerspec at = {.it_value = {due / 1000000000LL, due % 1000000000LL}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
    struct epoll_event events[64];
    int ready = epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < ready; i++) {
      uint64_t expirations;
      if (events[i].data.u32 != STREAMS_MAX) receive_all((int)events[i].data.u32);
      else if (read(timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN) die("timer");
    }
  }

  FILE *out = fopen(argv[3], "wb");
  if (out == NULL || fwrite(delays, sizeof *delays, delay_count, out) != delay_count) die(argv[3]);
  fclose(out);
  printf("{\"sent\":%llu,\"received\":%llu,\"duplicates\":%llu,\"strangers\":%llu,\"sendLateMaxUs\":%lld}\n",
         (unsigned long long)delay_max, (unsigned long long)delay_count, (unsigned long long)duplicates,
         (unsigned long long)strangers, (long long)(late_max / 1000));
  return 0;
}
