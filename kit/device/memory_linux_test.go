package device

import "testing"

func TestSetsHeap(t *testing.T) {
	for variable, want := range map[string]bool{
		"MALLOC_ARENA_MAX=4":                         true,
		"GLIBC_TUNABLES=glibc.malloc.hugetlb=1":      true,
		"GLIBC_TUNABLES=glibc.cpu.x86_ibt=off":       false,
		"PATH=/MALLOC_/glibc.malloc.":                false,
		"XLA_FLAGS=--xla_cpu_use_thunk_runtime=true": false,
	} {
		if got := setsHeap(variable); got != want {
			t.Errorf("setsHeap(%q) is %v, want %v", variable, got, want)
		}
	}
}
