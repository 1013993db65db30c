package data

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"sslkit/data/datatest"
)

// medArrays is a small file in the collection's layout: n images of 28×28 in
// every split, image i all of value i, with labels 0 and 1 in turn.
func medArrays(n, channels int) map[string][]byte {
	arrays := map[string][]byte{}
	for _, part := range medMNISTSplits {
		var pix, labels []byte
		for i := range n {
			pix = append(pix, bytes.Repeat([]byte{byte(i)}, 28*28*channels)...)
			labels = append(labels, byte(i%2))
		}
		shape := fmt.Sprintf("(%d, 28, 28)", n)
		if channels == 3 {
			shape = fmt.Sprintf("(%d, 28, 28, 3)", n)
		}
		arrays[part+"_images"] = npyFile("|u1", "False", shape, pix)
		arrays[part+"_labels"] = npyFile("|u1", "False", fmt.Sprintf("(%d, 1)", n), labels)
	}
	return arrays
}

func TestMedMNIST(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "pneumoniamnist_64.npz"), npzArchive(t, medArrays(12, 1)))
	for split, name := range map[Split]string{Train: "train", Validation: "validation", Test: "test"} {
		set, err := MedMNIST{Path: path}.Open(split)
		if err != nil {
			t.Fatal(err)
		}
		height, width := set.Size()
		if set.Name() != "pneumoniamnist/"+name || set.Len() != 12 || height != 28 || width != 28 ||
			!slices.Equal(set.Classes(), []string{"normal", "pneumonia"}) || set.Label(7) != 1 {
			t.Errorf("%s: %d images of %d×%d, classes %v", set.Name(), set.Len(), height, width, set.Classes())
		}
		pix := make([]uint8, 28*28*3)
		if err := set.Read(7, pix); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(pix, bytes.Repeat([]byte{7}, len(pix))) {
			t.Errorf("image 7 begins %v", pix[:6])
		}
		wantError(t, set.Read(12, pix), "outside [0, 12)")
		wantError(t, set.Read(0, pix[:5]), "buffer of 5")
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMedMNISTSizeAndLimits(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "mine.npz"), npzArchive(t, medArrays(12, 3)))
	set, err := MedMNIST{Path: path, Size: 32, Train: 4}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	height, width := set.Size()
	if set.Len() != 4 || height != 32 || width != 32 || !slices.Equal(set.Classes(), []string{"0", "1"}) {
		t.Errorf("%d images of %d×%d, classes %v", set.Len(), height, width, set.Classes())
	}
	if labels := slices.Sorted(slices.Values(Labels(set))); !slices.Equal(labels, []int{0, 0, 1, 1}) {
		t.Errorf("labels %v, want two of each class", labels)
	}
	pix := make([]uint8, 32*32*3)
	if err := set.Read(2, pix); err != nil || slices.Min(pix) != slices.Max(pix) {
		t.Errorf("a flat image is %d to %d after scaling, %v", slices.Min(pix), slices.Max(pix), err)
	}
	whole, err := MedMNIST{Path: path, Size: 28}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := MedMNIST{Path: path}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	named, err := MedMNIST{Path: path, Dataset: "pneumoniamnist"}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	if whole.Fingerprint() != stored.Fingerprint() || set.Fingerprint() == stored.Fingerprint() ||
		named.Fingerprint() == stored.Fingerprint() || len(set.Fingerprint()) != 64 {
		t.Error("fingerprints do not name pixels and classes")
	}
}

