// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A cache whose shrinker never returns, so that whoever reclaims memory is lost in
 * it; or, the twin, one that is slow.
 */
#include <linux/completion.h>
#include <linux/shrinker.h>
#include <linux/version.h>

#include "lab_hangs.h"

static DECLARE_COMPLETION(answer);
static bool slow;

static unsigned long count_pool(struct shrinker *unused, struct shrink_control *control)
{
	return READ_ONCE(go) ? 100000 : SHRINK_EMPTY;
}

static unsigned long scan_pool(struct shrinker *unused, struct shrink_control *control)
{
	if (slow)
		msleep(10);
	else
		wait_for_completion(&answer);
	return control->nr_to_scan;
}

/* v6.7: shrinkers are allocated. v6.0: they have names. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
static int add_shrinker(void)
{
	struct shrinker *pool = shrinker_alloc(0, "%s", names[0]);

	if (!pool)
		return -ENOMEM;
	pool->count_objects = count_pool;
	pool->scan_objects = scan_pool;
	pool->seeks = DEFAULT_SEEKS;
	shrinker_register(pool);
	return 0;
}
#else
static struct shrinker pool = {
	.count_objects = count_pool, .scan_objects = scan_pool, .seeks = DEFAULT_SEEKS
};

static int add_shrinker(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 0, 0)
	return register_shrinker(&pool, "%s", names[0]);
#else
	return register_shrinker(&pool);
#endif
}
#endif

static int start_slow(void)
{
	slow = true;
	return add_shrinker();
}

static const struct lab_hang hangs[] = {
	{ "stuck", add_shrinker },
	{ "slow", start_slow },
};

static int __init shrinks_init(void)
{
	return lab_start_hangs(hangs, ARRAY_SIZE(hangs));
}

module_init(shrinks_init);
MODULE_DESCRIPTION("a shrinker that never returns");
MODULE_LICENSE("GPL");
