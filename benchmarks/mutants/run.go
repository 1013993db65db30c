package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// options say how tests are run.
type options struct {
	skip    string        // For -skip.
	short   bool          // For -short.
	timeout time.Duration // Of one step.
	backend string        // What computes, in a word or two.
}

// verdict is how a step ended.
type verdict struct {
	failed  bool
	killer  string // The first test that failed, or what else ended the run.
	timeout bool
	none    bool    // No test was run, since none has such a name.
	seconds float64 // With what compiling took.
}

// tester runs the tests of one copy of a tree. Test binaries are kept until the next mutant.
type tester struct {
	root    string // Of the copy.
	scratch string // For test binaries.
	options options
	built   map[string]string // Test binaries of this mutant by folder.
}

// forget removes the test binaries, since the sources have changed.
func (t *tester) forget() error {
	t.built = map[string]string{}
	if err := os.RemoveAll(t.scratch); err != nil {
		return fmt.Errorf("removing test binaries: %w", err)
	}
	if err := os.MkdirAll(t.scratch, 0o755); err != nil {
		return fmt.Errorf("making room for test binaries: %w", err)
	}
	return nil
}

// build compiles the tests of a folder, as go test does, once for all steps of a mutant. That they
// don't compile is an error: such a mutant says nothing of the tests.
func (t *tester) build(ctx context.Context, folder string) (string, error) {
	if binary, ok := t.built[folder]; ok {
		return binary, nil
	}
	binary := filepath.Join(t.scratch, strings.ReplaceAll(folder, "/", "-")+".test")
	command := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-o", binary, "./"+folder) // Links quicker.
	command.Dir = t.root
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compiling the tests of %s: %w\n%s", folder, err, output)
	}
	t.built[folder] = binary
	return binary, nil
}

// test runs one step. An error is one of the tools, not of the tests.
func (t *tester) test(ctx context.Context, s step) (verdict, error) {
	began := time.Now()
	binary, err := t.build(ctx, s.folder)
	if err != nil {
		return verdict{}, err
	}
	args := []string{"-test.failfast", "-test.count=1", "-test.timeout=" + t.options.timeout.String()}
	if s.run != "" {
		args = append(args, "-test.run="+s.run)
	}
	if t.options.skip != "" {
		args = append(args, "-test.skip="+t.options.skip)
	}
	if t.options.short {
		args = append(args, "-test.short")
	}
	limited, cancel := context.WithTimeout(ctx, t.options.timeout+time.Minute) // Where the binary's own timeout does not help.
	defer cancel()
	command := exec.CommandContext(limited, binary, args...)
	command.Dir = filepath.Join(t.root, filepath.FromSlash(s.folder))
	command.WaitDelay = 10 * time.Second
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err = command.Run()
	v := verdict{seconds: time.Since(began).Seconds()}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return v, ctx.Err()
	case err == nil:
		v.none = strings.Contains(output.String(), "testing: warning: no tests to run")
		return v, nil
	case limited.Err() == nil && !errors.As(err, &exit):
		return v, fmt.Errorf("running the tests of %s: %w", s.folder, err)
	}
	v.failed = true
	v.killer, v.timeout = killerOf(output.String())
	if limited.Err() != nil {
		v.timeout = true
	}
	return v, nil
}

var (
	failedTest  = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	ranTooLong  = regexp.MustCompile(`(?m)^panic: test timed out after`)
	runningTest = regexp.MustCompile(`(?m)^\trunning tests?:\n\t\t(\S+)`)
	panicked    = regexp.MustCompile(`(?m)^(panic|fatal error): .*`)
)

// killerOf is the first failed test in the output of a test binary, or the one that was running
// when it took too long. Where no test is named, it is the panic.
func killerOf(output string) (killer string, timeout bool) {
	if ranTooLong.MatchString(output) {
		if match := runningTest.FindStringSubmatch(output); match != nil {
			return match[1], true
		}
		return "", true
	}
	if match := failedTest.FindStringSubmatch(output); match != nil {
		return match[1], false
	}
	return panicked.FindString(output), false
}
