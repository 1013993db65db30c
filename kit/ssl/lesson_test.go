package ssl_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

var long = flag.Bool("long", false, "ask each lesson of the seeds 1 to 5, not of the first alone")

// lesson is a method and a training of a few seconds on the Go backend, in which it must learn.
// What is asked for is half or less of what was reached with any of the seeds 1 to 5, or on average
// of any that follow each other where several are asked. go test ./kit/ssl -run Learns -long asks
// these again.
//
// Margins are accuracies in [0, 1] and shares of a loss. Where the loss is the cross-entropy of k
// answers, a share s below log k says that the right one gets k^s times the probability of chance
// (geometric mean): 4^0.06 = 1.09 times for Rotation.
type lesson struct {
	method  ssl.Method
	augment []augment.Pipeline // Default: the method's.
	encoder encoder.Encoder    // Default: outlined.
	steps   int                // Of lessonBatch images, none of which is seen twice. Default 100.
	rate    float64            // Of AdamW. Default 1.5e-2.
	single  bool               // There is one picture of each object, not four.
	seeds   int                // Trainings, with other images and weights, of which the mean is asked for. Default 1.

	// tells is what k-NN is to tell of new images by the features, above by how much its accuracy
	// must be above that by the features of the same encoder before training. Default of tells:
	// outline. Where above is 0, k-NN is not asked.
	tells question
	above float64

	// agree is by how much viewAgreement must be above that of the encoder before training; an
	// update without learning changes it by less than 0.03. Where it is 0, that is not asked.
	agree float64

	// blind is the loss of an answer that does not look at the image, below the share of it by
	// which the loss on images that were not seen before must be below it. Where below is 0, the
	// loss is not asked.
	blind baseline
	below float64
}

const lessonBatch = 32

// learn trains and asks what was learned.
func (l lesson) learn(t *testing.T) {
	if !*long {
		t.Parallel()
		l.learnFrom(t, 1)
		return
	}
	for first := range uint64(5) {
		t.Run(fmt.Sprintf("seed %d", 1+first), func(t *testing.T) { l.learnFrom(t, 1+first) })
	}
}

// learnFrom trains with the seed first and those after it, which decide the images too.
func (l lesson) learnFrom(t *testing.T, first uint64) {
	t.Helper()
	seeds := cmp.Or(l.seeds, 1)
	var gain, closer, lower float64
	for seed := first; seed < first+uint64(seeds); seed++ {
		recipe := l.recipe(seed)
		run := pretrained(t, recipe)
		if l.above > 0 {
			before, after := knnAccuracy(t, run, "initial.safetensors"), knnAccuracy(t, run, "encoder.safetensors")
			t.Logf("accuracy of k-NN: %.3f, before training %.3f", after, before)
			gain += (after - before) / float64(seeds)
		}
		if l.agree > 0 {
			before, after := viewAgreement(t, run, "initial.safetensors"), viewAgreement(t, run, "encoder.safetensors")
			t.Logf("agreement of views: %.3f, before training %.3f", after, before)
			closer += (after - before) / float64(seeds)
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
	if l.agree > 0 && !(closer >= l.agree) {
		t.Errorf("views agree by %.3f more, want at least %g", closer, l.agree)
	}
	if l.below > 0 && !(lower >= l.below) {
		t.Errorf("the loss is lower by %.3f of that without looking, want at least %g", lower, l.below)
	}
}

func (l lesson) recipe(seed uint64) kit.Recipe {
	steps := cmp.Or(l.steps, 100)
	if l.encoder == nil {
		l.encoder = outlined
	}
	if l.tells == nil {
		l.tells = outline
	}
	tests := 250
	if l.above > 0 {
		tests = 500 // An accuracy is noisier than distances.
	}
	instances := 4
	if l.single {
		instances = 1
	}
	return kit.Recipe{
		Data:      asked{data.Shapes{Train: steps * lessonBatch, Validation: 32, Test: tests, Seed: seed, Instances: instances}, l.tells},
		Encoder:   l.encoder,
		Method:    l.method,
		Augment:   l.augment,
		Optimizer: optim.AdamW{LR: cmp.Or(l.rate, 1.5e-2), WeightDecay: .01, Scaling: optim.Unscaled},
		Steps:     steps, Batch: lessonBatch, Seed: seed, MonitorEvery: steps, CheckpointEvery: steps,
	}
}

// lateLoss is the mean loss of the last fifth of a run's steps. Since no image comes twice, it is
// of images not seen before.
func lateLoss(t *testing.T, run *kit.Run) float64 {
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

func pretrained(t *testing.T, recipe kit.Recipe) *kit.Run {
	t.Helper()
	run, err := kit.Pretrain(t.TempDir(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// TestEveryMethodHasALesson names the methods that no lesson trains. Supervised and AttentiveProbe,
// which learn by labels, need none; that kit.Probe's classifiers learn is tested in kit, and so is CLIP.
func TestEveryMethodHasALesson(t *testing.T) {
	var lessons strings.Builder
	loss, found := regexp.MustCompile(`(?m)^func \(\w+ (\w+)\) Loss\(`), map[string]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_lesson_test.go") {
			lessons.Write(source)
		} else if !strings.HasSuffix(file, "_test.go") {
			for _, match := range loss.FindAllSubmatch(source, -1) {
				found[string(match[1])] = file
			}
		}
	}
	if len(found) < 30 {
		t.Errorf("only %d methods are found in the sources", len(found))
	}
	for method, file := range found {
		if !slices.Contains([]string{"AttentiveProbe", "CLIP", "Supervised"}, method) && !strings.Contains(lessons.String(), "method: ssl."+method+"{") {
			t.Errorf("%s: no lesson trains %s", file, method)
		}
	}
}
