package data

import (
	"errors"
	"fmt"

	"sslkit/kit/setting"
)

// HeldOut is a source without those training images whose captions name certain
// combinations of words, to ask later whether a model that knows each of the
// words puts them together. Its other splits are the other source's, with those
// combinations.
//
//	data.HeldOut{From: data.Shapes{}, Combinations: [][]string{{"red", "star"}, {"blue", "ring"}}}
type HeldOut struct {
	From Source // whose training images are cut down; its sets must be [Captioned]
	// Combinations of one word or more each, in upper or lower case. A training
	// image is left out where a caption of it holds all words of one of them;
	// see [Named].
	Combinations [][]string
}

// Name is the other source's, with the number of combinations:
// "shapes-without-2-combinations".
func (h HeldOut) Name() string {
	return fmt.Sprintf("%s-without-%d-combinations", h.From.Name(), len(h.Combinations))
}

// Check returns an error that names the field of a bad setting.
func (h HeldOut) Check() error {
	if h.From == nil {
		return setting.Missing("data.HeldOut: From", "a data.Source, such as data.Shapes{}")
	}
	if len(h.Combinations) == 0 {
		return errors.New("data.HeldOut: Combinations is empty; it must hold at least one")
	}
	for i, combination := range h.Combinations {
		if len(combination) == 0 {
			return fmt.Errorf("data.HeldOut: Combinations[%d] is empty; it must hold at least one word", i)
		}
		for _, word := range combination {
			if words := Words(word); len(words) != 1 {
				return fmt.Errorf("data.HeldOut: Combinations[%d] holds %q; it must hold one word", i, word)
			}
		}
	}
	return nil
}

// Open opens a split. It is an error where a training image has no caption,
// where no training image names one of the combinations (a word may be
// misspelt), and where none would be left.
func (h HeldOut) Open(split Split) (Set, error) {
	if err := h.Check(); err != nil {
		return nil, err
	}
	set, err := h.From.Open(split)
	if err != nil || split != Train {
		return set, err
	}
	kept, err := h.kept(set)
	if err != nil {
		set.Close()
		return nil, fmt.Errorf("opening %s: %w", h.Name(), err)
	}
	return partOf(set, h.Name()+"/"+split.String(), kept), nil
}

// kept are the images that name none of the combinations.
func (h HeldOut) kept(set Set) ([]int, error) {
	captions, err := Captions(set)
	if err != nil {
		return nil, err
	}
	var kept []int
	found := make([]bool, len(h.Combinations))
	for i := range captions {
		out := false
		for _, caption := range captions[i] {
			for c := range h.Combinations {
				if Named(caption, h.Combinations[c:c+1]) == 0 {
					out, found[c] = true, true
				}
			}
		}
		if !out {
			kept = append(kept, i)
		}
	}
	for c, combination := range h.Combinations {
		if !found[c] {
			return nil, fmt.Errorf("data.HeldOut: Combinations[%d] is %q, which no image of %s is captioned with",
				c, combination, set.Name())
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("data.HeldOut: Combinations leave no image of %s", set.Name())
	}
	return kept, nil
}
