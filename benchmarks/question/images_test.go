package question

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sslkit/data"
)

func TestCIFAR10ComesFromTheFolderOfImages(t *testing.T) {
	folder := t.TempDir()
	archive, classes := filepath.Join(folder, "cifar10-jpeg.tar.gz"), filepath.Join(folder, "cifar10-jpeg")
	images := Images{Folder: folder}
	expect := func(images Images, want data.Source) {
		t.Helper()
		got, err := images.CIFAR10(20, 10)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, error %v, want %+v", got, err, want)
		}
	}
	official := data.CIFAR10{Train: 20, Test: 10}
	expect(Images{}, official)
	expect(images, official)
	if err := os.Mkdir(classes, 0o755); err != nil {
		t.Fatal(err)
	}
	expect(images, data.ImageFolder{Path: classes, Size: 32, Train: 20, Test: 10})
	if err := os.WriteFile(archive, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	expect(images, data.ImageFolder{Path: archive, Size: 32, Train: 20, Test: 10})
	if _, err := (Images{Folder: filepath.Join(folder, "typo")}).CIFAR10(20, 10); err == nil ||
		!strings.Contains(err.Error(), "SSLKIT_DATA_DIR") || !strings.Contains(err.Error(), "typo") {
		t.Errorf("error of a folder that isn't there: %v", err)
	}
}
