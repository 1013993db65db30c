package kit

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/compress"
	"sslkit/kit/detect/fcos"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
)

// checkable are recipes that Check accepts, one for each type that a recipe may hold but for the
// sources of data, with the field that holds the type.
func checkable(t *testing.T) map[string]Recipe {
	t.Helper()
	weights := trainedWeights(t, tiny)
	patches := encoder.ViT{Patch: 4, Width: 8, Depth: 1, Heads: 1}
	recipes := map[string]Recipe{}
	add := func(value any, change func(*Recipe)) {
		recipe := small()
		recipe.Encoder, recipe.Augment = tiny, nil
		change(&recipe)
		recipes[reflect.TypeOf(value).String()] = recipe
	}
	for _, method := range []ssl.Method{
		ssl.BYOL{Locals: 1, LocalSize: 16}, ssl.BarlowTwins{}, ssl.Flipping{}, ssl.LeJEPA{Locals: 1, LocalSize: 16}, ssl.MICLe{}, ssl.MMCR{}, ssl.MoCoV2{Queue: 32, Locals: 1, LocalSize: 16}, ssl.DenseCL{MoCo: ssl.MoCoV2{Queue: 32}}, ssl.ReSSL{Queue: 32}, ssl.MoCoV3{},
		ssl.NNCLR{Queue: 32, Locals: 1, LocalSize: 16}, ssl.Rotation{}, ssl.SimCLR{Locals: 1, LocalSize: 16}, ssl.DCL{Locals: 1, LocalSize: 16},
		ssl.SimSiam{}, ssl.SupCon{}, ssl.Supervised{Classes: 10},
		ssl.SwAV{Queue: 32, Locals: 1, LocalSize: 16}, ssl.TiCo{}, ssl.VICReg{Locals: 1, LocalSize: 16}, ssl.WMSE{Out: 8, Locals: 1, LocalSize: 16}, ssl.CLIP{}, ssl.DINO{Locals: 1, LocalSize: 16},
		ssl.Sum{{Method: ssl.SimCLR{}, Final: new(float64)}, {Method: ssl.Rotation{}}}, ssl.Colorization{}, ssl.Inpainting{},
		semi.FixMatch{Classes: 10}, semi.FlexMatch{Classes: 10}, semi.FreeMatch{Classes: 10}, semi.MeanTeacher{Classes: 10},
		semi.MixMatch{Classes: 10}, semi.PseudoLabel{Classes: 10}, semi.SimMatch{Classes: 10, Out: 8}, semi.SoftMatch{Classes: 10}, semi.Supervised{Classes: 10}, semi.UDA{Classes: 10},
		compress.Features{Teacher: ssl.Frozen{Encoder: tiny, Weights: weights}},
	} {
		add(method, func(r *Recipe) {
			r.Method = method
			if _, ok := method.(ssl.LearnsOnPatches); ok {
				r.Encoder = means
			}
		})
	}
	add(encoder.PerFrame{}, func(r *Recipe) {
		r.Data, r.Encoder = data.FrameStrips{From: r.Data}, encoder.PerFrame{Of: patches, Grid: 2}
		r.Augment = []augment.Pipeline{{augment.Flip{}, augment.Normalize{}}} // Of a whole clip.
	})
	probed := encoder.Probed{Of: tiny, Tokens: 4}
	add(probed, func(r *Recipe) { r.Method, r.Encoder = ssl.AttentiveProbe{Classes: 10, Tokens: 4}, probed })
	add(ssl.AttentiveProbe{}, func(r *Recipe) { r.Method, r.Encoder = ssl.AttentiveProbe{Classes: 10, Tokens: 4}, probed })
	for _, method := range []ssl.Method{ssl.MAE{}, ssl.SimMIM{}, ssl.Data2Vec{}, ssl.MSN{Locals: 1, LocalSize: 16}, ssl.IJEPA{}, ssl.IBOT{}, ssl.DINOv2{}} {
		add(method, func(r *Recipe) {
			vit := patches
			if _, ok := method.(ssl.LearnsOnPatches); ok {
				vit.Pool = encoder.MeanPatches
			}
			r.Method, r.Encoder = method, vit
		})
	}
	convolutional := small().Encoder
	for _, method := range []ssl.Method{ssl.Jigsaw{Grid: 2}, ssl.RelativeLocation{}, ssl.CPC{Grid: 3}, ssl.NextFrame{}} {
		add(method, func(r *Recipe) {
			r.Method, r.Encoder = method, encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.Stem{Kernel: 3, Stride: 1}}
			if _, cut := method.(ssl.NextFrame); !cut {
				r.Augment = []augment.Pipeline{{augment.Resize{Size: 48}, augment.Normalize{}}}
			}
		})
	}
	for _, e := range []encoder.Encoder{encoder.ConvNeXt{Stem: 4}, encoder.ResNet{Inner: nil}, patches, convolutional} {
		add(e, func(r *Recipe) { r.Encoder = e })
	}
	add(fcos.FCOS{}, func(r *Recipe) {
		r.Method, r.Encoder = fcos.FCOS{Classes: len(data.ShapeClasses())}, encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.CIFARStem}
	})
	pixels := encoder.IGPT{Side: 8, Width: 8, Depth: 2, Heads: 1}
	add(pixels, func(r *Recipe) { r.Method, r.Encoder = ssl.NextPixel{}, pixels })
	add(ssl.NextPixel{}, func(r *Recipe) { r.Method, r.Encoder = ssl.NextPixel{}, pixels })
	for _, o := range []optim.Optimizer{
		optim.SGD{}, optim.LARS{}, optim.AdamW{}, optim.PerVariable{Optimizer: optim.SGD{}, Rates: optim.LayerDecay{Factor: .5}},
		compress.KeepZeros{Optimizer: optim.SGD{}},
	} {
		add(o, func(r *Recipe) { r.Optimizer = o })
	}
	for _, s := range []optim.Schedule{optim.Constant{}, optim.WarmupCosine{}} {
		add(s, func(r *Recipe) { r.Schedule = s })
	}
	for _, transform := range []augment.Transform{
		augment.Affine{}, augment.CenterCrop{}, augment.ColorJitter{}, augment.Cutout{}, augment.Flip{}, augment.GaussianBlur{}, augment.Grey{},
		augment.QuarterTurns{}, augment.RandAugment{}, augment.RandomErasing{}, augment.RandomResizedCrop{}, augment.Resize{},
		augment.Solarize{}, augment.Translate{}, augment.VerticalFlip{}, augment.Normalize{},
	} {
		add(transform, func(r *Recipe) { r.Augment = []augment.Pipeline{{transform}} })
	}
	return recipes
}

