package encoder

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/ml/model"
)

// Loaded says what became of the tensors of a file whose weights an encoder was given by [Load]:
// each of them is used or in Left.
type Loaded struct {
	Naming  string   // Whose names the file has, where they are not timm's: "transformers' ViT".
	Network string   // The part of the file that was read, such as "backbone."; "" where it is the whole file.
	Used    int      // Tensors of the encoder, all from the file; a query, key and value that it keeps apart count as one.
	Left    []string // The others, by timm's names where they are known, sorted: classifiers, heads, counters, other networks.
}

// String is one line, such as `161 tensors are used; left out: fc.bias, fc.weight and 53 counters`.
func (l Loaded) String() string {
	text := fmt.Sprintf("%d tensors are used", l.Used)
	if l.Naming != "" {
		text += ", by the names of " + l.Naming
	}
	if l.Network != "" {
		text += fmt.Sprintf(", those of %q", strings.TrimSuffix(l.Network, "."))
	}
	counters := 0
	var others []string
	for _, name := range l.Left {
		if strings.HasSuffix(name, counterSuffix) {
			counters++
		} else {
			others = append(others, name)
		}
	}
	switch {
	case len(others) > 0 && counters > 0:
		return fmt.Sprintf("%s; left out: %s and %d counters of batches", text, few(others), counters)
	case len(others) > 0:
		return fmt.Sprintf("%s; left out: %s", text, few(others))
	case counters > 0:
		return fmt.Sprintf("%s; left out: %d counters of batches", text, counters)
	}
	return text
}

// few are some names, and how many more there are.
func few(names []string) string {
	const most = 4
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most-1], ", "), len(names)-most+1)
}

// counterSuffix ends the names of the counters of PyTorch's batch-norms, which nothing reads where
// their momentum is a number.
const counterSuffix = "num_batches_tracked"

// besideEncoder are the names of what follows a representation, or is beside it, in the files of
// timm, torchvision, transformers, DINO, MAE, MoCo and SwAV: it may be left out, since the representation
// is the same without it.
var besideEncoder = regexp.MustCompile(`^(fc|head|head_dist|heads|classifier|pre_logits|pooler|projector|predictor|` +
	`projection_head|prototypes|last_layer|mask_token|decoder|decoder_\w+|queue|queue_ptr)(\.|$)`)

// preferredNetworks are pairs of networks that are trained together: the first is the one that the
// authors evaluate. DINO's eval_knn.py reads the teacher, MoCo's main_lincls.py encoder_q (and
// base_encoder in MoCo v3).
var preferredNetworks = [][2]string{{"teacher", "student"}, {"encoder_q", "encoder_k"}, {"base_encoder", "momentum_encoder"}}

// Load gives the encoder's variables in scope the values of weights that may be of another program:
// under timm's names, behind a prefix such as "backbone." or "module.", or under the names of
// transformers, of torchvision, of OpenAI's CLIP and OpenCLIP, or of the authors of DeiT III, DINOv2
// and ConvNeXt. The variables must have been created by building the encoder's graph once.
//
// Of several networks in one file, the one is read that its authors evaluate: DINO's teacher, and
// not MoCo's momentum encoder. The position embedding of a class token that has none here, beside
// registers, is added to the token, as timm does with DINOv2's. A Projection of CLIP has no bias in
// files other than timm's; it is then 0 here.
//
// It is an error that names the tensors and their shapes where some are missing or have other
// shapes, and where tensors are left that might be a part of the network, such as further blocks; also
// where several networks fit alike, and where a query, key or value is missing.
func Load(scope *model.Scope, weights map[string]Tensor) (Loaded, error) {
	want := map[string][]int{}
	for v := range scope.IterVariables() {
		shape := v.Shape().Dimensions
		want[weightName(scope, v)] = permuted(shape, torchAxes(len(shape)))
	}
	var loaded Loaded
	var err error
	if weights, loaded.Naming, err = timmNames(weights, want); err != nil {
		return Loaded{}, err
	}
	if loaded.Network, err = networkOf(weights, want); err != nil {
		return Loaded{}, err
	}
	fitting := map[string]Tensor{}
	for name, w := range weights {
		if inside, ok := strings.CutPrefix(name, loaded.Network); ok {
			fitting[inside] = w
		} else {
			loaded.Left = append(loaded.Left, name)
		}
	}
	if loaded.Naming != "" {
		dropOnes(fitting, want)
	}
	foldClassPosition(fitting, want)
	loaded.Used = len(want) - addProjectionBias(fitting, want)
	var over []string
	for name, w := range fitting {
		switch {
		case want[name] != nil:
		case w.Integers != "" || besideEncoder.MatchString(name):
			loaded.Left = append(loaded.Left, loaded.Network+name)
		default:
			over = append(over, fmt.Sprintf("%s %v", name, w.Shape))
		}
	}
	slices.Sort(loaded.Left)
	slices.Sort(over)
	if err := misfit(fitting, want, over); err != nil {
		return Loaded{}, err
	}
	return loaded, SetWeights(scope, fitting)
}

