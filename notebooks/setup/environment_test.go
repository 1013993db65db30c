package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestEnvironmentOfAnotherPlace runs the Makefile in a checkout of its own, with environments that
// were made for another.
func TestEnvironmentOfAnotherPlace(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("there is no make")
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	// run gives what `make arguments` says, in a new checkout whose environment is that of the
	// checkout owner.
	run := func(t *testing.T, venv, owner string, arguments ...string) (output, environment string, err error) {
		here := t.TempDir()
		write(t, filepath.Join(here, "Makefile"), string(makefile))
		if err := os.CopyFS(filepath.Join(here, "notebooks", "setup"), os.DirFS(".")); err != nil {
			t.Fatal(err)
		}
		for _, empty := range []string{"environment.yml", "go.mod", "go.sum"} {
			write(t, filepath.Join(here, empty), "")
		}
		if environment = venv; !filepath.IsAbs(venv) {
			environment = filepath.Join(here, venv)
		}
		write(t, filepath.Join(environment, ".checkout"), owner+"\n")
		write(t, filepath.Join(environment, "bin", "python"), "")
		command := exec.Command("make", append(arguments, "VENV="+venv)...)
		command.Dir = here
		said, err := command.CombinedOutput()
		return string(said), environment, err
	}
	there := func(environment string) bool {
		_, err := os.Stat(filepath.Join(environment, "bin", "python"))
		return err == nil
	}

	t.Run("reading the Makefile removes nothing", func(t *testing.T) {
		for _, arguments := range [][]string{{"help"}, {"-n", "setup"}} {
			output, environment, err := run(t, ".venv", "/moved/away", arguments...)
			if err != nil || !there(environment) {
				t.Errorf("make %v: error %v, environment kept: %v\n%s", arguments, err, there(environment), output)
			}
		}
	})
	t.Run("a checkout's own environment is made anew where it was moved", func(t *testing.T) {
		output, environment, err := run(t, ".venv", "/moved/away", "made-anew")
		if err != nil || there(environment) || !strings.Contains(output, "The checkout was moved: making .venv anew.") {
			t.Errorf("error %v, environment kept: %v\n%s", err, there(environment), output)
		}
		output, _, err = run(t, ".venv", "/moved/away", "-n", "setup")
		if err != nil || !strings.Contains(output, "The checkout was moved") || !strings.Contains(output, "kernel.py") {
			t.Errorf("setup does not come by it: error %v\n%s", err, output)
		}
	})
	t.Run("an environment from elsewhere is refused while its checkout is there", func(t *testing.T) {
		owner := t.TempDir()
		write(t, filepath.Join(owner, "go.mod"), "module sslkit\n")
		output, environment, err := run(t, filepath.Join(t.TempDir(), "conda"), owner, "setup")
		if err == nil || !there(environment) || !strings.Contains(output, "belongs to the checkout "+owner) {
			t.Errorf("error %v, environment kept: %v\n%s", err, there(environment), output)
		}
	})
	t.Run("an environment from elsewhere is taken over where its checkout was moved", func(t *testing.T) {
		output, environment, err := run(t, filepath.Join(t.TempDir(), "conda"), "/moved/away", "made-anew")
		if err != nil || !there(environment) || !strings.Contains(output, "making "+environment+" anew") {
			t.Errorf("error %v, Python kept: %v\n%s", err, there(environment), output)
		}
		if _, err := os.Stat(filepath.Join(environment, ".checkout")); err == nil {
			t.Error("it still belongs to the other")
		}
	})
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
