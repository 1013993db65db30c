//go:build unix

package data

import (
	"os"
	"syscall"
)

// lockFile waits for an exclusive lock on an open file; closing it, or the end
// of the process, releases it.
func lockFile(f *os.File) error {
	for {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != syscall.EINTR {
			return err
		}
	}
}
