package segment

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/metric"
	"sslkit/kit/setting"
)

// Attention is how much the class token of a ViT reads from each patch in the last block.
type Attention struct {
	// X is [N, Heads, Rows, Columns], each in [0, 1]; a head's sum to less than 1, the rest being the
	// class token's and registers'.
	X             []float32
	N, Heads      int    // Images, and heads of each.
	Rows, Columns int    // Patches of an image.
	Encoder       string // The SHA-256 (hex) of the encoder's weights.
}

// Attention is that of all images of a set. Errors: those of [Frozen.Patches], and an encoder that is
// no ViT with a class token.
func (f Frozen) Attention(set data.Set) (Attention, error) {
	return f.attention(set, indices(set.Len()))
}

// attention is Attention of some images.
func (f Frozen) attention(set data.Set, images []int) (Attention, error) {
	vit, ok := f.Encoder.(encoder.ViT)
	if !ok || !vit.PoolsClassToken() {
		return Attention{}, errors.New("attention of patches: segment.Frozen: Encoder must be an encoder.ViT whose Pool is ClassToken")
	}
	a := Attention{N: len(images)}
	var err error
	a.X, a.Encoder, err = f.over(set, images, func(scope *model.Scope, images *Node) *Node {
		x := vit.Attention(scope, images)
		a.Heads, a.Rows, a.Columns = x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)
		return x
	})
	if err != nil {
		return Attention{}, fmt.Errorf("attention to patches of %s: %w", set.Name(), err)
	}
	return a, nil
}

// Masks are, for each head of image i, the patches from which the class token reads the most, as few
// as hold that share of what it reads from all patches: 1 inside, [Rows·Columns] each. i is in
// [0, N) and mass in (0, 1]; it is an error where one is not.
//
// A patch is inside where the sum of what is read from it and from all patches read less is above
// 1 - mass of the whole, as in facebookresearch/dino, visualize_attention.py.
func (a Attention) Masks(i int, mass float64) ([][]uint8, error) {
	if err := cmp.Or(
		setting.UpTo(1, "segment.Attention.Masks: mass", mass),
		setting.Must(i >= 0 && i < a.N, "segment.Attention.Masks: i", i, fmt.Sprintf("in [0, %d)", a.N)),
	); err != nil {
		return nil, err
	}
	patches := a.Rows * a.Columns
	var masks [][]uint8
	for head := range a.Heads {
		x := a.X[(i*a.Heads+head)*patches:][:patches]
		order, total := indices(patches), 0.
		for _, v := range x {
			total += float64(v)
		}
		slices.SortStableFunc(order, func(p, q int) int { return cmp.Compare(x[p], x[q]) })
		mask, sum := make([]uint8, patches), 0.
		for _, p := range order {
			if sum += float64(x[p]); sum > (1-mass)*total {
				mask[p] = 1
			}
		}
		masks = append(masks, mask)
	}
	return masks, nil
}

// pixelMasks are Masks enlarged to pixels, each that of the patch that it lies in.
func (a Attention) pixelMasks(i int, mass float64, height, width int) ([][]uint8, error) {
	masks, err := a.Masks(i, mass)
	for head, mask := range masks {
		masks[head] = enlarged(mask, a.Rows, a.Columns, height, width)
	}
	return masks, err
}

// AttentionMasks takes the patches that a ViT's class token reads from for the object, without any
// training: of each head those that hold Mass of what it reads (Caron et al. 2021, arXiv:2104.14294,
// figure 4, on PASCAL VOC 2012). The head of an object is the best one, as in the author's code in
// issue 54 of facebookresearch/dino.
type AttentionMasks struct {
	// Mass is the share of what is read that a mask holds, in (0, 1]. Default 0.6.
	Mass float64
}

const attentionMass = .6

// WithDefaults fills in what was left at zero.
func (m AttentionMasks) WithDefaults() AttentionMasks {
	m.Mass = cmp.Or(m.Mass, attentionMass)
	return m
}

func (m AttentionMasks) check() error {
	return setting.UpTo(1, "segment.AttentionMasks: Mass", m.Mass, attentionMass)
}

