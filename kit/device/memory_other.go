//go:build !linux

package device

import "runtime/debug"

// Trim gives memory that is no longer used back to the system.
func Trim() { debug.FreeOSMemory() }

// KeepMemory is for systems whose heap gives memory back as soon as it is freed; here it does
// nothing.
func KeepMemory() (giveBack func()) { return func() {} }
