// Package must ends a notebook cell at its first error, with one sentence.
// (github.com/janpfeifer/must, which it has the names of, logs the error with its stack and then
// panics with it: a page of text that says the same twice.)
package must

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"

	"sslkit/kit/interrupt"
)

// M ends the program with what the error says, if there is one, and status 1, or that of the signal
// where a training was interrupted. Deferred calls are not made.
func M(err error) { end(err) }

// M1 is the value, or the program's end as in M.
func M1[A any](a A, err error) A {
	end(err)
	return a
}

// M2 is both values, or the program's end as in M.
func M2[A, B any](a A, b B, err error) (A, B) {
	end(err)
	return a, b
}

// M3 is all three values, or the program's end as in M.
func M3[A, B, C any](a A, b B, c C, err error) (A, B, C) {
	end(err)
	return a, b, c
}

func end(err error) {
	if err == nil {
		return
	}
	_, file, number, _ := runtime.Caller(2)
	report(os.Stderr, err, lineOf(file, number))
	gonbui.Sync() // Else what the cell has just shown could be lost.
	os.Exit(interrupt.ExitStatus(err))
}

// report writes what went wrong, and the line of the cell that it went wrong in: a cell may have
// many calls.
func report(w io.Writer, err error, line string) {
	fmt.Fprintln(w, err)
	if line != "" {
		fmt.Fprintf(w, "in: %s\n", line)
	}
}

// lineOf is a line of a source file: GoNB numbers the lines of the program that it makes, not those
// of the cell. It is empty where the source is not there.
func lineOf(file string, number int) string {
	source, err := os.ReadFile(file)
	lines := strings.Split(string(source), "\n")
	if err != nil || number < 1 || number > len(lines) {
		return ""
	}
	return strings.TrimSpace(lines[number-1])
}
