//go:build unix

package launch

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// launcher is this program as that of the grid in a folder.
func launcher(folder string, flags ...string) *exec.Cmd {
	command := exec.Command(os.Args[0], flags...)
	command.Env = append(os.Environ(), gridVariable+"="+folder)
	return command
}

func TestLocalRunsAllAndNamesWhatFailed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	said, err := launcher(folder, "-launcher=local", "-j=2").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("%v, want status 1", err)
	}
	log := filepath.Join(folder, "launch", "1", "1.log")
	for _, want := range []string{
		"2 of 4 cells failed", "fails: exit status 1, log " + log + ": cell fails: the disk is full",
		"forgets: exit status 1", "done, 2 of 4",
	} {
		if !strings.Contains(string(said), want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "mended"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	said, err = launcher(folder, "-launcher=local").CombinedOutput()
	if err != nil || !strings.Contains(string(said), "ready: true") {
		t.Errorf("%v:\n%s", err, said)
	}
	for cell, times := range map[string]int{"one": 1, "it's two": 1, "fails": 2, "forgets": 2} {
		if got := begun(folder, cell); got != times {
			t.Errorf("%s was begun %d times, want %d", cell, got, times)
		}
	}
	said, err = launcher(folder, "-launcher=local").CombinedOutput()
	if entries, _ := os.ReadDir(filepath.Join(folder, "launch")); err != nil || len(entries) != 2 {
		t.Errorf("with nothing to do: %v, %d launches:\n%s", err, len(entries), said)
	}
}

// TestCtrlCEndsTheChildrenOnce: a terminal sends it to the whole group of processes. A training that
// gets it twice ends at once, without its checkpoint.
func TestCtrlCEndsTheChildrenOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "waits"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	command := launcher(folder, "-launcher=local")
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said strings.Builder
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); begun(folder, "one") < 1; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatal("no cell was begun")
		}
	}
	syscall.Kill(-command.Process.Pid, syscall.SIGINT)
	err := command.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 || !strings.Contains(said.String(), "4 of 4 cells are not done") {
		t.Errorf("%v, want status 130:\n%s", err, said.String())
	}
	asked, _ := os.ReadFile(filepath.Join(folder, "asked"))
	if string(asked) != "one asked once\n" {
		t.Errorf("the cell that ran was asked: %q:\n%s", asked, said.String())
	}
	if n := begun(folder, "it's two"); n != 0 {
		t.Errorf("a cell was begun after the interrupt")
	}
	os.Remove(filepath.Join(folder, "waits"))
	os.WriteFile(filepath.Join(folder, "mended"), nil, 0o644)
	if said, err := launcher(folder, "-launcher=local", "-j=4").CombinedOutput(); err != nil {
		t.Errorf("going on: %v:\n%s", err, said)
	}
}
