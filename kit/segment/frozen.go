package segment

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/device"
	"sslkit/kit/encoder"
	"sslkit/kit/rundir"
	"sslkit/kit/setting"
	"sslkit/kit/train"
)

// Frozen is a trained encoder that stays as it is. [Of] takes that of a run.
type Frozen struct {
	Encoder encoder.Encoder // The architecture. Required.
	Weights string          // The path of the file of its weights. Required.
	// Normalize is how it was shown images in training. Default: as augment.Normalize's.
	Normalize augment.Normalize
}

// Of is the encoder of a run with the weights that it evaluates; see [kit.Run.By].
func Of(run *kit.Run) Frozen {
	f := Frozen{Encoder: run.Recipe.Encoder, Weights: run.WeightsFile()}
	if len(run.Recipe.Augment) > 0 {
		for _, transform := range run.Recipe.Augment[0] {
			if normalize, ok := transform.(augment.Normalize); ok {
				f.Normalize = normalize
			}
		}
	}
	return f
}

// Initial is the encoder of a run with the random weights, or those of its Start, that the training
// began with: the baseline to beat.
func Initial(run *kit.Run) Frozen {
	f := Of(run)
	f.Weights = filepath.Join(run.Dir, rundir.InitialFile)
	return f
}

// Patches are what an encoder makes of the patches of images.
type Patches struct {
	X             []float32 // [N, Rows, Columns, Dim]; an encoder's output behind its last norm, not normalised.
	N             int       // Images.
	Rows, Columns int       // Patches of an image, or places of its feature map.
	Dim           int
	Encoder       string // The SHA-256 (hex) of the encoder's weights.
	Name          string // Of the set.
}

// Patches represents the patches of all images of a set; of an encoder without patches, the places
// of its last feature map. It holds them in memory: N·Rows·Columns·Dim·4 bytes. Errors: weights that
// cannot be read or are not the encoder's, images of a size that it does not take, an encoder without
// a map, values that are not finite.
func (f Frozen) Patches(set data.Set) (Patches, error) { return f.patches(set, indices(set.Len())) }

// patches is Patches of some images.
func (f Frozen) patches(set data.Set, images []int) (Patches, error) {
	p := Patches{N: len(images), Name: set.Name()}
	var err error
	p.X, p.Encoder, err = f.over(set, images, func(scope *model.Scope, images *Node) *Node {
		places := f.Encoder.Encode(scope, images).Map // [batch, rows, columns, dim]
		if places == nil {
			panic(fmt.Errorf("encoder %s has neither patches nor a map", f.Encoder.Name()))
		}
		p.Rows, p.Columns, p.Dim = places.Shape().Dim(1), places.Shape().Dim(2), places.Shape().Dim(3)
		return places
	})
	if err != nil {
		return Patches{}, fmt.Errorf("patches of %s: %w", set.Name(), err)
	}
	return p, nil
}

// row is the vector of patch i of all images.
func (p Patches) row(i int) []float32 { return p.X[i*p.Dim : (i+1)*p.Dim] }

// image is the vectors of image i.
func (p Patches) image(i int) []float32 {
	size := p.Rows * p.Columns * p.Dim
	return p.X[i*size : (i+1)*size]
}

// over is what a part of the encoder makes of some images, one behind another, and the hash of its
// weights.
//
//	what: [batch, height, width, 3], normalised -> [batch, ...]
func (f Frozen) over(set data.Set, images []int, what func(scope *model.Scope, images *Node) *Node) (x []float32, hash string, err error) {
	height, width := set.Size()
	if err := f.check(height, width); err != nil {
		return nil, "", err
	}
	weights, hash, err := rundir.ReadWeights(f.Weights)
	if err != nil {
		return nil, "", err
	}
	store := model.NewStore()
	defer device.Trim()
	defer store.Finalize()
	err = train.Catch(func() error {
		forward, err := train.NewForward(store, len(images), height, width, func(scope *model.Scope, images *Node) *Node {
			out := what(scope.At("encoder"), augment.Pipeline{f.Normalize}.Apply(nil, images))
			return Reshape(out, out.Shape().Dim(0), out.Shape().Size()/out.Shape().Dim(0))
		})
		if err != nil {
			return err
		}
		defer forward.Close()
		if err := encoder.SetWeights(train.EncoderScope(store), weights); err != nil {
			return fmt.Errorf("%s does not fit encoder %s: %w", f.Weights, f.Encoder.Name(), err)
		}
		x, _, err = forward.OverImages(set, images)
		return err
	})
	for i, v := range x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			size := len(x) / len(images)
			return nil, "", fmt.Errorf("value %d of image %d is %g: the weights in %s are of no use", i%size, images[i/size], v, f.Weights)
		}
	}
	return x, hash, err
}

func (f Frozen) check(height, width int) error {
	switch {
	case f.Encoder == nil:
		return setting.Missing("segment.Frozen: Encoder", "the encoder.Encoder that was trained")
	case f.Weights == "":
		return setting.Missing("segment.Frozen: Weights", "the path of a file of weights, such as a run's encoder.safetensors")
	}
	return cmp.Or(f.Encoder.Check(height, width), f.Normalize.Check(height, width))
}

// openImages opens a split, which is to be closed.
func openImages(source data.Source, split data.Split) (data.Set, error) {
	if source == nil {
		return nil, setting.Missing("segment: source", "a data.Source, such as data.Shapes{}")
	}
	return source.Open(split)
}

// masked is a split of images with masks, read.
type masked struct {
	data.Masks
	height, width int
	masks         [][]uint8 // [height·width] each.
}

// open reads the masks of a split. The set is to be closed.
func open(source data.Source, split data.Split) (masked, error) {
	set, err := openImages(source, split)
	if err != nil {
		return masked{}, err
	}
	masks, err := data.MasksIn(set)
	if err != nil {
		set.Close()
		return masked{}, err
	}
	m := masked{Masks: masks}
	m.height, m.width = set.Size()
	for i := range set.Len() {
		mask := make([]uint8, m.height*m.width)
		if err := masks.ReadMask(i, mask); err != nil {
			set.Close()
			return masked{}, fmt.Errorf("mask %d of %s: %w", i, set.Name(), err)
		}
		m.masks = append(m.masks, mask)
	}
	return m, nil
}

// openBoth reads the masks of the training and the test split, which are to be closed, of images of
// one size and with the same classes.
func openBoth(source data.Source) (set, test masked, err error) {
	if set, err = open(source, data.Train); err != nil {
		return masked{}, masked{}, err
	}
	if test, err = open(source, data.Test); err != nil {
		set.Close()
		return masked{}, masked{}, err
	}
	switch {
	case set.height != test.height || set.width != test.width:
		err = fmt.Errorf("%s is of %d×%d pixels and %s of %d×%d; they must be of one size",
			set.Name(), set.height, set.width, test.Name(), test.height, test.width)
	case !slices.Equal(set.MaskClasses(), test.MaskClasses()):
		err = fmt.Errorf("pixels of %s are of %v and those of %s of %v; they must be of the same classes",
			set.Name(), set.MaskClasses(), test.Name(), test.MaskClasses())
	default:
		return set, test, nil
	}
	set.Close()
	test.Close()
	return masked{}, masked{}, err
}
