package result

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"sslkit/data"
)

// Data are the images of rows, as they are: which copy, and how many.
type Data struct {
	Name string `json:"name"` // As rows have it.
	// Of is what the images are, by their files: "CIFAR-10 (JPEG copy, 50,000 + 10,000)".
	Of     string  `json:"of"`
	Splits []Split `json:"splits"`
	Near   *Near   `json:"near_duplicates,omitempty"` // nil where they were not looked for.
}

// Split is a split of Data.
type Split struct {
	Name        string `json:"name"`                // "train", "validation" or "test".
	Images      int    `json:"images"`              // That are used.
	All         int    `json:"all"`                 // That the copy has.
	Published   int    `json:"published,omitempty"` // That the published data have; 0 where they have no such number.
	Fingerprint string `json:"fingerprint"`         // Of the images that are used.
}

// Near are the images that are nearly the same as others, by curate.Perceptual.
type Near struct {
	Test  int `json:"test"`  // Test images that are in the training images.
	Train int `json:"train"` // Training images that are in them once more.
}

// Splits are those that a source has, with the number of images of the whole copy, which whole
// opens, and of the published data.
func Splits(source, whole data.Source, published map[data.Split]int) ([]Split, error) {
	var splits []Split
	for _, split := range []data.Split{data.Train, data.Validation, data.Test} {
		set, err := source.Open(split)
		if errors.Is(err, data.ErrNoSplit) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found := Split{Name: split.String(), Images: set.Len(), Published: published[split], Fingerprint: set.Fingerprint()}
		all, err := whole.Open(split)
		if err = errors.Join(err, set.Close()); err != nil {
			return nil, err
		}
		found.All = all.Len()
		if err := all.Close(); err != nil {
			return nil, err
		}
		splits = append(splits, found)
	}
	return splits, nil
}

// String is what the images are, in words, such as "PneumoniaMNIST: train 3,882 of the published
// 4,708 images, validation 524, test 624".
func (d Data) String() string {
	var splits []string
	for i, s := range d.Splits {
		text := s.Name + " " + Thousands(s.Images)
		if s.All != s.Images {
			text += " of " + Thousands(s.All)
		}
		if s.Published != 0 && s.Published != s.All {
			text += " of the published " + Thousands(s.Published)
		}
		if i == 0 {
			text += " images"
		}
		splits = append(splits, text)
	}
	out := cmp.Or(d.Of, d.Name) + ": " + strings.Join(splits, ", ")
	if d.Near != nil {
		out += fmt.Sprintf("; nearly the same as a training image are %s test images and %s other training images",
			Thousands(d.Near.Test), Thousands(d.Near.Train))
	}
	return out
}

// Thousands is a number with commas: "50,000".
func Thousands(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
