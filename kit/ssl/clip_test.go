package ssl

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

// clipSmall reads these captions.
var (
	clipCaptions = []string{"a red star", "a blue ring", "the red ring", "a star"}
	clipSmall    = resolved(CLIP{Out: 6, Text: encoder.Text{
		Width: 8, Depth: 1, Length: 5, Vocabulary: encoder.NewVocabulary(clipCaptions...),
	}})
)

// imageTextContrast is the formula in float64, pair by pair.
func imageTextContrast(images, texts [][]float64, scale float64) float64 {
	var sum float64
	for i := range images {
		own := math.Exp(scale * cosine(images[i], texts[i]))
		var ofTexts, ofImages float64
		for k := range images {
			ofTexts += math.Exp(scale * cosine(images[i], texts[k]))
			ofImages += math.Exp(scale * cosine(images[k], texts[i]))
		}
		sum -= math.Log(own/ofTexts)/2 + math.Log(own/ofImages)/2
	}
	return sum / float64(len(images))
}

// contrastOnDevice computes ImageTextContrast and its gradients.
func contrastOnDevice(t *testing.T, images, texts [][]float64, scale float64) (loss float64, dImages, dTexts [][]float64) {
	t.Helper()
	return pairLoss(t, func(a, b *Node) *Node {
		return ImageTextContrast(a, b, Scalar(a.Graph(), dtypes.Float32, scale))
	}, images, texts)
}

func TestImageTextContrastIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, scale := range []float64{1, 1 / .07, 100} {
		x, y := normal(rng, 7, 5), normal(rng, 7, 5)
		got, dx, dy := contrastOnDevice(t, x, y, scale)
		near(t, "loss", got, imageTextContrast(x, y, scale), 1e-5)
		loss := func() float64 { return imageTextContrast(x, y, scale) }
		near(t, "gradient of an image", dx[3][2], slope(loss, &x[3][2]), 1e-3)
		near(t, "gradient of a text", dy[5][1], slope(loss, &y[5][1]), 1e-3)
	}
}

func TestImageTextContrastByHand(t *testing.T) {
	// Two pairs along two axes: each has its own at similarity 1 and the other at 0, so either
	// cross-entropy is log(1 + e^-s).
	x := [][]float64{{2, 0}, {0, 3}}
	for _, scale := range []float64{1, 2, 10} {
		got, _, _ := contrastOnDevice(t, x, x, scale)
		near(t, "loss", got, math.Log(1+math.Exp(-scale)), 1e-5)
	}
	// One image that two texts describe, the other that none does: similarities [1 1; 0 0]. The
	// image asks its texts in vain, log 2 each; of the texts, the first finds its image, log(1 +
	// e^-s), the second the wrong one, log(1 + e^s).
	got, _, _ := contrastOnDevice(t, x, [][]float64{{1, 0}, {5, 0}}, 2)
	near(t, "loss of equal texts", got, (math.Log(2)+(math.Log(1+math.Exp(-2))+math.Log(1+math.Exp(2)))/2)/2, 1e-5)
	same := [][]float64{{1, 1}, {1, 1}, {1, 1}}
	got, _, _ = contrastOnDevice(t, same, same, 7)
	near(t, "loss of collapsed embeddings", got, math.Log(3), 1e-5)
}

func TestImageTextContrastInvariances(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	x, y := normal(rng, 6, 4), normal(rng, 6, 4)
	of := func(x, y [][]float64) float64 {
		loss, _, _ := contrastOnDevice(t, x, y, 3)
		return loss
	}
	loss := of(x, y)
	near(t, "loss with images and texts swapped", of(y, x), loss, 1e-5)
	near(t, "loss with the pairs permuted", of(permuted(x), permuted(y)), loss, 1e-5)
	near(t, "loss with longer embeddings", of(stretched(x), y), loss, 1e-5)
	if matching := of(x, x); matching >= loss {
		t.Errorf("the loss of equal pairs is %g, not below that of unrelated ones, %g", matching, loss)
	}
	if apart := of(permuted(x), x); apart <= of(x, x) {
		t.Errorf("the loss of texts that belong to other images is %g, not above that of their own", apart)
	}
}

func TestCLIPStep(t *testing.T) {
	images := normalImages(4)
	exec, store, paths := clipStep(t)
	outputs, err := exec.Call(images, clipTokens(t))
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range *paths {
		within := strings.HasPrefix(path, "/encoder/layer") // Residual branches, which begin at zero.
		if norm := outputs[i+2].Value().(float32); !(norm > 0) && !within {
			t.Errorf("no gradient flows into %s", path)
		}
	}
	for _, part := range []string{
		"/encoder/conv1", "/method/image_projection", "/method/text_projection", "/method/text/token_embedding",
		"/method/text/pos_embed", "/method/text/blocks/0/attn", "/method/logit_scale",
	} {
		if !slices.ContainsFunc(*paths, func(path string) bool { return strings.HasPrefix(path, part) }) {
			t.Errorf("%s is not trained", part)
		}
	}
	near(t, "scale at the start", float64(outputs[1].Value().(float32)), 1/.07, 1e-4)

	// Beyond 100 it is cut off, and the optimiser goes on from there: a gradient flows that can
	// bring it back.
	scale := store.GetVariable("/method/logit_scale")
	for start, want := range map[float32]float64{6: 100, float32(math.Log(100)) + .001: 100, 4: math.Exp(4), -2: math.Exp(-2)} {
		if err := scale.SetValue(tensors.FromValue(start)); err != nil {
			t.Fatal(err)
		}
		outputs, err := exec.Call(images, clipTokens(t))
		if err != nil {
			t.Fatal(err)
		}
		near(t, "scale", float64(outputs[1].Value().(float32)), want, 1e-4)
		value, err := scale.Value()
		if err != nil {
			t.Fatal(err)
		}
		near(t, "its logarithm behind the step", float64(value.Value().(float32)), math.Log(want), 1e-4)
		at := slices.Index(*paths, "/method/logit_scale")
		if norm := outputs[at+2].Value().(float32); !(norm > 0) {
			t.Errorf("no gradient flows into a logarithm of %g", start)
		}
	}
}