// misfit returns an error where tensors are missing, of other shapes, or over.
func misfit(have map[string]Tensor, want map[string][]int, over []string) error {
	var missing, shaped, wrong []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		w, ok := have[name]
		switch {
		case !ok:
			missing = append(missing, fmt.Sprintf("%s %v", name, want[name]))
		case !slices.Equal(w.Shape, want[name]):
			shaped = append(shaped, fmt.Sprintf("%s has shape %v; this encoder has %v%s", name, w.Shape, want[name], sizeHint(have, name)))
		}
	}
	if len(missing) > 0 {
		wrong = append(wrong, "the weights hold no "+few(missing))
	}
	if len(shaped) > 0 {
		wrong = append(wrong, few(shaped))
	}
	if len(over) > 0 {
		wrong = append(wrong, "the encoder has no "+few(over))
	}
	if wrong == nil {
		return nil
	}
	return fmt.Errorf("encoder: %s", strings.Join(wrong, "; "))
}

// sizeHint says for which images the position embeddings of a ViT are, where they are the tensor of
// that name and fill a square grid.
func sizeHint(have map[string]Tensor, name string) string {
	positions, patch := have[name].Shape, have["patch_embed.proj.weight"].Shape
	if name != "pos_embed" || len(positions) != 3 || len(patch) != 4 {
		return ""
	}
	for _, class := range []int{0, 1} {
		if side := int(math.Sqrt(float64(max(positions[1]-class, 0)))); side > 0 && side*side == positions[1]-class {
			return fmt.Sprintf(" (set Size of encoder.ViT to %d)", side*patch[2])
		}
	}
	return ""
}

// networkOf is the prefix behind which most of the wanted names are. It is an error where several
// networks fit as well, and nothing is known of which is meant.
func networkOf(weights map[string]Tensor, want map[string][]int) (string, error) {
	found := map[string]int{}
	for name := range weights {
		for at := 0; at < len(name); {
			if want[name[at:]] != nil {
				found[name[:at]]++
			}
			dot := strings.IndexByte(name[at:], '.')
			if dot < 0 {
				break
			}
			at += dot + 1
		}
	}
	most, best := 0, []string(nil)
	for _, prefix := range slices.Sorted(maps.Keys(found)) {
		if found[prefix] > most {
			most, best = found[prefix], nil
		}
		if found[prefix] == most {
			best = append(best, prefix)
		}
	}
	if len(best) == 0 {
		return "", nil
	}
	for _, pair := range preferredNetworks {
		if hasElement(best, pair[0]) {
			best = slices.DeleteFunc(best, func(prefix string) bool { return hasElement([]string{prefix}, pair[1]) })
		}
	}
	if len(best) > 1 && most > len(want)/2 {
		return "", fmt.Errorf("encoder: the weights hold several networks, %s; keep one of them in the file", strings.Join(best, ", "))
	}
	return best[0], nil
}

// hasElement tells whether one of the prefixes has a part of that name between its dots.
func hasElement(prefixes []string, name string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return slices.Contains(strings.Split(prefix, "."), name) })
}

// dropOnes gives tensors of other programs the wanted shapes where these differ in axes of length 1
// alone: CLIP's position embeddings have no axis for the images, and torchvision's factors of a layer
// have two for the map.
func dropOnes(weights map[string]Tensor, want map[string][]int) {
	long := func(shape []int) []int {
		return slices.DeleteFunc(slices.Clone(shape), func(length int) bool { return length == 1 })
	}
	for name, w := range weights {
		if shape := want[name]; shape != nil && slices.Equal(long(shape), long(w.Shape)) {
			w.Shape = slices.Clone(shape)
			weights[name] = w
		}
	}
}

// addProjectionBias adds a bias of zeros to a Projection, where one is wanted and the file has the
// projection without it, and returns the number of tensors that it has added.
func addProjectionBias(weights map[string]Tensor, want map[string][]int) (added int) {
	const weight, bias = "head.weight", "head.bias"
	_, hasWeight := weights[weight]
	_, hasBias := weights[bias]
	if want[bias] == nil || !hasWeight || hasBias {
		return 0
	}
	weights[bias] = Tensor{Name: bias, Shape: slices.Clone(want[bias]), Data: make([]float32, want[bias][0])}
	return 1
}

// foldClassPosition adds the position embedding of the class token to the token, where the file has
// one and the encoder has none.
func foldClassPosition(weights map[string]Tensor, want map[string][]int) {
	const positions, class = "pos_embed", "cls_token"
	p, c, wanted := weights[positions], weights[class], want[positions]
	if len(p.Shape) != 3 || len(wanted) != 3 || p.Shape[1] != wanted[1]+1 || p.Shape[2] != wanted[2] || len(c.Data) != wanted[2] ||
		p.Integers != "" {
		return
	}
	sum := slices.Clone(c.Data)
	for i := range sum {
		sum[i] += p.Data[i]
	}
	weights[class] = Tensor{Name: class, Shape: c.Shape, Data: sum}
	weights[positions] = Tensor{Name: positions, Shape: slices.Clone(wanted), Data: p.Data[wanted[2]:]}
}
