package train

import (
	"errors"
	"fmt"
	"math"

	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// Alarm says that a run's embeddings have collapsed.
type Alarm struct {
	Since int    `json:"since"` // The first step at which the monitors showed it.
	What  string `json:"what"`  // What collapsed, with the figures of the last look.
	Try   string `json:"try"`   // The settings that are known to help.
}

// String is the alarm in one line.
func (a Alarm) String() string {
	return fmt.Sprintf("COLLAPSE since step %d: %s. Try %s.", a.Since, a.What, a.Try)
}

// alarmLooks is the number of looks in a row that must show a collapse: one alone may be passing.
const alarmLooks = 2

// Diagnose tells whether the embeddings have collapsed, from the looks at the monitors in the order
// of their steps. The look before training does not count: random encoders map all images to nearly
// the same.
func Diagnose(method ssl.Method, looks []rundir.Metrics) *Alarm {
	collapsing, ok := ssl.Main(method).(ssl.CanCollapse)
	if !ok {
		return nil
	}
	limits := collapsing.Collapse().WithDefaults()
	alarm := Alarm{Try: limits.Try}
	found := 0
	for i := len(looks) - 1; i >= 0 && looks[i].Step > 0; i-- {
		what := collapse(limits, *looks[i].Monitor)
		if what == "" {
			break
		}
		if found++; found == 1 {
			alarm.What = what
		}
		alarm.Since = looks[i].Step
	}
	if found < alarmLooks {
		return nil
	}
	return &alarm
}

// collapse says in words what is wrong with the embeddings, or nothing.
func collapse(limits ssl.Collapse, m rundir.Monitor) string {
	even := EvenSpread(m.EmbeddingDim)
	switch {
	case m.EmbeddingStd < limits.Std*even:
		return fmt.Sprintf("all images have nearly the same embedding (deviation %.2g, an even spread has %.2g)", m.EmbeddingStd, even)
	case m.EmbeddingDim > 2 && m.RankMe < limits.Rank:
		return fmt.Sprintf("the embeddings lie along one direction (effective rank %.1f of %d)", m.RankMe, m.EmbeddingDim)
	}
	return ""
}

// EvenSpread is the deviation of embeddings of dim dimensions that spread evenly over the sphere.
func EvenSpread(dim int) float64 { return 1 / math.Sqrt(float64(dim)) }

// watch shows the collapse alarm when it is raised and when it has passed, and ends the training if
// the plan asks for it.
func (t *training) watch() error {
	alarm := Diagnose(t.plan.Method, t.looks)
	switch {
	case alarm != nil && t.plan.StopOnCollapse:
		return errors.New(alarm.String())
	case alarm != nil && !t.alarmed:
		t.progress.say(alarm.String())
	case alarm == nil && t.alarmed:
		t.progress.say(fmt.Sprintf("The collapse has passed: embeddings differ again at step %d.", t.looks[len(t.looks)-1].Step))
	}
	t.alarmed = alarm != nil
	return nil
}
