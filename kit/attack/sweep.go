package attack

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"sslkit/data"
	"sslkit/kit/metric"
	"sslkit/kit/setting"
)

// Sweep attacks the same images with balls of several sizes.
type Sweep struct {
	Attack Attack    // Attack. Default: PGD{}.
	Eps    []float64 // Eps are the largest changes of a pixel, in [0, 1]: 8. / 255 is eight levels. Default: 0, 1, 2, 4, 8 of 255.
	Images int       // Images are so many of those given, evenly over them, at least 1. Default: all.
	Seed   uint64    // Seed of random starts.
}

// Curve is the accuracy under an attack.
type Curve struct {
	Protocol      string  `json:"protocol"`       // Protocol in words, with every setting.
	Points        []Point `json:"points"`         // Points are one for each of Eps, in their order.
	EncoderBefore string  `json:"encoder_before"` // EncoderBefore is the hash of the weights attacked; empty: not known.
	EncoderAfter  string  `json:"encoder_after"`  // EncoderAfter is that when the attack had ended.
}

// Point is one size of the ball.
type Point struct {
	Eps float64 `json:"eps"` // Eps is the largest change of a pixel, in [0, 1].
	// Accuracy is the share that is still recognised, with Wilson's interval over images.
	Accuracy metric.Interval `json:"accuracy"`
	// Change is the largest change of a pixel of any image that was made: at most Eps, up to
	// float32's rounding.
	Change   float64 `json:"change"`
	Standing []bool  `json:"-"` // Standing tells which of the attacked images are still recognised, in their order.
}

// WithDefaults fills in the settings that were left at zero.
func (s Sweep) WithDefaults() Sweep {
	if s.Attack == nil {
		s.Attack = PGD{}
	}
	if s.Eps == nil {
		s.Eps = []float64{0, 1. / 255, 2. / 255, 4. / 255, 8. / 255}
	}
	return s
}

// Check returns an error that names the field that is out of range.
func (s Sweep) Check() error {
	s = s.WithDefaults()
	if err := s.Attack.Check(); err != nil {
		return err
	}
	if len(s.Eps) == 0 {
		return errors.New("attack.Sweep: Eps is empty; it must hold at least one (nil means the default)")
	}
	for i, eps := range s.Eps {
		if err := setting.Must(eps >= 0 && eps <= 1, fmt.Sprintf("attack.Sweep: Eps[%d]", i), eps, "in [0, 1], such as 8. / 255"); err != nil {
			return err
		}
	}
	return setting.Must(s.Images >= 0, "attack.Sweep: Images", s.Images, "at least 1", "all")
}

// Run attacks images of the model's size with the true classes, pix being [len(labels), height,
// width, 3] in levels of 0 to
// 255. Errors: settings out of range, lengths that do not fit, an image without a label, more Images than there are.
func (s Sweep) Run(m *Model, pix []uint8, labels []int) (Curve, error) {
	if err := s.Check(); err != nil {
		return Curve{}, err
	}
	s = s.WithDefaults()
	size := m.height * m.width * 3
	if len(labels) == 0 || len(pix) != len(labels)*size {
		return Curve{}, fmt.Errorf("attack.Sweep: pix holds %d values and labels %d; they must hold %d·%d·3 and one an image, for at least one image",
			len(pix), len(labels), m.height, m.width)
	}
	for i, label := range labels {
		if label < 0 {
			return Curve{}, fmt.Errorf("attack.Sweep: labels[%d] is %d: an attack needs the true class", i, label)
		}
	}
	n := len(labels)
	if s.Images > n {
		return Curve{}, fmt.Errorf("attack.Sweep: Images is %d; it must be at most the %d that there are", s.Images, n)
	}
	if s.Images > 0 {
		n = s.Images
	}
	chosen := data.Spread(n, len(labels))
	curve := Curve{Protocol: fmt.Sprintf("%s on pixels in [0, 1], L-infinity, seed %d", s.Attack.Name(), s.Seed)}
	for _, eps := range s.Eps {
		point := Point{Eps: eps, Standing: make([]bool, n)}
		right := 0
		for start := 0; start < n; start += m.batch {
			clean, classes := make([]float32, m.batch*size), make([]int32, m.batch)
			for k := range m.batch {
				i := chosen[min(start+k, n-1)] // The last batch is filled up, so that all have one shape.
				classes[k] = int32(labels[i])
				for j, v := range pix[i*size : (i+1)*size] {
					clean[k*size+j] = float32(v) / 255
				}
			}
			random := rand.New(rand.NewPCG(s.Seed, uint64(start)))
			adversarial, standing, err := s.Attack.perturb(m, clean, classes, eps, random)
			if err != nil {
				return Curve{}, fmt.Errorf("attack: %s at eps %g: %w", s.Attack.Name(), eps, err)
			}
			for j, v := range adversarial {
				point.Change = max(point.Change, math.Abs(float64(v)-float64(clean[j])))
			}
			for k := 0; k < m.batch && start+k < n; k++ {
				if standing[k] == 1 {
					point.Standing[start+k] = true
					right++
				}
			}
		}
		accuracy, err := metric.Wilson(right, n)
		if err != nil {
			return Curve{}, err
		}
		point.Accuracy = accuracy
		curve.Points = append(curve.Points, point)
	}
	return curve, nil
}

// Table is the curve in Markdown.
func (c Curve) Table() string {
	var b strings.Builder
	b.WriteString("| eps, levels of 255 | accuracy, % | 95 % interval |\n|---:|---:|---:|\n")
	for _, p := range c.Points {
		fmt.Fprintf(&b, "| %.3g | %.1f | %.1f to %.1f |\n", 255*p.Eps, 100*p.Accuracy.Value, 100*p.Accuracy.Low, 100*p.Accuracy.High)
	}
	if len(c.Points) > 0 {
		fmt.Fprintf(&b, "\n%s, %d images.\n", c.Protocol, c.Points[0].Accuracy.N)
	}
	return b.String()
}
