//go:build linux

package main

import (
	"maps"
	"strings"
)

// What a fault ends in.
const (
	same   = "same bits"              // As if nothing had happened.
	said   = "same bits, and said so" // With a message of what was passed over or made anew.
	named  = "error names it"
	left   = "left out, and said so"
	older  = "other bits, accepted" // Under other conditions, which the recipe allowed.
	lost   = "lost"                 // An error that does not name the cause, a hang, something left over.
	wrong  = "silently wrong"       // Other bits and no word.
	notRun = "not run here"
)

var results = []string{same, said, left, named, older, lost, wrong, notRun}

// outcome is what a fault ended in, and what the process said.
type outcome struct {
	Result string `json:"result"`
	Said   string `json:"said"`
}

func (o outcome) bad() bool { return o.Result == lost || o.Result == wrong }

// messages are what is said where something was passed over, made anew or left out.
var messages = []string{
	"passed over", "anew", "not kept", "other conditions", "left out of", "interrupted", "is missing", "trying again",
}

// judge says what an exit means: names are words of which an error must hold one; none means that
// there must be no error.
func judge(e exit, want state, names ...string) outcome {
	words := e.words()
	switch {
	case e.late:
		return outcome{lost, "it hangs: " + words}
	case strings.Contains(e.output, "goroutine ") || strings.Contains(e.output, "panic:"):
		return outcome{lost, "it panics: " + words}
	case e.status != 0 && containsAny(e.output, names):
		return outcome{named, words}
	case e.status != 0:
		return outcome{lost, "the error does not name the cause: " + words}
	case !maps.Equal(e.state, want):
		return outcome{wrong, difference(e.state, want)}
	case containsAny(e.output, messages):
		return outcome{said, words}
	}
	return outcome{same, ""}
}

func containsAny(text string, words []string) bool {
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// difference names what differs between two states.
func difference(got, want state) string {
	var names []string
	for name := range want {
		if got[name] != want[name] {
			names = append(names, name+" is "+got[name]+", want "+want[name])
		}
	}
	return strings.Join(names, "; ")
}
