package data

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stlRecords are n images; the pixel of image i in row 3 and column 5 is (i, 100, 200), others are 1.
func stlRecords(n int) []byte {
	all := bytes.Repeat([]byte{1}, n*stlImage)
	for i := range n {
		for c, v := range []int{i, 100, 200} {
			all[i*stlImage+c*stlSide*stlSide+5*stlSide+3] = byte(v) // The page of STL-10: column after column.
		}
	}
	return all
}

// stlFolder is a small folder in the published layout.
func stlFolder(t *testing.T, changed tree) string {
	t.Helper()
	dir := t.TempDir()
	files := tree{
		"train_X.bin": stlRecords(12), "train_y.bin": {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2}, "test_X.bin": stlRecords(3), "test_y.bin": {10, 1, 1},
		"unlabeled_X.bin": stlRecords(5), "fold_indices.txt": []byte("0 1 2 \n11 3 7 \n"),
	}
	maps.Copy(files, changed)
	for name, content := range files {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func TestSTL10(t *testing.T) {
	t.Parallel()
	path := stlFolder(t, nil)
	train, test := opened(t, STL10{Path: path}, Train), opened(t, STL10{Path: path}, Test)
	if train.Len() != 12 || train.Label(9) != 9 || train.Classes()[9] != "truck" || !slices.Equal(Labels(test), []int{9, 0, 0}) {
		t.Errorf("%d images, the tenth of class %d; test %v", train.Len(), train.Label(9), Labels(test))
	}
	pix := make([]uint8, stlImage)
	if err := train.Read(7, pix); err != nil {
		t.Fatal(err)
	}
	at := (3*stlSide + 5) * 3
	if !bytes.Equal(pix[at:at+3], []byte{7, 100, 200}) || pix[at-1] != 1 || pix[(5*stlSide+3)*3] != 1 {
		t.Errorf("row 3, column 5 of image 7 is %v", pix[at:at+3])
	}
	small := opened(t, STL10{Path: path, Size: 8}, Train)
	if height, width := small.Size(); height != 8 || width != 8 {
		t.Errorf("scaled to %d×%d", height, width)
	}
	if err := small.Read(0, make([]uint8, 8*8*3)); err != nil {
		t.Fatal(err)
	}
	free := opened(t, STL10{Path: path, Unlabelled: true}, Train)
	if free.Len() != 5 || free.Classes() != nil || free.Label(0) != -1 || free.Name() != "stl10-unlabelled/train" {
		t.Errorf("unlabelled: %d images of %v", free.Len(), free.Classes())
	}
	fold := opened(t, STL10{Path: path, Fold: 2}, Train)
	if !slices.Equal(Labels(fold), []int{1, 3, 7}) || fold.Fingerprint() == train.Fingerprint() || fold.Fingerprint() != opened(t, STL10{Path: path, Fold: 2}, Train).Fingerprint() {
		t.Errorf("the second fold has classes %v", Labels(fold))
	}
	held := STL10{Path: path, Validation: 3, Train: 4}
	if a, b := opened(t, held, Train).Len(), opened(t, held, Validation).Len(); a != 4 || b != 3 {
		t.Errorf("%d training and %d validation images", a, b)
	}
	_, err := STL10{Path: path}.Open(Validation)
	wantNoSplit(t, err, "Validation")
	if _, err := os.Stat(filepath.Join(path, "train_X.bin")); err != nil {
		t.Fatal(err)
	}
}

func TestSTL10RefusesFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files tree
		fold  int
		why   string
	}{
		"images cut short":  {tree{"train_X.bin": stlRecords(1)[:100]}, 0, "train_X.bin has 100 bytes"},
		"no images":         {tree{"train_X.bin": nil}, 0, "train_X.bin has 0 bytes"},
		"labels cut short":  {tree{"train_y.bin": {1}}, 0, "a label for each of the 12 images"},
		"too many labels":   {tree{"train_y.bin": make([]byte, 1000)}, 0, "a label for each of the 12 images"},
		"a label of 0":      {tree{"train_y.bin": make([]byte, 12)}, 0, "label 0 is 0; it must be from 1 to 10"},
		"a fold is missing": {nil, 3, "no line 3"},
		"a fold climbs out": {tree{"fold_indices.txt": []byte("0 12\n")}, 1, "line 1"},
		"a fold repeats":    {tree{"fold_indices.txt": []byte("0 0\n")}, 1, "each once"},
		"a fold of text":    {tree{"fold_indices.txt": []byte("<html>\n")}, 1, "<html>"},
		"all are held out":  {nil, 0, "Validation is 12"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := STL10{Path: stlFolder(t, c.files), Fold: c.fold}
			if strings.HasPrefix(c.why, "Validation") {
				source.Validation = 12
			}
			_, err := source.Open(Train)
			wantError(t, err, c.why)
		})
	}
	_, err := STL10{Path: t.TempDir()}.Open(Train)
	wantError(t, err, "train_X.bin")
	for field, source := range map[string]STL10{"Fold": {Fold: 11}, "Fold is 1": {Fold: 1, Unlabelled: true}, "Size": {Size: -1}, "Train": {Train: -1}} {
		_, err := source.Open(Train)
		wantError(t, err, "data.STL10: "+field)
	}
}

