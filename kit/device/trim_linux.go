package device

/*
#include <stddef.h>
// glibc's own: other C libraries have none.
extern int malloc_trim(size_t) __attribute__((weak));
static void trim(void) { if (malloc_trim) malloc_trim(0); }
*/
import "C"

import "runtime/debug"

// Trim gives memory that is no longer used back to the system. Compiling a training's step leaves
// tens of megabytes in holes of the C heap, for each of its threads, which glibc would keep.
func Trim() {
	debug.FreeOSMemory()
	C.trim()
}
