package plots

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden images of testdata anew; look at them before committing")

// gallery is every kind of figure, with data that shows what it can do.
var gallery = map[string]func() (*Figure, error){
	"curve":     exampleCurve,
	"panels":    examplePanels,
	"labels":    exampleLabels,
	"scatter":   exampleScatter,
	"confusion": exampleConfusion,
	"imagegrid": exampleGrid,
	"retrieval": exampleRetrieval,
	"boxes":     exampleBoxes,
	"monitors":  exampleMonitors,
	"bars":      exampleBars,
}

// TestGolden compares each figure, at one pixel to a CSS pixel, with its image in testdata. Up to
// one pixel in two hundred may differ by more than an eighth: fonts are rasterised a little
// differently on other processors.
func TestGolden(t *testing.T) {
	for name, figure := range gallery {
		t.Run(name, func(t *testing.T) {
			fig, err := figure()
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".png")
			if *update {
				content, err := fig.encodePNG(1)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, content, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want, err := png.Decode(bytes.NewReader(content))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			got, err := fig.Image(1)
			if err != nil {
				t.Fatal(err)
			}
			if got.Bounds() != want.Bounds() {
				t.Fatalf("the figure is %v, the golden image %v", got.Bounds(), want.Bounds())
			}
			if share := differing(got, want); share > 0.005 {
				out := filepath.Join(t.ArtifactDir(), name+".png")
				if err := fig.Save(out); err != nil {
					t.Error(err)
				}
				t.Errorf("%.2f %% of the pixels differ from %s; see %s", 100*share, path, out)
			}
		})
	}
}

// differing is the share of pixels of which a channel differs by more than an eighth of its range.
func differing(a, b image.Image) float64 {
	count, bounds := 0, a.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			p, q := color.RGBAModel.Convert(a.At(x, y)).(color.RGBA), color.RGBAModel.Convert(b.At(x, y)).(color.RGBA)
			far := func(u, v uint8) bool { return u > v+32 && v < 224 || v > u+32 && u < 224 }
			if far(p.R, q.R) || far(p.G, q.G) || far(p.B, q.B) {
				count++
			}
		}
	}
	return float64(count) / float64(bounds.Dx()*bounds.Dy())
}

// steps returns the numbers from 0 to n−1, times size.
func steps(n int, size float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = size * float64(i)
	}
	return x
}

// mapped returns f of each value.
func mapped(x []float64, f func(float64) float64) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		y[i] = f(x[i])
	}
	return y
}

func noisyLoss(n int, seed uint64) (x, y []float64) {
	random := rand.New(rand.NewPCG(seed, 0))
	x = steps(n, 1)
	return x, mapped(x, func(s float64) float64 {
		return 4.8 + 1.1*math.Exp(-s/float64(n)*5) + 0.08*random.NormFloat64()
	})
}

func exampleCurve() (*Figure, error) {
	x, y := noisyLoss(780, 1)
	epochs := steps(11, 78)
	knn := mapped(epochs, func(s float64) float64 { return 5.6 - 0.5*math.Sqrt(s/780) })
	return Curve("SimCLR on CIFAR-10, ResNet-18 (width 16)", "step", "NT-Xent loss (nats)",
		Line{Name: "train", X: x, Y: y, Smooth: 25},
		Line{Name: "validation, 95 % interval", X: epochs, Y: knn,
			Low:  mapped(knn, func(v float64) float64 { return v - 0.07 }),
			High: mapped(knn, func(v float64) float64 { return v + 0.05 })},
		Line{Name: "ln(2·batch − 1)", X: []float64{0, 780}, Y: []float64{math.Log(255), math.Log(255)}},
	)
}

func examplePanels() (*Figure, error) {
	x, y := noisyLoss(400, 2)
	loss, err := Curve("Loss and learning rate", "step", "loss (nats)", Line{Name: "loss", X: x, Y: y, Smooth: 15})
	if err != nil {
		return nil, err
	}
	rate, err := Curve("", "step", "learning rate", Line{X: x, Y: mapped(x, func(s float64) float64 {
		if s < 40 {
			return 0.001 * s / 40
		}
		return 0.0005 * (1 + math.Cos(math.Pi*(s-40)/360))
	})})
	if err != nil {
		return nil, err
	}
	return Panels(loss, rate)
}

func exampleLabels() (*Figure, error) {
	around := func(name string, labels []int, half float64, values ...float64) Budget {
		b := Budget{Name: name, Labels: labels, Accuracy: values}
		for i, v := range values {
			h := half / math.Sqrt(float64(i+1))
			b.Low, b.High = append(b.Low, v-h), append(b.High, v+h*0.8)
		}
		return b
	}
	counts := []int{1, 4, 10, 25, 100, 500}
	return LabelEfficiency("Accuracy against labels, CIFAR-10, linear probe, 5 label draws",
		around("SimCLR + linear probe", counts, 5, 28, 44.5, 54, 60.2, 66.4, 69.9),
		around("FixMatch", counts[1:], 8, 40, 61, 70.1, 76.5, 80.2),
		around("supervised", counts, 4, 15.5, 22.1, 28.4, 36, 51.7, 68.8),
	)
}

