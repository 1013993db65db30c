package curate

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/data/datatest"
)

// wantError checks that an error names what it is about.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one that says %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

// shapes are n images of the procedural world.
func shapes(t *testing.T, n int) data.Set {
	t.Helper()
	return opened(t, data.Shapes{Train: n})
}

// photographs are read once for all tests: that is most of their time.
var photographs = struct{ cifar, coco *pictures }{}

// cifar are n photographs of 32×32 pixels, evenly over the classes; n divides
// 4000/smaller.
func cifar(t *testing.T, n int) data.Set {
	t.Helper()
	const all = 4000 / smaller
	source := data.ImageFolder{Path: datatest.File(t, "cifar10-jpeg.tar.gz"), Train: all, Cache: t.TempDir()}
	if photographs.cifar == nil {
		photographs.cifar = load(t, opened(t, source))
	}
	chosen := &pictures{height: 32, width: 32}
	for i := 0; i < all; i += all / n {
		chosen.pix = append(chosen.pix, photographs.cifar.pix[i])
	}
	return chosen
}

// xrays are n chest X-rays of 28×28 pixels, which all look much alike.
func xrays(t *testing.T, n int) data.Set {
	t.Helper()
	return opened(t, data.MedMNIST{Path: datatest.File(t, "pneumoniamnist.npz"), Train: n})
}

// coco are about 200 photographs, cut to 128×128 pixels. The archive holds masks and
// annotations beside them: the photographs are unpacked.
func coco(t *testing.T) data.Set {
	t.Helper()
	archive := datatest.File(t, "coco128-256px.tar.gz")
	if photographs.coco != nil {
		return photographs.coco
	}
	in, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	unzipped, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for r := tar.NewReader(unzipped); ; {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if path.Ext(header.Name) != ".jpg" {
			continue
		}
		folder := filepath.Join(root, "train", path.Base(path.Dir(header.Name)))
		content, err := io.ReadAll(r)
		file := filepath.Join(folder, path.Base(header.Name))
		err = errors.Join(err, os.MkdirAll(folder, 0o755), os.WriteFile(file, content, 0o644))
		if err != nil {
			t.Fatal(err)
		}
	}
	photographs.coco = load(t, opened(t, data.ImageFolder{Path: root, Size: 128, Cache: t.TempDir()}))
	return photographs.coco
}

func opened(t *testing.T, source data.Source) data.Set {
	t.Helper()
	set, err := source.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

// blobs are n points around the centres of classes, in turn: centres of length
// apart, in dim dimensions, with noise of variance 1 in each.
func blobs(n, dim, classes int, apart float64, seed uint64) (x []float32, labels []int) {
	random := rand.New(rand.NewPCG(seed, 1))
	centers := make([]float64, classes*dim)
	for i := range centers {
		centers[i] = random.NormFloat64() * apart
	}
	for i := range n {
		class := i % classes
		labels = append(labels, class)
		for j := range dim {
			x = append(x, float32(centers[class*dim+j]+random.NormFloat64()))
		}
	}
	return x, labels
}
