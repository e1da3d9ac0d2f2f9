/* Work shared out among threads: every item once, whatever the number of threads, call after call. */
#include "base/base.h"
#include "bodies.h"

enum { MOST = 5000 };

static void count_item(void *self, size_t i)
{
    ++((unsigned char *)self)[i];
}

static void expect_once(const unsigned char *items, size_t count, unsigned times)
{
    for (size_t i = 0; i < MOST; ++i)
        cr_expect_eq(items[i], i < count ? times : 0u, "item %zu of %zu: %u times", i, count, (unsigned)items[i]);
}

Test(threads, every_item_once)
{
    static const size_t counts[] = {0, 1, 2, 7, 64, MOST}, threads[] = {0, 1, 2, 5, 1000};
    cr_expect_geq(base_cores(), 1u);
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; ++c) {
        unsigned char items[MOST] = {0};
        base_parallel(counts[c], count_item, items);
        expect_once(items, counts[c], 1);
        base_crew_run(NULL, counts[c], count_item, items);
        expect_once(items, counts[c], 2);
        for (size_t t = 0; t < sizeof threads / sizeof threads[0]; ++t) {
            struct base_crew *crew = NULL;
            memset(items, 0, sizeof items);
            MUST(base_crew_create(&crew, threads[t]));
            for (int call = 0; call < 100; ++call)
                base_crew_run(crew, counts[c], count_item, items);
            expect_once(items, counts[c], 100);
            base_crew_free(crew);
        }
    }
    base_crew_free(NULL);
}
