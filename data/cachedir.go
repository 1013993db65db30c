package data

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// CacheDir is where downloads and decoded images are kept: data/cache in this
// module when the working directory is inside it (as that of a notebook is),
// else sslkit in the user's cache directory. It is not created until needed.
func CacheDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("data: finding the cache: %w", err)
	}
	for {
		if text, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && bytes.HasPrefix(text, []byte("module sslkit\n")) {
			return filepath.Join(dir, "data", "cache"), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("data: finding the cache: %w", err)
	}
	return filepath.Join(user, "sslkit"), nil
}
