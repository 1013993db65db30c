package track

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sslkit/kit/rundir"
)

// fake is a tracker that is away for some of what is asked of it.
type fake struct {
	mu     sync.Mutex
	away   int // So many times more.
	steps  []int
	closed []End
}

func (f *fake) Check() error   { return nil }
func (f *fake) String() string { return "fake" }

func (f *fake) Open(run Run) (Log, error) {
	if err := f.ask(); err != nil {
		return nil, err
	}
	return f, f.Write(run.Metrics)
}

func (f *fake) ask() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away > 0 {
		f.away--
		return errors.New("no route to host")
	}
	return nil
}

func (f *fake) Write(lines []rundir.Metrics) error {
	if err := f.ask(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range lines {
		f.steps = append(f.steps, m.Step)
	}
	return nil
}

func (f *fake) Close(end End) error {
	f.closed = append(f.closed, end)
	return nil
}

// TestTrainingGoesOnWhereATrackerIsAway: what was missed is shown later, and it is said once.
func TestTrainingGoesOnWhereATrackerIsAway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		away int
		says []string
	}{
		"there":      {0, nil},
		"comes back": {3, []string{"not shown by fake for now: no route to host", "again, nothing is missing"}},
		"stays away": {1 << 30, []string{"no route to host", "the last 50 steps are not shown there; run.Track"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tool := &fake{away: test.away}
			followed := Trackers{follow(tool, example(t.TempDir()), time.Millisecond, time.Millisecond)}
			var said []string
			for step := range 50 {
				said = append(said, followed.Write(rundir.Metrics{Step: step + 3})...)
				time.Sleep(time.Millisecond)
			}
			said = append(said, followed.Close(Finished)...)
			all := strings.Join(said, "\n")
			for _, want := range test.says {
				if strings.Count(all, want) != 1 {
					t.Errorf("said %q; want %q once", all, want)
				}
			}
			if len(said) > 2 || test.away == 0 && len(said) > 0 {
				t.Errorf("said %q", said)
			}
			if test.away > 50 {
				return
			}
			for i, step := range tool.steps {
				if step != i {
					t.Fatalf("shown are the steps %v", tool.steps)
				}
			}
			if len(tool.steps) != 53 || len(tool.closed) != 1 {
				t.Errorf("%d steps shown, closed by %v", len(tool.steps), tool.closed)
			}
		})
	}
}
