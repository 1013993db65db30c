package question

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
)

// Child runs this program anew, as a process of its own, so that what is measured there, such as its
// memory, is that of its task alone: with the flag -child and the task as JSON. It reads the last line
// of what that writes, JSON too, into said, a pointer.
func Child(task, said any) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(task)
	if err != nil {
		return err
	}
	args := []string{"-child", string(encoded)}
	if quick := flag.Lookup("quick"); quick != nil && quick.Value.String() == "true" {
		args = append(args, "-quick") // Which alone may run where files differ from their commit.
	}
	process := exec.Command(program, args...)
	process.Stderr = os.Stderr
	out, err := process.Output()
	if err != nil {
		return fmt.Errorf("the child: %w; it says %q", err, out[max(len(out)-200, 0):])
	}
	out = bytes.TrimSpace(out)
	if err := json.Unmarshal(out[bytes.LastIndexByte(out, '\n')+1:], said); err != nil {
		return fmt.Errorf("the child says %q: %w", out, err)
	}
	return nil
}
