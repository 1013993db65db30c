package segment

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/plots"
)

func TestFigures(t *testing.T) {
	frozen, source := tiny(t), rectangles{6}
	result := background(t, source)
	for name, draw := range map[string]func() (*plots.Figure, error){
		"colours": func() (*plots.Figure, error) { return frozen.PatchColours(withoutMasks{source}, data.Test, 4) },
		"attention": func() (*plots.Figure, error) {
			return AttentionMasks{}.Figure(frozen, withoutMasks{source}, data.Test, 3)
		},
		"comparison": func() (*plots.Figure, error) {
			return AttentionMasks{}.Compare(source, data.Test, 3, Side{"one", frozen}, Side{"other", frozen})
		},
		"masks": func() (*plots.Figure, error) { return result.Figure(source, data.Test, 9) },
	} {
		t.Run(name, func(t *testing.T) {
			figure, err := draw()
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), name+".png")
			if err := figure.Save(path); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Size() < 1000 {
				t.Errorf("the file is %v, %v", info, err)
			}
		})
	}
	for name, c := range map[string]struct {
		draw func() (*plots.Figure, error)
		want string
	}{
		"no image":  {func() (*plots.Figure, error) { return frozen.PatchColours(source, data.Test, 0) }, "n is 0"},
		"no source": {func() (*plots.Figure, error) { return frozen.PatchColours(nil, data.Test, 1) }, "source is missing"},
		"no masks": {func() (*plots.Figure, error) {
			return AttentionMasks{}.Compare(withoutMasks{source}, data.Test, 1, Side{"one", frozen})
		}, "masks"},
		"no weights": {func() (*plots.Figure, error) {
			return AttentionMasks{}.Compare(source, data.Test, 1, Side{"one", Frozen{Encoder: frozen.Encoder}})
		}, "one: "},
		"no mass": {func() (*plots.Figure, error) {
			return AttentionMasks{Mass: 2}.Compare(source, data.Test, 1, Side{"one", frozen})
		}, "Mass"},
		"another set":  {func() (*plots.Figure, error) { return result.Figure(source, data.Train, 1) }, "rectangles/train"},
		"more of them": {func() (*plots.Figure, error) { return result.Figure(rectangles{7}, data.Test, 1) }, "6 images"},
	} {
		if _, err := c.draw(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v; it must say %q", name, err, c.want)
		}
	}
}
