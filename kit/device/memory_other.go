//go:build !linux

package device

import "runtime/debug"

// Trim gives memory that is no longer used back to the system.
func Trim() { debug.FreeOSMemory() }

func keepMemory() {}
