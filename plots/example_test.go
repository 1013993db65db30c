package plots_test

import (
	"fmt"
	"image"
	"os"
	"path/filepath"

	"sslkit/plots"
)

func ExampleCurve() {
	fig, err := plots.Curve("SimCLR on CIFAR-10", "epoch", "loss (nats)",
		plots.Line{Name: "train", X: []float64{1, 2, 3, 4}, Y: []float64{5.5, 5.2, 5.0, 4.9}, Smooth: 2},
		plots.Line{Name: "validation", X: []float64{2, 4}, Y: []float64{5.4, 5.2}, Low: []float64{5.3, 5.1}, High: []float64{5.5, 5.3}},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "figures")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	fmt.Println(fig.Save(filepath.Join(dir, "loss.svg")), fig.Width, fig.Height)
	// Output: <nil> 640 400
}

func ExampleFigure_Save() {
	fig, err := plots.Bars("k-NN", "accuracy (%)", plots.Bar{Name: "SimCLR", Value: 61.3, Low: 60.2, High: 62.1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(fig.Save("knn.bmp"))
	// Output: plots: saving "knn.bmp": the extension must be .svg, .png or .pdf
}

func ExampleLabelEfficiency() {
	_, err := plots.LabelEfficiency("CIFAR-10", plots.Budget{
		Name: "SimCLR", Labels: []int{1, 10, 100}, Accuracy: []float64{28, 54}, // one is missing
	})
	fmt.Println(err)
	// Output: plots.LabelEfficiency: series 0 ("SimCLR").Accuracy has 2 values, but Labels has 3
}

func ExampleTSNE() {
	// Two groups of points on a line, 40 in each.
	var features []float32
	for i := range 80 {
		features = append(features, float32(i%2)*50+float32(i)/10)
	}
	embedding, err := plots.TSNE{Perplexity: 5, Iterations: 300}.Embed(features, 80, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	labels := make([]int, 80)
	for i := range labels {
		labels[i] = i % 2
	}
	fig, err := plots.Scatter("t-SNE, perplexity 5", embedding, labels, []string{"left", "right"})
	fmt.Println(len(embedding), fig.Title, err)
	// Output: 80 t-SNE, perplexity 5 <nil>
}

func ExampleExplorer() {
	page, err := plots.Explorer{
		Title:   "SimCLR on CIFAR-10",
		Layouts: []plots.Layout{{Name: "PCA", Points: [][2]float64{{0, 0}, {1, 0}, {0, 1}}, Neighbours: [][]int{{1, 2}, {0}, {0}}}},
		Columns: []plots.Column{
			{Name: "label", Of: []int{0, 1, 1}, Names: []string{"cat", "dog"}},
			{Name: "loss (nats)", Values: []float64{0.1, 0.7, 2.3}},
		},
		Names: []string{"a.png", "b.png", "c.png"},
		Images: func(i int) (image.Image, error) {
			return plots.Picture(make([]uint8, 32*32*3), 32, 32)
		},
	}.Page()
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "pages")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	fmt.Println(page.Save(filepath.Join(dir, "explorer.html")), len(page.Notes))
	// Output: <nil> 0
}

func ExamplePCA() {
	// Points on a line in the plane: one axis explains everything.
	proj, explained, err := plots.PCA([]float32{0, 0, 1, 2, 2, 4}, 3, 2, 1)
	fmt.Printf("%.3f %.3f %v\n", proj, explained, err)
	// Output: [-2.236 0.000 2.236] [1.000] <nil>
}

func ExampleConfusion() {
	fig, err := plots.Confusion("Linear probe", [][]int{{48, 2}, {9, 41}}, []string{"cat", "dog"})
	fmt.Println(fig.Title, err)
	// Output: Linear probe <nil>
}

func ExampleCollapseMonitors() {
	fig, err := plots.CollapseMonitors("SimCLR", plots.Monitors{
		Step: []float64{0, 100, 200}, Dim: 128, Std: []float64{0.01, 0.05, 0.08}, RankMe: []float64{3, 40, 71},
	})
	fmt.Println(fig.Title, err)
	// Output: SimCLR <nil>
}
