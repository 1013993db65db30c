//go:build linux

package main

import "slices"

// faults are all of them, in the order in which they are tried.
func faults(s *stage) []fault {
	return slices.Concat(damage(), removals(), conditions(), writers(), disks(), hostile(), downloads(), signals(), kills(), compileKills())
}
