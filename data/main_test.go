package data

import (
	"strings"
	"testing"
)

// wantError checks that an error names what it is about.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

// opened is a split of a source, which is closed when the test ends.
func opened(t *testing.T, source Source, split Split) Set {
	t.Helper()
	set, err := source.Open(split)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}
