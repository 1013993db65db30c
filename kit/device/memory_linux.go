package device

/*
#include <stddef.h>
#include <malloc.h>
// glibc's own: other C libraries have none.
extern int malloc_trim(size_t) __attribute__((weak));
extern int mallopt(int, int) __attribute__((weak));

static void trim(void) { if (malloc_trim) malloc_trim(0); }

static void keep(void) {
#ifdef M_ARENA_MAX
	if (!mallopt) return;
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, -1); // None.
#endif
}
*/
import "C"

import (
	"os"
	"runtime/debug"
	"slices"
	"strings"
)

// Trim gives memory that is no longer used back to the system. Compiling a training's step leaves
// tens of megabytes in holes of the C heap, which glibc would keep.
func Trim() {
	debug.FreeOSMemory()
	C.trim()
}

// keepMemory lets the C heap keep what is freed until Trim. By default glibc asks the system anew
// for every large block, and XLA allocates the buffers of a step anew in each step, so that the
// system would fill hundreds of megabytes with zeros a step: up to a fifth of its time. There is
// one heap, not eight a core, or each training leaves its holes in others of them and a process that
// trains again and again grows. It has to come before the plugin's threads.
//
// Settings of the user's own for glibc's heap stay as they are.
func keepMemory() {
	if !slices.ContainsFunc(os.Environ(), setsHeap) {
		C.keep()
	}
}

// setsHeap tells whether an environment variable is one of those that glibc's heap reads.
func setsHeap(variable string) bool {
	return strings.HasPrefix(variable, "MALLOC_") ||
		strings.HasPrefix(variable, "GLIBC_TUNABLES=") && strings.Contains(variable, "glibc.malloc.")
}
