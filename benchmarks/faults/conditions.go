//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"time"
)

// changes are other conditions for an interrupted run to go on under.
var changes = []struct {
	name string
	by   []string // A program that starts the child.
	env  string
	word string // Of the error.
}{
	{"xla-flags", nil, "XLA_FLAGS=--xla_cpu_multi_thread_eigen=false", "XLA_FLAGS"},
	{"cores", []string{"taskset", "-c", "0"}, "", "cores"},
	{"backend", nil, "GOMLX_BACKEND=xla:cpu", "backend"},
}

// conditions let an interrupted run go on elsewhere, which is an error unless the recipe accepts it.
func conditions() []fault {
	var all []fault
	for _, change := range changes {
		for _, family := range []string{"vicreg", "byol"} {
			for _, accepted := range []bool{false, true} {
				name := fmt.Sprintf("conditions/%s/%s-accepted-%v", family, change.name, accepted)
				all = append(all, fault{name, "an interrupted run goes on under other conditions",
					func(s *stage, folder string, _ *rand.Rand) (outcome, error) {
						if change.by != nil {
							if _, err := exec.LookPath(change.by[0]); err != nil || runtime.NumCPU() == 1 {
								return outcome{Result: notRun, Said: "other cores"}, nil
							}
						}
						if err := s.interrupted(folder, family); err != nil {
							return outcome{}, err
						}
						what := s.whatIn(folder, family, "whole")
						what.Elsewhere = accepted
						c, err := s.startBy(change.by, what, change.env)
						if err != nil {
							return outcome{}, err
						}
						e := c.wait()
						if !accepted && e.status == 0 {
							return outcome{wrong, "it goes on without a word"}, nil
						}
						if accepted && e.status == 0 && containsAny(e.output, []string{"other conditions"}) {
							return outcome{older, e.words()}, nil
						}
						return judge(e, nil, change.word), nil
					}})
			}
		}
	}
	return all
}

// writers let two processes work in one directory.
func writers() []fault {
	var all []fault
	for _, family := range []string{"simclr", "mae", "folder"} {
		for i := range 3 {
			all = append(all, fault{fmt.Sprintf("writers/%s/%d", family, i), "two processes write in one run directory",
				func(s *stage, folder string, random *rand.Rand) (outcome, error) {
					if _, _, err := s.unbroken(family); err != nil {
						return outcome{}, err
					}
					first, err := s.start(s.whatIn(folder, family, "whole"))
					if err != nil {
						return outcome{}, err
					}
					time.Sleep(time.Duration(random.Int64N(int64(s.took[family]))))
					second, err := s.start(s.whatIn(folder, family, "whole"))
					if err != nil {
						return outcome{}, err
					}
					worst := same
					var words string
					for _, e := range []exit{first.wait(), second.wait()} {
						o := judge(e, s.whole[family], "is being written by process")
						if o.bad() {
							return o, nil
						}
						if o.Result != same {
							worst, words = o.Result, o.Said
						}
					}
					o, err := s.recover(folder, family)
					if err != nil || o.bad() {
						return o, err
					}
					return outcome{worst, words}, nil
				}})
		}
	}
	return all
}
