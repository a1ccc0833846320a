/*
 * The least that a relay can do: one thread, epoll, recv, send. It rewrites nothing and checks nobody: the bound from below
 * against which the box's relay is measured.
 *
 *   relay < legs        prints `ready` when all ports are bound
 *
 * A line of `legs` is `OWN_PORT PEER_PORT`, two lines a call, all on 127.0.0.1: what comes in on the one's own port leaves
 * from the other's own port to the other's peer.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LEGS_MAX 1024

struct leg {
  int fd;
  struct sockaddr_in peer;
};

static struct leg legs[LEGS_MAX];

static void forward_all(int index) {
  uint8_t packet[2048];
  struct leg *other = &legs[index ^ 1];
  ssize_t length;
  while ((length = recv(legs[index].fd, packet, sizeof packet, 0)) >= 0) {
    sendto(other->fd, packet, (size_t)length, 0, (struct sockaddr *)&other->peer, sizeof other->peer);
  }
}

int main(void) {
  int poll = epoll_create1(0), count = 0, own, peer, bytes = 256 * 1024;
  while (count < LEGS_MAX && scanf("%d %d", &own, &peer) == 2) {
    struct leg *leg = &legs[count];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(own)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    leg->peer = at;
    leg->peer.sin_port = htons(peer);
    leg->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (leg->fd < 0 || bind(leg->fd, (struct sockaddr *)&at, sizeof at) < 0) {
      perror("bind");
      return 1;
    }
    setsockopt(leg->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)count++};
    epoll_ctl(poll, EPOLL_CTL_ADD, leg->fd, &event);
  }
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    struct epoll_event events[64];
    int ready = epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < ready; i++) forward_all((int)events[i].data.u32);
  }
}
