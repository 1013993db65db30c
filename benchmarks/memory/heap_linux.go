package main

/*
#include <malloc.h>
#include <stddef.h>

#ifdef __GLIBC__
// glibc has it since 2.33; other C libraries have nothing of the kind.
extern struct mallinfo2 mallinfo2(void) __attribute__((weak));

static size_t in_use(void) {
	if (!mallinfo2) return 0;
	struct mallinfo2 all = mallinfo2();
	return all.uordblks + all.hblkhd;
}
#else
static size_t in_use(void) { return 0; }
#endif
*/
import "C"

// heapInUse is how many bytes of the C heap, over all threads, are allocated and not freed.
func heapInUse() float64 { return float64(C.in_use()) }
