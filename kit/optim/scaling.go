package optim

import (
	"fmt"
	"math"

	"sslkit/kit/setting"
)

// Scaling says how an optimiser's learning rate grows with the number of images an update sees. The
// zero value is [Linear256].
type Scaling int

const (
	// Linear256 reads LR as the rate for 256 images and scales it linearly: LR × batch / 256 (Goyal
	// et al. 2017, arXiv:1706.02677), as nearly every self-supervised recipe does.
	Linear256 Scaling = iota

	// SquareRoot256 reads LR as the rate for 256 images and scales it with the square root: LR ×
	// √(batch / 256) (Krizhevsky 2014, arXiv:1404.5997). It is kinder to small batches under LARS
	// and AdamW (SimCLR, arXiv:2002.05709, appendix B.1).
	SquareRoot256

	// Unscaled takes LR as it stands.
	Unscaled
)

// Scale returns the learning rate for a batch of that many images.
func (s Scaling) Scale(lr float64, batch int) float64 {
	switch s {
	case SquareRoot256:
		return lr * math.Sqrt(float64(batch)/256)
	case Unscaled:
		return lr
	default:
		return lr * float64(batch) / 256
	}
}

// String returns the rule's formula: "LR*batch/256", "LR*sqrt(batch/256)" or "LR".
func (s Scaling) String() string {
	switch s {
	case Linear256:
		return "LR*batch/256"
	case SquareRoot256:
		return "LR*sqrt(batch/256)"
	case Unscaled:
		return "LR"
	}
	return fmt.Sprintf("Scaling(%d)", int(s))
}

// MarshalText writes the formula, so that a recorded recipe reads without this file.
func (s Scaling) MarshalText() ([]byte, error) {
	if err := s.check("optim: Scaling"); err != nil {
		return nil, err
	}
	return []byte(s.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (s *Scaling) UnmarshalText(text []byte) error {
	for known := Linear256; known <= Unscaled; known++ {
		if string(text) == known.String() {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("optim: Scaling is %q; it must be %q, %q or %q", text, Linear256, SquareRoot256, Unscaled)
}

// check returns an error unless the rule is known; field says whose it is.
func (s Scaling) check(field string) error {
	return setting.Must(s >= Linear256 && s <= Unscaled, field, int(s), "Linear256, SquareRoot256 or Unscaled")
}
