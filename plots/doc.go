// Package plots draws the figures of a representation-learning study with gonum/plot: training
// curves, accuracy against labels, embeddings (PCA, t-SNE and UMAP), confusion matrices, image grids,
// nearest-neighbour retrieval, collapse monitors and benchmark bars. It takes plain slices and
// images and knows nothing of where they came from.
//
// Every figure is a value that can be shown in a GoNB cell or saved by extension:
//
//	fig, err := plots.Curve("SimCLR on CIFAR-10", "step", "loss (nats)", plots.Line{Name: "train", X: steps, Y: loss, Smooth: 25})
//	if err != nil {
//		return err
//	}
//	err = plots.Show(fig)              // inline in a notebook; elsewhere a temporary file, whose path is printed
//	err = fig.Save("figures/loss.svg") // or .png, .pdf
//
// An [Explorer] is an interactive page: a map of a representation, in a cell or as one HTML file.
//
// # Style
//
// All figures share one style (style.go): colours that people with colour-blindness can tell apart,
// and never colour alone (dashes, markers, ticks and crosses carry the same information); titles
// and axis labels with units; a light grid; the legend outside the data.
//
// Names may be of any script: what Liberation Sans does not have is drawn by a bitmap font, and what
// that does not have either is written as the numbers of its letters, [U+0E41 0E21]. Long names end
// with an ellipsis.
//
// # Errors
//
// Slices of different lengths, empty input, NaN and infinities are errors that name the argument;
// nothing is dropped silently. In a notebook cell wrap the calls with must.M1.
package plots
