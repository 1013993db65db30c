//go:build unix

package launch

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps a terminal's Ctrl+C from a child, which is sent to the whole group of processes:
// with that and what the launcher passes on it would be asked for its end twice, and end at once.
func ownGroup(child *exec.Cmd) { child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
