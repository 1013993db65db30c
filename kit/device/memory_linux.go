package device

/*
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
// glibc's own: other C libraries have none.
extern int malloc_trim(size_t) __attribute__((weak));
extern int mallopt(int, int) __attribute__((weak));

static int ours; // Whether the heap is ours to set: there is a glibc, and the user has set nothing.

// glibc's default, which it raises to 64 MiB once a large block was freed: so much would then stay at
// the end of each of its arenas, and a process that trains again and again grow. A value that is set
// stays.
enum { trim_threshold = 128 * 1024 };

// There are at most two arenas a core, not eight: more are no faster, and each keeps holes. Threads
// that have allocated keep their arena, so that this comes before the first of them, as the program
// is loaded.
__attribute__((constructor)) static void set_heap(void) {
#ifdef M_ARENA_MAX
	const char *tunables = getenv("GLIBC_TUNABLES");
	if (!mallopt || (tunables && strstr(tunables, "glibc.malloc."))) return;
	const char *users[] = {"MALLOC_ARENA_MAX", "MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"};
	for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
		if (getenv(users[i])) return;
	}
	ours = mallopt(M_ARENA_MAX, 2 * sysconf(_SC_NPROCESSORS_ONLN)) && mallopt(M_TRIM_THRESHOLD, trim_threshold);
#endif
}

static void keep(int yes) {
#ifdef M_MMAP_MAX
	if (!ours) return;
	mallopt(M_MMAP_MAX, yes ? 0 : 65536); // The latter is glibc's default.
	mallopt(M_TRIM_THRESHOLD, yes ? -1 : trim_threshold);
#endif
}

static void trim(void) { if (malloc_trim) malloc_trim(0); }
*/
import "C"

import (
	"runtime/debug"
	"sync"
)

// Trim gives memory that is no longer used back to the system. Compiling a training's step leaves
// tens of megabytes in holes of the C heap, which glibc would keep.
func Trim() {
	debug.FreeOSMemory()
	C.trim()
}

var keeping struct {
	sync.Mutex
	users int
}

// KeepMemory lets the C heap keep what is freed until giveBack is called, once. It is for programs
// that run again and again: XLA allocates their buffers anew each time, glibc gives large blocks back
// to the system as soon as they are freed, and the system fills hundreds of megabytes with zeros a
// step, which is up to a fifth of its time. What is compiled is to be compiled before: what stays
// would otherwise lie between the buffers. Settings of the user's own for glibc's heap, in the
// environment, stay as they are.
func KeepMemory() (giveBack func()) {
	keepFor(1)
	return func() { keepFor(-1) }
}

func keepFor(user int) {
	keeping.Lock()
	defer keeping.Unlock()
	before := keeping.users
	keeping.users += user
	switch {
	case before == 0:
		C.keep(1)
	case keeping.users == 0:
		C.keep(0)
		Trim()
	}
}
