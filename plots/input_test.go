package plots

import (
	"image"
	"math"
	"strings"
	"testing"
)

// TestBadInput checks that what is wrong is an error that names it.
func TestBadInput(t *testing.T) {
	nan, one := math.NaN(), []float64{1}
	two := []float64{1, 2}
	tile := image.NewGray(image.Rect(0, 0, 4, 4))
	curve := func(l Line) func() (*Figure, error) {
		return func() (*Figure, error) { return Curve("t", "x", "y", Line{Name: "fine", X: one, Y: one}, l) }
	}
	budget := func(b Budget) func() (*Figure, error) {
		return func() (*Figure, error) { return LabelEfficiency("t", b) }
	}
	scatter := func(p [][2]float64, labels []int) func() (*Figure, error) {
		return func() (*Figure, error) { return Scatter("t", p, labels, []string{"a", "b"}) }
	}
	confusion := func(counts [][]int, classes ...string) func() (*Figure, error) {
		return func() (*Figure, error) { return Confusion("t", counts, classes) }
	}
	monitors := func(m Monitors) func() (*Figure, error) {
		return func() (*Figure, error) { return CollapseMonitors("t", m) }
	}
	for name, c := range map[string]struct {
		draw func() (*Figure, error)
		want string
	}{
		"no lines":        {func() (*Figure, error) { return Curve("t", "x", "y") }, "lines is empty"},
		"empty line":      {curve(Line{Name: "loss"}), `line 1 ("loss"): X is empty`},
		"lengths":         {curve(Line{X: two, Y: one}), "line 1.Y has 1 values, but X has 2"},
		"NaN":             {curve(Line{X: two, Y: []float64{1, nan}}), "Y[1] is NaN"},
		"infinite":        {curve(Line{X: []float64{math.Inf(1)}, Y: one}), "X[0] is +Inf"},
		"order":           {curve(Line{X: []float64{2, 1}, Y: two}), "X[1] is 1 after 2"},
		"half a band":     {curve(Line{X: one, Y: one, Low: one}), "Low and High"},
		"band":            {curve(Line{X: one, Y: one, Low: two[1:], High: two[1:]}), "does not hold the value 1"},
		"smooth":          {curve(Line{X: one, Y: one, Smooth: -1}), "Smooth is -1"},
		"no panels":       {func() (*Figure, error) { return Panels() }, "figs is empty"},
		"panel of images": {func() (*Figure, error) { return Panels(&Figure{}) }, "figure 0 has no x axis"},
		"axes": {func() (*Figure, error) {
			a, err := Curve("", "step", "y", Line{X: one, Y: one})
			if err != nil {
				return nil, err
			}
			b, err := Curve("", "epoch", "y", Line{X: one, Y: one})
			if err != nil {
				return nil, err
			}
			return Panels(a, b)
		}, `"epoch"`},
		"no series":     {func() (*Figure, error) { return LabelEfficiency("t") }, "series is empty"},
		"no figures":    {func() (*Figure, error) { return AgainstLabels("t", "x", "y") }, "plots.AgainstLabels: series is empty"},
		"no labels":     {budget(Budget{Name: "m"}), "Labels is empty"},
		"zero labels":   {budget(Budget{Labels: []int{0}, Accuracy: one}), "Labels[0] is 0"},
		"label order":   {budget(Budget{Labels: []int{4, 4}, Accuracy: two}), "Labels[1] is 4 after 4"},
		"accuracy":      {budget(Budget{Labels: []int{1}, Accuracy: []float64{101}}), "percentage"},
		"missing":       {budget(Budget{Labels: []int{1, 2}, Accuracy: one}), "Accuracy has 1 values"},
		"no points":     {scatter(nil, nil), "points is empty"},
		"NaN point":     {scatter([][2]float64{{0, nan}}, nil), "points[0][1] is NaN"},
		"label":         {scatter([][2]float64{{0, 0}}, []int{2}), "labels[0] is 2"},
		"label count":   {scatter([][2]float64{{0, 0}}, []int{0, 1}), "labels has 2 values"},
		"no counts":     {confusion(nil), "counts is empty"},
		"class names":   {confusion([][]int{{1}}), "classes has 0 names"},
		"not square":    {confusion([][]int{{1, 2}}, "a"), "counts[0] has 2 columns"},
		"negative":      {confusion([][]int{{-1}}, "a"), "counts[0][0] is -1"},
		"no images":     {func() (*Figure, error) { return ImageGrid("t", nil, nil, nil) }, "no image"},
		"nil images":    {func() (*Figure, error) { return ImageGrid("t", [][]image.Image{{nil}}, nil, nil) }, "no image"},
		"row names":     {func() (*Figure, error) { return ImageGrid("t", [][]image.Image{{tile}}, []string{"a", "b"}, nil) }, "rowLabels has 2"},
		"col names":     {func() (*Figure, error) { return ImageGrid("t", [][]image.Image{{tile}}, nil, []string{}) }, "colLabels has 0"},
		"empty image":   {func() (*Figure, error) { return ImageGrid("t", [][]image.Image{{&image.Gray{}}}, nil, nil) }, "image 0 is empty"},
		"no queries":    {func() (*Figure, error) { return Retrieval("t") }, "queries is empty"},
		"no query":      {func() (*Figure, error) { return Retrieval("t", Query{}) }, "query 0 has no image"},
		"no neighbour":  {func() (*Figure, error) { return Retrieval("t", Query{Image: tile}) }, "no query has a neighbour"},
		"nil neighbour": {func() (*Figure, error) { return Retrieval("t", Query{Image: tile, Neighbours: make([]Neighbour, 1)}) }, "neighbour 0 has no image"},
		"similarity": {func() (*Figure, error) {
			return Retrieval("t", Query{Image: tile, Neighbours: []Neighbour{{Image: tile, Similarity: nan}}})
		}, "Similarity of neighbour 0 is NaN"},
		"no step":      {monitors(Monitors{Std: one, Dim: 8}), "Step is empty"},
		"no dim":       {monitors(Monitors{Step: one, Std: one}), "Dim is 0"},
		"no monitor":   {monitors(Monitors{Step: one}), "all nil"},
		"RankMe":       {monitors(Monitors{Step: two, RankMe: one}), "RankMe has 1 values"},
		"no bars":      {func() (*Figure, error) { return Bars("t", "x") }, "bars is empty"},
		"NaN bar":      {func() (*Figure, error) { return Bars("t", "x", Bar{Name: "a", Value: nan}) }, `bar 0 ("a")`},
		"bar interval": {func() (*Figure, error) { return Bars("t", "x", Bar{Value: 3, Low: 4, High: 5}) }, "does not hold the value 3"},
	} {
		fig, err := c.draw()
		if err == nil || !strings.HasPrefix(err.Error(), "plots.") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one that contains %q", name, err, c.want)
		}
		if fig != nil {
			t.Errorf("%s: a figure came with the error", name)
		}
	}
}

