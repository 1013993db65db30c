package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// wordsTo is a text encoder that knows what each of its texts is embedded as, of weights "e0".
func wordsTo(dim int, vectors map[string][]float32) func(texts ...string) (Features, error) {
	return func(texts ...string) (Features, error) {
		f := Features{N: len(texts), Dim: dim, Name: "texts", Encoder: "e0"}
		for _, text := range texts {
			v, ok := vectors[text]
			if !ok {
				return Features{}, fmt.Errorf("%q is not known", text)
			}
			f.X = append(f.X, v...)
		}
		return f, nil
	}
}

// By hand: of class A one text points along x, ten times as long as the other, which points along
// y; their mean is the diagonal, and would be near x if they were not scaled. B points along -x. An
// image at 100° is nearer to A, one at 140° to B.
func TestTextZeroShotByHand(t *testing.T) {
	embed := wordsTo(2, map[string][]float32{"a": {10, 0}, "an a": {0, 1}, "a b": {-3, 0}})
	at := func(degrees float64) []float32 {
		sin, cos := math.Sincos(degrees * math.Pi / 180)
		return []float32{float32(7 * cos), float32(7 * sin)}
	}
	images := Features{
		N: 4, Dim: 2, Name: "test", Encoder: "e0", Classes: []string{"A", "B"}, Labels: []int{0, 1, 0, 1},
		X: slices.Concat(at(100), at(140), at(125), at(190)),
	}
	got, err := TextZeroShot{Prompts: [][]string{{"a", "an a"}, {"a b"}}}.Evaluate(embed, images)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Predictions, []int{0, 1, 1, 1}) || got.Value != .75 || got.Chance != .5 || got.N != 4 ||
		got.Labels != 0 {
		t.Errorf("%+v", got)
	}
	if want := "zero-shot by text (2 classes, 3 texts) 75.0 % [30.1, 95.4], chance 50.0 %, 4 test images"; got.String() != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got.EncoderBefore != "e0" || got.Test != "test" || got.SubsetHash == "" {
		t.Errorf("where it comes from: %+v", got.Result)
	}
	encoded, err := json.Marshal(got)
	if err != nil || !strings.Contains(string(encoded), `"chance":0.5`) || !strings.Contains(string(encoded), `"an a"`) {
		t.Errorf("%s, %v", encoded, err)
	}
}

// The formula in float64: the class whose normalised mean of normalised texts has the largest
// cosine with the image.
func TestTextZeroShotAgainstNaive(t *testing.T) {
	const dim, classes, texts, n = 6, 5, 3, 60
	random := rand.New(rand.NewPCG(1, 2))
	draw := func() []float32 {
		v := make([]float32, dim)
		for d := range v {
			v[d] = float32(random.NormFloat64() * 3)
		}
		return v
	}
	vectors, z := map[string][]float32{}, TextZeroShot{}
	images := Features{N: n, Dim: dim, Name: "test", Encoder: "e0"}
	for c := range classes {
		var prompts []string
		for k := range texts {
			prompt := fmt.Sprintf("%d of %d", k, c)
			prompts, vectors[prompt] = append(prompts, prompt), draw()
		}
		z.Prompts, images.Classes = append(z.Prompts, prompts), append(images.Classes, fmt.Sprint(c))
	}
	for range n {
		images.X, images.Labels = append(images.X, draw()...), append(images.Labels, random.IntN(classes))
	}
	got, err := z.Evaluate(wordsTo(dim, vectors), images)
	if err != nil {
		t.Fatal(err)
	}
	cos := func(a []float64, b []float32) float64 {
		var ab, aa, bb float64
		for d := range a {
			ab, aa, bb = ab+a[d]*float64(b[d]), aa+a[d]*a[d], bb+float64(b[d])*float64(b[d])
		}
		return ab / math.Sqrt(aa*bb)
	}
	for i := range n {
		best, most := -1, math.Inf(-1)
		for c := range classes {
			mean := make([]float64, dim)
			for _, prompt := range z.Prompts[c] {
				var squared float64
				for _, v := range vectors[prompt] {
					squared += float64(v) * float64(v)
				}
				for d, v := range vectors[prompt] {
					mean[d] += float64(v) / math.Sqrt(squared)
				}
			}
			if similarity := cos(mean, images.Row(i)); similarity > most {
				best, most = c, similarity
			}
		}
		if got.Predictions[i] != best {
			t.Errorf("image %d is of class %d, want %d", i, got.Predictions[i], best)
		}
	}
}

// Texts that have nothing to do with the images are at chance, among the classes that no image is
// of as well.
func TestTextZeroShotOfNoiseIsAtChance(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	images := Features{N: 4000, Dim: 8, Name: "test", Encoder: "e0"}
	vectors := map[string][]float32{}
	for c := range 20 {
		images.Classes = append(images.Classes, fmt.Sprint(c))
		vectors[fmt.Sprint(c)] = make([]float32, 8)
		for d := range 8 {
			vectors[fmt.Sprint(c)][d] = float32(random.NormFloat64())
		}
	}
	for range images.N {
		images.Labels = append(images.Labels, random.IntN(10))
		for range 8 {
			images.X = append(images.X, float32(random.NormFloat64()))
		}
	}
	got, err := TextZeroShot{Prompts: Prompts(images.Classes, "{}")}.Evaluate(wordsTo(8, vectors), images)
	if err != nil {
		t.Fatal(err)
	}
	if got.Chance != .05 || got.Low > .06 || got.High < .04 {
		t.Errorf("%s", got)
	}
}

