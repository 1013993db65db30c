package encoder

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// naming is how a program names the tensors of one family of networks, where that is not timm's
// way.
type naming struct {
	of     string   // Whose names they are: "transformers' ViT".
	anchor string   // A name that no other naming has; what is before it is the network's prefix.
	rename []rename // The first that matches a name counts.
	// joined are the parts, in this order, that are one tensor in timm, one behind the other.
	joined []string
	into   string // The part in timm's name that stands for them.
	// projection is the name, beside the network, of the matrix of a linear layer behind it, which is
	// timm's head.
	projection string
	transposed string // timm's name of a matrix that is stored as [in, out] and not as [out, in].
}

// rename makes timm's name of another.
type rename struct {
	from *regexp.Regexp
	to   string
}

// named is a rename of whole names; # stands for a number.
func named(from, to string) rename {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(from), "#", `(\d+)`)
	return rename{regexp.MustCompile("^" + pattern + `(\.weight|\.bias|\.running_mean|\.running_var|\.num_batches_tracked|)$`), to}
}

// namings are those that are known, each in a file of its own.
var namings = []naming{
	transformersViT, transformersDINOv2, transformersGatedDINOv3, transformersDINOv3, transformersCLIP,
	transformersResNet, transformersConvNeXt, transformersDINOv3ConvNeXt,
	authorsDINOv2, authorsDeiT3, authorsConvNeXt, authorsCLIP,
	torchvisionViT, torchvisionConvNeXt,
}

// timmNames are the same weights under timm's names, where their naming is known, and whose names
// they had. What is before the names of a network, such as "vit.", stays, and so does the name of
// what the naming does not know. An anchor that is wanted is timm's own name, such as that of a
// LayerScale of its Eva, which is that of DeiT III too.
func timmNames(weights map[string]Tensor, want map[string][]int) (map[string]Tensor, string, error) {
	for _, n := range namings {
		if want[n.anchor] != nil {
			continue
		}
		var prefixes []string // Of networks: there may be a student and a teacher.
		for name := range weights {
			if prefix, ok := strings.CutSuffix(name, n.anchor); ok && (prefix == "" || strings.HasSuffix(prefix, ".")) {
				prefixes = append(prefixes, prefix)
			}
		}
		for _, prefix := range prefixes {
			var err error
			if weights, err = n.apply(weights, prefix); err != nil {
				return nil, "", err
			}
		}
		if prefixes != nil {
			return weights, n.of, nil
		}
	}
	return weights, "", nil
}

// apply renames the tensors of the network behind a prefix.
func (n naming) apply(weights map[string]Tensor, prefix string) (map[string]Tensor, error) {
	renamed := map[string]Tensor{}
	parts := map[string][]Tensor{}
	beside := "" // The name of the projection.
	if n.projection != "" && prefix != "" {
		whole := strings.TrimSuffix(prefix, ".") // The network's name, in what it is a part of.
		beside = whole[:strings.LastIndexByte(whole, '.')+1] + n.projection
	}
	for name, w := range weights {
		inside, ok := strings.CutPrefix(name, prefix)
		if name == beside {
			inside, ok = "head.weight", true
		}
		if !ok {
			renamed[name] = w
			continue
		}
		to := prefix + n.timm(inside)
		if n.transposed != "" && to == prefix+n.transposed && len(w.Shape) == 2 {
			axes := torchAxes(2)
			w.Data, w.Shape = permute(w.Data, w.Shape, axes), permuted(w.Shape, axes)
		}
		if i := slices.IndexFunc(n.joined, func(part string) bool { return strings.Contains(to, part) }); i >= 0 {
			whole := strings.Replace(to, n.joined[i], n.into, 1)
			if parts[whole] == nil {
				parts[whole] = make([]Tensor, len(n.joined))
			}
			w.Name = name
			parts[whole][i] = w
			continue
		}
		if _, taken := renamed[to]; taken {
			return nil, fmt.Errorf("encoder: two tensors of the file are %s, one of them %s", to, name)
		}
		w.Name = to
		renamed[to] = w
	}
	for whole, each := range parts {
		joined := Tensor{Name: whole}
		for i, part := range each {
			switch {
			case part.Name == "":
				return nil, fmt.Errorf("encoder: the weights hold no part %q of %s", n.joined[i], whole)
			case len(part.Shape) == 0 || !slices.Equal(part.Shape, each[0].Shape) || part.Integers != "":
				return nil, fmt.Errorf("encoder: %s has shape %v and %s has %v; they must be alike", part.Name, part.Shape, each[0].Name, each[0].Shape)
			}
			joined.Data = append(joined.Data, part.Data...)
		}
		joined.Shape = slices.Clone(each[0].Shape)
		joined.Shape[0] *= len(each)
		renamed[whole] = joined
	}
	return renamed, nil
}

// timm is timm's name of a tensor.
func (n naming) timm(name string) string {
	for _, r := range n.rename {
		if r.from.MatchString(name) {
			return r.from.ReplaceAllString(name, r.to)
		}
	}
	return name
}
