package kit

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// Choices are what the environment of a notebook may choose in the place of what the notebook has:
// `make run DATA=images SIZE=96 METHOD=BYOL`. The zero value chooses nothing.
type Choices struct {
	Size    int             // SSLKIT_SIZE: side of the pictures in pixels, 8 to 4096. 0: the notebook's.
	Encoder encoder.Encoder // SSLKIT_ENCODER: a network by its name in timm, see [encoder.Named]. nil: the notebook's.
	Method  ssl.Method      // SSLKIT_METHOD: by its name in package ssl, such as BYOL, with its defaults. nil: the notebook's.
	Steps   int             // SSLKIT_STEPS: of the training, at least 1. 0: the notebook's.
	// Backbone is SSLKIT_BACKBONE: a file of weights, or a repository on the hub (see hub.Model), which
	// is not trained on. "": there is none. Revision, SSLKIT_REVISION, is which commit, branch or tag of
	// the repository; "" is its main branch. A file has none.
	Backbone, Revision string

	words []string // What was chosen, as it was written.
}

// ChoicesOf reads the choices of an environment, which get gives the variables of, as os.Getenv does.
// It is an error, which names the variable, its value and what is possible, where a value is none of
// these, and where variables exclude each other. That a method and an encoder do not fit is an error of
// the training.
func ChoicesOf(get func(name string) string) (c Choices, err error) {
	number := func(name string, least, most int) (int, error) {
		text := get(name)
		if text == "" {
			return 0, nil
		}
		n, err := strconv.Atoi(text)
		return n, setting.Must(err == nil && n >= least && n <= most, name, strconv.Quote(text), fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	if c.Size, err = number("SSLKIT_SIZE", 8, 4096); err != nil {
		return Choices{}, err
	}
	if c.Steps, err = number("SSLKIT_STEPS", 1, setting.MostSteps); err != nil {
		return Choices{}, err
	}
	if name := get("SSLKIT_ENCODER"); name != "" {
		if c.Encoder, err = encoder.Named(name); err != nil {
			return Choices{}, setting.Must(false, "SSLKIT_ENCODER", strconv.Quote(name), "a name of timm that is known here: resnet18, 26, 34, 50, 101 or 152, "+
				"a ViT such as vit_tiny_patch16_224, deit_small_patch16_224, vit_small_patch14_dinov2, vit_base_patch32_clip_224 or vit_small_patch16_dinov3, or convnext_tiny, small, base, large or xlarge")
		}
	}
	if name := get("SSLKIT_METHOD"); name != "" {
		if c.Method, err = methodNamed(name); err != nil {
			return Choices{}, err
		}
	}
	c.Backbone, c.Revision = get("SSLKIT_BACKBONE"), get("SSLKIT_REVISION")
	for _, name := range []string{"SSLKIT_METHOD", "SSLKIT_STEPS"} {
		if value := get(name); value != "" && c.Backbone != "" {
			return Choices{}, setting.Must(false, name, strconv.Quote(value), "left out with SSLKIT_BACKBONE, which is not trained on")
		}
	}
	if c.Revision != "" && c.Backbone == "" {
		return Choices{}, setting.Must(false, "SSLKIT_REVISION", strconv.Quote(c.Revision), "left out without SSLKIT_BACKBONE, whose revision it is")
	}
	if c.Revision != "" {
		if _, err := os.Stat(c.Backbone); err == nil {
			return Choices{}, setting.Must(false, "SSLKIT_REVISION", strconv.Quote(c.Revision), "left out where SSLKIT_BACKBONE is a file, as "+c.Backbone+" is")
		}
	}
	if c.Size > 0 {
		c.words = append(c.words, fmt.Sprintf("size %d", c.Size))
	}
	for _, name := range []string{get("SSLKIT_ENCODER"), get("SSLKIT_METHOD")} {
		if name != "" {
			c.words = append(c.words, name)
		}
	}
	if c.Steps > 0 {
		c.words = append(c.words, fmt.Sprintf("%d steps", c.Steps))
	}
	return c, nil
}

// methodNamed is the method of package ssl whose type has that name, in any case of its letters.
func methodNamed(name string) (ssl.Method, error) {
	var names []string
	for _, known := range recipeTypes {
		method, ok := known.(ssl.Method)
		of := reflect.TypeOf(known)
		if !ok || of.Kind() != reflect.Struct || of.PkgPath() != reflect.TypeFor[ssl.SimCLR]().PkgPath() {
			continue // An ssl.Sum says nothing without its parts.
		}
		if strings.EqualFold(of.Name(), name) {
			return method, nil
		}
		names = append(names, of.Name())
	}
	slices.Sort(names)
	return nil, setting.Must(false, "SSLKIT_METHOD", strconv.Quote(name), "one of "+strings.Join(names, ", "))
}

// String is what was chosen of the training, such as "size 96, resnet50, BYOL, 300 steps"; "" where it
// is nothing.
func (c Choices) String() string { return strings.Join(c.words, ", ") }

// Apply is the recipe with the encoder, the method and the steps that were chosen. A method comes with
// the augmentations and the optimiser that are its defaults; with the recipe's own method, a
// transformer or a ConvNeXt comes with AdamW in the place of an optimiser for residual networks.
func (c Choices) Apply(r Recipe) Recipe {
	if c.Encoder != nil {
		r.Encoder = c.Encoder
		if _, residual := c.Encoder.(encoder.ResNet); !residual {
			r.Optimizer = optim.AdamW{LR: 1e-3, WeightDecay: 0.05}
		}
	}
	if c.Method != nil {
		r.Method, r.Augment, r.Optimizer = c.Method, nil, nil
	}
	if c.Steps > 0 {
		r.Steps, r.Epochs = c.Steps, 0
	}
	return r
}
