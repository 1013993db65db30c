package question

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/data"
)

// What the images are is told by the files that are there, and the pages say the same.
func TestDescribeRealImages(t *testing.T) {
	folder := os.Getenv("SSLKIT_DATA_DIR")
	if folder == "" {
		t.Skip("SSLKIT_DATA_DIR names no folder of real images")
	}
	t.Chdir(t.TempDir()) // What is found is kept where the process is.
	images := Images{Folder: folder}
	photographs, err := images.CIFAR10(500, 200)
	if err != nil {
		t.Fatal(err)
	}
	chest, err := images.Pneumonia()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		source data.Source
		want   string
	}{
		"cifar10":   {photographs, "CIFAR-10 (JPEG copy, 50,000 + 10,000): train 500 of 50,000 images, test 200 of 10,000; "},
		"pneumonia": {chest, "PneumoniaMNIST: train 3,882 of the published 4,708 images, validation 524, test 624; "},
	} {
		described, err := Options{}.Describe(name, test.source)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := described.String(); !strings.HasPrefix(got, test.want) || !strings.Contains(got, "nearly the same as a training image") {
			t.Errorf("%s: %s", name, got)
		}
		for _, s := range described.Splits {
			if len(s.Fingerprint) < 16 {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

// What tells of figures on real images says which copies they are, in the words of Describe.
func TestPagesSayWhichCopy(t *testing.T) {
	t.Parallel()
	const photographs, chest = "CIFAR-10 (JPEG copy, 50,000 + 10,000)", "3,882 of the published 4,708"
	for page, copies := range map[string][]string{
		"README.md": {photographs, chest}, "benchmarks/README.md": {photographs, chest}, "notebooks/labels.ipynb": {photographs, chest},
		"notebooks/methods.ipynb": {photographs}, "notebooks/case_medical.ipynb": {chest},
	} {
		content, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(page)))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(strings.NewReplacer(`\n",`, " ", `"`, " ").Replace(string(content))), " ")
		for _, want := range copies {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q", page, want)
			}
		}
	}
}

func TestDescribeShapes(t *testing.T) {
	t.Chdir(t.TempDir())
	for range 2 { // The second reads what the first kept.
		described, err := Options{}.Describe("shapes", data.Shapes{Train: 40, Validation: 10, Test: 20})
		if err != nil {
			t.Fatal(err)
		}
		want := "Shapes, drawn by a program: train 40 images, validation 10, test 20; nearly the same as a training image are "
		if got := described.String(); !strings.HasPrefix(got, want) || described.Near == nil {
			t.Errorf("got %s", got)
		}
	}
}
