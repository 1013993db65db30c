// Package python runs the other side of a comparison: a Python program that is asked by lines of JSON,
// and answers each with one. So the caller decides when each turn is, and takes its own in between.
package python

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Process is a program that runs. It is asked one question at a time.
type Process struct {
	// Versions holds those of the packages that are compared with, by their names. They are the
	// first line that the program writes.
	Versions map[string]string

	name    string // Of the script, for errors.
	ctx     context.Context
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	last    lastLine // That it wrote to standard error, which names what Python raised.
	ended   bool
}

// Start starts a script with its arguments, and reads the versions. What it writes to standard error
// goes to that of this program. Once ctx is done, it is killed.
//
// An error tells which script could not be started, ended without a line or wrote another one.
func Start(ctx context.Context, interpreter, script string, arguments ...string) (*Process, error) {
	p := &Process{name: filepath.Base(script), ctx: ctx}
	p.process = exec.CommandContext(ctx, interpreter, append([]string{script}, arguments...)...)
	p.process.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	p.process.Stderr = io.MultiWriter(os.Stderr, &p.last)
	p.process.WaitDelay = 5 * time.Second // Processes that it started may keep its standard error open.
	in, err := p.process.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s %s: %w", interpreter, script, err)
	}
	out, err := p.process.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s %s: %w", interpreter, script, err)
	}
	if err := p.process.Start(); err != nil {
		return nil, fmt.Errorf("starting %s %s: %w", interpreter, script, err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.read(&p.Versions); err != nil {
		return nil, errors.Join(fmt.Errorf("reading the versions from %s: %w", p.name, err), p.Close())
	}
	return p, nil
}

// Ask writes a question as a line of JSON, and reads the answer to it, which is a pointer as that of
// json.Unmarshal. An error tells the question, and how the program ended or what it wrote instead.
func (p *Process) Ask(question, answer any) error {
	line, err := json.Marshal(question)
	if err != nil {
		return fmt.Errorf("asking %s: %w", p.name, err)
	}
	// Where it can't be written, the program has ended, and reading tells how.
	_, cut := p.in.Write(append(line, '\n'))
	if err := p.read(answer); err != nil {
		return fmt.Errorf("asking %s for %.200s: %w", p.name, line, err)
	}
	if cut != nil {
		return fmt.Errorf("asking %s for %.200s: %w", p.name, line, cut)
	}
	return nil
}

// read reads the next line.
func (p *Process) read(content any) error {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		if ended := p.end(); ended != nil {
			return ended
		}
		return errors.New("it ended without an answer")
	}
	if err := json.Unmarshal(line, content); err != nil {
		return fmt.Errorf("it wrote %.200q: %w", bytes.TrimSpace(line), err)
	}
	return nil
}

// Close ends the input, which the program ends at, and waits for that. The error is the program's
// failure, unless another method has returned it.
func (p *Process) Close() error {
	if p.ended {
		return nil
	}
	if err := p.end(); err != nil {
		return fmt.Errorf("ending %s: %w", p.name, err)
	}
	return nil
}

// end waits for the end of the program.
func (p *Process) end() error {
	p.ended = true
	p.in.Close()               // Fails where the program has ended, which Wait tells.
	io.Copy(io.Discard, p.out) // It could wait for somebody who reads.
	err := p.process.Wait()
	switch {
	case p.ctx.Err() != nil:
		return context.Cause(p.ctx)
	case err != nil && p.last.text() != "":
		return fmt.Errorf("%w: %s", err, p.last.text())
	}
	return err
}

// lastLine keeps the last line that is written to it, and at most its first 200 bytes.
type lastLine struct {
	line  []byte
	whole bool // The next byte begins another.
}

func (l *lastLine) Write(text []byte) (int, error) {
	for _, b := range text {
		switch {
		case b == '\n':
			l.whole = true
		case l.whole:
			l.line, l.whole = append(l.line[:0], b), false
		case len(l.line) < 200:
			l.line = append(l.line, b)
		}
	}
	return len(text), nil
}

func (l *lastLine) text() string { return strings.TrimSpace(string(l.line)) }
