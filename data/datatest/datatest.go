// Package datatest gives tests real images, which are not in the repository.
package datatest

import (
	"os"
	"path/filepath"
	"testing"
)

// Folder is the environment variable that names the folder of real images: an absolute path, since
// tests run in the folders of their packages.
const Folder = "SSLKIT_DATA_DIR"

// File is the path of a file in the folder of real images, such as cifar10-jpeg.tar.gz. Where it
// isn't there, the test is skipped, and says what it lacks.
func File(t testing.TB, name string) string {
	t.Helper()
	folder := os.Getenv(Folder)
	if folder == "" {
		t.Skipf("this test reads %s: set %s to the absolute path of a folder that holds it", name, Folder)
	}
	if !filepath.IsAbs(folder) {
		t.Fatalf("%s is %q; it must be an absolute path", Folder, folder)
	}
	path := filepath.Join(folder, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("this test reads %s, which isn't in the folder of %s: %v", name, Folder, err)
	}
	return path
}
