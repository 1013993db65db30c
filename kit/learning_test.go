package kit

import (
	"cmp"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// lesson is a method and a training of a second or two in which it must learn; what XLA compiles takes longer.
type lesson struct {
	method  ssl.Method
	encoder encoder.Encoder // Default: outlined.
	steps   int             // Of lessonBatch images, none of which is seen twice. Default 250.
	rate    float64         // Of AdamW. Default 3e-3.
	seeds   int             // Trainings, with other images and weights, of which the mean is asked for. Default 1.

	// tells is what k-NN is to tell of new images by the features, above by how much its accuracy must be above that by the
	// features of the same encoder before training. Default of tells: outline. Where above is 0, k-NN is not asked.
	tells question
	above float64

	// blind is the loss of an answer that does not look at the image, below the share of it by which the loss on images that were
	// not seen before must be below it. Where below is 0, the loss is not asked.
	blind baseline
	below float64
}

// lessons are those of all methods; a new method needs a line. What is asked for is half or less of what was reached with any of
// five seeds, or on average of any three in a row where three are asked.
var lessons = []lesson{
	{method: ssl.SimCLR{Temperature: .2, Hidden: 64, Out: 32, View: outlines}, above: .09},
	{method: ssl.DCL{Temperature: .2, Hidden: 64, Out: 32, View: outlines}, above: .09},
	{method: ssl.MoCoV2{Temperature: .2, Hidden: 64, Out: 32, Queue: 256, Tau: .99, View: outlines}, steps: 500, above: .1},
	{method: ssl.MoCoV3{Temperature: .2, Hidden: 64, Out: 32, Tau: .9, Pair: twice(outlines)}, steps: 500, above: .09},
	{method: ssl.NNCLR{Temperature: .2, Hidden: 64, Out: 32, Predictor: 64, Queue: 512, Pair: twice(outlines)},
		steps: 500, above: .07},
	{method: ssl.SupCon{Temperature: .2, Hidden: 64, Out: 32, View: crops}, above: .14},
	{method: ssl.MICLe{Temperature: .2, Hidden: 64, Out: 32, View: outlines}, above: .1},
	{method: ssl.BYOL{Hidden: 256, Out: 32, Tau: .9, Pair: twice(outlinesOf(.2))}, steps: 500, rate: 1e-2, above: .04},
	{method: ssl.SimSiam{Hidden: 64, Out: 64, Bottleneck: 16, View: outlines}, steps: 500, above: .045},
	{method: ssl.BarlowTwins{Hidden: 64, Out: 64, Pair: twice(outlines)}, steps: 500, above: .06},
	{method: ssl.VICReg{Hidden: 64, Out: 64, View: outlines}, above: .08},
	{method: ssl.WMSE{Hidden: 64, Out: 16, View: outlines}, steps: 500, above: .05},
	{method: ssl.SwAV{Hidden: 64, Out: 32, Prototypes: 30, Epsilon: .02, Crops: twice(outlines)}, steps: 500, above: .1},
	{method: ssl.LeJEPA{Hidden: 64, Out: 32, Crops: twice(outlines)}, above: .08},
	{method: ssl.DINO{Hidden: 64, Out: 32, Prototypes: 64, Tau: .99, TeacherTemperature: .01, TeacherStart: .01,
		Crops: twice(outlinesOf(.2))}, steps: 500, rate: 5e-3, above: .035},
	{method: ssl.IBOT{DINO: ssl.DINO{Hidden: 64, Out: 32, Prototypes: 64, Tau: .9, TeacherTemperature: .04, TeacherStart: .04,
		Crops: twice(outlines)}}, encoder: classToken, steps: 800, rate: 2e-3, seeds: 3, above: .02},

	{method: ssl.MAE{Decoder: encoder.Transformer{Width: 32, Depth: 1}, View: whole}, encoder: patches,
		tells: size, above: .02, blind: always(1), below: .29},
	{method: ssl.SimMIM{View: whole}, encoder: patches, blind: medianColour, below: .25},
	{method: ssl.IJEPA{Predictor: encoder.Transformer{Width: 16, Depth: 1}, Tau: .95, View: whole}, encoder: patches,
		tells: size, seeds: 3, above: .025},
	{method: ssl.Inpainting{View: whole}, encoder: mapped, blind: meanColour, below: .18},
	{method: ssl.CPC{Grid: 3, Hidden: 32, View: whole}, encoder: mapped, blind: always(math.Log(9 * lessonBatch)), below: .2},
	{method: ssl.NextFrame{GradientDifference: new(0.)}, encoder: mapped, blind: lastFrame, below: .065},
	{method: ssl.NextPixel{View: whole}, encoder: pixels, blind: always(math.Log(8)), below: .3},
	{method: ssl.Rotation{View: whole}, encoder: mapped, steps: 400, rate: 5e-3,
		tells: upright, blind: always(math.Log(4)), below: .14},
	{method: ssl.Flipping{Vertical: true, View: whole}, encoder: mapped, steps: 400,
		tells: upright, blind: always(math.Log(2)), below: .25},
	{method: ssl.Jigsaw{Grid: 2, Hidden: 64, View: whole}, encoder: mapped, steps: 1000, rate: 1e-2,
		blind: always(math.Log(24)), below: .35},
	{method: ssl.RelativeLocation{Hidden: 64, Gap: 2, View: enlarged}, encoder: mapped, steps: 500, rate: 5e-3,
		blind: always(math.Log(8)), below: .045},
	{method: ssl.Colorization{Bin: 30, View: whole}, encoder: mapped, rate: 1e-2, blind: sameWithout, below: .05},
	{method: ssl.Sum{{Method: ssl.SimCLR{Temperature: .2, Hidden: 64, Out: 32, View: outlines}},
		{Method: ssl.Rotation{View: whole}, Weight: .5}}, above: .1},
}

const lessonBatch = 32

// TestEveryMethodLearns trains each method by its lesson, on images of 32×32 of data.Shapes, with seed 1 or the seeds from 1 on. The
// margins are accuracies in [0, 1] and shares of a loss. Where the loss is the cross-entropy of k answers, a share s below log k
// says that the right one gets k^s times the probability of chance (geometric mean): 4^0.14 = 1.2 times for Rotation.
func TestEveryMethodLearns(t *testing.T) {
	if testing.Short() {
		t.Skip("trains every method, which takes minutes")
	}
	for _, l := range lessons {
		t.Run(l.method.Name(), func(t *testing.T) { l.learn(t, 1) })
	}
}

// TestEveryMethodHasALesson names the methods of kit/ssl that have no line among the lessons. Supervised needs none, and CLIP has
// TestCLIPLearnsByTexts.
func TestEveryMethodHasALesson(t *testing.T) {
	learned := map[string]bool{"CLIP": true, "Supervised": true}
	for _, l := range lessons {
		learned[reflect.TypeOf(l.method).Name()] = true
	}
	files, err := filepath.Glob("ssl/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("files of methods: %d, error %v", len(files), err)
	}
	loss := regexp.MustCompile(`(?m)^func \(\w+ (\w+)\) Loss\(`)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range loss.FindAllSubmatch(source, -1) {
			found++
			if method := string(match[1]); !learned[method] {
				t.Errorf("%s: %s has no line among the lessons", file, method)
			}
		}
	}
	if found < len(lessons) {
		t.Errorf("%d methods found in the sources, fewer than lessons", found)
	}
}

