package statistics

import (
	"fmt"
	"slices"
	"strings"
)

// Trial is a setting that was tried for one side of a comparison, and how good it was on training
// images that were held out for that.
type Trial struct {
	Setting string  `json:"setting"`  // Such as "rate 0.03".
	HeldOut float64 `json:"held_out"` // Such as accuracy: the greater the better.
	Seed    uint64  `json:"seed"`     // Of the run.
	Images  int     `json:"images"`   // That it saw in training.
}

// Choice is the setting that a side got, and all that was tried for it.
type Choice struct {
	Side   string  `json:"side"`
	Chosen string  `json:"chosen"`
	On     string  `json:"on"` // The images that chose, such as "held-out fifth of the labelled training images".
	Trials []Trial `json:"trials"`
}

// Choose takes the best trial of a side, the first of equal ones. It is an error where there is none,
// or two of one setting.
func Choose(side, on string, trials []Trial) (Choice, error) {
	if len(trials) == 0 {
		return Choice{}, fmt.Errorf("choosing a setting for %s: nothing was tried", side)
	}
	best := 0
	for i, t := range trials {
		if slices.ContainsFunc(trials[:i], func(other Trial) bool { return other.Setting == t.Setting }) {
			return Choice{}, fmt.Errorf("choosing a setting for %s: %s was tried twice", side, t.Setting)
		}
		if t.HeldOut > trials[best].HeldOut {
			best = i
		}
	}
	return Choice{Side: side, Chosen: trials[best].Setting, On: on, Trials: slices.Clone(trials)}, nil
}

// CheckFair returns an error unless all sides had as many trials, of as many images, with the same
// seeds.
func CheckFair(choices ...Choice) error {
	for _, c := range choices[min(1, len(choices)):] {
		first := choices[0]
		if len(c.Trials) != len(first.Trials) {
			return fmt.Errorf("%s was tried with %d settings and %s with %d; all sides must have as many",
				first.Side, len(first.Trials), c.Side, len(c.Trials))
		}
		for i, t := range c.Trials {
			if t.Images != first.Trials[i].Images || t.Seed != first.Trials[i].Seed {
				return fmt.Errorf("trial %d of %s saw %d images with seed %d, and that of %s %d with seed %d; they must be the same",
					i+1, first.Side, first.Trials[i].Images, first.Trials[i].Seed, c.Side, t.Images, t.Seed)
			}
		}
	}
	return nil
}

// String is the choice in words: "simclr: rate 0.3 of 4 (rate 0.03, rate 0.1, rate 0.3, rate 1)".
func (c Choice) String() string {
	settings := make([]string, len(c.Trials))
	for i, t := range c.Trials {
		settings[i] = t.Setting
	}
	return fmt.Sprintf("%s: %s of %d (%s)", c.Side, c.Chosen, len(c.Trials), strings.Join(settings, ", "))
}
