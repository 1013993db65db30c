package corrupt

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"sslkit/data"
	"sslkit/kit/setting"
)

// Source is another source with its validation and test images corrupted when they are read; its
// training images are the other's own.
//
//	worse := corrupt.Source{From: data.Shapes{}, Corruption: corrupt.Snow, Severity: 3}
//
// Image i of a split is a pure function of (Seed, split, i) and the clean image. Seeds are the same
// at every severity: see [Apply]. Of what sets may do beside reading images, the corrupted ones
// tell subgroups ([data.Grouped]), objects and masks ([data.Objects], [data.Masks]) where the clean
// ones do, but have no clips and no instances. Boxes and masks are the clean image's, as in Michaelis
// et al., "Benchmarking robustness in object detection", 2019 (arXiv:1907.07484): glass blur, elastic
// transform, motion and zoom blur move pixels away from them.
type Source struct {
	From       data.Source // of the clean images
	Corruption Corruption  // zero: gaussian noise
	Severity   int         // 1 to 5; there is no default
	Seed       uint64      // of another draw of noise, flakes, directions
}

// sourceVersion changes whenever the same settings give other pixels.
const sourceVersion = "corrupt/1"

// Name is the other source's with corruption and severity: "cifar10-motion-blur-3".
func (s Source) Name() string {
	return fmt.Sprintf("%s-%s-%d", s.From.Name(), strings.ReplaceAll(s.Corruption.String(), " ", "-"), s.Severity)
}

// Open opens a split. Errors are those of [Apply] for a bad corruption or severity, a missing From,
// and the other source's.
func (s Source) Open(split data.Split) (data.Set, error) {
	if err := check(s.Corruption, s.Severity); err != nil {
		return nil, err
	}
	if s.From == nil {
		return nil, setting.Missing("corrupt.Source: From", "a data.Source of clean images, such as data.Shapes{}")
	}
	set, err := s.From.Open(split)
	if err != nil || split == data.Train {
		return set, err
	}
	corrupted := &corruptedSet{Set: set, DenseOf: data.DenseOf{From: set}, source: s, split: split}
	if grouped, ok := set.(data.Grouped); ok {
		return &groupedSet{corrupted, grouped}, nil
	}
	return corrupted, nil
}

// corruptedSet embeds the interface, so that what else the clean set can do, in clean pixels, is
// hidden.
type corruptedSet struct {
	data.Set
	data.DenseOf
	source Source
	split  data.Split
}

func (s *corruptedSet) Name() string { return s.source.Name() + "/" + s.split.String() }

// Unwrap is the clean set, for what [data.LeftOutOf] asks of it.
func (s *corruptedSet) Unwrap() data.Set { return s.Set }

func (s *corruptedSet) Read(i int, pix []uint8) error {
	if err := s.Set.Read(i, pix); err != nil {
		return err
	}
	height, width := s.Size()
	seed := hash(s.source.Seed, uint64(s.split), uint64(i))
	bad, err := Apply(s.source.Corruption, s.source.Severity, pix, height, width, seed)
	if err != nil {
		return fmt.Errorf("%s, image %d: %w", s.Name(), i, err)
	}
	copy(pix, bad)
	return nil
}

// Fingerprint is a hash of the whole, rather than the clean set's with something behind it, because
// file names hold its beginning.
func (s *corruptedSet) Fingerprint() string {
	c := s.source
	text := fmt.Sprintf("%s %s %s %d %d %s", sourceVersion, s.Set.Fingerprint(), c.Corruption, c.Severity, c.Seed, s.split)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
}

// groupedSet is a corrupted set whose images belong to the clean ones' subgroups.
type groupedSet struct {
	*corruptedSet
	grouped data.Grouped
}

func (s *groupedSet) Groups() []string { return s.grouped.Groups() }
func (s *groupedSet) Group(i int) int  { return s.grouped.Group(i) }