// AttentionResult is how well attention covers objects.
type AttentionResult struct {
	Protocol string // In words, with every setting.
	// Jaccard is the mean over images of how well the best head covers the objects, in [0, 1], with its
	// 95 % interval over the images. Images without an object do not count.
	Jaccard metric.Interval
	Heads   []float64 // The same where one head, by number, is taken for all images.
	Encoder string    // The SHA-256 (hex) of the encoder's weights.
}

// String is one line.
func (r AttentionResult) String() string {
	return fmt.Sprintf("Jaccard %.1f %% [%.1f, %.1f] (%s), %d images",
		100*r.Jaccard.Value, 100*r.Jaccard.Low, 100*r.Jaccard.High, r.Protocol, r.Jaccard.N)
}

// Evaluate compares the masks with those of a split: in each image, for each class but 0, which is
// background, the head of the highest Jaccard index with the class's pixels, and the mean of these.
// Masks are enlarged to pixels, each that of the patch that it lies in, and pixels of
// data.IgnoredPixel do not count. Which head is best is told by the true mask, so that the figure is
// an upper bound of what a mask without it gives; Heads says what each gives alone.
//
// Errors: those of [Frozen.Attention], a Mass out of range, a source without masks, and [metric.ErrUndefined] where no
// image has an object.
func (m AttentionMasks) Evaluate(frozen Frozen, source data.Source, split data.Split) (AttentionResult, error) {
	m = m.WithDefaults()
	fail := func(err error) (AttentionResult, error) {
		return AttentionResult{}, fmt.Errorf("attention masks: %w", err)
	}
	if err := m.check(); err != nil {
		return fail(err)
	}
	set, err := open(source, split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	attention, err := frozen.Attention(set)
	if err != nil {
		return fail(err)
	}
	result, err := m.judge(attention, set)
	if err != nil {
		return fail(fmt.Errorf("%s: %w", set.Name(), err))
	}
	return result, nil
}

func (m AttentionMasks) judge(attention Attention, set masked) (AttentionResult, error) {
	result := AttentionResult{
		Protocol: fmt.Sprintf("attention of the class token, %g of its mass, best head of an image", m.Mass),
		Heads:    make([]float64, attention.Heads), Encoder: attention.Encoder,
	}
	var best []float64
	for i, truth := range set.masks {
		masks, err := attention.pixelMasks(i, m.Mass, set.height, set.width)
		if err != nil {
			return AttentionResult{}, err
		}
		byHead := make([]float64, attention.Heads)
		sum, classes := 0., 0.
		for class := 1; class < len(set.MaskClasses()); class++ {
			object := objectOf(truth, uint8(class))
			if object == nil {
				continue
			}
			jaccards, highest, err := covers(object, masks)
			if err != nil {
				return AttentionResult{}, err
			}
			for head, jaccard := range jaccards {
				byHead[head] += jaccard
			}
			sum, classes = sum+jaccards[highest], classes+1
		}
		if classes == 0 {
			continue
		}
		best = append(best, sum/classes)
		for head, v := range byHead {
			result.Heads[head] += v / classes
		}
	}
	if len(best) == 0 {
		return AttentionResult{}, fmt.Errorf("no image has an object: %w", metric.ErrUndefined)
	}
	for head := range result.Heads {
		result.Heads[head] /= float64(len(best))
	}
	var err error
	result.Jaccard, err = metric.BootstrapOf(len(best), resamples, 1, func(images []int) (float64, error) {
		sum := 0.
		for _, i := range images {
			sum += best[i]
		}
		return sum / float64(len(images)), nil
	})
	return result, err
}

// covers are the Jaccard indices of the heads' masks with an object, and the head of the highest.
func covers(object []uint8, masks [][]uint8) (jaccards []float64, highest int, err error) {
	jaccards = make([]float64, len(masks))
	for head, mask := range masks {
		if jaccards[head], err = metric.Jaccard(object, mask); err != nil {
			return nil, 0, err
		}
		if jaccards[head] > jaccards[highest] {
			highest = head
		}
	}
	return jaccards, highest, nil
}

// objectOf is the mask of one class, 255 where truth is; nil where the class is not there.
func objectOf(truth []uint8, class uint8) []uint8 {
	if !slices.Contains(truth, class) {
		return nil
	}
	object := make([]uint8, len(truth))
	for p, t := range truth {
		switch t {
		case class:
			object[p] = 1
		case data.IgnoredPixel:
			object[p] = data.IgnoredPixel
		}
	}
	return object
}
