package encoder

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestWhatDoesNotFitIsNamed: an error names tensors and shapes.
func TestWhatDoesNotFitIsNamed(t *testing.T) {
	programs := otherPrograms()
	find := func(file string) otherProgram {
		return programs[slices.IndexFunc(programs, func(p otherProgram) bool { return p.file == file })]
	}
	double := func(first, second string) func(map[string]Tensor) {
		return func(file map[string]Tensor) {
			for name, w := range maps.Clone(file) {
				delete(file, name)
				name = strings.TrimPrefix(name, "backbone.")
				file[first+name], file[second+name] = w, w
			}
		}
	}
	wider, deeper, shallower, coarser, plain := smallViT, smallViT, smallViT, smallViT, smallViT
	wider.Width, wider.Heads = 16, 2
	deeper.Depth = 3
	shallower.Depth = 1
	coarser.Size = 84
	plain.NoClassPosition = true
	for name, c := range map[string]struct {
		file    string
		encoder Encoder
		change  func(map[string]Tensor)
		want    []string // Parts of the error; nil where it must fit.
		network string
	}{
		"wider":     {"vit", wider, nil, []string{"blocks.0.attn.proj.bias has shape [8]; this encoder has [16]", " more"}, ""},
		"deeper":    {"vit", deeper, nil, []string{"the weights hold no blocks.2.attn.proj.bias [8], ", "and 9 more"}, ""},
		"shallower": {"vit", shallower, nil, []string{"the encoder has no blocks.1.attn.proj.bias [8], "}, ""},
		"other grid": {"vit", coarser, nil, []string{"pos_embed has shape [1 17 8]; this encoder has [1 37 8]",
			"set Size of encoder.ViT to 56"}, ""},
		"no registers":  {"vit-registers", deit3Like(), nil, []string{"the encoder has no reg_token [1 4 8]"}, ""},
		"another norm":  {"vit-mean", find("vit-mean").encoder, func(f map[string]Tensor) { f["fc_norm.weight"] = f["norm.weight"] }, []string{"the encoder has no fc_norm.weight [8]"}, ""},
		"integers":      {"vit-mean", find("vit-mean").encoder, func(f map[string]Tensor) { f["norm.bias"] = Tensor{Shape: []int{8}, Integers: "I8"} }, []string{"norm.bias is of I8"}, ""},
		"another model": {"convnext", smallViT, nil, []string{"the weights hold no blocks.0.attn.proj.bias [8]"}, ""},
		"two networks":  {"vit", smallViT, double("a.", "b."), []string{"several networks, a., b.; keep one"}, ""},
		"a teacher":     {"vit", smallViT, double("student.backbone.", "teacher.backbone."), nil, "teacher.backbone."},
		"MoCo":          {"vit", smallViT, double("module.encoder_k.", "module.encoder_q."), nil, "module.encoder_q."},
		"MoCo v3":       {"vit", smallViT, double("module.momentum_encoder.", "module.base_encoder."), nil, "module.base_encoder."},
		"transformers' classifier": {"transformers-vit", smallViT, func(f map[string]Tensor) {
			for name, w := range maps.Clone(f) {
				delete(f, name)
				f["vit."+name] = w
			}
			f["classifier.weight"] = Tensor{Shape: []int{2, 8}, Data: make([]float32, 16)}
		}, nil, "vit."},
		"transformers' teacher": {"transformers-vit", smallViT, double("student.", "teacher."), nil, "teacher."},
		"class position":        {"vit", plain, nil, nil, "backbone."},
		"half a network": {"transformers-vit", smallViT, func(f map[string]Tensor) { delete(f, "encoder.layer.1.attention.attention.key.bias") },
			[]string{`no part ".attn.key" of blocks.1.attn.qkv.bias`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := find(c.file).read(t)
			if c.change != nil {
				c.change(file)
			}
			loaded, err := Load(built(t, c.encoder, 56).Scope("/encoder"), file)
			if c.want == nil {
				if err != nil || loaded.Network != c.network {
					t.Errorf("network %q, error %v", loaded.Network, err)
				}
				return
			}
			for _, part := range c.want {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("error %v does not say %q", err, part)
				}
			}
		})
	}
}

// deit3Like is smallViT without registers, with what else networks with registers have.
func deit3Like() ViT {
	v := withRegisters(smallViT)
	v.Registers, v.NoClassPosition = 0, true
	return v
}