// TestSVHNFromItsWriter reads a file that scipy wrote (testdata/make.py), of the layout of SVHN.
func TestSVHNFromItsWriter(t *testing.T) {
	t.Parallel()
	set := opened(t, SVHN{Path: "testdata"}, Train)
	if !slices.Equal(Labels(set), []int{1, 0, 3, 9, 0}) || len(set.Classes()) != 10 || set.Name() != "svhn/train" {
		t.Errorf("labels %v of %v", Labels(set), set.Classes())
	}
	if got := colours(t, set); !slices.Equal(got, upTo(0, 5)) {
		t.Errorf("images %v", got)
	}
	pix := make([]uint8, 32*32*3)
	if err := set.Read(2, pix); err != nil {
		t.Fatal(err)
	}
	at := (3*32 + 5) * 3
	if !bytes.Equal(pix[at:at+3], []byte{2, 200, 62}) || pix[(5*32+3)*3+1] != 14 {
		t.Errorf("row 3, column 5 of image 2 is %v", pix[at:at+3])
	}
	if small := opened(t, SVHN{Path: "testdata", Size: 8, Validation: 2}, Validation); small.Len() != 2 {
		t.Errorf("%d validation images", small.Len())
	}
	_, err := SVHN{Path: "testdata"}.Open(Test)
	wantError(t, err, "test_32x32.mat")
	_, err = SVHN{Path: "testdata", Extra: true}.Open(Train)
	wantError(t, err, "extra_32x32.mat")
	_, err = SVHN{Path: "testdata"}.Open(Validation)
	wantNoSplit(t, err, "Validation")
	_, err = SVHN{Size: -1}.Open(Train)
	wantError(t, err, "data.SVHN: Size")
}

// TestSVHNDamage: whatever byte of the file is damaged, the set is the same, or there is an error: the
// arrays have checksums.
func TestSVHNDamage(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("testdata/train_32x32.mat")
	if err != nil {
		t.Fatal(err)
	}
	want := opened(t, SVHN{Path: "testdata"}, Train).Fingerprint()
	dir := t.TempDir()
	for at := range len(good) {
		for what, content := range map[string][]byte{"changed": slices.Clone(good), "cut off": good[:at]} {
			if what == "changed" {
				content[at] ^= 0x21
			}
			write(t, filepath.Join(dir, "train_32x32.mat"), content)
			set, err := SVHN{Path: dir}.Open(Train)
			if err == nil && set.Fingerprint() != want {
				t.Errorf("byte %d is %s: another set", at, what)
			}
			if err == nil && what == "cut off" && at < len(good)-8 {
				t.Errorf("cut off at byte %d: no error", at)
			}
		}
	}
}

// imageNetTree has three classes, a flat folder of four validation images, and no names.
func imageNetTree(t *testing.T) tree {
	files := tree{}
	for i := range 12 {
		files[fmt.Sprintf("Data/train/%s/%02d.JPEG", []string{"n01440764", "n02012849", "n03126707"}[i%3], i)] = photo(t, i)
	}
	for i := range 4 {
		files[fmt.Sprintf("Data/val/ILSVRC2012_val_0000000%d.JPEG", i+1)] = photo(t, 20+i)
	}
	return files
}

