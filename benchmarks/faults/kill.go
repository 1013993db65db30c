//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"
)

// kills are SIGKILLs at random moments, and between two events of the file system, which come
// together where a checkpoint, features, a head, a cache or a report are written.
func kills() []fault {
	var all []fault
	for _, family := range families {
		for i := range 5 {
			all = append(all, fault{fmt.Sprintf("kill/%s/moment-%d", family, i), "SIGKILL at a random moment",
				func(s *stage, folder string, random *rand.Rand) (outcome, error) {
					return s.kill(folder, family, random, false)
				}})
		}
		for i := range 8 {
			all = append(all, fault{fmt.Sprintf("kill/%s/writing-%d", family, i), "SIGKILL between two events of the file system",
				func(s *stage, folder string, random *rand.Rand) (outcome, error) {
					return s.kill(folder, family, random, true)
				}})
		}
	}
	return all
}

// kill kills a run once or twice, and lets it end.
func (s *stage) kill(folder, family string, random *rand.Rand, aimed bool) (outcome, error) {
	if _, _, err := s.unbroken(family); err != nil {
		return outcome{}, err
	}
	for range 1 + random.IntN(2) {
		c, err := s.start(s.whatIn(folder, family, "whole"))
		if err != nil {
			return outcome{}, err
		}
		if aimed {
			c.countEvents(folder, 1+random.IntN(s.events[family]))
		} else {
			time.AfterFunc(time.Duration(random.Int64N(int64(s.took[family]))), func() { c.Process.Kill() })
		}
		c.wait()
	}
	return s.recover(folder, family)
}

// compileKills are SIGKILLs on XLA, most of whose time goes into compiling.
func compileKills() []fault {
	var all []fault
	for i := range 5 {
		all = append(all, fault{fmt.Sprintf("kill/compiling/%d", i), "SIGKILL while XLA compiles", func(s *stage, folder string, random *rand.Rand) (outcome, error) {
			const backend = "GOMLX_BACKEND=xla:cpu"
			want, err := s.wholeOnXLA("vicreg")
			if err != nil {
				return outcome{Result: notRun, Said: err.Error()}, nil
			}
			c, err := s.start(s.whatIn(folder, "vicreg", "whole"), backend)
			if err != nil {
				return outcome{}, err
			}
			time.AfterFunc(time.Duration(random.Int64N(int64(s.took["xla"]))), func() { c.Process.Kill() })
			c.wait()
			e, err := s.run(s.whatIn(folder, "vicreg", "whole"), backend)
			if err != nil {
				return outcome{}, err
			}
			return judge(e, want), nil
		}})
	}
	return all
}

// wholeOnXLA is the state of an unbroken run on XLA.
func (s *stage) wholeOnXLA(family string) (state, error) {
	if known, ok := s.whole["xla"]; ok {
		return known, nil
	}
	began := time.Now()
	e, err := s.run(s.whatIn(s.folder+"/unbroken-xla", family, "whole"), "GOMLX_BACKEND=xla:cpu")
	if err != nil {
		return nil, err
	}
	if e.state == nil {
		return nil, fmt.Errorf("an unbroken run on XLA ends with status %d: %s", e.status, e.words())
	}
	s.whole["xla"], s.took["xla"] = e.state, time.Since(began)
	return e.state, nil
}

// signals ask a training to end, at random moments.
func signals() []fault {
	var all []fault
	for _, asked := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		for _, family := range []string{"simclr", "byol", "mae", "supervised", "fixmatch"} {
			for i := range 3 {
				all = append(all, fault{fmt.Sprintf("signal/%s/%s-%d", family, asked, i), "SIGINT or SIGTERM",
					func(s *stage, folder string, random *rand.Rand) (outcome, error) {
						return s.signal(folder, family, asked, random)
					}})
			}
		}
	}
	return all
}

func (s *stage) signal(folder, family string, asked syscall.Signal, random *rand.Rand) (outcome, error) {
	if _, _, err := s.unbroken(family); err != nil {
		return outcome{}, err
	}
	c, err := s.start(s.whatIn(folder, family, "train"))
	if err != nil {
		return outcome{}, err
	}
	time.AfterFunc(time.Duration(random.Int64N(int64(s.took[family]))), func() { c.Process.Signal(asked) })
	e := c.wait()
	switch {
	case e.late:
		return outcome{lost, "the signal does not end it"}, nil
	case e.status > 0 && (e.status != 128+int(asked) || !containsAny(e.output, []string{"interrupted"})):
		return outcome{lost, fmt.Sprintf("status %d: %s", e.status, e.words())}, nil
	}
	o, err := s.recover(folder, family) // Before the training began to watch (-1), the signal ended it at once.
	if o.Result == same && e.status > 0 {
		return outcome{said, e.words()}, err
	}
	return o, err
}
