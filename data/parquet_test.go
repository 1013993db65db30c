package data

import (
	"bytes"
	"encoding/binary"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disintegration/imaging"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
)

// TestParquetFromTheHubsWriter reads files that the library datasets wrote (testdata/make.py): shards of
// several row groups, the names of the classes in the schema, hidden labels of test images.
func TestParquetFromTheHubsWriter(t *testing.T) {
	t.Parallel()
	source := Parquet{From: ImageFolder{Path: "testdata/parquet", Size: 8, Cache: t.TempDir()}}
	train, test := opened(t, source, Train), opened(t, source, Test)
	if got := colours(t, train); !slices.Equal(got, upTo(0, 7)) || !slices.Equal(Labels(train), []int{0, 1, 2, 0, 1, 2, 0}) {
		t.Errorf("training images %v of classes %v", got, Labels(train))
	}
	if !slices.Equal(train.Classes(), []string{"cat", "dog", "emu"}) || train.Name() != "parquet/train" {
		t.Errorf("%s: classes %v", train.Name(), train.Classes())
	}
	if p := train.(*FolderSet).Path(4); p != "train-00001-of-00002.parquet/00000000" {
		t.Errorf("the fifth image is %s", p)
	}
	if got := colours(t, test); !slices.Equal(got, upTo(7, 11)) || !slices.Equal(Labels(test), []int{-1, -1, -1, -1}) || test.Classes() != nil {
		t.Errorf("test images %v of classes %v: %v", got, test.Classes(), Labels(test))
	}
	if left := LeftOutOf(train).String() + LeftOutOf(test).String(); left != "" {
		t.Errorf("left out: %s", left)
	}
	again := opened(t, source, Train)
	if again.Fingerprint() != train.Fingerprint() || !slices.Equal(Labels(again), Labels(train)) {
		t.Error("another set from the cache")
	}
	_, err := source.Open(Validation)
	wantNoSplit(t, err, "ValidationFraction")
	source.Classes = []string{"x", "y", "z"}
	if set := opened(t, source, Train); !slices.Equal(set.Classes(), source.Classes) || set.Label(1) != 1 {
		t.Errorf("with given classes: %v", set.Classes())
	}
	source.Classes, source.Label = nil, "kind"
	_, err = source.Open(Train)
	wantError(t, err, "train-00000-of-00002.parquet", "no column kind", "image.bytes, image.path, label")
	source.Label, source.Image = "", "label"
	_, err = source.Open(Train)
	wantError(t, err, "column label is no column of bytes")
}

// parquetRow is of a file with labels as text.
type parquetRow struct {
	Photo []byte  `parquet:"photo,optional"`
	Kind  *string `parquet:"kind"`
}

