package ssl

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/encoder"
)

func TestFindLooksIntoSums(t *testing.T) {
	sum := Sum{{Method: Rotation{}}, {Method: Sum{{Method: SimCLR{}}, {Method: SupCon{}}}}, {Method: Supervised{Classes: 3}}}
	for _, m := range []Method{SupCon{}, Sum{{Method: SupCon{}}}, sum} {
		if found, ok := Find[NeedsLabels](m); !ok || found != (SupCon{}) {
			t.Errorf("in %s: found %v, %v", m.Name(), found, ok)
		}
	}
	for _, m := range []Method{SimCLR{}, sum, Sum{}, Sum{{}}} {
		if found, ok := Find[HasTeacher](m); ok || found != nil {
			t.Errorf("in %q: found a teacher, %v", m.Name(), found)
		}
	}
	if found, ok := Find[Sum](sum); ok {
		t.Errorf("the sum itself is found: %v", found)
	}
}

func TestEachYieldsTheTermsInOrder(t *testing.T) {
	sum := Sum{{Method: SupCon{}}, {Method: Sum{{Method: Rotation{}}, {Method: Supervised{Classes: 3}}}}, {Method: Supervised{Classes: 4}}}
	var names []string
	for m := range Each[Method](sum) {
		names = append(names, m.Name())
	}
	if want := []string{"supcon", "rotation", "supervised", "supervised"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
	if found := slices.Collect(Each[NeedsLabels](sum)); len(found) != 3 || found[2] != (Supervised{Classes: 4}) {
		t.Errorf("those that need labels are %v", found)
	}
	for m := range Each[NeedsLabels](sum) { // It may be left.
		if m.Name() != "supcon" {
			t.Errorf("the first is %s", m.Name())
		}
		break
	}
}

func TestFindInGivesTheScopeOfTheTerm(t *testing.T) {
	scope := model.NewStore().Scope("/method")
	for path, m := range map[string]Method{
		"/method":     SupCon{},
		"/method/1":   Sum{{Method: Rotation{}}, {Method: SupCon{}}},
		"/method/2/0": Sum{{Method: Rotation{}}, {Method: SimCLR{}}, {Method: Sum{{Method: SupCon{}}}}},
	} {
		if _, own, ok := FindIn[NeedsLabels](m, scope); !ok || own.Scope() != path {
			t.Errorf("%s: found %v at %s, want %s", m.Name(), ok, own.Scope(), path)
		}
	}
}

func TestMainIsTheFirstTerm(t *testing.T) {
	for _, m := range []Method{BYOL{}, Sum{{Method: BYOL{}}, {Method: Rotation{}}}, Sum{{Method: Sum{{Method: BYOL{}}}}}} {
		if Main(m) != (BYOL{}) {
			t.Errorf("the main method of %s is %v", m.Name(), Main(m))
		}
	}
}

// A representation that no term trains is refused. The encoder of facebookresearch/ijepa,
// src/models/vision_transformer.py, has no class token; that of microsoft/SimMIM,
// models/vision_transformer.py, pools the mean of its patches (USE_MEAN_POOLING of its
// configs/vit_base__800ep/simmim_finetune__vit_base__img224__800ep.yaml).
func TestClassTokenMustBeTrainedBySomeTerm(t *testing.T) {
	withToken := maskedViT
	withToken.Pool = encoder.ClassToken
	for _, test := range []struct {
		method    Method
		onPatches bool
	}{
		{SimMIM{}, true}, {IJEPA{}, true}, {Inpainting{}, true}, {Colorization{}, true}, {NextFrame{}, true},
		{MAE{}, false}, {SimCLR{}, false},
	} {
		m := test.method
		t.Run(m.Name(), func(t *testing.T) {
			t.Parallel()
			check := func(m Method, e encoder.Encoder) error {
				m = m.WithDefaults()
				return Check(m, BatchOf(m, 16, 32, 32), e, nil)
			}
			for _, m := range []Method{m, &Sum{{Method: m}}, Sum{{Method: m}, {Method: Inpainting{}}}} {
				err := check(m, withToken)
				if (err != nil) != test.onPatches || err != nil && !strings.Contains(err.Error(), "Pool must be encoder.MeanPatches") {
					t.Errorf("%s with a class token: error %v", m.Name(), err)
				}
			}
			for _, err := range []error{
				check(m, maskedViT), check(Sum{{Method: m}, {Method: SimCLR{}}}, withToken),
			} {
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// What the terms need is asked of each of them, on its own views.
func TestCheckAsksTermsWhatTheyNeed(t *testing.T) {
	check := func(m Method) error {
		m = m.WithDefaults()
		return Check(m, BatchOf(m, 16, 32, 32), maskedViT, []string{"a", "b"})
	}
	for want, m := range map[string]Method{
		"":                          Sum{{Method: SimCLR{}}, {Method: MAE{}}, {Method: Supervised{Classes: 2}}},
		"ssl.SimCLR: Out":           SimCLR{Out: -1},
		"ssl.Supervised: Classes":   Supervised{Classes: 3},
		"term 1: ssl.Supervised":    Sum{{Method: SimCLR{}}, {Method: Supervised{Classes: 3}}},
		"ssl.NextPixel":             NextPixel{},
		"term 2: ssl.NextPixel":     Sum{{Method: SimCLR{}}, {Method: Rotation{}}, {Method: NextPixel{}}},
		"term 1: ssl.Sum: term 0: ": Sum{{Method: SimCLR{}}, {Method: Sum{{Method: NextPixel{}}}}},
		"tiles of 7×7":              Sum{{Method: SimCLR{}}, {Method: RelativeLocation{}}}, // The views of SimCLR would do.
	} {
		if err := check(m); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", m.Name(), err, want)
		}
	}
}
