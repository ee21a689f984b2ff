// SPDX-License-Identifier: Apache-2.0
//
// removal: the device goes away under its user (uaccectl run --faults remove@5): the queue is dead, its mappings are torn,
// and whoever touches them gets a SIGBUS. The descriptor stays until it is closed.

#include "node_program.h"

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf escape;
static void jump(int number) { siglongjmp(escape, number); }

int main(void)
{
    bool v2 = is_v2();
    struct queue queue, idle;
    if (!CHECK(queue_open(&queue)) || !CHECK(queue_open(&idle))) return finish();
    for (int index = 0; index < 4; index++) CHECK(queue_works(&queue));

    signal(SIGBUS, jump);
    describe_nothing(queue_slot(&queue, queue.posted), v2);
    queue_post(&queue);
    // The ring is touched until it is torn.
    volatile int caught = sigsetjmp(escape, 1);
    double end = seconds() + 5;
    while (caught == 0 && seconds() < end) (void)*(volatile uint8_t *)queue.dus;
    CHECK(caught == SIGBUS);
    caught = sigsetjmp(escape, 1);
    if (caught == 0) queue_ring(&queue, 0, 6, false);
    CHECK(caught == SIGBUS);
    caught = sigsetjmp(escape, 1);
    if (caught == 0) idle.dus[0] = 1;
    CHECK(caught == SIGBUS);

    uint16_t context[2] = {0, 0};
    CHECK_FAILS(ENXIO, ioctl(queue.file, SET_CONTEXT, context));
    CHECK_FAILS(ENXIO, ioctl(queue.file, PUT_QUEUE));
    CHECK_FAILS(ENXIO, ioctl(idle.file, START_QUEUE));
    struct pollfd request = {queue.file, POLLIN, 0};
    double begin = seconds();
    CHECK(poll(&request, 1, 50) == 0 && seconds() - begin > 0.045);
    CHECK(munmap(queue.dus, queue.dus_size) == 0);
    CHECK(map_region(queue.file, 1, queue.dus_size) == MAP_FAILED && errno == ENXIO);

    // Nobody finds the device any more.
    CHECK_FAILS(ENOENT, open_node());
    char text[16];
    CHECK(attribute("api", text, sizeof text) == -1 && errno == ENOENT);
    CHECK(munmap(queue.mmio, queue.mmio_size) == 0 && close(queue.file) == 0);
    CHECK(close(idle.file) == 0);
    return finish();
}