func TestMedMNISTBadInput(t *testing.T) {
	dir := t.TempDir()
	n := 0
	open := func(change map[string][]byte) error {
		arrays := medArrays(12, 1)
		maps.Copy(arrays, change)
		for name, content := range arrays {
			if content == nil {
				delete(arrays, name)
			}
		}
		n++
		path := write(t, filepath.Join(dir, fmt.Sprintf("%d.npz", n)), npzArchive(t, arrays))
		_, err := MedMNIST{Path: path, Dataset: "octmnist"}.Open(Train)
		return err
	}
	only := func(name, kind, shape string, values []byte) map[string][]byte {
		return map[string][]byte{name: npyFile(kind, "False", shape, values)}
	}
	if err := open(nil); err != nil {
		t.Fatal(err)
	}
	if err := open(map[string][]byte{"val_images": nil, "val_labels": nil}); err != nil {
		t.Errorf("a file without validation images: %v", err)
	}
	if err := open(map[string][]byte{"train_images": nil, "train_labels": nil}); !errors.Is(err, ErrNoSplit) {
		t.Errorf("a file without training images: %v, want ErrNoSplit", err)
	}
	wantError(t, open(map[string][]byte{"train_images": nil}), "train_images", "could not find")
	wantError(t, open(only("train_labels", "|u1", "(12, 14)", make([]byte, 168))), "multi-label", "14 labels")
	wantError(t, open(only("train_labels", "|u1", "(11, 1)", make([]byte, 11))), "12 images", "11 labels")
	wantError(t, open(only("train_labels", "<i8", "(12, 1)", make([]byte, 96))), "train_labels", "<i8")
	wantError(t, open(only("train_labels", "|u1", "(12, 1)", bytes.Repeat([]byte{4}, 12))),
		"label 0 is 4", "4 classes of octmnist")
	wantError(t, open(only("train_labels", "|u1", "(12, 1, 1)", make([]byte, 12))), "must be [n, 1]")
	wantError(t, open(only("train_images", "|u1", "(12, 28, 28, 28)", make([]byte, 12*28*28*28))), "volumes")
	wantError(t, open(only("train_images", "|u1", "(12, 784)", make([]byte, 12*784))), "[12 784]")
	wantError(t, open(only("train_images", "|u1", "(12, 28, 28)", make([]byte, 500))), "train_images", "cut short")
	wantError(t, open(only("train_images", "|u1", "(12, 0, 28)", nil)), "no images")

	_, err := MedMNIST{Path: filepath.Join(dir, "absent.npz")}.Open(Train)
	wantError(t, err, "absent.npz")
	whole := npzArchive(t, medArrays(12, 1))
	_, err = MedMNIST{Path: write(t, filepath.Join(dir, "half.npz"), whole[:len(whole)/2])}.Open(Train)
	wantError(t, err, "half.npz")
	for _, bad := range []struct {
		source MedMNIST
		part   string
	}{
		{MedMNIST{}, "Dataset"},
		{MedMNIST{Dataset: "pathmnist"}, "data.MedMNIST: Path is missing"},
		{MedMNIST{Path: "x.npz", Size: -1}, "data.MedMNIST: Size is -1"},
		{MedMNIST{Path: "x.npz", Size: 5000}, "data.MedMNIST: Size is 5000"},
		{MedMNIST{Path: "x.npz", Train: -1}, "data.MedMNIST: Train is -1"},
		{MedMNIST{Path: "x.npz", Validation: -1}, "data.MedMNIST: Validation is -1"},
		{MedMNIST{Path: "x.npz", Test: -1}, "data.MedMNIST: Test is -1"},
	} {
		_, err := bad.source.Open(Train)
		wantError(t, err, bad.part)
	}
	_, err = MedMNIST{Path: filepath.Join(dir, "1.npz")}.Open(Split(5))
	wantError(t, err, "the split is 5")
}

// TestMedMNISTReal reads a file that NumPy wrote. Its training split is a part
// of the published one.
func TestMedMNISTReal(t *testing.T) {
	path := datatest.File(t, "pneumoniamnist.npz")
	for split, want := range map[Split]int{Train: 3882, Validation: 524, Test: 624} {
		set, err := MedMNIST{Path: path, Size: 32}.Open(split)
		if err != nil {
			t.Fatal(err)
		}
		count := [2]int{}
		for _, label := range Labels(set) {
			count[label]++
		}
		pix, err := Pixels(set, limit(Labels(set), 100))
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, v := range pix {
			sum += float64(v)
		}
		mean := sum / float64(len(pix))
		t.Logf("%s: %d normal, %d pneumonia, mean of 100 images %.1f", set.Name(), count[0], count[1], mean)
		// Pneumonia is the majority in every split; an X-ray is mid-grey.
		if set.Len() != want || count[1] <= count[0] || mean < 100 || mean > 180 {
			t.Errorf("%s: %d images, want %d, %v of the classes, mean %.1f", set.Name(), set.Len(), want, count, mean)
		}
	}
}
