package encoder

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

var tinyText = Text{Width: 8, Depth: 2, Heads: 2, Length: 6, Vocabulary: NewVocabulary("a red star", "the blue ring")}

// tokenRows are the tokens of texts as a tensor [len(texts), length].
func tokenRows(t *testing.T, e Text, texts ...string) *tensors.Tensor {
	t.Helper()
	tokens, err := e.Tokens(texts)
	if err != nil {
		t.Fatal(err)
	}
	return tensors.FromFlatDataAndDimensions(tokens, len(texts), e.Length)
}

func encodeText(scope *model.Scope, in []*Node) []*Node {
	var outputs []*Node
	for _, tokens := range in {
		outputs = append(outputs, tinyText.Encode(scope, tokens))
	}
	return outputs
}

func TestTextIsTheFormula(t *testing.T) {
	texts := []string{"a red star", "ring", "the blue ring a"}
	tokens := tokenRows(t, tinyText, texts...)
	store := model.NewStore()
	apply(t, store, encodeText, tokens)
	weights := scramble(t, store.Scope("/encoder"))
	out := apply(t, store, encodeText, tokens)[0]
	if err := out.Shape().Check(dtypes.Float32, 3, 8); err != nil {
		t.Fatal(err)
	}
	for n, row := range tokens.Value().([][]int32) {
		var x [][]float64 // Nothing behind the end is looked at.
		for i, token := range row[:len(strings.Fields(texts[n]))+2] {
			embedded := make([]float64, 8)
			for d := range embedded { // A matrix of GoMLX has its axes swapped in the file: [dim, tokens].
				embedded[d] = float64(weights["token_embedding"].Data[d*tinyText.Vocabulary.Size()+int(token)]) +
					float64(weights["pos_embed"].Data[i*8+d])
			}
			x = append(x, embedded)
		}
		layers := referenceCausal(weights, 2, 2, x)
		want := layers[len(layers)-1][len(x)-1]
		for d, got := range out.Value().([][]float32)[n] {
			if math.Abs(float64(got)-want[d]) > 1e-4 {
				t.Errorf("%q, feature %d: %g, want %g", texts[n], d, got, want[d])
			}
		}
	}
}

func TestTextReadsEveryWordAndNoPadding(t *testing.T) {
	tokens := tokenRows(t, tinyText, "red star", "blue star", "star red", "red ring")
	padded := tokenRows(t, tinyText, "red star", "blue star", "star red", "red ring")
	tensors.MustMutableFlatData(padded, func(flat []int32) {
		for n := range 4 {
			flat[n*6+4], flat[n*6+5] = 5, 7 // Words behind the end.
		}
	})
	store := model.NewStore()
	apply(t, store, encodeText, tokens)
	scramble(t, store.Scope("/encoder"))
	out := apply(t, store, encodeText, tokens, padded)
	if d := far(t, out[0], out[1]); d > 1e-6 {
		t.Errorf("what is behind the end changes the representation by %g", d)
	}
	rows := out[0].Value().([][]float32)
	for i := range rows {
		for j := range i {
			if fmt.Sprint(rows[i]) == fmt.Sprint(rows[j]) {
				t.Errorf("texts %d and %d have the same representation", j, i)
			}
		}
	}
}

func TestTextForCaptions(t *testing.T) {
	captions := []string{"a red star", "the blue, blue ring"}
	filled, err := Text{Width: 8}.ForCaptions(captions)
	if err != nil || filled.Length != 6 || filled.Width != 8 ||
		strings.Join(filled.Vocabulary, " ") != "a blue red ring star the" {
		t.Errorf("%+v, %v", filled, err)
	}
	own := Text{Length: 10, Vocabulary: NewVocabulary("a the red blue green star ring")}
	if filled, err := own.ForCaptions(captions); err != nil || filled.Length != 10 || len(filled.Vocabulary) != 7 {
		t.Errorf("%+v, %v", filled, err)
	}
	for part, bad := range map[string]Text{
		`"blue"`: {Vocabulary: NewVocabulary("a the red star ring")}, "room for 5": {Length: 5},
	} {
		if _, err := bad.ForCaptions(captions); err == nil || !strings.Contains(err.Error(), part) ||
			!strings.Contains(err.Error(), "encoder.Text") {
			t.Errorf("error %v does not say %s", err, part)
		}
	}
	if _, err := (Text{}).Tokens(captions); err == nil || !strings.Contains(err.Error(), "Vocabulary") {
		t.Errorf("a text encoder without words reads: %v", err)
	}
}

func TestTextCheck(t *testing.T) {
	if err := (Text{}).Check(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]Text{
		"Width": {Width: 6}, "Depth": {Depth: -1}, "Heads": {Heads: 5}, "Length": {Length: 2},
		"Vocabulary": {Vocabulary: Vocabulary{}},
	} {
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), "encoder.Text: "+field) {
			t.Errorf("%s: error %v", field, err)
		}
	}
	if err := (Text{Length: -1}).Check(); err == nil {
		t.Error("a negative length is accepted")
	}
}
