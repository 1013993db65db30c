package ssl

import (
	"strings"
	"testing"

	"sslkit/kit/encoder"
)

func TestAttentiveProbeCheck(t *testing.T) {
	vit := encoder.ViT{Patch: 8, Width: 12, Depth: 1, Heads: 2}
	good := AttentiveProbe{Classes: 3, Tokens: 16, Heads: 3}
	if err := checked(good, 8, 32, 32); err != nil {
		t.Error(err)
	}
	if err := good.CheckEncoder(encoder.Probed{Of: vit, Tokens: 16}, Batch{}); err != nil {
		t.Error(err)
	}
	for field, bad := range map[string]AttentiveProbe{
		"Classes": {Classes: 1, Tokens: 16}, "Tokens": {Classes: 3}, "Heads": {Classes: 3, Tokens: 16, Heads: -1},
		"Smoothing": {Classes: 3, Tokens: 16, Smoothing: 1},
	} {
		if err := checked(bad, 8, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	for want, e := range map[string]encoder.Encoder{
		"does not give them": vit, "reads 16 tokens": encoder.Probed{Of: vit}, "Heads is 3": encoder.Probed{Of: encoder.ViT{Patch: 8, Width: 8}, Tokens: 16},
	} {
		if err := good.CheckEncoder(e, Batch{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", e.Name(), err, want)
		}
	}
	for _, classes := range [][]string{nil, {"a", "b"}} {
		if err := good.CheckLabels(classes); err == nil {
			t.Errorf("3 classes are accepted for images of %d", len(classes))
		}
	}
}
