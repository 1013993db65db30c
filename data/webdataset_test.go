package data

import (
	"archive/tar"
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// colours are the first values of the images of a set whose images are photos.
func colours(t *testing.T, set Set) []int {
	t.Helper()
	height, width := set.Size()
	pix := make([]uint8, height*width*3)
	var all []int
	for i := range set.Len() {
		if err := set.Read(i, pix); err != nil {
			t.Fatal(err)
		}
		all = append(all, int(pix[0]))
	}
	return all
}

// upTo are the numbers from low to high-1.
func upTo(low, high int) []int {
	var all []int
	for n := low; n < high; n++ {
		all = append(all, n)
	}
	return all
}

// TestWebDatasetFromItsWriter reads shards that the library webdataset wrote (testdata/make.py), one of
// them compressed.
func TestWebDatasetFromItsWriter(t *testing.T) {
	t.Parallel()
	source := WebDataset{From: ImageFolder{Path: "testdata/webdataset", Size: 8, Cache: t.TempDir()}}
	train, validation := opened(t, source, Train), opened(t, source, Validation)
	if got := colours(t, train); !slices.Equal(got, colours(t, opened(t, source, Train))) || train.Len()+opened(t, source, Test).Len() != 12 {
		t.Errorf("training images %v", got)
	}
	if got := colours(t, validation); !slices.Equal(got, upTo(12, 15)) || !slices.Equal(Labels(validation), []int{0, 1, 2}) {
		t.Errorf("validation images %v of classes %v", got, Labels(validation))
	}
	if !slices.Equal(train.Classes(), []string{"0", "1", "2"}) {
		t.Errorf("classes %v", train.Classes())
	}
	for i, n := range colours(t, train) {
		if train.Label(i) != n%3 {
			t.Errorf("image %d has label %d", n, train.Label(i))
		}
	}
	if left := LeftOutOf(train); left.String() != "" {
		t.Errorf("left out: %s", left)
	}
	for i, n := range colours(t, train) {
		if p, want := train.(*FolderSet).Path(i), fmt.Sprintf("/%06d", n); !strings.HasPrefix(p, "train-00000") || !strings.HasSuffix(p, want) {
			t.Errorf("image %d is at %s", n, p)
		}
	}
	// A shard alone; the same as a list; the classes by name.
	alone := opened(t, WebDataset{From: ImageFolder{Path: "testdata/webdataset/val-000000.tar.gz", Size: 8, Cache: t.TempDir(), TestFraction: 1e-9}, Classes: []string{"x", "y", "z", "w"}}, Train)
	if alone.Len() != 3 || len(alone.Classes()) != 4 {
		t.Errorf("a shard alone: %d images of %v", alone.Len(), alone.Classes())
	}
	source.TrainShards, source.TestShards = []string{"train-{000000..000000}.tar"}, []string{"train-*1.tar.gz"}
	if got := colours(t, opened(t, source, Train)); !slices.Equal(got, upTo(0, 6)) {
		t.Errorf("listed: training images %v", got)
	}
	if got := colours(t, opened(t, source, Test)); !slices.Equal(got, upTo(6, 12)) {
		t.Errorf("listed: test images %v", got)
	}
	_, err := source.Open(Validation)
	wantNoSplit(t, err, "ValidationFraction")
}

// shardFolder writes shards of the given files.
func shardFolder(t *testing.T, shards map[string]tree) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "birds")
	for name, files := range shards {
		content := tarOf(t, files)
		if strings.HasSuffix(name, "gz") {
			content = gzipBytes(t, content)
		}
		write(t, filepath.Join(dir, filepath.FromSlash(name)), content)
	}
	return dir
}

