package ssl

import (
	"cmp"
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/augment"
	"sslkit/kit/setting"
)

// globalCrops is the number of large views of an image in a multi-crop.
const globalCrops = 2

// mostViews is more than any method may have: what Check refuses is not built before.
const mostViews = 1001

// MultiCrop is the multi-crop augmentation of SwAV (Caron et al. 2020, arXiv:2006.09882, section
// 3.2) with the sizes of solo-learn's for CIFAR-10: two global views of size × size pixels, and
// `locals` views of localSize × localSize, which see a small part of the image for little work. The
// colours are SimCLR's at full strength, as in SwAV's code. Those of solo-learn's multi-crop differ:
// its global crops have a jitter of .6/.6/.6/.2, and the second global one and the local ones are
// sometimes solarised.
//
// With local crops the global ones hold at least a fifth of the image, and the local ones .08 to .5
// of it. Without, there are two views as SimCLR has them. A localSize of 0 is 9/16 of size: 18
// pixels of 32.
func MultiCrop(size, locals, localSize int) []augment.Pipeline {
	localSize = cmp.Or(localSize, (9*size+15)/16)
	global, local := SimCLRView(size, 1), SimCLRView(localSize, 1)
	if locals > 0 {
		global[0] = augment.RandomResizedCrop{Size: size, Scale: [2]float64{.2, 1}, Interpolation: augment.Bicubic}
		local[0] = augment.RandomResizedCrop{Size: localSize, Scale: [2]float64{.08, .5}, Interpolation: augment.Bicubic}
	}
	views := []augment.Pipeline{global, global}
	for range min(locals, mostViews) { // Check refuses more.
		views = append(views, local)
	}
	return views
}

// withLocals are a method's large views, then small crops, as the first of them.
func withLocals(large []augment.Pipeline, size, locals, localSize int) []augment.Pipeline {
	return append(large, localViews(large[0], size, locals, localSize)...)
}

// localViews are small crops for a method that takes them by choice: the view with another crop, of
// .05 to .4 of the image as in DINO's code, and without blur up to 32 pixels, as all views. DINO's
// large crops hold at least .4 of the image then; here the large views stay what they are without
// small crops. A localSize of 0 is half of size.
func localViews(view augment.Pipeline, size, locals, localSize int) []augment.Pipeline {
	localSize = cmp.Or(localSize, max(size/2, 1))
	local := slices.DeleteFunc(slices.Clone(view), func(transform augment.Transform) bool {
		_, blur := transform.(augment.GaussianBlur)
		return blur && localSize <= 32
	})
	local[0] = augment.RandomResizedCrop{
		Size: localSize, Scale: [2]float64{.05, .4}, Interpolation: view[0].(augment.RandomResizedCrop).Interpolation,
	}
	return slices.Repeat([]augment.Pipeline{local}, max(0, min(locals, mostViews))) // Check refuses more.
}

// crossCrops is the sum of a loss over all pairs of a large crop's target and another crop's
// prediction, as in the BYOL of solo-learn (solo/methods/byol.py).
func crossCrops(predictions, targets []*Node, loss func(prediction, target *Node) *Node) *Node {
	var losses []*Node
	for t, target := range targets {
		for p, prediction := range predictions {
			if p != t {
				losses = append(losses, loss(prediction, target))
			}
		}
	}
	return ReduceAllSum(Stack(losses, 0))
}

// andSmallCrops adds to the sum of a loss over both pairs of the large crops that over all pairs of a
// large crop's target and a small crop's prediction: the pairs of crossCrops. So methods whose paper
// has two views write its loss as it stands there.
func andSmallCrops(sum *Node, predictions, targets []*Node, loss func(prediction, target *Node) *Node) *Node {
	for _, small := range predictions[globalCrops:] {
		sum = Add(sum, Add(loss(small, targets[0]), loss(small, targets[1])))
	}
	return sum
}

// pairsOfCrops is the number of the pairs of crossCrops.
func pairsOfCrops(crops int) float64 { return float64(globalCrops * (crops - 1)) }

// pairedCrops is the mean of a loss that is the same for (a, b) and (b, a) over all ordered pairs of
// which the first is a large crop, as in the global loss of facebookresearch/VICRegL
// (main_vicregl.py). The pair of both large ones is built once.
func pairedCrops(crops []*Node, loss func(a, b *Node) *Node) *Node {
	both := loss(crops[0], crops[1])
	if len(crops) == globalCrops {
		return both
	}
	sum := MulScalar(both, 2) // In both orders.
	return DivScalar(andSmallCrops(sum, crops, crops, loss), pairsOfCrops(len(crops)))
}

// sumOf adds losses one by one.
func sumOf(losses []*Node) *Node {
	sum := losses[0]
	for _, loss := range losses[1:] {
		sum = Add(sum, loss)
	}
	return sum
}

// meanOf is the mean of losses, of one that loss itself.
func meanOf(losses []*Node) *Node {
	if len(losses) == 1 {
		return losses[0]
	}
	return DivScalar(sumOf(losses), float64(len(losses)))
}

// checkCrops returns an error where the small crops of a method don't fit images whose shorter side
// is size pixels; byDefault is the share of it that a LocalSize of 0 means.
func checkCrops(method string, locals, localSize, size int, byDefault string) error {
	return cmp.Or(
		setting.Repeats(0, method+": Locals", locals),
		setting.Must(localSize >= 0 && localSize <= size, method+": LocalSize", localSize,
			fmt.Sprintf("from 1 to the image's %d pixels", size), byDefault+" of them"),
	)
}

// cropSizes returns an error where the large crops, or the small ones, are not of one size: each
// kind is encoded in one pass.
func cropSizes(method string, batch Batch) error {
	return cmp.Or(batch.OneSize(method, 0, globalCrops), batch.OneSize(method, globalCrops, len(batch.Views)))
}

// encodeCrops encodes the views of a multi-crop, those of one size in one pass, and embeds all of
// them in one, as the code of SwAV and DINO does.
//
//	views of the step: 2 × [batch, size, size, 3], then any number of [batch, localSize, localSize, 3]
//	-> what embed makes of the representations, a node a view: [batch, ...]
func encodeCrops(step *Step, embed func(features *Node) *Node) []*Node {
	global, local := step.Views[:globalCrops], step.Views[globalCrops:]
	crops := SplitViews(step.Encode(global...).Pooled, len(global))
	if len(local) > 0 {
		crops = append(crops, SplitViews(step.Encode(local...).Pooled, len(local))...)
	}
	return SplitViews(embed(MergeViews(crops...)), len(crops))
}
