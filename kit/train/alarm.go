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

// These say when looks show a collapse. They were chosen on ten seeds each of tiny networks that
// learn and of networks that can't: see TestAlarmOnSeeds of package kit.
const (
	// alarmLooks is the number of looks in a row that must show it: one alone may be passing. The last
	// look of a training decides alone, for there is no other.
	alarmLooks = 2
	// settled is the part of a training after which narrow embeddings count. Before, and above all
	// while the learning rate warms up, a transformer's get narrow and wide again.
	settled = 1. / 3
	// fallen is the share of their widest spread so far, before training included, below which
	// embeddings have got narrower: those of an untrained transformer are narrow and sound.
	fallen = .5
	// Embeddings are on their way back where they are so many times as wide as at their narrowest in
	// the last third of the training so far, or as at the look before.
	recovered, recovering = 1.5, 1.05
	// alike is a share of an even spread that is due to float32's rounding: no image differs.
	alike = 1e-5
	// ranked is the share of an even spread from which on the rank counts. Below it all embeddings
	// point nearly one way, whichever way they differ, and the rank is near 1.
	ranked = .25
)

// Diagnose tells whether the embeddings have collapsed, from the looks at the monitors in the order
// of their steps, of a training of so many steps, 0 where that is not known. They have
//
//   - where two looks in a row, or the last look of the training, show that all images have the same
//     embedding but for rounding, or that embeddings which spread lie along one direction;
//   - where after the first third two looks in a row, or the last, show embeddings that are narrow
//     (ssl.Collapse.Std), less than half as wide as they were before, and not on their way back.
//
// The look before training is only what the others are held against: random encoders map all images
// to nearly the same. An alarm stays until the embeddings are wide again or on their way back.
func Diagnose(method ssl.Method, looks []rundir.Metrics, steps int) *Alarm {
	collapsing, ok := ssl.Main(method).(ssl.CanCollapse)
	if !ok {
		return nil
	}
	d := diagnosis{limits: collapsing.Collapse().WithDefaults(), steps: steps}
	for _, look := range looks {
		d.take(look.Step, *look.Monitor)
	}
	return d.alarm
}

// diagnosis is what the looks up to one of them say.
type diagnosis struct {
	limits ssl.Collapse
	steps  int

	knowsStart   bool     // There was a look before training.
	widest       float64  // Of all looks.
	after        []spread // Of the looks after training began.
	found, since int      // Looks in a row that show a collapse, and the step of the first.
	alarm        *Alarm
}

// spread is how wide the embeddings were at a step, as a share of an even spread.
type spread struct {
	step  int
	width float64
}

// take takes the next look.
func (d *diagnosis) take(step int, m rundir.Monitor) {
	width := m.EmbeddingStd / EvenSpread(m.EmbeddingDim)
	if step == 0 {
		d.knowsStart, d.widest = true, width
		return
	}
	what := d.shows(step, width, m)
	d.widest, d.after = max(d.widest, width), append(d.after, spread{step, width})
	if what == "" {
		d.found, d.alarm = 0, nil
		return
	}
	if d.found++; d.found == 1 {
		d.since = step
	}
	if d.found >= alarmLooks || step == d.steps || d.alarm != nil {
		d.alarm = &Alarm{Since: d.since, What: what, Try: d.limits.Try}
	}
}

// shows says in words what a look shows that is wrong with the embeddings, or nothing.
func (d *diagnosis) shows(step int, width float64, m rundir.Monitor) string {
	same := fmt.Sprintf("all images have nearly the same embedding (deviation %.2g, an even spread has %.2g)",
		m.EmbeddingStd, EvenSpread(m.EmbeddingDim))
	switch {
	case width < alike:
		return same
	case width >= ranked && m.EmbeddingDim > 2 && m.RankMe < d.limits.Rank:
		return fmt.Sprintf("the embeddings lie along one direction (effective rank %.1f of %d)", m.RankMe, m.EmbeddingDim)
	case width >= d.limits.Std || float64(step) < settled*float64(d.steps):
		return ""
	case d.knowsStart && width >= fallen*d.widest, d.onTheWayBack(step, width):
		return ""
	}
	return same
}

// onTheWayBack tells whether narrow embeddings are getting wide. While a collapse is found, chance
// alone may make them a little wider for a look.
func (d *diagnosis) onTheWayBack(step int, width float64) bool {
	if len(d.after) == 0 {
		return false
	}
	narrowest := math.Inf(1)
	for _, look := range d.after {
		if 3*look.step >= 2*step {
			narrowest = min(narrowest, look.width)
		}
	}
	return width >= recovered*narrowest || d.found == 0 && width > recovering*d.after[len(d.after)-1].width
}

// EvenSpread is the deviation of embeddings of dim dimensions that spread evenly over the sphere.
func EvenSpread(dim int) float64 { return 1 / math.Sqrt(float64(dim)) }

// errCollapsed is the error of a training that the alarm ended, for errors.Is.
var errCollapsed = errors.New("the embeddings have collapsed")

// collapsed is that error with the alarm's words.
type collapsed struct{ Alarm }

func (c collapsed) Error() string { return c.String() }

func (c collapsed) Unwrap() error { return errCollapsed }

// watch shows the collapse alarm when it is raised and when it has passed, and ends the training if
// the plan asks for it.
func (t *training) watch() error {
	alarm := Diagnose(t.plan.Method, t.looks, t.plan.Steps)
	switch {
	case alarm != nil && t.plan.StopOnCollapse:
		return collapsed{*alarm}
	case alarm != nil && !t.alarmed:
		t.progress.say(alarm.String())
	case alarm == nil && t.alarmed:
		t.progress.say(fmt.Sprintf("The collapse has passed: embeddings differ again at step %d.", t.looks[len(t.looks)-1].Step))
	}
	t.alarmed = alarm != nil
	return nil
}