// number is a number somewhere in a recipe.
type number struct {
	name string
	path []int // Of fields and elements.
	kind reflect.Kind
}

// numbersIn are the numbers in v that a user can set.
func numbersIn(name string, path []int, v reflect.Value) (found []number) {
	inside := func(name string, i int, v reflect.Value) {
		found = append(found, numbersIn(name, append(slices.Clone(path), i), v)...)
	}
	switch {
	case v.CanInt() || v.CanFloat():
		return []number{{name, path, v.Kind()}}
	case (v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer) && !v.IsNil():
		return numbersIn(name, path, v.Elem())
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && field.Type != reflect.TypeFor[data.Source]() {
				inside(name+"."+field.Name, i, v.Field(i))
			}
		}
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		for i := range v.Len() {
			inside(fmt.Sprintf("%s[%d]", name, i), i, v.Index(i))
		}
	}
	return found
}

// with is v with another value for the number at a path.
func with(v reflect.Value, path []int, value any) reflect.Value {
	changed := reflect.New(v.Type()).Elem()
	changed.Set(v)
	switch v.Kind() {
	case reflect.Interface:
		changed.Set(with(v.Elem(), path, value))
	case reflect.Pointer:
		changed.Set(reflect.New(v.Type().Elem()))
		changed.Elem().Set(with(v.Elem(), path, value))
	case reflect.Struct:
		changed.Field(path[0]).Set(with(v.Field(path[0]), path[1:], value))
	case reflect.Slice:
		changed.Set(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v))
		changed.Index(path[0]).Set(with(v.Index(path[0]), path[1:], value))
	case reflect.Array:
		changed.Index(path[0]).Set(with(v.Index(path[0]), path[1:], value))
	default:
		changed.Set(reflect.ValueOf(value).Convert(v.Type()))
	}
	return changed
}