var cifarClasses = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

func exampleScatter() (*Figure, error) {
	random := rand.New(rand.NewPCG(4, 0))
	points, labels := make([][2]float64, 600), make([]int, 600)
	for i := range points {
		labels[i] = i % 11
		angle := 2 * math.Pi * float64(labels[i]) / 10
		points[i] = [2]float64{9*math.Cos(angle) + 1.3*random.NormFloat64(), 7*math.Sin(angle) + 1.3*random.NormFloat64()}
		if labels[i] == 10 {
			labels[i] = -1
		}
	}
	return Scatter("t-SNE of SimCLR features, perplexity 30, seed 1", points, labels, cifarClasses)
}

func exampleConfusion() (*Figure, error) {
	counts := make([][]int, 10)
	for i := range counts {
		counts[i] = make([]int, 10)
		for j := range counts[i] {
			counts[i][j] = (i*7 + j*13 + i*j) % 19
		}
		counts[i][i] = 40 * (i + 1)
	}
	counts[3][5], counts[5][3] = 90, 70
	counts[8] = make([]int, 10)
	return Confusion("Linear probe on CIFAR-10, test (n = 2,873)", counts, cifarClasses)
}

// sprite is a small picture with an edge and a gradient.
func sprite(seed int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
	for y := range 16 {
		for x := range 16 {
			c := classColor(seed)
			if (x-8)*(x-8)+(y-8)*(y-8) > 30+5*(seed%4) {
				c = color.NRGBA{uint8(14 * x), uint8(14 * y), uint8(40 * (seed % 6)), 255}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

func exampleGrid() (*Figure, error) {
	var rows [][]image.Image
	for i := range 3 {
		var row []image.Image
		for j := range 6 {
			row = append(row, sprite(3*i+j))
		}
		rows = append(rows, row)
	}
	rows[2] = rows[2][:4]
	rows[1][2] = nil
	return ImageGrid("Views of three images", rows, []string{"airplane", "a ship in a long row name", "cat"},
		[]string{"original", "crop", "colour jitter", "grey", "blur σ = 1.2", "solarise"})
}

func exampleRetrieval() (*Figure, error) {
	var queries []Query
	for i := range 2 {
		q := Query{Image: sprite(i), Class: cifarClasses[i]}
		for j := range 4 {
			same := (i+j)%3 != 2
			class := cifarClasses[i]
			if !same {
				class = cifarClasses[i+j+1]
			}
			q.Neighbours = append(q.Neighbours, Neighbour{Image: sprite(i + j), Class: class, Similarity: 0.97 - 0.06*float64(j), Same: same})
		}
		queries = append(queries, q)
	}
	return Retrieval("Nearest neighbours by cosine similarity", queries...)
}

func exampleMonitors() (*Figure, error) {
	x := steps(100, 10)
	rise := func(from, to float64) []float64 {
		return mapped(x, func(s float64) float64 { return to + (from-to)*math.Exp(-s/200) })
	}
	return CollapseMonitors("Collapse monitors of SimCLR", Monitors{
		Step: x, Dim: 256, Std: rise(0.01, 0.059), RankMe: rise(12, 143), Alignment: rise(1.1, 0.42), Uniformity: rise(-0.9, -3.3),
	})
}

func exampleBars() (*Figure, error) {
	return Bars("k-NN accuracy on CIFAR-10 after 20 epochs", "top-1 accuracy (%), 95 % interval over 5 seeds",
		Bar{Name: "SimCLR", Value: 61.3, Low: 60.2, High: 62.1, Highlight: true},
		Bar{Name: "BYOL", Value: 57.9, Low: 55.4, High: 60.1},
		Bar{Name: "DINO, ViT-Ti/4 with multi-crop", Value: 52.25, Low: 51, High: 54},
		Bar{Name: "raw pixels", Value: 33.9},
	)
}

// TestSVGIsSelfContained checks what a page needs of every figure: no text that depends on the
// reader's fonts, no reference to anything outside, and no identifier that another figure has.
func TestSVGIsSelfContained(t *testing.T) {
	owner := map[string]string{}
	for name, figure := range gallery {
		fig, err := figure()
		if err != nil {
			t.Fatal(err)
		}
		svg, err := fig.SVG()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		checkSVG(t, name, svg, owner)
		if again, err := fig.SVG(); err != nil || again != svg {
			t.Errorf("%s: a second drawing differs from the first (error %v)", name, err)
		}
		t.Logf("%s: %d bytes as SVG", name, len(svg))
	}
}

// TestGoldenSizes keeps what is committed small.
func TestGoldenSizes(t *testing.T) {
	total := int64(0)
	files, err := filepath.Glob("testdata/*.png")
	if err != nil || len(files) != len(gallery) {
		t.Fatalf("testdata holds %d images, want %d (error %v)", len(files), len(gallery), err)
	}
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if total += info.Size(); info.Size() > 40_000 {
			t.Errorf("%s has %d bytes, want at most 40,000", path, info.Size())
		}
	}
	if total > 400_000 {
		t.Errorf("testdata has %d bytes, want at most 400,000", total)
	}
}
