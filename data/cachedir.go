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

// lockPart opens path.part, the file that becomes path when it is whole, for
// this process alone: it waits while another process writes it. Its content is
// what an interrupted writer left. Closing it lets go of the lock.
func lockPart(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	for {
		part, err := os.OpenFile(path+".part", os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		if err := lockFile(part); err != nil {
			part.Close()
			return nil, fmt.Errorf("locking %s: %w", part.Name(), err)
		}
		// The writer that was waited for has renamed the file that is now
		// locked: begin again with one of this name.
		mine, err1 := part.Stat()
		named, err2 := os.Stat(part.Name())
		if err1 == nil && err2 == nil && os.SameFile(mine, named) {
			return part, nil
		}
		part.Close()
	}
}