// asNothing are the numbers that may be so small that float32 takes them for 0, which is allowed:
// probabilities, shares and rates at the ends of a schedule.
var asNothing = regexp.MustCompile(`\.(P|Rotation|Translation|Brightness|Contrast|Saturation|Hue|Fill|Threshold|Mean\[\d\]|StochasticDepth|` +
	`Smoothing|Hard|Momentum|Warmup|Start|Final|Noise)$`)

// TestCheckRefusesHostileNumbers: no number that a recipe can hold makes Check panic or take long,
// and what no float32 or no memory can hold is an error that names the field, before anything is
// compiled.
func TestCheckRefusesHostileNumbers(t *testing.T) {
	t.Parallel()
	recipes := checkable(t)
	for _, value := range recipeTypes { // So that a new type is tested too.
		name := reflect.TypeOf(value).String()
		_, source := value.(data.Source)
		_, ok := recipes[name]
		if _, exclusion := value.(optim.Exclusion); !ok && !source && !exclusion && name != "optim.LayerDecay" && name != "optim.Steady" &&
			name != "kit.Adopted" && // It has no settings.
			name != "compress.Logits" { // Its teacher has a head: see TestCheckTellsOfLogits.
			t.Errorf("%s is not tested", name)
		}
	}
	hostile := map[reflect.Kind][]any{
		reflect.Int:     {-1, 1 << 40, 1<<40 + 1, 1 << 62, math.MinInt},
		reflect.Float64: {-1., math.NaN(), math.Inf(1), math.Inf(-1), 1e300, 1e-300},
	}
	for name, recipe := range recipes {
		t.Run(name, func(t *testing.T) {
			if err := recipe.Check(); err != nil {
				t.Fatal(err)
			}
			for _, n := range numbersIn("", nil, reflect.ValueOf(recipe)) {
				for _, value := range hostile[n.kind] {
					began := time.Now()
					err := checkCaught(with(reflect.ValueOf(recipe), n.path, value).Interface().(Recipe))
					field := n.name[strings.LastIndex(n.name, ".")+1:]
					switch {
					case value == 1e-300 && asNothing.MatchString(n.name):
					case err == nil:
						t.Errorf("%s may be %v", n.name, value)
					case !strings.Contains(err.Error(), strings.TrimRight(field, "[]0123456789")):
						t.Errorf("%s: %v: error %v does not name it", n.name, value, err)
					}
					if took := time.Since(began); took > time.Minute {
						t.Errorf("%s: %v: Check took %s", n.name, value, took)
					}
				}
			}
		})
	}
}

// checkCaught is Check where a panic is an error that no field's name is in.
func checkCaught(recipe Recipe) (err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("panic: %v", caught)
		}
	}()
	set, err := recipe.open(data.Train)
	if err != nil {
		return err
	}
	defer set.Close()
	_, _, err = recipe.plan(set)
	return err
}

