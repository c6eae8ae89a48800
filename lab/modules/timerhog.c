// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A timer whose callback never returns: the loop runs in a softirq, and the
 * task that was interrupted, whichever it is, loses its CPU with it.
 */
#include <linux/timer.h>

#include "lab_spin.h"

static struct timer_list timer;

static noinline void LAB_FUNCTION(struct timer_list *unused)
{
	if (!READ_ONCE(go)) {
		mod_timer(&timer, jiffies + 1);
		return;
	}
	lab_spin_for_ever();
}

static int __init timerhog_init(void)
{
	if (!lab_loop_is_known())
		return -EINVAL;
	timer_setup(&timer, LAB_FUNCTION, TIMER_PINNED);
	timer.expires = jiffies + 1;
	add_timer_on(&timer, cpu >= 0 ? cpu : 0);
	return 0;
}

/* The callback does not end: there is no way to take the timer back. */
static void __exit timerhog_exit(void)
{
}

module_init(timerhog_init);
module_exit(timerhog_exit);
MODULE_DESCRIPTION("a timer callback that never returns");
MODULE_LICENSE("GPL");
