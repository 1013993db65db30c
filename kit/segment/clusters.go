package segment

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"sslkit/data"
	"sslkit/kit/curate"
	"sslkit/kit/metric"
	"sslkit/kit/setting"
)

// Clusters tells pixels apart without labels: it cuts the patches of all images of a split into
// clusters by k-means, of vectors of length 1, and gives each cluster one class by the Hungarian
// method, so that the sum of the matched pairs' intersections over unions is the highest, as PredsmIoU
// does in vpariza/open-hummingbird-eval, hbird/utils/eval_metrics.py. The true masks only name the
// clusters, those of the same images that are judged.
type Clusters struct {
	// K is the number of clusters, at least that of the classes and at most 255. Default: that of the
	// classes. Where there are more, each of those left over gets the class that most of its pixels
	// are of, where PredsmIoU gives it class 0.
	K int
	// Iterations of k-means at most, at least 1. Default 50.
	Iterations int
	// Patches is the most patches that the centres are found by, at least K, drawn at random; all get
	// a cluster. Default 100,000.
	Patches int
	// Seed decides the first centres and the draw.
	Seed uint64
}

// WithDefaults fills in what was left at zero, but for K.
func (c Clusters) WithDefaults() Clusters {
	c.Iterations = cmp.Or(c.Iterations, 50)
	c.Patches = cmp.Or(c.Patches, 100_000)
	return c
}

// Evaluate clusters the patches of a split and judges its images. Its errors are those of
// [Frozen.Patches], a setting out of range, fewer patches than clusters, and a source without masks.
func (c Clusters) Evaluate(frozen Frozen, source data.Source, split data.Split) (Result, error) {
	fail := func(err error) (Result, error) { return Result{}, fmt.Errorf("clusters of patches: %w", err) }
	set, err := open(source, split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	d := Clusters{}.WithDefaults()
	c = c.WithDefaults()
	classes := len(set.MaskClasses())
	c.K = cmp.Or(c.K, classes)
	if err := cmp.Or(
		setting.Must(c.K >= classes && c.K <= 255, "segment.Clusters: K", c.K, fmt.Sprintf("in [%d, 255], from the number of classes", classes), classes),
		setting.AtLeast(1, "segment.Clusters: Iterations", c.Iterations, d.Iterations),
		setting.AtLeast(c.K, "segment.Clusters: Patches", c.Patches, d.Patches),
	); err != nil {
		return fail(err)
	}
	patches, err := frozen.Patches(set)
	if err != nil {
		return fail(err)
	}
	cluster, err := c.cut(patches)
	if err != nil {
		return fail(err)
	}
	result, err := c.judge(cluster, patches, set)
	if err != nil {
		return fail(err)
	}
	return result, nil
}

// cut is the cluster of each patch of all images.
func (c Clusters) cut(patches Patches) ([]uint8, error) {
	x := unit(patches)
	n := len(x) / patches.Dim
	drawn := x
	if n > c.Patches {
		drawn = nil
		for _, i := range rand.New(rand.NewPCG(c.Seed, 1)).Perm(n)[:c.Patches] {
			drawn = append(drawn, x[i*patches.Dim:(i+1)*patches.Dim]...)
		}
	}
	centres, err := curate.KMeans(drawn, len(drawn)/patches.Dim, patches.Dim, c.K, c.Iterations, c.Seed)
	if err != nil {
		return nil, err
	}
	nearest, err := curate.NearestCentre(x, n, patches.Dim, centres)
	if err != nil {
		return nil, err
	}
	cluster := make([]uint8, n)
	for i, k := range nearest {
		cluster[i] = uint8(k)
	}
	return cluster, nil
}

// judge names the clusters and compares the masks.
func (c Clusters) judge(cluster []uint8, patches Patches, set masked) (Result, error) {
	size, classes := patches.Rows*patches.Columns, len(set.MaskClasses())
	masks := make([][]uint8, set.Len())
	shared := make([]float64, classes*c.K) // Pixels of a class in a cluster.
	ofClass, ofCluster := make([]float64, classes), make([]float64, c.K)
	for i := range masks {
		masks[i] = enlarged(cluster[i*size:(i+1)*size], patches.Rows, patches.Columns, set.height, set.width)
		counts, err := metric.ConfusePixels(set.masks[i], masks[i], classes, c.K)
		if err != nil {
			return Result{}, err
		}
		for class, row := range counts {
			for k, n := range row {
				shared[class*c.K+k] += float64(n)
				ofClass[class] += float64(n)
				ofCluster[k] += float64(n)
			}
		}
	}
	cost := make([]float64, len(shared)) // Minus the intersection over union.
	for i, n := range shared {
		if n > 0 {
			cost[i] = -n / (ofClass[i/c.K] + ofCluster[i%c.K] - n)
		}
	}
	clusterOf, err := metric.Assign(cost, classes, c.K)
	if err != nil {
		return Result{}, err
	}
	classOf := make([]uint8, c.K)
	for k := range classOf { // Those left over.
		for class := range classes {
			if shared[class*c.K+k] > shared[int(classOf[k])*c.K+k] {
				classOf[k] = uint8(class)
			}
		}
	}
	for class, k := range clusterOf {
		classOf[k] = uint8(class)
	}
	for _, mask := range masks {
		for p, k := range mask {
			mask[p] = classOf[k]
		}
	}
	protocol := fmt.Sprintf("%d clusters of patches by k-means, matched with %d classes", c.K, classes)
	return judge(protocol, set, masks, patches.Encoder)
}

// unit is all vectors at length 1; one of zeros stays.
func unit(p Patches) []float32 {
	x := make([]float32, len(p.X))
	for i := range len(x) / p.Dim {
		sum := 0.
		for _, v := range p.row(i) {
			sum += float64(v) * float64(v)
		}
		if sum == 0 {
			continue
		}
		for k, v := range p.row(i) {
			x[i*p.Dim+k] = float32(float64(v) / math.Sqrt(sum))
		}
	}
	return x
}
