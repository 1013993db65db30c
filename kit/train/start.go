package train

import (
	"fmt"

	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/rundir"
)

// start gives the encoder's variables in the store the values that are in the file Start, and says
// what of a file of others it has used. They must have been created.
func (p Plan) start(store *model.Store) error {
	loaded, err := p.loadStart(EncoderScope(store))
	if err != nil {
		return err
	}
	if p.Steps == 0 || loaded.Naming != "" || loaded.Network != "" || len(loaded.Left) > 0 { // Else it is a run's file.
		fmt.Printf("the encoder starts from %s: %s\n", p.Start, loaded)
	}
	note, err := p.wants()
	if note != "" {
		fmt.Printf("%s: %s\n", p.Start, note)
	}
	return err
}

// loadStart gives the encoder's variables in scope the values that are in the file Start.
func (p Plan) loadStart(scope *model.Scope) (encoder.Loaded, error) {
	loaded, err := LoadEncoder(scope, p.Start)
	if err != nil {
		return loaded, fmt.Errorf("kit.Recipe: Start is %s, which does not fit encoder %s: %w", p.Start, p.Encoder.Name(), err)
	}
	return loaded, nil
}

// wants returns an error where the file Start says that images are to be normalised otherwise than a
// view does, and else what is to be told of it: that it does not say it, or that it was made for
// images of another size.
func (p Plan) wants() (note string, err error) {
	wanted, known, err := p.checkShown("kit.Recipe: Start", p.Start)
	if err != nil {
		return "", err
	}
	if !known {
		shown := preprocessing(p.Views[0])
		return fmt.Sprintf("it does not say how its images are to be normalised; here it is by mean %v and deviation %v. "+
			"What was trained on ImageNet usually wants augment.ImageNet", shown.Mean, shown.Std), nil
	}
	if size := min(p.Height, p.Width); wanted.Size > 0 && wanted.Size != size {
		note = fmt.Sprintf("it was made for images of %d pixels, and these have %d", wanted.Size, size)
	}
	return note, nil
}

// checkShown returns an error where a file of weights, that of a field, wants images that are
// normalised otherwise than a view is. Known is false where the file does not say it.
func (p Plan) checkShown(field, path string) (wanted encoder.Preprocessing, known bool, err error) {
	wanted, from, known, err := encoder.PreprocessingOf(path)
	if err != nil {
		return wanted, false, fmt.Errorf("%s: %w", field, err)
	}
	for i, view := range p.Views {
		if shown := preprocessing(view); known && !shown.SameNormalization(wanted) {
			return wanted, true, fmt.Errorf("%s is %s, whose images are to be normalised by mean %v and deviation %v (%s); "+
				"view %d of Augment has mean %v and deviation %v: end each with augment.Normalize{Mean: %[3]v, Std: %[4]v}",
				field, path, wanted.Mean, wanted.Std, from, i, shown.Mean, shown.Std)
		}
	}
	return wanted, known, nil
}

// preprocessing is how a view normalises images.
func preprocessing(view augment.Pipeline) encoder.Preprocessing {
	for _, transform := range view {
		if normalize, ok := transform.(augment.Normalize); ok {
			normalize = normalize.WithDefaults()
			return encoder.Preprocessing{Mean: normalize.Mean, Std: normalize.Std}
		}
	}
	return encoder.Preprocessing{Std: [3]float64{1, 1, 1}}
}

// LoadEncoder gives an encoder's variables in scope the values of a file of weights, as
// [encoder.Load] does. The variables must have been created.
func LoadEncoder(scope *model.Scope, path string) (encoder.Loaded, error) {
	weights, _, err := rundir.ReadWeights(path)
	if err != nil {
		return encoder.Loaded{}, err
	}
	return encoder.Load(scope, weights)
}

// checkStart returns an error where the file Start can't be read, its weights are not those of
// the encoder, or its images are to be normalised otherwise than the views are. Nothing is compiled.
func (p Plan) checkStart() error {
	if p.Start == "" {
		return nil
	}
	scope := EncoderScope(model.NewStore())
	if err := BuildEncoder(scope, p.Encoder, p.Height, p.Width); err != nil {
		return err
	}
	if _, err := p.loadStart(scope); err != nil {
		return err
	}
	_, err := p.wants()
	return err
}