func TestImageNet(t *testing.T) {
	t.Parallel()
	path, texts := imageNetTree(t).zip(t), t.TempDir()
	text := func(name, content string) string { return write(t, filepath.Join(texts, name), []byte(content)) }
	index := []string{
		text("LOC_synset_mapping.txt", "n01440764 tench, Tinca tinca\nn02012849 crane\nn03126707 crane\nn99999999 more\n"),
		text("imagenet_class_index.json", `{"0": ["n01440764", "tench, Tinca tinca"], "1": ["n02012849", "crane"], "2": ["n03126707", "crane"]}`),
	}
	labels := []string{
		text("LOC_val_solution.csv", "ImageId,PredictionString\nILSVRC2012_val_00000002,n01440764 1 2 3 4 n02012849 1 2 3 4\nILSVRC2012_val_00000001,n03126707 1 2 3 4\n"+
			"ILSVRC2012_val_00000004,n02012849 1 2 3 4\nILSVRC2012_val_00000003,n01440764 1 2 3 4\n"),
		text("val.txt", "ILSVRC2012_val_00000001.JPEG 2\nILSVRC2012_val_00000002.JPEG 0\nILSVRC2012_val_00000003.JPEG 0\nILSVRC2012_val_00000004.JPEG 1\n"),
		text("synset_labels.txt", "n03126707\nn01440764\nn01440764\nn02012849\n"),
	}
	fingerprints := map[string]bool{}
	for i, labels := range labels {
		source := ImageNet{From: ImageFolder{Path: path, Size: 8, Cache: t.TempDir()}, ClassIndex: index[i%2], ValidationLabels: labels}
		train, validation := opened(t, source, Train), opened(t, source, Validation)
		want := []string{"tench, Tinca tinca", "crane (n02012849)", "crane (n03126707)"}
		if !slices.Equal(train.Classes(), want) || !slices.Equal(validation.Classes(), want) {
			t.Errorf("classes %v and %v", train.Classes(), validation.Classes())
		}
		if !slices.Equal(Labels(validation), []int{2, 0, 0, 1}) || !slices.Equal(colours(t, validation), upTo(20, 24)) {
			t.Errorf("%s: validation labels %v", labels, Labels(validation))
		}
		if left := LeftOutOf(validation).String(); left != "" {
			t.Errorf("left out: %s", left)
		}
		fingerprints[validation.Fingerprint()] = true
	}
	if len(fingerprints) != 1 {
		t.Errorf("the same labels have %d fingerprints", len(fingerprints))
	}
	// Without lists: ids where a class is of neither small set, and unlabelled validation images.
	plain := ImageNet{From: ImageFolder{Path: path, Size: 8, Cache: t.TempDir()}}
	if classes := opened(t, plain, Train).Classes(); !slices.Equal(classes, []string{"tench", "n02012849", "n03126707"}) {
		t.Errorf("classes %v", classes)
	}
	if set := opened(t, plain, Validation); set.Classes() != nil || set.Label(0) != -1 {
		t.Errorf("validation without labels: %v", set.Classes())
	}
	for name, c := range map[string]struct {
		source ImageNet
		why    string
	}{
		"ILSVRC's numbers":   {ImageNet{ValidationLabels: text("truth.txt", "490\n361\n171\n822\n")}, "line 1 is the number 490"},
		"an unknown class":   {ImageNet{ValidationLabels: text("a.txt", "ILSVRC2012_val_00000001.JPEG n00000001\n")}, `line 1 has the class "n00000001"`},
		"a class of no line": {ImageNet{ValidationLabels: text("b.txt", "x.JPEG 3\n")}, "none of the 3 of train"},
		"too few":            {ImageNet{ValidationLabels: text("c.txt", "n01440764\n")}, "it has 1 lines of classes alone, and there are 4"},
		"two classes":        {ImageNet{ValidationLabels: text("d.txt", "x.JPEG 1\nx.JPEG 2\n")}, "another class than a line before"},
		"no image":           {ImageNet{ValidationLabels: text("e.txt", "x.JPEG 1\n")}, "it is not in ValidationLabels"},
		"no text":            {ImageNet{ValidationLabels: text("f.txt", "\xff\n")}, "UTF-8"},
		"a missing name":     {ImageNet{ClassIndex: text("g.txt", "n01440764 tench\n")}, "ClassIndex has no name for n02012849"},
		"no id":              {ImageNet{ClassIndex: text("h.txt", "tench\n")}, `line 1 is "tench", ""; it must be a WordNet id`},
		"an id twice":        {ImageNet{ClassIndex: text("i.txt", "n01440764 a\nn01440764 b\n")}, "line 2: n01440764 comes twice"},
		"no JSON":            {ImageNet{ClassIndex: text("j.json", "[")}, "j.json"},
		"no such file":       {ImageNet{ClassIndex: filepath.Join(texts, "absent")}, "absent"},
	} {
		c.source.From = plain.From
		_, err := c.source.Open(Validation)
		if c.source.ClassIndex != "" {
			_, err = c.source.Open(Train)
		}
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		wantError(t, err, c.why)
	}
	some := ImageNet{From: plain.From, ValidationLabels: text("k.txt", "ILSVRC2012_val_00000003.JPEG 1\n")}
	if set := opened(t, some, Validation); set.Len() != 1 || set.Label(0) != 1 || LeftOutOf(set).Skipped.Reasons["it is not in ValidationLabels"] != 3 {
		t.Errorf("%d images; %s", set.Len(), LeftOutOf(set))
	}
	some.From.OnBad = Fail
	_, err := some.Open(Validation)
	wantError(t, err, "ILSVRC2012_val_00000001.JPEG: it is not in ValidationLabels")
	_, err = ImageNet{From: ImageFolder{Path: tree{"train/cat/1.png": photo(t, 1), "train/dog/1.png": photo(t, 1)}.folder(t), Cache: t.TempDir()}}.Open(Train)
	wantError(t, err, "class folder cat is not named by a WordNet id")
	_, err = ImageNet{From: ImageFolder{Path: "x", ValidationFraction: .1}, ValidationLabels: "x"}.Open(Train)
	wantError(t, err, "data.ImageNet: From.ValidationFraction")
}