// TestUnusualInput checks that what is small, long or wide is drawn at all: gonum/plot panics on
// some of it.
func TestUnusualInput(t *testing.T) {
	one := []float64{3}
	zero := []float64{0, 0}
	classes := make([]string, 100)
	counts := make([][]int, 100)
	points := make([][2]float64, 300)
	labels := make([]int, 300)
	for i := range classes {
		classes[i] = strings.Repeat("long ", i%9) + "class"
		counts[i] = make([]int, 100)
		counts[i][i] = i
	}
	for i := range points {
		points[i], labels[i] = [2]float64{float64(i % 7), float64(i % 11)}, i%100
	}
	x := steps(100_000, 1)
	large := image.NewRGBA(image.Rect(0, 0, 300, 200))
	for name, figure := range map[string]func() (*Figure, error){
		"one point": func() (*Figure, error) { return Curve("", "", "", Line{X: one, Y: one}) },
		"constant": func() (*Figure, error) {
			return Curve("t", "x", "y", Line{Name: "n", X: []float64{1, 1}, Y: zero, Smooth: 9})
		},
		"long curve": func() (*Figure, error) { return Curve("t", "x", "y", Line{X: x, Y: mapped(x, math.Sin)}) },
		"long names": func() (*Figure, error) {
			return Curve(strings.Repeat("word ", 60), "x", "y", Line{Name: strings.Repeat("n", 200), X: one, Y: one})
		},
		"one budget": func() (*Figure, error) {
			return LabelEfficiency("t", Budget{Labels: []int{1}, Accuracy: []float64{100}})
		},
		"near budgets": func() (*Figure, error) {
			return LabelEfficiency("t", Budget{Labels: []int{100, 101, 102}, Accuracy: []float64{1, 2, 3}})
		},
		"100 classes": func() (*Figure, error) { return Scatter("t", points, labels, classes) },
		"one dot":     func() (*Figure, error) { return Scatter("t", points[:1], nil, nil) },
		"100 rows":    func() (*Figure, error) { return Confusion("t", counts, classes) },
		"one class": func() (*Figure, error) {
			return Confusion("a title longer than the matrix is wide", [][]int{{3}}, []string{"only"})
		},
		"mixed sizes": func() (*Figure, error) {
			return ImageGrid("t", [][]image.Image{{large, sprite(1)}}, nil, []string{"a b c d e f g h i j k l m", ""})
		},
		"wide grid": func() (*Figure, error) {
			return ImageGrid("", [][]image.Image{make([]image.Image, 60)[:59:60], {sprite(1)}}, nil, nil)
		},
		"one monitor": func() (*Figure, error) { return CollapseMonitors("t", Monitors{Step: one, RankMe: one}) },
		"bars below": func() (*Figure, error) {
			return Bars("t", "x", Bar{Name: "a", Value: -3, Low: -4, High: -1}, Bar{Value: 2})
		},
		"bars of zero":   func() (*Figure, error) { return Bars("", "", Bar{}) },
		"tiny bars":      func() (*Figure, error) { return Bars("", "", Bar{Value: 1e-9}) },
		"long bar names": func() (*Figure, error) { return Bars("", "", Bar{Name: strings.Repeat("long ", 40), Value: 1e12}) },
	} {
		fig, err := figure()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := fig.SVG(); err != nil {
			t.Errorf("%s: SVG: %v", name, err)
		}
		if _, err := fig.Image(1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
