package optim

import (
	"math"
	"strconv"
	"strings"

	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/setting"
)

// LayerDecay lowers the learning rate of an encoder from its end to its beginning, for fine-tuning:
// early layers hold what is general, and should change least (Clark et al. 2020, arXiv:2003.10555;
// Bao et al. 2021, arXiv:2106.08254).
//
// Layers are what timm's names count: the blocks of a ViT, the stages of a ResNet ("layer1") and of
// a ConvNeXt. A layer's rate is Factor times that of the next; the last has Factor times that of
// the variables outside the encoder, such as a classifier's, and of a norm behind all layers. What
// comes before the first layer, such as the stem, counts as a layer of its own.
type LayerDecay struct {
	// Factor is in (0, 1]. BEiT takes .65 to .75 for its 12 blocks; a network of few stages wants
	// more. Required.
	Factor float64
}

var _ Rates = LayerDecay{}

// Check returns an error where Factor is out of range.
func (l LayerDecay) Check() error {
	return setting.UpTo(1, "optim.LayerDecay: Factor", l.Factor)
}

// Of is Factor to the power of how many layers lie between the variable's and the end of the
// encoder, and one more.
func (l LayerDecay) Of(v *model.Variable, all []*model.Variable) (factor float64, steady bool) {
	layer, inside := layerOf(v.Path())
	if !inside {
		return 1, false
	}
	last := 0
	for _, other := range all {
		if n, inside := layerOf(other.Path()); inside {
			last = max(last, n)
		}
	}
	return math.Pow(l.Factor, float64(last+1-layer)), false
}

// encoderPart is how the paths of an encoder's variables begin behind the slash.
const encoderPart = "encoder/"

// layerOf is the number of the layer that a variable belongs to, from 1, and 0 before the first. It
// is not inside where it lies behind the last layer or outside the encoder.
func layerOf(path string) (layer int, inside bool) {
	_, name, found := strings.Cut(path, "/"+encoderPart)
	if !found {
		return 0, false
	}
	parts := strings.Split(name, "/")
	if stage, ok := strings.CutPrefix(parts[0], "layer"); ok { // layer1 of a ResNet.
		if n, err := strconv.Atoi(stage); err == nil {
			return n, true
		}
	}
	if (parts[0] == "blocks" || parts[0] == "stages") && len(parts) > 1 {
		if n, err := strconv.Atoi(parts[1]); err == nil {
			return n + 1, true
		}
	}
	return 0, parts[0] != "norm" && parts[0] != "head"
}