// TestWebDatasetLabels: numbers, names, JSON, none; the classes are those of the training shards.
func TestWebDatasetLabels(t *testing.T) {
	t.Parallel()
	img := func(n int) []byte { return photo(t, n) }
	for name, c := range map[string]struct {
		source         WebDataset
		train, val     tree
		classes        []string
		labels, others []int
	}{
		"numbers with a gap": {
			train:   tree{"a.png": img(1), "a.cls": []byte("3\n"), "b.png": img(2), "b.cls": []byte("0")},
			val:     tree{"c.png": img(3), "c.cls": []byte("2")},
			classes: []string{"0", "1", "2", "3"}, labels: []int{3, 0}, others: []int{2},
		},
		"names": {
			train:   tree{"x/a.jpg": img(1), "x/a.cls": []byte("wren"), "x/b.v.png": img(2), "x/b.cls": []byte("crow")},
			val:     tree{"c.png": img(3), "c.cls": []byte("wren")},
			classes: []string{"crow", "wren"}, labels: []int{1, 0}, others: []int{1},
		},
		"JSON": {
			source:  WebDataset{LabelField: "bird"},
			train:   tree{"a.png": img(1), "a.json": []byte(`{"bird": "wren", "x": [1]}`), "b.png": img(2), "b.json": []byte(`{"bird": "crow"}`)},
			val:     tree{"c.png": img(3), "c.json": []byte(`{"bird": "crow"}`)},
			classes: []string{"crow", "wren"}, labels: []int{1, 0}, others: []int{0},
		},
		"given classes, by number and by name": {
			source:  WebDataset{Classes: []string{"wren", "crow", "owl"}},
			train:   tree{"a.png": img(1), "a.cls": []byte("2"), "b.png": img(2), "b.cls": []byte("crow")},
			val:     tree{"c.png": img(3), "c.cls": []byte("0")},
			classes: []string{"wren", "crow", "owl"}, labels: []int{2, 1}, others: []int{0},
		},
		"none": {
			train: tree{"a.png": img(1), "b.png": img(2), "b.txt": []byte("a wren")}, val: tree{"c.png": img(3)},
			labels: []int{-1, -1}, others: []int{-1},
		},
		"some, kept": {
			source: WebDataset{Unlabelled: true},
			train:  tree{"a.png": img(1), "b.png": img(2), "b.cls": []byte("wren")}, val: tree{"c.png": img(3), "c.cls": []byte("wren")},
			classes: []string{"wren"}, labels: []int{-1, 0}, others: []int{0},
		},
		"one of two images": {
			source:  WebDataset{Image: "left.PNG"},
			train:   tree{"a.left.png": img(1), "a.right.png": img(9), "a.cls": []byte("0"), "b.left.png": img(2), "b.cls": []byte("0")},
			val:     tree{"c.left.png": img(3), "c.cls": []byte("0")},
			classes: []string{"0"}, labels: []int{0, 0}, others: []int{0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, ending := range []string{".tar", ".tar.gz"} {
				dir := shardFolder(t, map[string]tree{"birds-train-0" + ending: c.train, "deep/validation" + ending: c.val})
				source := c.source
				source.From = ImageFolder{Path: dir, Size: 8, Cache: t.TempDir(), TestFraction: 1e-9, OnBad: Fail}
				source.TrainShards, source.ValidationShards, source.TestShards = []string{"*" + ending}, []string{"deep/*"}, []string{"deep/x*"}
				_, err := source.Open(Train)
				wantError(t, err, "there is no shard deep/x*")
				source.TestShards = []string{"birds-test-9" + ending}
				write(t, filepath.Join(dir, "birds-test-9"+ending), shardBytes(t, c.val, ending))
				source.TrainShards = []string{"birds-train-{0,0}" + ending}
				train, validation := opened(t, source, Train), opened(t, source, Validation)
				if !slices.Equal(train.Classes(), c.classes) || !slices.Equal(Labels(train), c.labels) || !slices.Equal(colours(t, train), []int{1, 2}) {
					t.Errorf("train: labels %v of %v, images %v", Labels(train), train.Classes(), colours(t, train))
				}
				if !slices.Equal(validation.Classes(), c.classes) || !slices.Equal(Labels(validation), c.others) || colours(t, validation)[0] != 3 {
					t.Errorf("validation: labels %v of %v", Labels(validation), validation.Classes())
				}
			}
		})
	}
}

func shardBytes(t *testing.T, files tree, ending string) []byte {
	content := tarOf(t, files)
	if ending == ".tar.gz" {
		content = gzipBytes(t, content)
	}
	return content
}

// badSamples cannot be used, each beside a good one.
func badSamples(t testing.TB, img []byte) map[string]struct {
	files tree
	why   string
} {
	type bad = struct {
		files tree
		why   string
	}
	return map[string]bad{
		"no image":        {tree{"b.cls": []byte("1")}, "it has no image"},
		"two images":      {tree{"b.jpg": img, "b.png": img, "b.cls": []byte("1")}, "it has the images jpg, png; Image must say which"},
		"no label":        {tree{"b.png": img}, "it has no label"},
		"an empty label":  {tree{"b.png": img, "b.cls": []byte(" \n")}, "its .cls is empty"},
		"no text":         {tree{"b.png": img, "b.cls": {0xff, 0xfe}}, "its .cls cannot be read: it is not in UTF-8"},
		"two labels":      {tree{"b.png": img, "b.cls": []byte("0"), "b.CLS": []byte("1")}, "it has several .cls"},
		"long JSON":       {tree{"b.png": img, "b.json": make([]byte, maxJSON+1)}, "its .json has 1048577 bytes; it must have at most 1048576"},
		"a long label":    {tree{"b.png": img, "b.cls": make([]byte, maxLabel+1)}, "it must have at most 1024"},
		"bad JSON":        {tree{"b.png": img, "b.json": []byte(`{"label": `)}, "its .json cannot be read"},
		"a list in JSON":  {tree{"b.png": img, "b.json": []byte(`{"label": [1]}`)}, "the label of its .json is a list or an object"},
		"a negative":      {tree{"b.png": img, "b.cls": []byte("-1")}, `its label is "-1"; it must be one of the 2 classes: 0, 1`},
		"a damaged image": {tree{"b.png": img[:len(img)/2], "b.cls": []byte("1")}, "cut short"},
		"no image at all": {tree{"b.png": []byte("<html>"), "b.cls": []byte("1")}, "neither JPEG"},
	}
}

