package kit

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// patch is an encoder that XLA compiles soon.
var patch = encoder.ViT{Patch: 16, Width: 8, Depth: 1, Heads: 1}

// captionRecipe trains a tiny CLIP in a second.
func captionRecipe() Recipe {
	recipe := small()
	recipe.Encoder, recipe.Method = patch, ssl.CLIP{Out: 8, Text: encoder.Text{Width: 8, Depth: 1}}
	recipe.Augment = nil
	return recipe
}

// numbered are grey images whose brightness is their number, 0 to 95, and whose captions say it; in
// the other splits too.
type numbered struct{}

func (numbered) Name() string                            { return "numbered" }
func (numbered) Open(split data.Split) (data.Set, error) { return numberedSet{split}, nil }

type numberedSet struct{ split data.Split }

func (s numberedSet) Name() string          { return "numbered/" + s.split.String() }
func (numberedSet) Len() int                { return 96 }
func (numberedSet) Size() (int, int)        { return 32, 32 }
func (numberedSet) Classes() []string       { return nil }
func (numberedSet) Label(int) int           { return -1 }
func (numberedSet) Fingerprint() string     { return "numbered" }
func (numberedSet) Close() error            { return nil }
func (numberedSet) Captions(i int) []string { return []string{fmt.Sprint(i), fmt.Sprint(i, " again")} }
func (numberedSet) Read(i int, p []uint8) error {
	for k := range p {
		p[k] = uint8(i)
	}
	return nil
}

// together is a method whose loss is how far an image's brightness is from the number that its
// caption says: 0 where captions come with their images, some hundreds where they don't.
type together struct{ ssl.SimCLR }

func (t together) WithDefaults() ssl.Method { return together{t.SimCLR.WithDefaults().(ssl.SimCLR)} }

func (together) Views(int, int) []augment.Pipeline          { return []augment.Pipeline{{}} }
func (t together) ForCaptions([]string) (ssl.Method, error) { return t, nil }
func (together) EmbedText(_ *model.Scope, tokens *Node) *Node {
	return ConvertDType(tokens, dtypes.Float32)
}
func (together) Tokens(texts []string) (tokens []int32, length int, err error) {
	for _, text := range texts {
		var number int32
		fmt.Sscan(text, &number)
		tokens = append(tokens, number)
	}
	return tokens, 1, nil
}

func (together) Loss(step *ssl.Step) *Node {
	brightness := MulScalar(ReduceMean(step.Views[0], 1, 2, 3), 255) // [batch]
	said := Squeeze(ConvertDType(step.Captions, dtypes.Float32), -1)
	return Add(ReduceAllMean(Square(Sub(brightness, said))), MulScalar(ReduceAllSum(step.Encode(step.Views[0]).Pooled), 0))
}

func TestCaptionsReachTheMethodWithTheirImages(t *testing.T) {
	recipe := small()
	recipe.Data, recipe.Method, recipe.Optimizer = numbered{}, together{}, optim.SGD{LR: .01}
	recipe.Augment = nil
	recipe.Encoder = patch
	for _, method := range []ssl.Method{together{}, ssl.Sum{{Method: together{}}}} {
		recipe.Method = method
		metrics, err := pretrained(t, t.TempDir(), recipe).Metrics()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range metrics[1:] {
			if m.Loss > 1e-4 {
				t.Errorf("%s, step %d: captions are %g from their images", method.Name(), m.Step, m.Loss)
			}
		}
	}
}

func TestCLIPRunsFromDataToTexts(t *testing.T) {
	dir := t.TempDir()
	recipe := captionRecipe()
	run := pretrained(t, dir, recipe)
	text := run.Recipe.Method.(ssl.CLIP).Text
	if text.Length != 16 || !slices.Contains(text.Vocabulary, "hourglass") {
		t.Errorf("the run's text encoder is %+v", text)
	}
	if !strings.Contains(string(content(t, dir, rundir.RecipeFile)), `"hourglass"`) {
		t.Error("the recipe does not tell the vocabulary")
	}
	again := pretrained(t, dir, run.Recipe) // What was filled in is a recipe again, the same one.
	if again.Recipe.Method.(ssl.CLIP).Text.Length != 16 {
		t.Error("the finished run is another")
	}

	texts := make([]string, 300) // More than a pass.
	for i := range texts {
		texts[i] = data.Shapes{}.Sample(data.Test, i).Caption
	}
	all, err := run.TextEmbeddings(texts...)
	if err != nil {
		t.Fatal(err)
	}
	few, err := run.TextEmbeddings(texts[298], strings.ToUpper(texts[3]))
	if err != nil {
		t.Fatal(err)
	}
	for k, i := range []int{298, 3} {
		for d, v := range few.Row(k) {
			if math.Abs(float64(v-all.Row(i)[d])) > 1e-5 {
				t.Errorf("text %d differs when it is embedded with others", i)
			}
		}
	}
	images, err := run.Embeddings(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	if all.N != 300 || all.Dim != images.Dim || all.Encoder != images.Encoder || len(all.Encoder) != 64 {
		t.Errorf("texts: %d × %d of %s, images: %d of %s", all.N, all.Dim, all.Encoder, images.Dim, images.Encoder)
	}
	shapes, err := eval.TextZeroShot{Prompts: eval.Prompts(images.Classes, "a red plain {}")}.Evaluate(run.TextEmbeddings, images)
	if err != nil || shapes.N != 32 || shapes.Chance != .1 || shapes.EncoderAfter != images.Encoder {
		t.Errorf("%s, %v", shapes, err)
	}
	for text, part := range map[string]string{
		"a red dog": `"dog"`, strings.Repeat("red ", 15): "room for 16", "": "no words",
	} {
		if _, err := run.TextEmbeddings("a red star", text); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: error %v does not say %s", text, err, part)
		}
	}
	if _, err := run.TextEmbeddings(); err == nil {
		t.Error("no text at all is no error")
	}
}