// parquetOf is a file of rows, of which groups of two make up a row group.
func parquetOf[Row any](t testing.TB, rows []Row, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[Row](&b, options...)
	for i := range rows {
		if _, err := w.Write(rows[i : i+1]); err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pictureOf is a PNG of one colour, which photo has too.
func pictureOf(t testing.TB, n int) []byte {
	return pngOf(t, imaging.New(12, 10, color.NRGBA{uint8(n), uint8(7 * n), uint8(31 * n), 255}))
}

// parquetRows are five rows, of which two cannot be used.
func parquetRows(t testing.TB) []parquetRow {
	wren, owl := "wren", "owl"
	return []parquetRow{{pictureOf(t, 0), &wren}, {nil, &owl}, {pictureOf(t, 2), &owl}, {pictureOf(t, 3), nil}, {pictureOf(t, 4), &wren}}
}

// TestParquetWriters: pages of either version and every compression; labels that are text, or absent.
func TestParquetWriters(t *testing.T) {
	t.Parallel()
	fingerprints := map[string]bool{}
	for name, codec := range map[string]compress.Codec{"plain": &parquet.Uncompressed, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip, "zstd": &parquet.Zstd} {
		for version := 1; version <= 2; version++ {
			content := parquetOf(t, parquetRows(t), parquet.Compression(codec), parquet.DataPageVersion(version))
			dir := filepath.Join(t.TempDir(), "birds")
			write(t, filepath.Join(dir, "train.parquet"), content)
			write(t, filepath.Join(dir, "test.parquet"), content)
			source := Parquet{From: ImageFolder{Path: dir, Size: 8, Cache: t.TempDir()}, Image: "photo", Label: "kind"}
			train := opened(t, source, Train)
			left := LeftOutOf(train).String()
			if train.Len() != 3 || !slices.Equal(Labels(train), []int{1, 0, 1}) || !slices.Equal(train.Classes(), []string{"owl", "wren"}) || train.Name() != "birds/train" {
				t.Errorf("%s, version %d: %d images of %v", name, version, train.Len(), train.Classes())
			}
			for _, why := range []string{"it has no image: no bytes", "it has no label"} {
				if !strings.Contains(left, why) {
					t.Errorf("%s, version %d: left out: %s", name, version, left)
				}
			}
			fingerprints[train.Fingerprint()] = true
			source.From.OnBad = Fail
			_, err := source.Open(Train)
			wantError(t, err, "train.parquet/0000000")
		}
	}
	if len(fingerprints) != 1 {
		t.Errorf("the same rows have %d fingerprints", len(fingerprints))
	}
	for name, codec := range map[string]compress.Codec{"brotli": &parquet.Brotli, "lz4": &parquet.Lz4Raw} {
		path := write(t, filepath.Join(t.TempDir(), "x.parquet"), parquetOf(t, parquetRows(t), parquet.Compression(codec)))
		_, err := Parquet{From: ImageFolder{Path: path, Size: 8, Cache: t.TempDir()}, Image: "photo", Label: "kind"}.Open(Train)
		wantError(t, err, "which is not read; it must be by Snappy", strings.ToUpper(name))
	}
}

// TestParquetRefusesFiles: damaged, mislabelled and malicious ones.
func TestParquetRefusesFiles(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("testdata/parquet/train-00000-of-00002.parquet")
	if err != nil {
		t.Fatal(err)
	}
	changed := func(from, to string) []byte {
		if !bytes.Contains(good, []byte(from)) {
			t.Fatalf("the file holds no %q", from)
		}
		return bytes.Replace(good, []byte(from), []byte(to), 1)
	}
	footer := func(content []byte, length uint32) []byte {
		return append(binary.LittleEndian.AppendUint32(slices.Clone(content), length), "PAR1"...)
	}
	type number struct {
		Image []byte `parquet:"image"`
		Label int64  `parquet:"label"`
	}
	type lists struct {
		Image []byte  `parquet:"image"`
		Label []int64 `parquet:"label"`
	}
	for name, c := range map[string]struct {
		content []byte
		why     string
	}{
		"cut short":            {good[:len(good)-100], "cut short"},
		"empty":                {nil, "cut short"},
		"no Parquet":           {[]byte("<html>not found</html>"), "no Parquet file"},
		"a long footer":        {footer([]byte("PAR1"+strings.Repeat("x", 100)), 1<<31), "its footer claims"},
		"a list of millions":   {footer([]byte("PAR1\x29\xfc\xff\xff\xff\x7f"), 6), "its footer"},
		"a deep list":          {footer([]byte("PAR1"+strings.Repeat("\x19\x19", 60)), 120), "its footer"},
		"a class twice":        {changed(`"cat", "dog"`, `"cat", "cat"`), `Classes[1] is "cat"`},
		"a class of millions":  {parquetOf(t, []number{{pictureOf(t, 1), 1 << 40}}), "a label is"},
		"a negative class":     {parquetOf(t, []number{{pictureOf(t, 1), -2}}), "all of its 1 samples are left out"},
		"several labels":       {parquetOf(t, []lists{{pictureOf(t, 1), []int64{1, 2}}}), "column label is of lists"},
		"no rows":              {parquetOf(t, []number{}), "no sample"},
		"no image in any":      {parquetOf(t, []number{{[]byte("x"), 1}}), "neither JPEG"},
		"a label of no class":  {changed(`"cat", "dog", "emu"`, `"cat","dog"        `), ""},
		"bytes of other pages": {zeroed(good, 4, 60), "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, filepath.Join(t.TempDir(), "train.parquet"), c.content)
			set, err := Parquet{From: ImageFolder{Path: path, Size: 8, Cache: t.TempDir(), TestFraction: 1e-9}}.Open(Train)
			if c.why == "" { // Its image is left out.
				if err != nil {
					t.Fatal(err)
				}
				defer set.Close()
				if left := LeftOutOf(set); !strings.Contains(left.String(), `its label is "2"; it must be one of the 2 classes: cat, dog`) {
					t.Errorf("left out: %s", left)
				}
				return
			}
			wantError(t, err, "train.parquet", c.why)
		})
	}
}

// zeroed is a content in which the bytes from low to high are 0xff.
func zeroed(content []byte, low, high int) []byte {
	content = slices.Clone(content)
	for i := low; i < high; i++ {
		content[i] = 0xff
	}
	return content
}

// TestParquetDamage: whatever byte of a file is damaged, the images are the same, or there is an error.
func TestParquetDamage(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("testdata/parquet/train-00001-of-00002.parquet")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	noCache := filepath.Join(write(t, filepath.Join(dir, "file"), nil), "cache")
	outcomes := map[string]int{}
	for at := 0; at < len(good); at += 29 {
		content := slices.Clone(good)
		content[at] ^= 0x55
		path := write(t, filepath.Join(dir, "train.parquet"), content)
		set, err := Parquet{From: ImageFolder{Path: path, Size: 4, MaxPixels: 1 << 12, Cache: noCache}}.Open(Train)
		if err != nil {
			outcomes["error"]++
			continue
		}
		outcomes["set"]++
		if set.Len() > 3 {
			t.Errorf("byte %d: %d images", at, set.Len())
		}
		set.Close()
	}
	if outcomes["error"] == 0 || outcomes["set"] == 0 {
		t.Errorf("outcomes: %v", outcomes)
	}
}

func TestParquetCheck(t *testing.T) {
	t.Parallel()
	from := ImageFolder{Path: "x"}
	for field, source := range map[string]Parquet{
		"From: Path":      {},
		"From.Object":     {From: ImageFolder{Path: "x", Object: "(a)"}},
		"Classes[1]":      {From: from, Classes: []string{"a", "a"}},
		"TrainShards is":  {From: from, ValidationShards: []string{"a"}},
		"TrainShards[0] ": {From: from, TrainShards: []string{"{"}},
	} {
		_, err := source.Open(Train)
		wantError(t, err, "data.Parquet: "+field)
	}
}

// TestParquetNumbersAreNoNames: where the names of classes are numbers, a number is still a number.
func TestParquetNumbersAreNoNames(t *testing.T) {
	t.Parallel()
	type row struct {
		Image []byte `parquet:"image"`
		Label int32  `parquet:"label"`
	}
	rows := []row{{pictureOf(t, 1), 0}, {pictureOf(t, 2), 1}, {pictureOf(t, 3), 2}}
	path := write(t, filepath.Join(t.TempDir(), "a.parquet"), parquetOf(t, rows))
	set := opened(t, Parquet{From: ImageFolder{Path: path, Size: 8, Cache: t.TempDir()}, Classes: []string{"2", "1", "0"}}, Train)
	if !slices.Equal(Labels(set), []int{0, 1, 2}) {
		t.Errorf("labels %v", Labels(set))
	}
	if !slices.Equal(set.Classes(), []string{"2", "1", "0"}) {
		t.Errorf("classes %v", set.Classes())
	}
}

// TestParquetFindsTheColumnOfTheClasses, as the hub's schema names it, where none is called label.
func TestParquetFindsTheColumnOfTheClasses(t *testing.T) {
	t.Parallel()
	type row struct {
		Image  []byte `parquet:"image"`
		Fine   int64  `parquet:"fine"`
		Coarse int64  `parquet:"coarse"`
	}
	const fine, coarse = `"fine": {"names": ["owl", "wren"], "_type": "ClassLabel"}`, `"coarse": {"names": ["bird", "tree"], "_type": "ClassLabel"}`
	open := func(features string) (Set, error) {
		schema := parquet.KeyValueMetadata("huggingface", `{"info": {"features": {"image": {"_type": "Image"}`+features+`}}}`)
		path := write(t, filepath.Join(t.TempDir(), "x.parquet"), parquetOf(t, []row{{pictureOf(t, 0), 1, 0}, {pictureOf(t, 1), 0, 0}}, schema))
		return Parquet{From: ImageFolder{Path: path, Size: 8, Cache: t.TempDir()}}.Open(Train)
	}
	one, err := open(", " + fine + `, "coarse": {"dtype": "int64", "_type": "Value"}, "gone": {"names": ["x"], "_type": "ClassLabel"}`)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	if !slices.Equal(one.Classes(), []string{"owl", "wren"}) || !slices.Equal(Labels(one), []int{1, 0}) {
		t.Errorf("labels %v of %v", Labels(one), one.Classes())
	}
	none, err := open("")
	if err != nil {
		t.Fatal(err)
	}
	defer none.Close()
	if none.Classes() != nil || none.Label(0) != -1 {
		t.Errorf("where no column is of classes: labels %v of %v", Labels(none), none.Classes())
	}
	_, err = open(", " + fine + ", " + coarse)
	wantError(t, err, "x.parquet", "it has classes in the columns coarse, fine; name one in Label")
}