func TestTextZeroShotErrors(t *testing.T) {
	embed := wordsTo(2, map[string][]float32{"a": {1, 0}, "b": {0, 1}})
	images := Features{N: 2, Dim: 2, Name: "test", Encoder: "e0", X: []float32{1, 0, 0, 1}}
	images.Classes, images.Labels = []string{"A", "B"}, []int{0, 1}
	z := TextZeroShot{Prompts: [][]string{{"a"}, {"b"}}}
	for what, change := range map[string]func(){
		"Labels[1] is -1":               func() { images.Labels = []int{0, -1} },
		"Classes has 1":                 func() { images.Classes, images.Labels = []string{"A"}, []int{0, 0} },
		"texts of 1 classes":            func() { z.Prompts = z.Prompts[:1] },
		"eval.TextZeroShot: Prompts[1]": func() { z.Prompts = [][]string{{"a"}, {}} },
		`"c" is not known`:              func() { z.Prompts = [][]string{{"a"}, {"c"}} },
		"Dim is 2":                      func() { images.Dim, images.N, images.Labels = 4, 1, []int{0} },
		"different weights":             func() { images.Encoder = "e1" },
		"encoder changed":               func() { images.Rehash = func() (string, error) { return "e2", nil } },
		"hashing the encoder":           func() { images.Rehash = func() (string, error) { return "", errors.New("gone") } },
		"2 texts gave 3 embedding":      func() { embed = func(...string) (Features, error) { return Features{N: 3}, nil } },
	} {
		keptImages, keptZ, keptEmbed := images, z, embed
		change()
		if _, err := z.Evaluate(embed, images); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("error %v does not say %q", err, what)
		}
		images, z, embed = keptImages, keptZ, keptEmbed
	}
}

func TestLabelledKeepsWhatHasALabel(t *testing.T) {
	f := Features{N: 4, Dim: 1, Name: "test", X: []float32{5, 6, 7, 8}}
	f.Classes, f.Labels = []string{"A", "B", "C"}, []int{-1, 2, -1, 0}
	got, err := f.Labelled()
	if err != nil || !slices.Equal(got.X, []float32{6, 8}) || !slices.Equal(got.Labels, []int{2, 0}) ||
		!slices.Equal(got.Indices, []int{1, 3}) {
		t.Errorf("%+v, %v", got, err)
	}
	f.Labels = nil
	if _, err := f.Labelled(); err == nil || !strings.Contains(err.Error(), "Labels") {
		t.Errorf("no label at all: %v", err)
	}
}

// Three pairs: the text of image 0 points its way, those of 1 and 2 are swapped. Images 0 and 3
// have the same caption.
func TestTextRetrievalByHand(t *testing.T) {
	embed := wordsTo(3, map[string][]float32{"x": {2, 0, 0}, "y": {0, 0, 1}, "z": {.1, 3, 0}})
	images := Features{N: 4, Dim: 3, Name: "test", Encoder: "e0"}
	images.X = []float32{1, 0, 0 /**/, 0, 1, .1 /**/, .2, 0, 1 /**/, 1, .1, 0}
	byText, byImage, err := TextRetrieval{K: []int{1, 2, 3}}.Evaluate(embed, images, []string{"x", "y", "z", "x"})
	if err != nil {
		t.Fatal(err)
	}
	if byText.N != 3 || byText.Labels != 4 || byImage.N != 4 || byImage.Labels != 3 {
		t.Errorf("%d texts find among %d images, %d images among %d texts", byText.N, byText.Labels, byImage.N, byImage.Labels)
	}
	// x finds 0 or 3 first. y finds 2, 1, z finds 1, 3 or 0 and then 2, the last.
	for at, want := range []float64{1. / 3, 2. / 3, 2. / 3} {
		if got := byText.At[at].Recall.Value; math.Abs(got-want) > 1e-9 {
			t.Errorf("images by text, recall at %d: %g, want %g", at+1, got, want)
		}
	}
	// Images 0 and 3 find x; 1 finds z, then y; 2 finds y, then x, then z.
	for at, want := range []float64{.5, .75, 1} {
		if got := byImage.At[at].Recall.Value; math.Abs(got-want) > 1e-9 {
			t.Errorf("texts by image, recall at %d: %g, want %g", at+1, got, want)
		}
	}
	if !strings.HasPrefix(byText.String(), "retrieval of images by text (cosine) mAP") {
		t.Error(byText)
	}
	_, _, err = TextRetrieval{}.Evaluate(embed, images, []string{"x"})
	if err == nil || !strings.Contains(err.Error(), "1 captions") {
		t.Errorf("too few captions: %v", err)
	}
}

func ExampleTextZeroShot() {
	// A run of ssl.CLIP has Embeddings and TextEmbeddings.
	embed := wordsTo(2, map[string][]float32{
		"a cat": {1, 0}, "a photo of a cat": {1, .2}, "a dog": {0, 1}, "a photo of a dog": {.2, 1},
	})
	images := Features{
		N: 3, Dim: 2, Name: "test", Encoder: "e0", Classes: []string{"cat", "dog"}, Labels: []int{0, 1, 1},
		X: []float32{3, 1, 1, 2, 2, 1},
	}
	fmt.Println(TextZeroShot{Prompts: Prompts(images.Classes, "a {}", "a photo of a {}")}.Evaluate(embed, images))
	// Output: zero-shot by text (2 classes, 4 texts) 66.7 % [20.8, 93.9], chance 50.0 %, 3 test images <nil>
}