// TestWebDatasetSkipsOrFails: what cannot be used is told by its name.
func TestWebDatasetSkipsOrFails(t *testing.T) {
	t.Parallel()
	bad := badSamples(t, photo(t, 2))
	for _, name := range slices.Sorted(maps.Keys(bad)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := tree{"a.png": photo(t, 1), "a.cls": []byte("0"), "c.png": photo(t, 3), "c.cls": []byte("1")}
			maps.Copy(files, bad[name].files)
			dir := shardFolder(t, map[string]tree{"train.tar": files, "test.tar": {"d.png": photo(t, 4), "d.cls": []byte("1")}})
			source := WebDataset{From: ImageFolder{Path: dir, Size: 8, Cache: t.TempDir()}}
			set := opened(t, source, Train)
			if left := LeftOutOf(set); set.Len() != 2 || left.Skipped.Count() != 1 || !strings.Contains(left.String(), bad[name].why) || left.Skipped.First[0].Path != "train.tar/b" {
				t.Errorf("%d images; %s", set.Len(), left)
			}
			source.From.OnBad = Fail
			_, err := source.Open(Train)
			wantError(t, err, "train.tar/b", bad[name].why)
			if test := opened(t, source, Test); test.Len() != 1 || !slices.Equal(test.Classes(), set.Classes()) {
				t.Errorf("test: %d images of %v", test.Len(), test.Classes())
			}
		})
	}
}

// TestWebDatasetReadsWhatItNeeds: no .json beside a .cls, nothing of __meta__, and samples of one name in
// two shards are two.
func TestWebDatasetReadsWhatItNeeds(t *testing.T) {
	t.Parallel()
	one := tree{
		"a.png": photo(t, 1), "a.cls": []byte("0"), "a.json": make([]byte, maxJSON+1),
		"b.png": photo(t, 2), "b.cls": []byte("1"), "b.json": []byte("{"), "b.cls.gz": gzipBytes(t, []byte("7")),
		"__meta__/shard.json": []byte("{}"),
	}
	dir := shardFolder(t, map[string]tree{
		"train-0.tar": one, "train-1.tar": {"a.png": photo(t, 3), "a.cls": []byte("1")}, "test.tar": {"a.png": photo(t, 4), "a.cls": []byte("1")},
	})
	set := opened(t, WebDataset{From: ImageFolder{Path: dir, Size: 8, Cache: t.TempDir(), OnBad: Fail}}, Train)
	if !slices.Equal(colours(t, set), upTo(1, 4)) || !slices.Equal(Labels(set), []int{0, 1, 1}) {
		t.Errorf("images %v of classes %v", colours(t, set), Labels(set))
	}
	if said := LeftOutOf(set).String(); !strings.Contains(said, ofTheShard) {
		t.Errorf("left out: %s", said)
	}
}