// An interrupted run ends in the same bits, text encoder, temperature and all; here of SLIP.
func TestCLIPResumesToTheSameBits(t *testing.T) {
	dir, recipe := t.TempDir(), captionRecipe()
	recipe.Method = ssl.Sum{{Method: recipe.Method}, {Method: ssl.SimCLR{Out: 4, Hidden: 4}}}
	pair := augment.Pipeline{augment.Flip{}, augment.Normalize{}}
	recipe.Augment = append(recipe.Method.Views(32, 32)[:1:1], pair, pair)
	ends := func() (encoder []byte, text []float32) {
		embedding, err := pretrained(t, dir, recipe).TextEmbeddings("a red star")
		if err != nil {
			t.Fatal(err)
		}
		return content(t, dir, rundir.EncoderFile), embedding.X
	}
	encoder, text := ends()
	loseLastCheckpoint(t, dir)
	resumedEncoder, resumedText := ends() // From step 9.
	if !bytes.Equal(encoder, resumedEncoder) || !slices.Equal(text, resumedText) {
		t.Error("image or text encoder differ where the run was interrupted")
	}
}

func TestDataWithoutCaptionsIsAnErrorBeforeAnythingIsCompiled(t *testing.T) {
	recipe := captionRecipe()
	recipe.Data = stills{recipe.Data.(data.Shapes)}
	dir := t.TempDir()
	_, err := Pretrain(dir, recipe)
	for _, part := range []string{"Method clip reads captions", "Data must be", "data.CaptionFile", "shapes/train"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not say %q", err, part)
		}
	}
	if rundir.Exists(filepath.Join(dir, rundir.RecipeFile)) {
		t.Error("the run was begun before the error")
	}
	recipe = captionRecipe()
	recipe.Method = ssl.CLIP{Text: encoder.Text{Length: 8}}
	if err := recipe.Check(); err == nil || !strings.Contains(err.Error(), "ssl.CLIP: Text") ||
		!strings.Contains(err.Error(), "room for 8") {
		t.Errorf("captions that are too long: %v", err)
	}
	if _, err := unfinished(t, small()).TextEmbeddings("a star"); err == nil || !strings.Contains(err.Error(), "simclr reads no text") {
		t.Errorf("texts of a method that reads none: %v", err)
	}
}

// TestCLIPLearnsByTexts trains until texts tell test images, of a warm or a cool background, which
// is no class of them.
func TestCLIPLearnsByTexts(t *testing.T) {
	recipe := Recipe{
		Data:      data.Shapes{Train: 512, Validation: 32, Test: 200},
		Encoder:   encoder.ViT{Patch: 8, Width: 32, Depth: 1, Heads: 2, Pool: encoder.MeanPatches},
		Method:    ssl.CLIP{Out: 16, Text: encoder.Text{Width: 16, Depth: 1}},
		Optimizer: optim.AdamW{LR: 5e-3, Scaling: optim.Unscaled},
		Batch:     32, Steps: 100, Seed: 1, MonitorEvery: 100, CheckpointEvery: 100,
	}
	run := pretrained(t, t.TempDir(), recipe)
	images, err := run.Embeddings(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	test, err := recipe.Data.Open(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	images.Classes = data.ShapeGroups()
	for i := range images.Labels {
		images.Labels[i] = test.(data.Grouped).Group(i)
	}
	prompts := eval.Prompts(images.Classes, "a red plain star on a {} background", "a blue striped ring on a {} background")
	result, err := eval.TextZeroShot{Prompts: prompts}.Evaluate(run.TextEmbeddings, images)
	if err != nil || result.Low < .8 {
		t.Errorf("%s, %v", result, err)
	}
	t.Log(result)
}
