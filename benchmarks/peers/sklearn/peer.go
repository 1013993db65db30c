package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// peer is a Python process that answers every line of JSON with one.
type peer struct {
	process  *exec.Cmd
	in       io.WriteCloser
	out      *bufio.Scanner
	versions map[string]string
}

// answer holds what the commands of sklearn_side.py answer.
type answer struct {
	Seconds         float64 `json:"seconds"`
	Iterations      int     `json:"iterations"`
	KL              float64 `json:"kl"`
	Trustworthiness float64 `json:"trustworthiness"`
}

func startPeer(python, script string) (*peer, error) {
	process := exec.Command(python, script)
	process.Stderr = os.Stderr
	in, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("starting %s %s: %w", python, script, err)
	}
	p := &peer{process: process, in: in, out: bufio.NewScanner(out)}
	if err := p.read(&p.versions); err != nil {
		return nil, p.close(fmt.Errorf("reading scikit-learn's version: %w", err))
	}
	return p, nil
}

// ask has a command carried out.
func (p *peer) ask(command string, arguments map[string]any) (answer, error) {
	arguments["do"] = command
	line, err := json.Marshal(arguments)
	if err != nil {
		return answer{}, err
	}
	var a answer
	if _, err = p.in.Write(append(line, '\n')); err == nil {
		err = p.read(&a)
	}
	if err != nil {
		return answer{}, fmt.Errorf("asking scikit-learn for %s: %w", command, err)
	}
	return a, nil
}

func (p *peer) read(content any) error {
	if !p.out.Scan() {
		return errors.Join(errors.New("its process ended early"), p.out.Err())
	}
	return json.Unmarshal(p.out.Bytes(), content)
}

// close ends the process, and adds its failure to err.
func (p *peer) close(err error) error {
	return errors.Join(err, p.in.Close(), p.process.Wait())
}
