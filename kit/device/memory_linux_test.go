package device

import "testing"

// What is kept for two users at once is given back when the second is done, whichever that is.
func TestKeepMemory(t *testing.T) {
	first, second := KeepMemory(), KeepMemory()
	first()
	if keeping.users != 1 {
		t.Errorf("%d users of kept memory, want 1", keeping.users)
	}
	second()
	if keeping.users != 0 {
		t.Errorf("%d users of kept memory, want none", keeping.users)
	}
}