// learn trains with the seed first and those after it, which decide the images too, and asks what was learned.
func (l lesson) learn(t *testing.T, first uint64) {
	seeds := cmp.Or(l.seeds, 1)
	var gain, lower float64
	for seed := first; seed < first+uint64(seeds); seed++ {
		recipe := l.recipe(seed)
		run := pretrained(t, t.TempDir(), recipe)
		if l.above > 0 {
			before, after := knnAccuracy(t, run, initialFile), knnAccuracy(t, run, encoderFile)
			t.Logf("accuracy of k-NN: %.3f, before training %.3f", after, before)
			gain += (after - before) / float64(seeds)
		}
		if l.below > 0 {
			loss, blind := lateLoss(t, run), l.blind(t, recipe)
			t.Logf("loss on new images: %.3f, without looking at them %.3f", loss, blind)
			lower += (1 - loss/blind) / float64(seeds)
		}
	}
	if l.above > 0 && !(gain >= l.above) {
		t.Errorf("k-NN has learned %.3f, want at least %g", gain, l.above)
	}
	if l.below > 0 && !(lower >= l.below) {
		t.Errorf("the loss is lower by %.3f of that without looking, want at least %g", lower, l.below)
	}
}

func (l lesson) recipe(seed uint64) Recipe {
	steps := cmp.Or(l.steps, 250)
	if l.encoder == nil {
		l.encoder = outlined
	}
	if l.tells == nil {
		l.tells = outline
	}
	return Recipe{
		Data:      asked{data.Shapes{Train: steps * lessonBatch, Validation: 32, Test: 1000, Seed: seed}, l.tells},
		Encoder:   l.encoder,
		Method:    l.method,
		Optimizer: optim.AdamW{LR: cmp.Or(l.rate, 3e-3), WeightDecay: .01, Scaling: optim.Unscaled},
		Steps:     steps, Batch: lessonBatch, Seed: seed, MonitorEvery: steps, CheckpointEvery: steps,
	}
}

// lateLoss is the mean loss of the last fifth of a run's steps. Since no image comes twice, it is of images not seen before.
func lateLoss(t *testing.T, run *Run) float64 {
	t.Helper()
	metrics, err := run.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	var loss float64
	late := metrics[len(metrics)-run.Recipe.Steps/5:]
	for _, m := range late {
		loss += m.Loss / float64(len(late))
	}
	return loss
}
