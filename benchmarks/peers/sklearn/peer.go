package main

import (
	"context"

	"sslkit/benchmarks/peers/python"
)

// peer is the Python process of scikit-learn.
type peer struct{ *python.Process }

// answer holds what the commands of sklearn_side.py answer.
type answer struct {
	Seconds         float64 `json:"seconds"`
	Iterations      int     `json:"iterations"`
	KL              float64 `json:"kl"`
	Trustworthiness float64 `json:"trustworthiness"`
}

func startPeer(interpreter, script string) (*peer, error) {
	process, err := python.Start(context.Background(), interpreter, script)
	return &peer{process}, err
}

// ask has a command carried out.
func (p *peer) ask(command string, arguments map[string]any) (a answer, err error) {
	arguments["do"] = command
	err = p.Ask(arguments, &a)
	return a, err
}