// TestWebDatasetRefusesShards: damaged and malicious ones.
func TestWebDatasetRefusesShards(t *testing.T) {
	t.Parallel()
	good := tree{"a.png": photo(t, 1), "a.cls": []byte("0")}
	whole := tarOf(t, good)
	zipped := gzipBytes(t, whole)
	claims := func(size int64) []byte { // A header of a file that is not there.
		var b bytes.Buffer
		if err := tar.NewWriter(&b).WriteHeader(&tar.Header{Name: "a.png", Mode: 0o644, Size: size, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for name, c := range map[string]struct {
		file    string
		content []byte
		parts   []string
	}{
		"cut short":            {"s.tar", whole[:len(whole)-1024-512-100], []string{"s.tar", "damaged"}},
		"cut short, zipped":    {"s.tgz", zipped[:len(zipped)-20], []string{"s.tgz", "damaged"}},
		"no archive":           {"s.tar", []byte("<html>"), []string{"s.tar", "neither"}},
		"a .zip":               {"s.tar", zipOf(t, good), []string{"s.tar", "it is no .tar"}},
		"empty":                {"s.tar", nil, []string{"s.tar"}},
		"climbs out":           {"s.tar", tarOf(t, tree{"../../a.png": photo(t, 1), "../../a.cls": []byte("0")}), []string{"s.tar", "points outside"}},
		"more than there is":   {"s.tar", append(claims(1<<40), make([]byte, 4096)...), []string{"s.tar"}},
		"more than there, zip": {"s.tar.gz", gzipBytes(t, append(claims(1<<40), make([]byte, 4096)...)), []string{"s.tar.gz"}},
		"a class of millions":  {"s.tar", tarOf(t, tree{"a.png": photo(t, 1), "a.cls": []byte("1000000000")}), []string{"a label is 1000000000; it must be below 65536"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Dir(write(t, filepath.Join(t.TempDir(), "x", c.file), c.content))
			_, err := WebDataset{From: ImageFolder{Path: dir, Size: 8, Cache: t.TempDir()}}.Open(Train)
			wantError(t, err, c.parts...)
		})
	}
	_, err := WebDataset{From: ImageFolder{Path: t.TempDir(), Cache: t.TempDir()}}.Open(Train)
	wantError(t, err, "there is no .tar or .tar.gz or .tgz file in it")
}

// TestWebDatasetSeesChanges: a shard that changed is read anew, and a shard that came too.
func TestWebDatasetSeesChanges(t *testing.T) {
	t.Parallel()
	shards := map[string]tree{"0.tar": {}}
	for i := range 8 {
		shards["0.tar"][fmt.Sprintf("%d.png", i)] = photo(t, i)
	}
	dir := shardFolder(t, shards)
	source := WebDataset{From: ImageFolder{Path: dir, Size: 8, Cache: t.TempDir()}}
	first := opened(t, source, Train)
	write(t, filepath.Join(dir, "1.tar"), tarOf(t, tree{"9.png": photo(t, 9), "8.png": photo(t, 8)}))
	second := opened(t, source, Train)
	if n := second.Len() + opened(t, source, Test).Len(); first.Len() != 6 || n != 10 {
		t.Errorf("%d training images of 8, then %d images in all, want 6 and 10", first.Len(), n)
	}
	if files, err := os.ReadDir(source.From.Cache); err != nil || len(files) != 2 {
		t.Errorf("the cache holds %v, want a file of each split", files)
	}
}

func TestWebDatasetCheck(t *testing.T) {
	t.Parallel()
	from := ImageFolder{Path: "x"}
	for field, source := range map[string]WebDataset{
		"From: Path":      {},
		"From.Object":     {From: ImageFolder{Path: "x", Object: "(a)"}},
		"Classes[0]":      {From: from, Classes: []string{""}},
		"TrainShards is":  {From: from, TestShards: []string{"a"}},
		"TrainShards[0]":  {From: from, TrainShards: []string{"a{0..1"}},
		"TrainShards[1]":  {From: from, TrainShards: []string{"a", "../b"}},
		"TestShards[0]":   {From: from, TrainShards: []string{"a"}, TestShards: []string{"a{0..999999999}"}},
		"TrainShards[0] ": {From: from, TrainShards: []string{"a[.tar"}},
	} {
		_, err := source.Open(Train)
		wantError(t, err, "data.WebDataset: "+field)
	}
}

func TestExpandBraces(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"a.tar": "a.tar", "a-{008..011}.tar": "a-008.tar a-009.tar a-010.tar a-011.tar", "{a,b}{1..2}": "a1 a2 b1 b2", "{9..11}": "9 10 11",
		"{9..011}": "009 010 011", "{0..2}": "0 1 2", "{0..02}": "00 01 02", // As Bash writes them out.
	} {
		got, err := expandBraces(pattern)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v", pattern, got, err)
		}
	}
	for _, bad := range []string{"{", "{2..1}", "{a..b}", "{0..99999}{0..99999}", "{-1..3}"} {
		if got, err := expandBraces(bad); err == nil {
			t.Errorf("%s: %d names", bad, len(got))
		}
	}
}

func TestSplitOfShard(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"train-00000-of-00004.parquet": "train", "imagenet1k-validation-07.tar": "validation", "data/test-0.tar": "test", "val/0001.tar": "validation",
		"train/test_0.tar": "test", "birds-0.tar": "", "contrast-0.tar": "",
	} {
		got := ""
		if split, ok := splitOfShard(name, true); ok {
			got = split.String()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