// clipStep is the loss of four images and their captions, the scale, and the norm of the gradient
// of each variable.
func clipStep(t *testing.T) (exec *model.Exec, store *model.Store, paths *[]string) {
	t.Helper()
	backend := devicetest.Backend(t)
	store, paths = model.NewStore(), new([]string)
	if err := store.SetRNGStateFromSeed(3); err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, images, captions *Node) []*Node {
		store.SetTraining(images.Graph(), true)
		resnet := encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem}
		network := Network{Encoder: resnet, EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32}
		loss := clipSmall.Loss(&Step{Network: network, Views: []*Node{images}, Captions: captions})
		outputs := []*Node{loss, Exp(store.GetVariable("/method/logit_scale").NodeValue(images.Graph()))}
		*paths = nil
		for v := range scope.IterVariables() {
			if v.Trainable && v.InUseByGraph(images.Graph()) {
				*paths = append(*paths, v.Path())
			}
		}
		for _, gradient := range scope.BuildTrainableVariablesGradientsGraph(loss) {
			outputs = append(outputs, Sqrt(ReduceAllSum(Square(gradient))))
		}
		return outputs
	})
	if err != nil {
		t.Fatal(err)
	}
	return exec, store, paths
}

func clipTokens(t *testing.T) *tensors.Tensor {
	t.Helper()
	tokens, length, err := clipSmall.Tokens(clipCaptions)
	if err != nil {
		t.Fatal(err)
	}
	return tensors.FromFlatDataAndDimensions(tokens, len(clipCaptions), length)
}

// normalImages are noise: [n, 16, 16, 3].
func normalImages(n int) *tensors.Tensor {
	rng := rand.New(rand.NewPCG(5, 6))
	flat := make([]float32, n*16*16*3)
	for i := range flat {
		flat[i] = float32(rng.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(flat, n, 16, 16, 3)
}

func TestCLIPFillsInWhatCaptionsSay(t *testing.T) {
	method, err := CLIP{Text: encoder.Text{Width: 8}}.ForCaptions(clipCaptions)
	if err != nil {
		t.Fatal(err)
	}
	text := method.(CLIP).Text
	if text.Length != 5 || !slices.Equal(text.Vocabulary, clipSmall.Text.Vocabulary) || text.Width != 8 {
		t.Errorf("%+v", text)
	}
	sum, err := ForCaptions(Sum{{Method: CLIP{}, Weight: 2}, {Method: SimCLR{}}}, clipCaptions)
	if err != nil || sum.(Sum)[0].Method.(CLIP).Text.Length != 5 || sum.(Sum)[0].Weight != 2 || len(sum.(Sum)) != 2 {
		t.Errorf("%+v, %v", sum, err)
	}
	reader, ok := Find[ReadsCaptions](sum)
	if !ok {
		t.Fatal("no term reads captions")
	}
	if tokens, length, err := reader.Tokens([]string{"a star"}); err != nil || length != 5 || len(tokens) != 5 {
		t.Errorf("%v of %d tokens, %v", tokens, length, err)
	}
	_, err = ForCaptions(Sum{{Method: CLIP{Text: encoder.Text{Length: 4}}}}, clipCaptions)
	if err == nil || !strings.Contains(err.Error(), "ssl.Sum: term 0: ssl.CLIP: Text") {
		t.Errorf("a caption that is too long for a term: %v", err)
	}
	_, err = CLIP{Text: encoder.Text{Length: 4}}.ForCaptions(clipCaptions)
	if err == nil || !strings.Contains(err.Error(), "ssl.CLIP: Text") {
		t.Errorf("a caption that is too long: %v", err)
	}
	without := Sum{{Method: SimCLR{}}}
	if _, ok := Find[ReadsCaptions](without); ok {
		t.Error("a sum that reads no text does")
	}
	if same, err := ForCaptions(without, clipCaptions); err != nil || same.(Sum)[0].Method != without[0].Method {
		t.Errorf("a sum that reads no text becomes %+v, %v", same, err)
	}
	for _, c := range []struct {
		method Method
		reads  bool
	}{{CLIP{}, true}, {SimCLR{}, false}, {Sum{{Method: CLIP{}}, {Method: SimCLR{}}}, true}, {Sum{{Method: SimCLR{}}}, false}} {
		if reads := ReadsOf(c.method, 32, 32); reads.Captions != c.reads {
			t.Errorf("%s reads %+v", c.method.Name(), reads)
		}
	}
}

func TestCLIPCheck(t *testing.T) {
	if err := checked(CLIP{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]CLIP{
		"ssl.CLIP: Temperature": {Temperature: .001}, "ssl.CLIP: Out": {Out: -1}, "ssl.CLIP: Text": {Text: encoder.Text{Depth: -1}},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("error %v does not name %s", err, field)
		}
	}
	if err := checked(CLIP{Temperature: math.NaN()}, 16, 32, 32); err == nil {
		t.Error("a temperature that is no number is accepted")
	}
	if err := checked(CLIP{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image, which has no negatives, is accepted")
	}
	err := checked(Sum{{Method: SimCLR{}}, {Method: CLIP{}}}, 16, 32, 32)
	if err == nil || !strings.Contains(err.Error(), "term 1, clip, reads captions") {
		t.Errorf("captions in the second term: %v", err)
	}
}