// TestCheckRefusesWhatPretrainRefuses: each is said by Check, by the words that are the key, and not
// by a panic.
func TestCheckRefusesWhatPretrainRefuses(t *testing.T) {
	t.Parallel()
	var noShapes *data.Shapes
	var noNet *encoder.ResNet
	var noMethod *ssl.SimCLR
	var noOptimizer *optim.SGD
	var noSchedule *optim.WarmupCosine
	var noFlip *augment.Flip
	vit := encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 1}
	for want, change := range map[string]func(*Recipe){
		"Data is a nil *data.Shapes": func(r *Recipe) { r.Data = noShapes },
		"reads objects, so Data must be a source of images with boxes": func(r *Recipe) {
			r.Data, r.Method, r.Encoder = withoutObjects{r.Data}, fcos.FCOS{Classes: 10}, encoder.ResNet{Depth: 10, Width: 2}
		},
		"Classes is 3; the objects of the training images have 10": func(r *Recipe) {
			r.Method, r.Encoder = fcos.FCOS{Classes: 3}, encoder.ResNet{Depth: 10, Width: 2}
		},
		"Data.From is a nil *data.Shapes":          func(r *Recipe) { r.Data = data.SetAside{From: noShapes, Fraction: .1} },
		"Encoder is a nil *encoder.ResNet":         func(r *Recipe) { r.Encoder = noNet },
		"Method is a nil *ssl.SimCLR":              func(r *Recipe) { r.Method = noMethod },
		"Optimizer is a nil *optim.SGD":            func(r *Recipe) { r.Optimizer = noOptimizer },
		"Optimizer.Optimizer is a nil *optim.SGD":  func(r *Recipe) { r.Optimizer = compress.KeepZeros{Optimizer: noOptimizer} },
		"Schedule is a nil *optim.WarmupCosine":    func(r *Recipe) { r.Schedule = noSchedule },
		"Augment[0][1] is a nil *augment.Flip":     func(r *Recipe) { r.Augment = []augment.Pipeline{{augment.Grey{}, noFlip}} },
		"Augment[0]: augment: transform 0 is nil":  func(r *Recipe) { r.Augment = []augment.Pipeline{{nil}} },
		"Method[1].Method is a nil *ssl.SimCLR":    func(r *Recipe) { r.Method = ssl.Sum{{Method: ssl.SimCLR{}}, {Method: noMethod}} },
		"ssl.Sum holds no terms":                   func(r *Recipe) { r.Method, r.Augment = ssl.Sum{}, nil },
		"Method of term 1 is missing":              func(r *Recipe) { r.Method, r.Augment = ssl.Sum{{Method: ssl.SimCLR{}}, {}}, nil },
		"term 1: ssl.Sum holds no terms":           func(r *Recipe) { r.Method = ssl.Sum{{Method: ssl.SimCLR{}}, {Method: ssl.Sum{}}} },
		"Warmup is 2":                              func(r *Recipe) { r.Schedule = optim.WarmupCosine{Warmup: 2} },
		"simclr learns without labels":             func(r *Recipe) { r.Method, r.StopEarly = ssl.SimCLR{Out: 10}, StopEarly{Every: 1} },
		"supcon has 128 values":                    func(r *Recipe) { r.Method, r.StopEarly = ssl.SupCon{}, StopEarly{Every: 1} },
		"Hidden is 1099511627776; it must be at":   func(r *Recipe) { r.Method = ssl.SimCLR{Hidden: 1 << 40} },
		"vit1000-w1048576":                         func(r *Recipe) { r.Encoder = encoder.ViT{Patch: 8, Width: 1 << 20, Depth: 1000} },
		"Temperature is 1e-300":                    func(r *Recipe) { r.Method = ssl.SimCLR{Temperature: 1e-300} },
		"Epochs is 4611686018427387904":            func(r *Recipe) { r.Steps, r.Epochs = 0, 1<<62 },
		"Epochs is 1000000000; with 6 steps in":    func(r *Recipe) { r.Steps, r.Epochs = 0, 1e9 },
		"Queue is 32768; it must be at most 96":    func(r *Recipe) { r.Method = ssl.MoCoV2{Queue: 32768} },
		"Queue is 112; it must be at most 96":      func(r *Recipe) { r.Method = ssl.NNCLR{Queue: 112} },
		"Queue is 128; it must be at most 96":      func(r *Recipe) { r.Method = ssl.SwAV{Queue: 128} },
		"the batch holds 1 image":                  func(r *Recipe) { r.Encoder, r.Method, r.Batch = vit, ssl.VICReg{}, 1 },
		"with encoder resnet10-w2-3x3s2":           func(r *Recipe) { r.Method, r.Batch = ssl.Rotation{}, 1 },
		"ssl.RelativeLocation: the batch holds 1":  func(r *Recipe) { r.Encoder, r.Method, r.Augment, r.Batch = vit, ssl.RelativeLocation{}, nil, 1 },
		"ssl.Jigsaw: the batch holds 1":            func(r *Recipe) { r.Encoder, r.Method, r.Batch = vit, ssl.Jigsaw{Grid: 2}, 1 },
		"compress.Features: the batch is 1":        func(r *Recipe) { r.Encoder, r.Method, r.Batch = vit, compress.Features{}, 1 },
		"Mesh.Data is -1; it must be at least 0":   func(r *Recipe) { r.Mesh.Data = -1 },
		"Mesh.Model is -2; it must be at least 0":  func(r *Recipe) { r.Mesh.Model = -2 },
		"Mesh.Data is 3; it must be a divisor of":  func(r *Recipe) { r.Mesh.Data = 3 },
		"Mesh.Data is 32; it must be a divisor of": func(r *Recipe) { r.Mesh.Data = 32 },
		"Mesh.Model is 2; it must be 1 with":       func(r *Recipe) { r.Mesh.Model = 2 },
		"Mesh.Model is 2; it must be a divisor of": func(r *Recipe) { r.Encoder, r.Mesh = vit, Mesh{Data: 2, Model: 2} },
		"Mesh.Data is 2; 2 × 1 devices are more ":  func(r *Recipe) { r.Mesh.Data = 2 },
		"Mesh.Model is 2; 1 × 2 devices are more ": func(r *Recipe) { r.Encoder, r.Mesh.Model = encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 2}, 2 },
		"MicroBatch is -1; it must be at least 0":  func(r *Recipe) { r.MicroBatch = -1 },
		"MicroBatch is 3; it must be a divisor of": func(r *Recipe) { r.MicroBatch = 3 },
		"MicroBatch is 32; it must be a divisor":   func(r *Recipe) { r.MicroBatch = 32 },
		"MicroBatch is 1; it must be at least 2":   func(r *Recipe) { r.MicroBatch = 1 },
		"MicroBatch is 2; it must be a multiple of Mesh.Data, which is 4": func(r *Recipe) {
			r.Encoder, r.MicroBatch, r.Mesh.Data = vit, 2, 4
		},
		"holds 1 image; there must be at least 2 ": func(r *Recipe) { r.Data = data.Shapes{Train: 96, Validation: 1, Test: 32} },
	} {
		t.Run(want, func(t *testing.T) {
			recipe := small()
			change(&recipe)
			err := recipe.Check()
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestCheckTellsOfLogits: a teacher that tells other classes apart is told of before training.
func TestCheckTellsOfLogits(t *testing.T) {
	t.Parallel()
	teacher := ssl.Frozen{
		Encoder: tiny, Weights: trainedWeights(t, tiny), Method: ssl.Supervised{Classes: 10}, Head: headWeights(t, ssl.Supervised{Classes: 10}),
	}
	recipe := small()
	recipe.Encoder = tiny
	recipe.Method = compress.Logits{Teacher: teacher, Classes: 10}
	if err := recipe.Check(); err != nil {
		t.Error(err)
	}
	recipe.Method = compress.Logits{Teacher: teacher, Classes: 9}
	if err := recipe.Check(); err == nil || !strings.Contains(err.Error(), "Classes is 9; the teacher's embedding has 10 values") {
		t.Errorf("error %v", err)
	}
}

// TestQueueByDefaultFitsTheImages: it is recorded, and the same recipe again is the same run.
func TestQueueByDefaultFitsTheImages(t *testing.T) {
	recipe := small()
	recipe.Encoder, recipe.Steps, recipe.Method = tiny, 1, ssl.Sum{{Method: ssl.MoCoV2{Hidden: 8, Out: 4}}, {Method: ssl.SwAV{Hidden: 8, Out: 4}}}
	recipe.Augment = []augment.Pipeline{{augment.Flip{}, augment.Normalize{}}}
	dir := t.TempDir()
	trained := pretrained(t, dir, recipe)
	want := 96 / 3 * 2 / recipe.Batch * recipe.Batch
	sum := trained.Recipe.Method.(ssl.Sum)
	if first, second := sum[0].Method.(ssl.MoCoV2).Queue, sum[1].Method.(ssl.SwAV).Queue; first != want || second != want {
		t.Errorf("queues of %d and %d, want %d", first, second, want)
	}
	if again := pretrained(t, dir, recipe); !reflect.DeepEqual(again.Recipe, trained.Recipe) {
		t.Errorf("the recipe is %+v, at first %+v", again.Recipe, trained.Recipe)
	}
}

// TestPointerIsTheSameRecipe: of whatever a recipe holds, a pointer to a value is that value.
func TestPointerIsTheSameRecipe(t *testing.T) {
	values := small()
	values.Encoder, values.Steps = tiny, 1
	values.Method = ssl.Sum{{Method: ssl.BYOL{Hidden: 8, Out: 4}}, {Method: ssl.Supervised{Classes: 10}}}
	values.Optimizer = optim.PerVariable{Optimizer: optim.SGD{}, Rates: optim.LayerDecay{Factor: .5}}
	values.Schedule = optim.WarmupCosine{Warmup: .2}
	values.Augment = []augment.Pipeline{{augment.Flip{}, augment.Normalize{}}}
	pointers := values
	shapes, net := data.Shapes{Train: 96, Validation: 32, Test: 32}, &tiny
	pointers.Data, pointers.Encoder = &shapes, net
	pointers.Method = &ssl.Sum{{Method: &ssl.BYOL{Hidden: 8, Out: 4}}, {Method: &ssl.Supervised{Classes: 10}}}
	pointers.Optimizer = &optim.PerVariable{Optimizer: &optim.SGD{}, Rates: &optim.LayerDecay{Factor: .5}}
	pointers.Schedule = &optim.WarmupCosine{Warmup: .2}
	pointers.Augment = []augment.Pipeline{{&augment.Flip{}, &augment.Normalize{}}}
	if teacher, ok := ssl.Find[ssl.BYOL](pointers.Method); !ok || teacher.Out != 4 {
		t.Errorf("ssl.Find gives %v, %v", teacher, ok)
	}
	dir := t.TempDir()
	trained := pretrained(t, dir, pointers)
	if again := pretrained(t, dir, values); !reflect.DeepEqual(again.Recipe, trained.Recipe) {
		t.Errorf("the recipe is %+v, with values %+v", trained.Recipe, again.Recipe)
	}
	opened, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := matchRecipe(rundir.Dir(dir), opened.Recipe); err != nil {
		t.Error(err)
	}
	if _, err := pointers.Views(1, 2); err != nil {
		t.Error(err)
	}
	var nothing *data.Shapes
	pointers.Data = nothing
	if _, err := pointers.Views(1, 2); err == nil || !strings.Contains(err.Error(), "Data is a nil *data.Shapes") {
		t.Errorf("views of no data: error %v", err)
	}
	if _, ok := pointers.Augment[0][0].(*augment.Flip); !ok {
		t.Error("the user's own recipe was changed")
	}
}

// withoutObjects hides what a source knows of its images but for their labels.
type withoutObjects struct{ data.Source }

func (w withoutObjects) Open(split data.Split) (data.Set, error) {
	set, err := w.Source.Open(split)
	return struct{ data.Set }{set}, err
}

// A view that the encoder can't work on is named, whichever it is.
func TestCheckNamesTheViewOfTheWrongSize(t *testing.T) {
	t.Parallel()
	recipe := Recipe{
		Data: data.Shapes{Train: 32}, Encoder: encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 2}, Method: ssl.SimCLR{Locals: 1, LocalSize: 12},
		Steps: 1, Batch: 8,
	}
	if err := recipe.Check(); err == nil || !strings.Contains(err.Error(), "view 2 of simclr: encoder.ViT: images are 12×12") {
		t.Errorf("error %v", err)
	}
	recipe.Method = ssl.SimCLR{Locals: 1, LocalSize: 16}
	if err := recipe.Check(); err != nil {
		t.Error(err)
	}
}
