package kit

import (
	"fmt"
	"image"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/attribution"
	"sslkit/kit/device"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/setting"
	"sslkit/kit/train"
	"sslkit/plots"
)

// attributionBatch is the number of images that are explained together.
const attributionBatch = 25

// Attribution says what in some images of a split the answers of a linear probe on the trained encoder rest
// on, by the score of the class that the probe says. The images are those of the given indices in the split
// of the recipe's data, in their order.
//
//	probe, err := eval.Linear{}.Fit(train)
//	explained, err := run.Attribution(probe, data.Test, []int{3, 14}, attribution.GradCAM{})
//
// Errors: an index outside the split, none at all, settings out of range, a probe that was fitted on features
// of other weights, attribution.GradCAM of an encoder whose representation is not made of its last map.
func (r *Run) Attribution(probe *eval.LinearModel, split data.Split, images []int, method attribution.Method) (attribution.Explained, error) {
	fail := func(err error) (attribution.Explained, error) {
		return attribution.Explained{}, fmt.Errorf("explaining answers for %s's %s split in %s: %w", r.Recipe.Data.Name(), split, r.Dir, err)
	}
	if err := r.check(); err != nil {
		return attribution.Explained{}, err
	}
	set, err := r.Recipe.Data.Open(split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	explained, err := r.explainIn(set, probe, images, method)
	if err != nil {
		return fail(err)
	}
	return explained, nil
}

func (r *Run) explainIn(set data.Set, probe *eval.LinearModel, images []int, method attribution.Method) (explained attribution.Explained, err error) {
	switch {
	case probe == nil:
		return explained, fmt.Errorf("probe is nil; it must be what eval.Linear's Fit returns")
	case len(images) == 0:
		return explained, fmt.Errorf("images is empty; it must hold at least one index")
	}
	if tokened, ok := r.Recipe.Encoder.(encoder.ClassTokened); ok && tokened.PoolsClassToken() {
		switch method.(type) {
		case attribution.GradCAM, *attribution.GradCAM:
			return explained, fmt.Errorf("attribution.GradCAM: encoder %s represents images by its class token, which is not made of its last map; "+
				"take attribution.IntegratedGradients, or a ViT that pools the mean of its patches", r.Recipe.Encoder.Name())
		}
	}
	e, err := r.extractor(trained)
	if err != nil {
		return explained, err
	}
	if probe.Encoder != e.hash {
		return explained, fmt.Errorf("probe was fitted on features of encoder %.12s, and this one is %.12s", probe.Encoder, e.hash)
	}
	pix, err := data.Pixels(set, images)
	if err != nil {
		return explained, err
	}
	backend, err := device.Open()
	if err != nil {
		return explained, err
	}
	height, width := set.Size()
	network, store := r.Recipe.model(), model.NewStore()
	defer release(store)
	classifier := func(scope *model.Scope, images *Node) attribution.Answer {
		out := network.Encode(scope, images)
		answer := attribution.Answer{Scores: probe.Apply(out.Pooled), Places: out.Map}
		if out.Map != nil {
			answer.Rows, answer.Columns = out.Map.Shape().Dim(1), out.Map.Shape().Dim(2)
		}
		if out.Tokens != nil { // Of which Map is a copy: Pooled is not made of that.
			answer.Places = out.Tokens
		}
		return answer
	}
	err = train.Catch(func() error {
		m, err := attribution.Compile(backend, store, min(attributionBatch, len(images)), height, width, method, classifier)
		if err != nil {
			return err
		}
		defer m.Close()
		if err := encoder.SetWeights(train.EncoderScope(store), e.weights); err != nil {
			return err
		}
		explained, err = m.Explain(pix, nil)
		return err
	})
	return explained, err
}

// AttributionFigure draws n images of a split, spread evenly over it, each above what the probe's answer
// rests on, by one method or several. The names say what the probe says and how sure it is (the softmax of
// its scores), and what is true where it errs. Errors: those of [Run.Attribution], and an n below 1.
func (r *Run) AttributionFigure(probe *eval.LinearModel, split data.Split, n int, methods ...attribution.Method) (*plots.Figure, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	fail := func(err error) (*plots.Figure, error) {
		return nil, fmt.Errorf("drawing what answers rest on, in %s: %w", r.Dir, err)
	}
	if err := setting.AtLeast(1, "kit.Run.AttributionFigure: n", n); err != nil {
		return nil, err
	}
	if len(methods) == 0 {
		return nil, setting.Missing("kit.Run.AttributionFigure: methods", "an attribution.Method, such as attribution.GradCAM{}")
	}
	set, err := r.Recipe.Data.Open(split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	images := data.Spread(n, set.Len())
	n = len(images)
	height, width := set.Size()
	rows, names, answers := make([][]image.Image, 1+len(methods)), []string{"image"}, make([]string, n)
	for m, method := range methods {
		explained, err := r.explainIn(set, probe, images, method)
		if err != nil {
			return fail(err)
		}
		names = append(names, explained.Method)
		for k, i := range images {
			pix := make([]uint8, height*width*3)
			if err := set.Read(i, pix); err != nil {
				return fail(fmt.Errorf("image %d of %s: %w", i, set.Name(), err))
			}
			if m == 0 {
				picture, err := plots.Picture(pix, height, width)
				if err != nil {
					return fail(err)
				}
				rows[0] = append(rows[0], picture)
				answers[k] = answer(explained, k, probe.Classes, className(set, i))
			}
			size := explained.Rows * explained.Columns
			picture, err := plots.HeatPicture(pix, height, width, explained.Heat[k*size:(k+1)*size], explained.Rows, explained.Columns)
			if err != nil {
				return fail(err)
			}
			rows[1+m] = append(rows[1+m], picture)
		}
	}
	return plots.ImageGrid("What the answers rest on", rows, names, answers)
}

// answer is what the probe says of image k: "star 93 %", or "star 51 %, not heart".
func answer(of attribution.Explained, k int, classes []string, truth string) string {
	scores := of.Scores[k*len(classes) : (k+1)*len(classes)]
	said, sum := of.Of[k], 0.0
	for _, score := range scores {
		sum += math.Exp(float64(score - scores[said]))
	}
	words := fmt.Sprintf("%s %.0f %%", classes[said], 100/sum)
	if truth != "" && truth != classes[said] {
		words += ", not " + truth
	}
	return words
}
