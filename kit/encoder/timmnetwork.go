package encoder

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Described is the encoder that the config.json beside a file of weights describes, as timm writes
// it on the hub and [TimmConfig] here, or transformers for the image tower of CLIP, I-JEPA and DINOv3.
// from is the name of that file. Known is false where there is none, or where it is another program's
// or of another model of transformers.
//
// It knows timm's resnet18, 26, 34, 50, 101 and 152; ViTs from tiny to large, with the names of
// DeiT, DeiT III and DINOv2, of CLIP's image towers from base to huge, of I-JEPA ("gap") and of
// DINOv3; and ConvNeXts from tiny to xlarge. A Projection is timm's head, which a config does not tell
// from a classifier: it is to be set by hand. A CLIP without "quickgelu" in its name has GELU, as timm
// runs it, also where OpenAI trained the weights with QuickGELU: for OpenAI's features set Activation.
// It is an error that says what is not known where timm's network is another one: the encoder is then
// to be set by hand, if there is one.
func Described(path string) (e Encoder, from string, known bool, err error) {
	from = filepath.Join(filepath.Dir(path), "config.json")
	content, err := os.ReadFile(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil, "", false, nil
	}
	if err == nil {
		e, known, err = timmNetwork(content)
	}
	if err == nil && !known {
		e, known, err = transformersNetwork(content)
	}
	if err != nil {
		return nil, "", false, fmt.Errorf("reading the network in %s: %w", from, err)
	}
	return e, from, known, nil
}

// Named is the encoder that timm has under a name, such as "resnet50" or "vit_small_patch16_224": one
// of those that [Described] knows. It is an error where it knows none of that name.
func Named(name string) (Encoder, error) {
	content, err := json.Marshal(map[string]string{"architecture": name})
	if err != nil {
		return nil, fmt.Errorf("encoder: naming %q: %w", name, err)
	}
	e, known, err := timmNetwork(content)
	if err == nil && !known {
		err = errors.New("the name is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("encoder: looking for the network %q: %w", name, err)
	}
	return e, nil
}

// timmResNet and timmConvNeXt are timm's names of networks that the encoders are too, of resnet.py and
// convnext.py.
var (
	timmResNet   = regexp.MustCompile(`^resnet(18|26|34|50|101|152)$`)
	timmConvNeXt = regexp.MustCompile(`^convnext_(tiny|small|base|large|xlarge)$`)
)

// timmNetwork reads timm's config.json.
func timmNetwork(content []byte) (e Encoder, known bool, err error) {
	var config struct { // Of timmConfig what the network depends on.
		Architecture string         `json:"architecture"`
		GlobalPool   string         `json:"global_pool"`
		Arguments    map[string]any `json:"model_args"`
		Pretrained   struct {
			InputSize []int `json:"input_size"` // Channels, height, width.
			FixedSize bool  `json:"fixed_input_size"`
		} `json:"pretrained_cfg"`
	}
	if err := json.Unmarshal(content, &config); err != nil {
		return nil, false, err
	}
	name := config.Architecture
	if name == "" {
		return nil, false, nil
	}
	arguments := timmArguments{left: maps.Clone(config.Arguments)}
	if of := timmResNet.FindStringSubmatch(name); of != nil {
		e, err = timmResNetOf(of[1], &arguments)
	} else if v, ok := timmViTNamed(name); ok {
		// As timm's _builder.py takes img_size where model_args have none.
		if at := config.Pretrained.InputSize; config.Pretrained.FixedSize && len(at) == 3 && at[1] == at[2] {
			v.Size = at[1]
		}
		e, err = timmViTOf(v, config.GlobalPool, &arguments)
	} else if of := timmConvNeXt.FindStringSubmatch(name); of != nil {
		e = timmConvNeXtOf(of[1], &arguments)
	} else {
		err = fmt.Errorf("it is timm's %s, which is none of the encoders whose names are known here", name)
	}
	if err = errors.Join(err, arguments.err); err != nil {
		return nil, false, err
	}
	if len(arguments.left) > 0 {
		return nil, false, fmt.Errorf("it is timm's %s with model_args that are not known here: %s", name, strings.Join(slices.Sorted(maps.Keys(arguments.left)), ", "))
	}
	return e, true, nil
}

// timmArguments are timm's model_args, from which each is taken that is understood.
type timmArguments struct {
	left map[string]any
	err  error
}

// take puts the argument of that name, if it is there, into what to points at.
func (a *timmArguments) take(name string, to any) {
	value, ok := a.left[name]
	if !ok {
		return
	}
	delete(a.left, name)
	content, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(content, to)
	}
	if err != nil {
		a.err = errors.Join(a.err, fmt.Errorf("model_args: %s is %v; it must be of type %v", name, value, reflect.TypeOf(to).Elem()))
	}
}

func timmResNetOf(layers string, arguments *timmArguments) (Encoder, error) {
	depth, err := strconv.Atoi(layers)
	if err != nil {
		return nil, err
	}
	r := ResNet{Depth: depth, Width: 64, Stem: ImageNetStem}
	blocks := resNetBlocks[depth]
	arguments.take("layers", &blocks)
	for depth, has := range resNetBlocks {
		if other := (ResNet{Depth: depth}); has == blocks && other.bottleneck() == r.bottleneck() {
			r.Depth = depth
			return r, nil
		}
	}
	return nil, fmt.Errorf("it is a ResNet of %v blocks, which is of no depth of encoder.ResNet", blocks)
}

func timmConvNeXtOf(size string, arguments *timmArguments) Encoder {
	c := map[string]ConvNeXt{
		"tiny": ConvNeXtTiny, "small": ConvNeXtSmall, "base": ConvNeXtBase,
		"large":  {Depths: ConvNeXtBase.Depths, Widths: [4]int{192, 384, 768, 1536}, Stem: 4},
		"xlarge": {Depths: ConvNeXtBase.Depths, Widths: [4]int{256, 512, 1024, 2048}, Stem: 4},
	}[size]
	arguments.take("depths", &c.Depths)
	arguments.take("dims", &c.Widths)
	return c
}
